//! bcrypt for concurrent requests together, on a bounded number of blocking threads.

use std::{
    collections::VecDeque,
    fmt,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use edgegate::{
    Answer, Question, Refusal, Step,
    host::passwords,
    password::{Busy, Cost, Hashed, Job, work_out},
};
use tokio::{
    runtime::Handle,
    sync::oneshot::{self, Sender},
};

/// Hashes that one thread computes together: four take little more time than one.
const LANES: usize = if cfg!(feature = "lanes") { 4 } else { 1 };

/// Waiting jobs for each thread without [`Hasher::with_places`]. At cost 12 the last of them waits about two seconds, which is the
/// `Retry-After` of a 503.
const PLACES_PER_THREAD: usize = 32;

/// Computes bcrypt for concurrent requests: jobs that wait are computed up to four at a time in one thread of tokio's pool for
/// blocking work.
///
/// It has a bounded number of threads, and a bounded queue: without a free place the request is answered 503. The jobs of requests
/// that were cancelled are dropped. Clones share threads and queue.
///
/// ```
/// use edgegate::password::Cost;
/// use edgegate_axum::Hasher;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let hasher = Hasher::default();
/// let hash = hasher.hash("correct horse", Cost::new(10)?).await?;
/// let (right, wrong) = tokio::join!(hasher.verify("correct horse", &hash), hasher.verify("battery staple", &hash));
/// assert_eq!((right?, wrong?), (true, false));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Hasher(Arc<Shared>);

struct Shared {
    threads: usize,
    places: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Waiting>,
    /// Threads that were started and have not ended.
    started: usize,
    /// Those of them that compute.
    computing: usize,
}

struct Waiting {
    job: Job,
    result: Sender<Hashed>,
}

/// As many threads as the machine has cores.
impl Default for Hasher {
    fn default() -> Self {
        Self::new(thread::available_parallelism().unwrap_or(NonZeroUsize::MIN))
    }
}

impl Hasher {
    /// Creates a hasher with at most this number of threads, and 32 waiting jobs for each of them.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    ///
    /// let hasher = edgegate_axum::Hasher::new(NonZeroUsize::MIN);
    /// assert_eq!(format!("{hasher:?}"), "Hasher { threads: 1, places: 32, waiting: 0 }");
    /// ```
    #[must_use]
    pub fn new(threads: NonZeroUsize) -> Self {
        Self::with_places(threads, threads.get().saturating_mul(PLACES_PER_THREAD))
    }

    /// Creates a hasher with at most this number of threads and of waiting jobs.
    ///
    /// ```
    /// use edgegate::{Refusal, password::Cost};
    /// use edgegate_axum::Hasher;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let closed = Hasher::with_places(std::num::NonZeroUsize::MIN, 0);
    /// assert_eq!(closed.hash("correct horse", Cost::new(10)?).await, Err(Refusal::Busy));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_places(threads: NonZeroUsize, places: usize) -> Self {
        Self(Arc::new(Shared { threads: threads.get(), places, state: Mutex::default() }))
    }

    /// Computes a job, the answer to [`Question::Work`].
    ///
    /// # Errors
    /// [`Busy`] when the queue is full, and outside a tokio runtime.
    ///
    /// ```
    /// use edgegate::{Question, Step, host::passwords, password::Cost};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let Step::Ask(Question::Work { job }, _) = passwords::hash("correct horse", Cost::new(10)?) else { panic!() };
    /// assert_eq!(edgegate_axum::Hasher::default().work(job).await?.rounds(), 1024);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn work(&self, job: Job) -> Result<Hashed, Busy> {
        let (result, answer) = oneshot::channel();
        self.0.enqueue(Waiting { job, result })?;
        // Without an answer the thread was stopped with its runtime.
        answer.await.map_err(|_| Busy)
    }

    /// Hashes a password as [`edgegate::password::hash`] does.
    ///
    /// # Errors
    /// [`Refusal::Password`] for a password that bcrypt would not read as a whole, [`Refusal::Busy`] when the queue is full.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let hash = edgegate_axum::Hasher::default().hash("correct horse", edgegate::password::Cost::new(10)?).await?;
    /// assert!(hash.starts_with("$2b$10$"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn hash(&self, password: &str, cost: Cost) -> Result<String, Refusal> {
        self.run(passwords::hash(password, cost)).await
    }

    /// Verifies a password as [`edgegate::password::verify`] does.
    ///
    /// # Errors
    /// [`Refusal::StoredHash`] for an invalid hash, [`Refusal::Busy`] when the queue is full.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let stored = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    /// assert!(edgegate_axum::Hasher::default().verify("U*U", stored).await?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn verify(&self, password: &str, stored: &str) -> Result<bool, Refusal> {
        self.run(passwords::verify(password, stored)).await
    }

    async fn run<T: 'static>(&self, mut step: Step<T>) -> T {
        loop {
            let answer = match step {
                Step::Done(done) => return done,
                Step::Ask(Question::Work { job }, pending) => {
                    (self.work(job).await.map_or(Answer::Busy, Answer::Worked), pending)
                }
                Step::Ask(_, pending) => (Answer::Unavailable, pending),
            };
            // Passwords have no rule that needs the time.
            step = answer.1.answer(answer.0, 0);
        }
    }
}

