//! Stored hashes of other schemes than bcrypt, which the host verifies and makes.

use std::fmt;

use zeroize::Zeroizing;

/// A stored hash that is none of bcrypt, and the password to compare it with. `Debug` shows neither; both are wiped on drop.
///
/// The crate `edgegate-schemes` answers it in Rust, `edgegate/schemes` in JavaScript.
///
/// ```
/// use edgegate::{Answer, Question, Step, password::SchemeJob};
///
/// fn answer(job: &SchemeJob, verify: impl Fn(&str, &str) -> Option<bool>) -> Answer {
///     verify(job.password(), job.stored()).map_or(Answer::Unreadable, Answer::Verified)
/// }
/// ```
#[derive(Clone)]
pub struct SchemeJob {
    stored: Zeroizing<String>,
    password: Zeroizing<String>,
}

impl SchemeJob {
    pub(crate) fn new(stored: &str, password: &str) -> Self {
        let [stored, password] = [stored, password].map(|text| Zeroizing::new(text.to_owned()));
        Self { stored, password }
    }

    /// Returns the stored text.
    ///
    /// ```
    /// fn is_argon2(job: &edgegate::password::SchemeJob) -> bool {
    ///     job.stored().starts_with("$argon2")
    /// }
    /// ```
    #[must_use]
    pub fn stored(&self) -> &str {
        &self.stored
    }

    /// Returns the password.
    ///
    /// ```
    /// fn length(job: &edgegate::password::SchemeJob) -> usize {
    ///     job.password().len()
    /// }
    /// ```
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }
}

impl fmt::Debug for SchemeJob {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SchemeJob").finish_non_exhaustive()
    }
}
