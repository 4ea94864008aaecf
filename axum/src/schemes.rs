//! Stored hashes of other schemes than bcrypt, on tokio's threads for blocking work.

use std::{num::NonZeroUsize, sync::Arc, thread};

use edgegate::{Answer, password::SchemeJob};
use edgegate_schemes::{Argon2Cost, Error, Scheme, hash_argon2id};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task,
};
use zeroize::Zeroizing;

/// Hashes that wait. Each takes up to 64 MiB only when it is computed.
const PLACES: usize = 64;

/// One hash for each core at a time.
#[derive(Clone)]
pub(crate) struct Schemes {
    places: Arc<Semaphore>,
    threads: Arc<Semaphore>,
}

impl Default for Schemes {
    fn default() -> Self {
        let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            places: Arc::new(Semaphore::new(PLACES.saturating_add(threads))),
            threads: Arc::new(Semaphore::new(threads)),
        }
    }
}

impl Schemes {
    pub(crate) async fn verify(&self, job: SchemeJob) -> Answer {
        let verify = move || Scheme::parse(job.stored())?.verify(job.password().as_bytes());
        match self.compute(verify).await {
            Ok(Ok(is_right)) => Answer::Verified(is_right),
            Ok(Err(Error::NoMemory)) => Answer::Unavailable,
            Ok(Err(_)) => Answer::Unreadable,
            Err(answer) => answer,
        }
    }

    pub(crate) async fn hash(&self, job: SchemeJob) -> Answer {
        let mut salt = Zeroizing::new([0; 16]);
        if getrandom::fill(salt.as_mut()).is_err() {
            return Answer::Unavailable;
        }
        let hash = move || hash_argon2id(job.password().as_bytes(), &salt, Argon2Cost::default());
        match self.compute(hash).await {
            Ok(Ok(stored)) => Answer::Hashed(stored),
            Ok(Err(_)) => Answer::Unavailable,
            Err(answer) => answer,
        }
    }

    /// Waits for a thread. The work goes on when its request is cancelled, and keeps its place until it is done.
    async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Answer> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Answer::Busy)?;
        let thread = Arc::clone(&self.threads).acquire_owned().await.map_err(|_| Answer::Unavailable)?;
        let held: [OwnedSemaphorePermit; 2] = [place, thread];
        let computed = task::spawn_blocking(move || {
            let _held = held;
            work()
        });
        computed.await.map_err(|_| Answer::Unavailable)
    }
}
