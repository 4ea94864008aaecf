//! Values with members, on their way into JavaScript and back, by `serde-wasm-bindgen`.

#[cfg(feature = "wasm-token")]
mod settings;
#[cfg(feature = "wasm")]
mod row;

use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;

#[cfg(feature = "wasm")]
pub(super) use self::row::{login_state, rotated, sessions, user_row};
#[cfg(feature = "wasm-token")]
pub(super) use self::settings::{integer_id, vars};
use super::verdict::Failure;
use crate::user::UserId;

/// Maps become plain objects.
const SERIALIZER: Serializer = Serializer::new().serialize_maps_as_objects(true);

/// Converts a value to the type that `tsify` declares.
pub(super) fn to_js(value: &impl Serialize) -> Result<JsValue, JsValue> {
    // serde's message may contain the value.
    value.serialize(&SERIALIZER).map_err(|_| throw(Failure::internal()))
}

/// What the TypeScript side throws as an `EdgegateError`.
pub(super) fn throw(failure: impl Into<Failure>) -> JsValue {
    failure.into().serialize(&SERIALIZER).unwrap_or(JsValue::UNDEFINED)
}

#[expect(clippy::cast_possible_truncation, reason = "`as` is exact for whole numbers within i64")]
pub(super) fn integer(number: f64) -> Option<i64> {
    (number.fract() == 0.0).then_some(number as i64)
}

/// Whether JavaScript can hold the id: a number is exact up to 2^53 - 1 (RFC 7493 2.2).
pub(super) fn is_exact(id: &UserId) -> bool {
    match id {
        UserId::Integer(id) => id.unsigned_abs() < 1 << 53,
        UserId::Text(_) => true,
    }
}