impl Shared {
    fn enqueue(self: &Arc<Self>, waiting: Waiting) -> Result<(), Busy> {
        let runtime = Handle::try_current().map_err(|_| Busy)?;
        let mut state = self.lock();
        if state.queue.len() >= self.places {
            state.queue.retain(|waiting| !waiting.result.is_closed());
        }
        if state.queue.len() >= self.places {
            return Err(Busy);
        }
        state.queue.push_back(waiting);
        if state.started < self.threads {
            state.started = state.started.saturating_add(1);
            // Before the thread runs: a runtime that shuts down drops it unrun.
            let thread = Thread { shared: Arc::clone(self), is_computing: false, has_ended: false };
            drop(state);
            runtime.spawn_blocking(move || thread.compute_all());
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether all requests of a batch were cancelled.
fn is_unwanted(results: &[Sender<Hashed>]) -> bool {
    results.iter().all(Sender::is_closed)
}

/// A started thread. Dropping it is its end, even by a panic.
struct Thread {
    shared: Arc<Shared>,
    is_computing: bool,
    has_ended: bool,
}

impl Thread {
    fn compute_all(mut self) {
        while let Some(batch) = self.take_batch() {
            let (jobs, results): (Vec<_>, Vec<_>) = batch.into_iter().map(|one| (one.job, one.result)).unzip();
            if let Ok(hashes) = work_out(&jobs, &|| is_unwanted(&results)) {
                for (result, hashed) in results.into_iter().zip(hashes) {
                    // The request may have been cancelled meanwhile.
                    let _ = result.send(hashed);
                }
            }
        }
    }

    /// The oldest jobs. `None` ends the thread: a job that comes later starts another.
    fn take_batch(&mut self) -> Option<Vec<Waiting>> {
        let mut state = self.shared.lock();
        if std::mem::take(&mut self.is_computing) {
            state.computing = state.computing.saturating_sub(1);
        }
        state.queue.retain(|waiting| !waiting.result.is_closed());
        // Threads that are idle compute their part at the same time.
        let idle = self.shared.threads.saturating_sub(state.computing).max(1);
        let length = state.queue.len().div_ceil(idle).min(LANES);
        let batch: Vec<_> = state.queue.drain(..length).collect();
        if batch.is_empty() {
            // Under the same lock as the look at the queue, so that no job is left without a thread.
            state.started = state.started.saturating_sub(1);
            drop(state);
            self.has_ended = true;
            return None;
        }
        state.computing = state.computing.saturating_add(1);
        self.is_computing = true;
        Some(batch)
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        if !self.has_ended {
            let mut state = self.shared.lock();
            state.started = state.started.saturating_sub(1);
            state.computing = state.computing.saturating_sub(usize::from(self.is_computing));
        }
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared { threads, places, .. } = *self.0;
        let waiting = self.0.lock().queue.len();
        formatter
            .debug_struct("Hasher")
            .field("threads", &threads)
            .field("places", &places)
            .field("waiting", &waiting)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::poll_fn,
        pin::{Pin, pin},
        sync::mpsc,
        task::Poll,
    };

    use tokio::{runtime::Builder, task::yield_now};

    use super::*;

    const STORED: &str = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

    fn job() -> Job {
        let Step::Ask(Question::Work { job }, _) = passwords::verify("U*U", STORED) else { panic!("no work") };
        job
    }

    fn shared(threads: usize, jobs: usize) -> (Arc<Shared>, Vec<oneshot::Receiver<Hashed>>) {
        let shared = Arc::new(Shared { threads, places: jobs, state: Mutex::default() });
        let receivers = (0..jobs).map(|_| {
            let (result, receiver) = oneshot::channel();
            shared.lock().queue.push_back(Waiting { job: job(), result });
            receiver
        });
        let receivers = receivers.collect();
        (shared, receivers)
    }

    /// Waiting jobs, started threads, and those that compute.
    fn counts(shared: &Shared) -> (usize, usize, usize) {
        let state = shared.lock();
        (state.queue.len(), state.started, state.computing)
    }

    fn thread(shared: &Arc<Shared>) -> Thread {
        let mut state = shared.lock();
        state.started = state.started.saturating_add(1);
        drop(state);
        Thread { shared: Arc::clone(shared), is_computing: false, has_ended: false }
    }

    async fn is_pending<F: Future>(mut future: Pin<&mut F>) -> bool {
        poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_pending())).await
    }

    /// The sizes of the batches that idle threads take one after the other.
    fn batches(threads: usize, jobs: usize) -> Vec<usize> {
        let (shared, _receivers) = shared(threads, jobs);
        (0..threads).filter_map(|_| Some(std::mem::ManuallyDrop::new(thread(&shared)).take_batch()?.len())).collect()
    }

    #[cfg(feature = "lanes")]
    #[test]
    fn idle_threads_share_what_waits() {
        assert_eq!(batches(1, 16), [4]);
        assert_eq!(batches(2, 16), [4, 4]);
        assert_eq!(batches(2, 3), [2, 1]);
        assert_eq!(batches(4, 4), [1, 1, 1, 1]);
        assert_eq!(batches(4, 6), [2, 2, 1, 1]);
        assert_eq!(batches(4, 1), [1]);
    }

    #[test]
    fn a_thread_that_ends_is_not_counted() {
        let (shared, receivers) = shared(2, 5);
        thread(&shared).compute_all();
        assert_eq!(counts(&shared), (0, 0, 0));
        for mut receiver in receivers {
            assert_eq!(receiver.try_recv().unwrap().rounds(), 32);
        }
        // As after a panic.
        let mut lost = thread(&shared);
        let (result, _receiver) = oneshot::channel();
        shared.lock().queue.push_back(Waiting { job: job(), result });
        assert!(lost.take_batch().is_some());
        assert_eq!(counts(&shared), (0, 1, 1));
        drop(lost);
        assert_eq!(counts(&shared), (0, 0, 0));
    }

    #[test]
    fn jobs_of_cancelled_requests_are_dropped() {
        let (shared, mut receivers) = shared(1, 5);
        receivers.drain(..4);
        let batch = thread(&shared).take_batch().unwrap();
        assert_eq!(batch.len(), 1);
        assert!(!batch[0].result.is_closed());
    }

    #[test]
    fn a_batch_that_nobody_waits_for_stops() {
        let (shared, receivers) = shared(1, 4);
        let batch = thread(&shared).take_batch().unwrap();
        let results: Vec<_> = batch.into_iter().map(|one| one.result).collect();
        assert!(!is_unwanted(&results));
        let mut receivers = receivers.into_iter();
        receivers.next();
        assert!(!is_unwanted(&results));
        drop(receivers);
        assert!(is_unwanted(&results));
    }

    /// The one thread of the pool is blocked, so that the queue does not move.
    #[test]
    fn a_full_queue_refuses_and_forgets_the_cancelled() {
        let runtime = Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
        runtime.block_on(async {
            let (go, wait) = mpsc::channel::<()>();
            let blocked = tokio::task::spawn_blocking(move || wait.recv());
            let hasher = Hasher::with_places(NonZeroUsize::MIN, 2);
            let mut first = Box::pin(hasher.work(job()));
            let mut second = pin!(hasher.work(job()));
            assert!(is_pending(first.as_mut()).await && is_pending(second.as_mut()).await);
            assert!(hasher.work(job()).await.is_err(), "there are two places");
            drop(first);
            let mut third = pin!(hasher.work(job()));
            assert!(is_pending(third.as_mut()).await);
            yield_now().await;
            go.send(()).unwrap();
            blocked.await.unwrap().unwrap();
            assert_eq!((second.await.unwrap().rounds(), third.await.unwrap().rounds()), (32, 32));
        });
    }

    #[test]
    fn a_runtime_that_ends_leaves_no_thread_behind() {
        let hasher = Hasher::with_places(NonZeroUsize::MIN, 2);
        let runtime = Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
        let (go, wait) = mpsc::channel::<()>();
        runtime.block_on(async {
            tokio::task::spawn_blocking(move || wait.recv());
            let mut lost = pin!(hasher.work(job()));
            assert!(is_pending(lost.as_mut()).await);
        });
        runtime.shutdown_background();
        drop(go);
        let runtime = Builder::new_current_thread().build().unwrap();
        // The thread that was never run ends when the pool drops it.
        while hasher.0.lock().started > 0 {
            std::thread::yield_now();
        }
        assert_eq!(runtime.block_on(hasher.work(job())).unwrap().rounds(), 32);
    }

    #[test]
    fn without_a_runtime_it_is_busy() {
        let hasher = Hasher::default();
        let mut work = pin!(hasher.work(job()));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(matches!(work.as_mut().poll(&mut context), Poll::Ready(Err(Busy))));
    }
}
