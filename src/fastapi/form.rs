//! The login form: FastAPI's `OAuth2PasswordRequestForm`.

#![cfg_attr(
    not(target_arch = "wasm32"),
    expect(clippy::result_large_err, reason = "an error is rare, and moved into a list at once")
)]

mod content_type;
mod multipart;
mod urlencoded;

use std::fmt;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use self::content_type::Options;
use super::{BodyError, Invalid, is_space};

/// A valid login form.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct LoginForm {
    /// `username`; never empty.
    pub(crate) username: String,
    /// `password`; never empty.
    pub(crate) password: Zeroizing<String>,
    /// `grant_type`, if there is one.
    pub(crate) grant_type: Option<GrantType>,
    /// `scope`, split at white space.
    pub(crate) scopes: Vec<String>,
    /// `client_id`; never empty.
    pub(crate) client_id: Option<String>,
    /// `client_secret`; never empty.
    pub(crate) client_secret: Option<Zeroizing<String>>,
}

/// A form for `/login` when `REFRESH_TOKEN_EXPIRE_MINUTES` is set (RFC 6749 4.3.2 and 6).
pub(crate) enum TokenForm {
    /// `grant_type=password`, or none.
    Login(LoginForm),
    /// `grant_type=refresh_token`, with the token.
    Refresh(Zeroizing<String>),
}

/// A form for `/revoke` (RFC 7009 2.1).
pub(crate) struct RevocationForm {
    /// `token`; never empty.
    pub(crate) token: Zeroizing<String>,
}

/// The grant of a login form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GrantType {
    /// `password` (RFC 6749 4.3.2).
    Password,
}

impl LoginForm {
    /// Reads the form as FastAPI 0.165, Starlette and python-multipart do.
    ///
    /// The last field of a name counts, an empty field counts as missing, and a body of another content type has no
    /// fields. `content_type` is the header's value with one character for each byte, as `fetch` returns it.
    ///
    /// # Errors
    /// FastAPI's response. For a file instead of a field, its `input` is `null`.
    pub(crate) fn parse(content_type: Option<&str>, body: &[u8]) -> Result<Self, BodyError> {
        Fields::read(content_type, body)?.into_login().map_err(BodyError::Unprocessable)
    }
}

impl TokenForm {
    /// Reads the form as [`LoginForm::parse`] does, unless its `grant_type` is `refresh_token`. `default` is the refresh token of a
    /// form without one.
    ///
    /// # Errors
    /// As [`LoginForm::parse`].
    pub(crate) fn parse(content_type: Option<&str>, body: &[u8], default: Option<&str>) -> Result<Self, BodyError> {
        let fields = Fields::read(content_type, body)?;
        let form = match fields {
            Fields([Some(Field::Text(grant)), .., token, _]) if grant.as_str() == REFRESH_TOKEN => {
                required(REFRESH_TOKEN, or(token, default)).map(Self::Refresh).map_err(|invalid| vec![invalid])
            }
            fields => fields.into_login().map(Self::Login),
        };
        form.map_err(BodyError::Unprocessable)
    }
}

impl RevocationForm {
    /// Reads the form as [`LoginForm::parse`] does. `default` is the token of a form without one.
    ///
    /// # Errors
    /// As [`LoginForm::parse`].
    pub(crate) fn parse(content_type: Option<&str>, body: &[u8], default: Option<&str>) -> Result<Self, BodyError> {
        let Fields([.., token]) = Fields::read(content_type, body)?;
        required(TOKEN, or(token, default))
            .map(|token| Self { token })
            .map_err(|invalid| BodyError::Unprocessable(vec![invalid]))
    }
}

const REFRESH_TOKEN: &str = "refresh_token";
const TOKEN: &str = "token";

/// `Debug` shows no field.
impl fmt::Debug for LoginForm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("LoginForm").finish_non_exhaustive()
    }
}

/// The fields of [`NAMES`], in that order.
#[derive(Default)]
struct Fields([Option<Field>; 8]);

