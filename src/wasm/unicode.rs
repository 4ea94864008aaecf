//! The Unicode operations of JavaScript.

use js_sys::RegExp;
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

    // Functions and not methods, so that text is passed and returned without a handle.
    #[wasm_bindgen(js_namespace = ["String", "prototype", "normalize"], js_name = call)]
    fn normalize(text: &str, form: &str) -> String;

    #[wasm_bindgen(js_namespace = ["String", "prototype", "replace"], js_name = call)]
    fn replace(text: &str, pattern: &RegExp, with: &str) -> String;
}

/// The operations of the platform.
pub const UNICODE: Unicode = Unicode { nfc, domain_to_ascii, unsafe_characters, unquotable_characters };

thread_local! {
    // Compiling them takes longer than using them.
    static SAFE: RegExp = RegExp::new(r"[\p{L}\p{N}\p{P}\p{S}]|(?!^)\p{M}", "gu");
    static QUOTABLE: RegExp = RegExp::new(r"[\p{L}\p{N}\p{P}\p{S}]", "gu");
}

fn nfc(text: &str) -> String {
    normalize(text, "NFC")
}

/// The caller passes no ASCII character but letters, digits, `-` and `.`, so the text is the host of the URL as a whole.
fn domain_to_ascii(domain: &str) -> Option<String> {
    // workerd checks the Punycode of a host only if the host is not ASCII, so one period becomes an ideographic full stop.
    let domain = domain.replacen('.', "\u{3002}", 1);
    Url::new(&["http://", &domain].concat()).ok().map(|url| url.hostname())
}

fn unsafe_characters(text: &str) -> String {
    SAFE.with(|safe| replace(text, safe, ""))
}

fn unquotable_characters(text: &str) -> String {
    QUOTABLE.with(|quotable| replace(text, quotable, ""))
}
