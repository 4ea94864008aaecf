//! The tests of the core. Each runs natively and, compiled to wasm, in a browser.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets what it does not expect must fail"
)]

mod accounts;
#[cfg(not(target_arch = "wasm32"))]
mod contract;
mod cookies;
mod email;
mod gate;
mod jwks;
mod lockout;
mod new_password;
mod openapi;
mod origins;
mod password;
mod password_change;
mod provider;
mod rate_limit;
mod recovery;
mod refresh;
mod revocation;
mod schemes;
mod settings;
mod support;
mod token;
mod upstream;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