const NAMES: [&str; 8] =
    ["grant_type", "username", "password", "scope", "client_id", "client_secret", REFRESH_TOKEN, TOKEN];

enum Field {
    Text(Zeroizing<String>),
    File,
}

impl Fields {
    fn read(content_type: Option<&str>, body: &[u8]) -> Result<Self, BodyError> {
        let header = content_type::latin1(content_type.unwrap_or_default());
        let header = Options::parse(&header);
        let mut fields = Self::default();
        match header.value.as_slice() {
            b"multipart/form-data" => multipart::read(&header, body, &mut fields)?,
            b"application/x-www-form-urlencoded" => urlencoded::read(body, &mut fields)?,
            _ => {}
        }
        Ok(fields)
    }

    /// Sets the field of this name. Unknown names are ignored.
    fn put(&mut self, name: &[u8], field: Field) {
        let mut slots = self.0.iter_mut().zip(NAMES);
        if let Some((slot, _)) = slots.find(|(_, known)| known.as_bytes() == name) {
            // An empty field counts as missing. Browsers also send one when no file was chosen.
            let empty = matches!(&field, Field::Text(text) if text.is_empty());
            *slot = Some(field).filter(|_| !empty);
        }
    }

    fn into_login(self) -> Result<LoginForm, Vec<Invalid>> {
        let [grant_type, username, password, scope, client_id, client_secret, _refresh_token, _token] = self.0;
        // Every field is checked before returning, because the response lists every error.
        let mut list = Vec::new();
        let grant_type = keep(&mut list, text("grant_type", grant_type).and_then(granted));
        let username = keep(&mut list, required("username", username));
        let password = keep(&mut list, required("password", password));
        let scope = keep(&mut list, text("scope", scope));
        let client_id = keep(&mut list, text("client_id", client_id));
        let client_secret = keep(&mut list, text("client_secret", client_secret));
        match (grant_type, username, password, scope, client_id, client_secret) {
            (Some(grant_type), Some(username), Some(password), Some(scope), Some(client_id), Some(client_secret)) => {
                Ok(LoginForm {
                    username: username.as_str().to_owned(),
                    password,
                    grant_type,
                    scopes: scope.map_or_else(Vec::new, |scope| words(&scope)),
                    client_id: client_id.map(|id| id.as_str().to_owned()),
                    client_secret,
                })
            }
            _ => Err(list),
        }
    }
}

fn text(name: &'static str, field: Option<Field>) -> Result<Option<Zeroizing<String>>, Invalid> {
    match field {
        None => Ok(None),
        Some(Field::Text(text)) => Ok(Some(text)),
        Some(Field::File) => Err(Invalid::not_a_string(name, Value::Null)),
    }
}

fn required(name: &'static str, field: Option<Field>) -> Result<Zeroizing<String>, Invalid> {
    text(name, field)?.ok_or_else(|| Invalid::missing(name, Value::Null))
}

fn or(field: Option<Field>, default: Option<&str>) -> Option<Field> {
    field.or_else(|| default.map(|text| Field::Text(Zeroizing::new(text.to_owned()))))
}

fn granted(text: Option<Zeroizing<String>>) -> Result<Option<GrantType>, Invalid> {
    const PATTERN: &str = "^password$";
    match text {
        None => Ok(None),
        Some(text) if *text == "password" => Ok(Some(GrantType::Password)),
        Some(text) => {
            let msg = format!("String should match pattern '{PATTERN}'");
            let entry = Invalid::field("string_pattern_mismatch", "grant_type", msg, text.as_str());
            Err(entry.with_ctx(json!({ "pattern": PATTERN })))
        }
    }
}

/// Returns the value, or adds the error to the list.
fn keep<T>(list: &mut Vec<Invalid>, result: Result<T, Invalid>) -> Option<T> {
    result.map_err(|entry| list.push(entry)).ok()
}

