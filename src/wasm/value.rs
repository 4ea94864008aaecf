//! Values with members, on their way into JavaScript and back, by `serde-wasm-bindgen`.

use serde::Serialize;
use serde_json::{Map, Value};
use serde_wasm_bindgen::{Serializer, from_value};
use wasm_bindgen::JsValue;

use super::verdict::Failure;
use crate::{
    host::{Rotated, Session},
    row::InvalidRow,
    settings::Vars,
    user::{UserId, UserRow},
};

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

/// Reads the settings. The strings are moved, so that no copy of a secret remains.
///
/// Through a map: the code that serde derives for a struct with so many members adds 3 KB of gzip.
pub(super) fn vars(vars: JsValue) -> Result<Vars, JsValue> {
    let mut values: Map<String, Value> = from_value(vars).map_err(|_| throw(Failure::settings()))?;
    Ok(Vars::read(|name| match values.get_mut(name)?.take() {
        Value::String(text) => Some(text),
        // `plainSettings` gives texts only.
        _ => None,
    }))
}

/// The id of a user, if the number is an integer that JavaScript holds exactly.
pub(super) fn integer_id(id: f64) -> Option<UserId> {
    integer(id).map(UserId::Integer).filter(is_exact)
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

/// The row of a store, if there is one.
pub(super) fn user_row(row: JsValue) -> Result<Option<UserRow>, InvalidRow> {
    let Some(columns) = columns(row)? else { return Ok(None) };
    let row = UserRow::from_columns(columns)?;
    if is_exact(&row.id) { Ok(Some(row)) } else { Err(InvalidRow { column: "id" }) }
}

/// The answer of a store to `rotateSession`.
pub(super) fn rotated(row: JsValue) -> Result<Option<Rotated>, InvalidRow> {
    let Some(columns) = columns(row)? else { return Ok(None) };
    let rotated = Rotated::from_columns(columns)?;
    if is_exact(&rotated.user_id) { Ok(Some(rotated)) } else { Err(InvalidRow { column: "user_id" }) }
}

/// The answer of a store to `sessions`.
pub(super) fn sessions(rows: JsValue) -> Result<Vec<Session>, InvalidRow> {
    let rows: Vec<Map<String, Value>> = from_value(rows).map_err(|_| NO_ROW)?;
    rows.into_iter().map(Session::from_columns).collect()
}

fn columns(row: JsValue) -> Result<Option<Map<String, Value>>, InvalidRow> {
    if row.is_null() || row.is_undefined() {
        return Ok(None);
    }
    from_value(row).map(Some).map_err(|_| NO_ROW)
}

const NO_ROW: InvalidRow = InvalidRow { column: "row" };
