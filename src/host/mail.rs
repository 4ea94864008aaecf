//! Mails, and the single-use tokens in their links.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// A mail to send. `Debug` shows the kind only: the link is a secret.
///
/// ```
/// use edgegate::host::{Mail, MailKind};
///
/// let mail = Mail {
///     kind: MailKind::PasswordRecovery,
///     to: "ada@example.com".into(),
///     subject: "Password recovery".into(),
///     text: "Open https://app.example.com/reset-password?token=...".into(),
///     link: "https://app.example.com/reset-password?token=...".into(),
/// };
/// assert_eq!(format!("{mail:?}"), "Mail { kind: PasswordRecovery, .. }");
/// ```
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
pub struct Mail {
    /// What it is about, for an app with texts of its own.
    pub kind: MailKind,
    /// The e-mail address, as stored.
    pub to: String,
    /// The subject: one line.
    pub subject: String,
    /// The plain text, with the link.
    pub text: String,
    /// The link, with the token.
    pub link: String,
}

/// What a [`Mail`] is about.
///
/// ```
/// assert_eq!(edgegate::host::MailKind::PasswordRecovery.name(), "password-recovery");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum MailKind {
    /// A link to set a new password.
    PasswordRecovery,
    /// A link to verify the address.
    EmailVerification,
}

impl MailKind {
    /// The name in JSON and in the table `mail_tokens`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PasswordRecovery => "password-recovery",
            Self::EmailVerification => "email-verification",
        }
    }
}

impl fmt::Debug for Mail {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Mail").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// A token for a mail to a user, to be stored. It outlives its user until it expires: an account that is deleted and created again gets no
/// second mail at once.
///
/// ```sql
/// INSERT INTO mail_tokens (account, kind, created_at, hash, user_id, email, expires_at)
/// SELECT lower(email), :kind, :now, :hash, id, email, :expires_at FROM users WHERE email = :email COLLATE NOCASE
/// AND NOT EXISTS (SELECT 1 FROM mail_tokens WHERE account = lower(users.email) AND kind = :kind AND created_at > :not_since)
/// ON CONFLICT DO NOTHING
/// RETURNING email
/// ```
///
/// ```
/// let token = edgegate::host::NewMailToken {
///     kind: edgegate::host::MailKind::PasswordRecovery,
///     email: "ada@example.com".into(),
///     hash: "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU".into(),
///     now: 1_700_000_000,
///     expires_at: 1_700_003_600,
///     not_since: 1_699_999_940,
/// };
/// assert_eq!(token.expires_at - token.now, 3600);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct NewMailToken {
    /// What the mail is about.
    pub kind: MailKind,
    /// The address of the user, ignoring letter case.
    pub email: String,
    /// The hash of the token.
    pub hash: String,
    /// The current time, in seconds since 1970.
    pub now: i64,
    /// When the token expires, in seconds since 1970.
    pub expires_at: i64,
    /// After a token of the same kind and address that was stored later than this, none is stored, and no mail is sent.
    pub not_since: i64,
}

/// A token as the mail has it: 32 random bytes. The store has its hash.
pub(crate) struct MailToken(Zeroizing<[u8; 32]>);

impl MailToken {
    /// `None` when the system has no randomness.
    pub(crate) fn random() -> Option<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut()).ok()?;
        Some(Self(bytes))
    }

    /// `None` for what is no such token.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        let is_32_bytes = URL_SAFE_NO_PAD.decode_slice(text, bytes.as_mut()) == Ok(32);
        is_32_bytes.then_some(Self(bytes))
    }

    pub(crate) fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(self.0.as_slice()))
    }

    /// The token has 32 random bytes, so the hash needs no salt and no work factor.
    pub(crate) fn hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.0.as_slice()))
    }
}
