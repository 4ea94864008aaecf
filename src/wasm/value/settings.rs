//! Settings, and the id of a user as an argument.

use serde_json::{Map, Value};
use serde_wasm_bindgen::from_value;
use wasm_bindgen::JsValue;

use super::{integer, is_exact, throw};
use crate::{settings::Vars, user::UserId, wasm::verdict::Failure};

/// Reads the settings. The strings are moved, so that no copy of a secret remains.
///
/// Through a map: the code that serde derives for a struct with so many members adds 3 KB of gzip.
pub(in crate::wasm) fn vars(vars: JsValue) -> Result<Vars, JsValue> {
    let mut values: Map<String, Value> = from_value(vars).map_err(|_| throw(Failure::settings()))?;
    Ok(Vars::read(|name| match values.get_mut(name)?.take() {
        Value::String(text) => Some(text),
        // `plainSettings` gives texts only.
        _ => None,
    }))
}

/// The id of a user, if the number is an integer that JavaScript holds exactly.
pub(in crate::wasm) fn integer_id(id: f64) -> Option<UserId> {
    integer(id).map(UserId::Integer).filter(is_exact)
}
