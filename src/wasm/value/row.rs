//! Rows of a user store.

use serde_json::{Map, Value};
use serde_wasm_bindgen::from_value;
use wasm_bindgen::JsValue;

use super::is_exact;
use crate::{
    host::{LoginState, Rotated, Session},
    row::InvalidRow,
    user::UserRow,
};

/// The row of a store, if there is one.
pub(in crate::wasm) fn user_row(row: JsValue) -> Result<Option<UserRow>, InvalidRow> {
    let Some(columns) = columns(row)? else { return Ok(None) };
    let row = UserRow::from_columns(columns)?;
    if is_exact(&row.id) { Ok(Some(row)) } else { Err(InvalidRow { column: "id" }) }
}

/// The row of `login_attempts`, if there is one.
pub(in crate::wasm) fn login_state(row: JsValue) -> Result<LoginState, InvalidRow> {
    Ok(columns(row)?.map(LoginState::from_columns).transpose()?.unwrap_or_default())
}

/// The answer of a store to `rotateSession`.
pub(in crate::wasm) fn rotated(row: JsValue) -> Result<Option<Rotated>, InvalidRow> {
    let Some(columns) = columns(row)? else { return Ok(None) };
    let rotated = Rotated::from_columns(columns)?;
    if is_exact(&rotated.user_id) { Ok(Some(rotated)) } else { Err(InvalidRow { column: "user_id" }) }
}

/// The answer of a store to `sessions`.
pub(in crate::wasm) fn sessions(rows: JsValue) -> Result<Vec<Session>, InvalidRow> {
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
