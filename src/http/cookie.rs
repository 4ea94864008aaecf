//! Cookies (RFC 6265) that carry tokens, with `TOKEN_COOKIE=on`.

/// A cookie of the gate.
///
/// The prefix `__Host-` makes browsers refuse a cookie that another host, a subdomain or plain HTTP sets
/// (draft-ietf-httpbis-rfc6265bis 4.1.3.2).
#[derive(Clone, Copy)]
pub(crate) struct TokenCookie(&'static str);

/// The access token.
pub(crate) const ACCESS: TokenCookie = TokenCookie("__Host-access_token");
/// The refresh token.
pub(crate) const REFRESH: TokenCookie = TokenCookie("__Host-refresh_token");

const SPACE: [char; 2] = [' ', '\t'];

/// What a `Cookie` header says of one cookie.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found<'h> {
    /// It is not there, or empty.
    None,
    /// Its value, as sent.
    One(&'h str),
    /// It is there twice. Which one this service has set cannot be told.
    Several,
}

impl TokenCookie {
    /// Finds the cookie in the value of a `Cookie` header (RFC 6265 4.2.1). Names are case-sensitive.
    ///
    /// A subdomain can set `x=a,__Host-access_token=b`, or a name that starts with U+00A0: for a browser these do not have the
    /// prefix. So only `;` separates, and only spaces and tabs are trimmed.
    pub(crate) fn find(self, header: Option<&str>) -> Found<'_> {
        let pairs = header.unwrap_or_default().split(';').filter_map(|pair| pair.trim_matches(SPACE).split_once('='));
        let mut values = pairs.filter(|(name, _)| *name == self.0).map(|(_, value)| value);
        match (values.next(), values.next()) {
            (None | Some(""), None) => Found::None,
            (Some(value), None) => Found::One(value),
            (_, Some(_)) => Found::Several,
        }
    }

    /// The value of `Set-Cookie` that stores this token for so many seconds.
    pub(crate) fn set(self, token: &str, seconds: u64) -> String {
        let Self(name) = self;
        format!("{name}={token}; Max-Age={seconds}; Path=/; Secure; HttpOnly; SameSite=Lax")
    }

    /// The value of `Set-Cookie` that deletes the cookie.
    pub(crate) fn clear(self) -> String {
        self.set("", 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_exact_name() {
        for (header, found) in [
            ("", Found::None),
            ("__Host-access_token", Found::None),
            ("__Host-access_token=", Found::None),
            ("__Host-access_token=a.b.c", Found::One("a.b.c")),
            ("a=b; __Host-access_token=a.b.c; c=d", Found::One("a.b.c")),
            ("a=b;\t__Host-access_token=a=b ;c=d", Found::One("a=b")),
            ("a=b; __Host-access_token =x", Found::None),
            ("a=b, __Host-access_token=x", Found::None),
            ("a=b,__Host-access_token=x; __Host-access_token=y", Found::One("y")),
            ("a=b; \u{a0}__Host-access_token=x", Found::None),
            ("a=b; \u{85}__Host-access_token=x", Found::None),
            ("a=b; \u{2003}__Host-access_token=x", Found::None),
            ("a=b; \u{b}__Host-access_token=x", Found::None),
            ("a=b; =__Host-access_token=x", Found::None),
            ("$Version=1; a=\"b; __Host-access_token\"=x", Found::None),
            ("__HOST-ACCESS_TOKEN=x", Found::None),
            ("__Host-access_token=\"x\"", Found::One("\"x\"")),
            ("__host-access_token=x", Found::None),
            ("access_token=x; x__Host-access_token=y; __Host-access_tokens=z", Found::None),
            ("__Host-access_token=x; __Host-access_token=x", Found::Several),
            ("__Host-access_token=; __Host-access_token=x", Found::Several),
            ("__Host-access_token=x, __Host-access_token=y", Found::One("x, __Host-access_token=y")),
        ] {
            assert_eq!(ACCESS.find(Some(header)), found, "{header}");
        }
        assert_eq!(ACCESS.find(None), Found::None);
    }

    #[test]
    fn a_cookie_is_for_this_host_and_no_script() {
        assert_eq!(
            REFRESH.set("f.s.m", 60),
            "__Host-refresh_token=f.s.m; Max-Age=60; Path=/; Secure; HttpOnly; SameSite=Lax"
        );
        assert_eq!(ACCESS.clear(), "__Host-access_token=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax");
    }
}
