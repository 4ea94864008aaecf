//! The Unicode operations of JavaScript.

use js_sys::{JsString, RegExp};
use wasm_bindgen::prelude::*;

use crate::unicode::Unicode;

#[wasm_bindgen]
extern "C" {
    /// A URL as the WHATWG defines it, on Workers, in Node and in browsers.
    #[wasm_bindgen(js_name = URL)]
    type Url;

    #[wasm_bindgen(constructor, js_class = "URL", catch)]
    fn new(text: &str) -> Result<Url, JsValue>;

    #[wasm_bindgen(method, getter)]
    fn hostname(this: &Url) -> String;
}

/// The operations of the platform.
pub const UNICODE: Unicode = Unicode { nfc, domain_to_ascii, unsafe_characters };

fn nfc(text: &str) -> String {
    JsString::from(text).normalize("NFC").into()
}

/// The caller passes no ASCII character but letters, digits, `-` and `.`, so the text is the host of the URL as a whole.
fn domain_to_ascii(domain: &str) -> Option<String> {
    Url::new(&["http://", domain].concat()).ok().map(|url| url.hostname())
}

fn unsafe_characters(text: &str) -> String {
    let others = RegExp::new(r"[\p{L}\p{N}\p{P}\p{S}]|(?!^)\p{M}", "gu");
    JsString::from(text).replace_by_pattern(&others, "").into()
}
