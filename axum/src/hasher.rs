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
            let is_unwanted = || results.iter().all(Sender::is_closed);
            if let Ok(hashes) = work_out(&jobs, &is_unwanted) {
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
