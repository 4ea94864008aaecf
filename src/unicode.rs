//! Unicode operations on e-mail addresses.
//!
//! Their tables are larger than the rest of the wasm, so in JavaScript the platform does the work (`src/wasm/unicode.rs`). A
//! native build uses crates.

/// The operations for text outside ASCII. They are never called for ASCII text.
///
/// A native build needs no other than the default. The default for wasm32 has no tables: it changes no text, and it refuses every
/// domain outside ASCII. The npm package sets the operations of JavaScript.
///
/// ```
/// # #[cfg(not(target_arch = "wasm32"))] {
/// let unicode = edgegate::Unicode::default();
/// assert_eq!((unicode.nfc)("u\u{308}"), "ü");
/// assert_eq!((unicode.domain_to_ascii)("Bücher.example").as_deref(), Some("xn--bcher-kva.example"));
/// assert_eq!((unicode.unsafe_characters)("\u{301}a\u{301}\u{200B}"), "\u{301}\u{200B}");
/// assert_eq!((unicode.unquotable_characters)("a\u{301}\u{200B}"), "\u{301}\u{200B}");
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Unicode {
    /// The text in normalization form C (UAX #15).
    pub nfc: fn(&str) -> String,
    /// The domain in lower case and in its ASCII form, as URLs contain it (UTS #46 ToASCII, non-transitional); `None` when there
    /// is none.
    pub domain_to_ascii: fn(&str) -> Option<String>,
    /// The characters of the general categories C (control, formatting, private use, unassigned) and Z (separators), and the first
    /// character if it is a mark (M), in their order.
    pub unsafe_characters: fn(&str) -> String,
    /// The characters of the general categories C, M and Z, in their order: a message does not quote them.
    pub unquotable_characters: fn(&str) -> String,
}

impl Default for Unicode {
    #[cfg(not(target_arch = "wasm32"))]
    fn default() -> Self {
        Self {
            nfc: native::nfc,
            domain_to_ascii: native::domain_to_ascii,
            unsafe_characters: native::unsafe_characters,
            unquotable_characters: native::unquotable_characters,
        }
    }

    #[cfg(target_arch = "wasm32")]
    fn default() -> Self {
        let none = |_: &str| String::new();
        Self { nfc: str::to_owned, domain_to_ascii: |_| None, unsafe_characters: none, unquotable_characters: none }
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use idna::AsciiDenyList;
    use unicode_normalization::UnicodeNormalization as _;
    use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};

    pub(super) fn nfc(text: &str) -> String {
        text.nfc().collect()
    }

    pub(super) fn domain_to_ascii(domain: &str) -> Option<String> {
        idna::domain_to_ascii_cow(domain.as_bytes(), AsciiDenyList::URL).ok().map(Into::into)
    }

    pub(super) fn unsafe_characters(text: &str) -> String {
        let is_mark = |char: char| char.general_category_group() == GeneralCategoryGroup::Mark;
        let is_unsafe = |at: usize, char| is_unquotable(char) && (at == 0 || !is_mark(char));
        text.chars().enumerate().filter(|(at, char)| is_unsafe(*at, *char)).map(|(_, char)| char).collect()
    }

    pub(super) fn unquotable_characters(text: &str) -> String {
        text.chars().filter(|&char| is_unquotable(char)).collect()
    }

    fn is_unquotable(char: char) -> bool {
        matches!(
            char.general_category_group(),
            GeneralCategoryGroup::Other | GeneralCategoryGroup::Separator | GeneralCategoryGroup::Mark
        )
    }
}
