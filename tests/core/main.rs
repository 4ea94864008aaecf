//! The tests of the core. Each runs natively and, compiled to wasm, in a browser.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    reason = "a test that meets what it does not expect must fail"
)]

#[cfg(not(target_arch = "wasm32"))]
mod contract;
mod gate;
mod password;
mod support;
mod token;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
