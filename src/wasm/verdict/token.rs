//! Failures of calls about tokens.

use super::Failure;
use crate::{settings::SettingsError, token::TokenRefusal};

impl Failure {
    /// The further claims of a token are no JSON object.
    pub(in crate::wasm) fn claims() -> Self {
        Self { code: "claims".into(), message: "further claims are a JSON object".to_owned() }
    }

    /// The settings are not an object of strings and numbers.
    pub(in crate::wasm) fn settings() -> Self {
        Self { code: "setting".into(), message: "settings are strings or numbers".to_owned() }
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Self { code: "setting".into(), message: error.to_string() }
    }
}

impl From<TokenRefusal> for Failure {
    fn from(refusal: TokenRefusal) -> Self {
        Self { code: refusal.code(), message: refusal.to_string() }
    }
}
