//! Values with members, on their way into JavaScript and back, by `serde-wasm-bindgen`.

use serde::Serialize;
use serde_wasm_bindgen::{Deserializer, Serializer, from_value};
use wasm_bindgen::JsValue;

use super::verdict::Failure;
use crate::user::{UserId, UserRow};

/// Maps become plain objects.
const SERIALIZER: Serializer = Serializer::new().serialize_maps_as_objects(true);

/// The value in the shape that `tsify` declares of its type.
pub(super) fn to_js(value: &impl Serialize) -> Result<JsValue, JsValue> {
    value.serialize(&SERIALIZER).map_err(JsValue::from)
}

/// What the TypeScript side throws as an `EdgegateError`.
pub(super) fn throw(failure: impl Into<Failure>) -> JsValue {
    to_js(&failure.into()).unwrap_or_else(|error| error)
}

/// A user's id: a text, or an integer that a JavaScript number holds exactly.
pub(super) fn user_id(id: JsValue) -> Option<UserId> {
    from_value(id).ok().filter(is_exact)
}

/// Whether JavaScript can hold the id: a number is exact up to 2^53 - 1 (RFC 7493 2.2).
pub(super) fn is_exact(id: &UserId) -> bool {
    match id {
        UserId::Integer(id) => id.unsigned_abs() <= (1 << 53) - 1,
        UserId::Text(_) => true,
    }
}

/// The row that a store gave, or `Err` with the column that is not what it must be.
pub(super) fn user_row(row: JsValue) -> Result<Option<UserRow>, &'static str> {
    if row.is_null() || row.is_undefined() {
        return Ok(None);
    }
    let row: UserRow = serde_path_to_error::deserialize(Deserializer::from(row)).map_err(|error| wrong_column(&error))?;
    if row.id.is_valid() && is_exact(&row.id) { Ok(Some(row)) } else { Err("id") }
}

/// Only the column is named: serde's message may hold the value.
fn wrong_column(error: &serde_path_to_error::Error<serde_wasm_bindgen::Error>) -> &'static str {
    let (path, message) = (error.path().to_string(), error.inner().to_string());
    let is_wrong = |column: &&str| path == **column || message == format!("missing field `{column}`");
    ["id", "email", "password", "created_at", "tokens_valid_after"].into_iter().find(is_wrong).unwrap_or("row")
}
