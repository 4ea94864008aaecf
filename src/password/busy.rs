//! The error for stopped work.

use std::fmt;

/// The work was stopped. In wasm also: another call is already computing, and the state is shared.
///
/// ```
/// use edgegate::{Question, Step, host::passwords, password::{Busy, Cost}};
///
/// let Step::Ask(Question::Work { job }, _) = passwords::hash("correct horse", Cost::new(10)?) else { panic!() };
/// assert_eq!(job.work_out(&|| true).err(), Some(Busy));
/// # Ok::<(), edgegate::password::PasswordError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

impl fmt::Display for Busy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the work was stopped")
    }
}

impl std::error::Error for Busy {}
