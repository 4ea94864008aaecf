//! The time of the host.

use js_sys::Date;

/// The time, in seconds since 1970.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and the time is far from the limits of u64"
)]
pub(super) fn now() -> u64 {
    (Date::now() / 1000.0) as u64
}
