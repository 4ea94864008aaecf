//! What is stored of a user, for programs that bring users along.

use wasm_bindgen::prelude::*;

use super::{unicode::UNICODE, value::throw};
use crate::{http::Refusal, password::PasswordHash, routes::login::stored_name, wasm::verdict::Failure};

/// The cost of a stored hash of bcrypt. Throws a `Failure` when a login could not verify it.
#[wasm_bindgen(js_name = bcryptCost)]
pub fn bcrypt_cost(stored: &str) -> Result<u32, JsValue> {
    let hash = PasswordHash::parse(stored).map_err(|error| throw(Failure::from(Refusal::StoredHash(error))))?;
    Ok(hash.cost())
}

/// The address as a login looks it up; `undefined` when no login finds it.
#[wasm_bindgen(js_name = storedEmail)]
pub fn stored_email(email: &str) -> Option<String> {
    stored_name(email, &UNICODE)
}
