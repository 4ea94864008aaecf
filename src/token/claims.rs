//! Claims: `user_id` and `exp`, as FastAPI's tutorial issues them, and further claims.

use std::fmt;

use serde::{Serialize, Serializer, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::TokenRefusal;
use crate::user::UserId;

/// The claims of a verified token, or of a token to be issued.
///
/// ```
/// use edgegate::token::{Claims, Rules};
///
/// #[derive(serde::Deserialize)]
/// struct Session {
///     user_id: i64,
///     role: String,
/// }
///
/// let claims = Claims::new(7, 1_700_000_000, &Rules::default()).with("role", "admin");
/// assert_eq!(claims.to_string(), r#"{"user_id":7,"exp":1700000000,"role":"admin"}"#);
/// let session: Session = claims.to()?;
/// assert_eq!((session.user_id, session.role.as_str()), (7, "admin"));
/// # Ok::<(), edgegate::token::TokenRefusal>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Claims {
    user_id: Option<UserId>,
    members: Map<String, Value>,
    /// The JSON text: that of the verified token, or the claims to be issued in the order in which they were added.
    text: String,
}

impl Claims {
    /// Returns the same claims with one more, unless a claim of that name exists.
    ///
    /// ```
    /// # use edgegate::token::{Claims, Rules};
    /// let claims = Claims::new(7, 1_700_000_000, &Rules::default()).with("user_id", 8);
    /// assert_eq!(claims.get("user_id"), Some(&7.into()));
    /// ```
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        if !self.members.contains_key(name) {
            let value = value.into();
            let end = self.text.rfind('}').unwrap_or_default();
            self.text.truncate(end);
            if !self.members.is_empty() {
                self.text.push(',');
            }
            self.text += &json(&name);
            self.text.push(':');
            self.text += &json(&value);
            self.text.push('}');
            self.members.insert(name.to_owned(), value);
        }
        self
    }

    /// Returns the user of the gate that the token belongs to; `None` for a token of an identity provider, and for one
    /// verified by [`tokens::verify`](crate::host::tokens::verify).
    ///
    /// ```
    /// # use edgegate::token::{Claims, Rules};
    /// assert_eq!(Claims::new(7, 1_700_000_000, &Rules::default()).user_id(), Some(&7.into()));
    /// ```
    #[must_use]
    pub fn user_id(&self) -> Option<&UserId> {
        self.user_id.as_ref()
    }

    /// Returns the value of a claim.
    ///
    /// ```
    /// # use edgegate::token::{Claims, Rules};
    /// assert_eq!(Claims::new(7, 1_700_000_000, &Rules::default()).get("exp"), Some(&1_700_000_000.into()));
    /// ```
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.members.get(name)
    }

    /// Returns all claims; their order is that of serde_json's `Map`. An integer outside the 64-bit range is the nearest double.
    ///
    /// ```
    /// # use edgegate::token::{Claims, Rules};
    /// let claims = Claims::new(7, 1_700_000_000, &Rules::default());
    /// assert_eq!(claims.members().len(), 2);
    /// assert_eq!(claims.members()["exp"], 1_700_000_000);
    /// ```
    #[must_use]
    pub fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// Converts the claims to a type of the caller.
    ///
    /// # Errors
    /// [`TokenRefusal::Claims`] when the claims do not deserialize to that type.
    ///
    /// ```
    /// # use edgegate::token::{Claims, Rules, TokenRefusal};
    /// #[derive(Debug, PartialEq, serde::Deserialize)]
    /// struct Expiry {
    ///     exp: u64,
    /// }
    ///
    /// let claims = Claims::new(7, 1_700_000_000, &Rules::default());
    /// assert_eq!(claims.to::<Expiry>(), Ok(Expiry { exp: 1_700_000_000 }));
    /// assert_eq!(claims.to::<String>(), Err(TokenRefusal::Claims));
    /// ```
    pub fn to<C: DeserializeOwned>(&self) -> Result<C, TokenRefusal> {
        C::deserialize(&self.members).map_err(|_| TokenRefusal::Claims)
    }

    /// Returns all claims as JSON text: for a verified token, exactly the text of the token.
    ///
    /// ```
    /// # use edgegate::token::{Claims, Rules};
    /// let claims = Claims::new("7", 1_700_000_000, &Rules::default());
    /// assert_eq!(claims.text(), r#"{"user_id":"7","exp":1700000000}"#);
    /// ```
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the text of [`Claims::text`] without a copy.
    ///
    /// ```
    /// # use edgegate::token::{Claims, Rules};
    /// let claims = Claims::new(7, 1_700_000_000, &Rules::default());
    /// assert_eq!(claims.into_text(), r#"{"user_id":7,"exp":1700000000}"#);
    /// ```
    #[must_use]
    pub fn into_text(self) -> String {
        self.text
    }

    /// The token version of its user when the token was issued; without the claim it is 0.
    ///
    /// # Errors
    /// When the claim is no integer.
    pub(crate) fn token_version(&self) -> Result<i64, TokenRefusal> {
        let version = self.members.get(TOKEN_VERSION).map_or(Some(0), Value::as_i64);
        version.ok_or(TokenRefusal::Claim(TOKEN_VERSION.into()))
    }

    /// No claims yet, of a token for this user.
    pub(super) fn of(user_id: UserId) -> Self {
        Self { user_id: Some(user_id), members: Map::new(), text: "{}".to_owned() }
    }

    pub(super) fn read(members: Map<String, Value>, text: String) -> Self {
        Self { user_id: None, members, text }
    }

    /// The same claims with the user from the claim of this name.
    pub(super) fn of_user(self, name: &str) -> Option<Self> {
        let user_id = user_of(self.members.get(name)?, name)?;
        Some(Self { user_id: Some(user_id), ..self })
    }
}

