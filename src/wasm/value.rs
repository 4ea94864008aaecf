//! Values with members, on their way into JavaScript and back, by `serde-wasm-bindgen`.

use js_sys::Reflect;
use serde::Serialize;
use serde_wasm_bindgen::{Serializer, from_value};
use wasm_bindgen::JsValue;

use super::verdict::Failure;
use crate::user::{UserId, UserRow};

/// Maps become plain objects.
const SERIALIZER: Serializer = Serializer::new().serialize_maps_as_objects(true);

/// Converts a value to the type that `tsify` declares.
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
        UserId::Integer(id) => id.unsigned_abs() < 1 << 53,
        UserId::Text(_) => true,
    }
}

/// The row that a store returned, or `Err` with the invalid column.
pub(super) fn user_row(row: JsValue) -> Result<Option<UserRow>, &'static str> {
    if row.is_null() || row.is_undefined() {
        return Ok(None);
    }
    let read = from_value(row.clone()).ok().filter(|row: &UserRow| row.id.is_valid() && is_exact(&row.id));
    read.map(Some).ok_or_else(|| wrong_column(&row))
}

/// Only the column is named: serde's message may contain the value.
fn wrong_column(row: &JsValue) -> &'static str {
    let column = |name: &str| Reflect::get(row, &name.into()).unwrap_or(JsValue::UNDEFINED);
    let is_text = |name| column(name).is_string();
    match () {
        () if !user_id(column("id")).is_some_and(|id| id.is_valid()) => "id",
        () if !is_text("email") => "email",
        () if !is_text("password") && !column("password").is_null() => "password",
        () if !is_text("created_at") => "created_at",
        () if from_value::<Option<i64>>(column("tokens_valid_after")).is_err() => "tokens_valid_after",
        () => "row",
    }
}
