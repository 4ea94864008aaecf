//! Work after the reply.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use super::{Pending, Step};

/// What is to be done after the reply, so that the reply neither waits for it nor shows how long it takes.
///
/// The host answers [`Question::Later`](crate::Question::Later) with [`Answer::Done`](crate::Answer::Done) at once, and runs it on its own:
/// in a task, or by `waitUntil`. A host that cannot may run it before it answers.
///
/// ```
/// use edgegate::{Answer, Question, Step};
///
/// fn answer(question: Question, now: u64) -> Answer {
///     match question {
///         Question::Later { work } => {
///             // Or in a task.
///             let mut step = work.begin(now);
///             while let Some(Step::Ask(question, pending)) = step {
///                 step = Some(pending.answer(answer(question, now), now));
///             }
///             Answer::Done
///         }
///         _ => Answer::Unavailable,
///     }
/// }
/// ```
#[derive(Clone)]
pub struct Later(Arc<Mutex<Option<Pending<()>>>>);

impl Later {
    pub(super) fn new(work: Pending<()>) -> Self {
        Self(Arc::new(Mutex::new(Some(work))))
    }

    /// Begins at `now`, in seconds since 1970. `None` when it, or a clone, has begun before.
    ///
    /// ```
    /// fn begin(later: &edgegate::host::Later) -> Option<edgegate::Step<()>> {
    ///     later.begin(1_700_000_000)
    /// }
    /// ```
    #[must_use]
    pub fn begin(&self, now: u64) -> Option<Step<()>> {
        let work = self.0.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        work.host.slot(|slot| slot.now = now);
        Some(work.advance())
    }
}

impl fmt::Debug for Later {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Later").finish_non_exhaustive()
    }
}