impl fmt::Display for Claims {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Serialize for Claims {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.members.serialize(serializer)
    }
}

/// The JSON object of these claims, in this order.
pub(crate) fn claims_text<'c>(claims: impl Iterator<Item = (&'c str, &'c Value)>) -> String {
    let mut json = Vec::with_capacity(128);
    let _ = serde_json::Serializer::new(&mut json).collect_map(claims);
    String::from_utf8(json).unwrap_or_default()
}

/// JSON text of a string or of a value that was parsed or built as JSON, which cannot fail.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Serializes claims of any type to the members of a JSON object.
pub(crate) fn to_members(claims: &impl Serialize) -> Result<Map<String, Value>, TokenRefusal> {
    match serde_json::to_value(claims) {
        Ok(Value::Object(members)) => Ok(members),
        _ => Err(TokenRefusal::Claims),
    }
}

/// The value of the user-id claim; `sub` is a string (RFC 7519 4.1.2).
pub(super) fn claim_of(user_id: &UserId, name: &str) -> Value {
    match user_id {
        UserId::Integer(id) if name != SUB => (*id).into(),
        id => id.to_string().into(),
    }
}

/// The user from the user-id claim. In `sub`, the canonical decimal text of an integer is that integer.
fn user_of(claim: &Value, name: &str) -> Option<UserId> {
    let id = match claim {
        Value::String(text) => {
            let integer = text.parse().ok().filter(|id: &i64| name == SUB && id.to_string() == *text);
            integer.map_or_else(|| UserId::Text(text.clone()), UserId::Integer)
        }
        number => UserId::Integer(number.as_i64()?),
    };
    Some(id).filter(UserId::is_valid)
}

pub(super) const USER_ID: &str = "user_id";
pub(super) const SUB: &str = "sub";
pub(super) const JTI: &str = "jti";
pub(super) const EXP: &str = "exp";
pub(super) const NBF: &str = "nbf";
pub(crate) const IAT: &str = "iat";
pub(crate) const TOKEN_VERSION: &str = "token_version";
pub(super) const ISS: &str = "iss";
pub(super) const AUD: &str = "aud";
