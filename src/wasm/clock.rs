//! The time of the host.

/// The time, in seconds since 1970.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and the time is far from the limits of u64"
)]
#[expect(clippy::disallowed_types, reason = "this module is the host: it alone reads the clock")]
pub(super) fn now() -> u64 {
    (js_sys::Date::now() / 1000.0) as u64
}