/// Python's `str.split()`.
fn words(text: &str) -> Vec<String> {
    text.split(is_space).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const URLENCODED: Option<&str> = Some("application/x-www-form-urlencoded");

    fn multipart(body: &str) -> Result<LoginForm, BodyError> {
        LoginForm::parse(Some("multipart/form-data; boundary=B"), body.replace('\n', "\r\n").as_bytes())
    }

    #[test]
    fn every_field_is_read() {
        let body = b"grant_type=password&username=a&password=p&scope=x++y&client_id=i&client_secret=s&other=o";
        let form = LoginForm::parse(URLENCODED, body).unwrap();
        assert_eq!(form.grant_type, Some(GrantType::Password));
        assert_eq!(form.scopes, ["x", "y"]);
        assert_eq!(format!("{form:?}"), "LoginForm { .. }");
        assert_eq!(
            (form.client_id.as_deref(), form.client_secret.as_ref().map(|s| s.as_str())),
            (Some("i"), Some("s"))
        );
    }

    #[test]
    fn the_list_names_all_that_is_wrong_in_order() {
        let Err(BodyError::Unprocessable(list)) = LoginForm::parse(URLENCODED, b"grant_type=password%0A&username=")
        else {
            unreachable!()
        };
        assert_eq!(
            list.iter().map(|entry| entry.kind).collect::<Vec<_>>(),
            ["string_pattern_mismatch", "missing", "missing"]
        );
        assert!(LoginForm::parse(None, b"username=a&password=p").is_err());
    }

    #[test]
    fn a_file_is_refused_as_password_and_not_echoed() {
        let file = "--B\nContent-Disposition: form-data; name=\"password\"; filename=\"x\"\n\nsecret\n--B--";
        let Err(BodyError::Unprocessable(list)) = multipart(file) else { unreachable!() };
        assert_eq!((list[1].kind, &list[1].input), ("string_type", &Value::Null.into()));
    }

    #[test]
    fn multipart_follows_python_multipart() {
        let part = |name: &str, value: &str| format!("--B\nContent-Disposition: form-data; name={name}\n\n{value}\n");
        let (user, password) = (part("username", "é"), part("\"password\"", "p\n--Bx"));
        assert_eq!(multipart(&format!("{user}{password}--B--")).unwrap().password.as_str(), "p\r\n--Bx");
        for (body, detail) in [
            ("--C", "Invalid multipart data."),
            ("--B\nX: y\n\n", "The Content-Disposition header field \"name\" must be provided."),
            (&"--B\nX: y\nX y\n\n".replace("X y", "X\u{e9}: y"), "Invalid multipart data."),
        ] {
            assert_eq!(multipart(body), Err(BodyError::bad_request(detail)), "{body}");
        }
        let nameless = LoginForm::parse(Some("multipart/form-data"), b"");
        assert_eq!(nameless, Err(BodyError::bad_request("Missing boundary in multipart.")));
    }

    #[test]
    fn headers_and_boundaries_have_the_limits_of_python_multipart() {
        let part = |head: &str, value: &str| format!("--B\nContent-Disposition: form-data; {head}\n\n{value}\n");
        let complete = part("name=username", "a") + &part("name=password", "p");
        let value = |head: &str| multipart(&(part(head, "x") + &complete + "--B--"));
        let headers = |count: usize| value(&format!("name=o{}", "\nX: y".repeat(count - 1)));
        assert!(headers(8).is_ok());
        assert_eq!(headers(9), Err(BodyError::bad_request("Invalid multipart data.")));
        let boundary = |bytes: usize| {
            let boundary = "b".repeat(bytes);
            let body = (complete.clone() + "--B--").replace("--B", &format!("--{boundary}")).replace('\n', "\r\n");
            LoginForm::parse(Some(&format!("multipart/form-data; boundary={boundary}")), body.as_bytes())
        };
        assert!(boundary(256).is_ok());
        assert_eq!(boundary(257), Err(BodyError::bad_request("Invalid multipart data.")));
        let header = |bytes: usize| value(&format!("name=o\nX:{}", "y".repeat(bytes - 2)));
        assert!(header(4096 + 128).is_ok());
        assert_eq!(header(4096 + 129), Err(BodyError::bad_request("Invalid multipart data.")));
    }
}
