//! The head of an HTTP request.

use std::{borrow::Cow, fmt};

use percent_encoding::{AsciiSet, CONTROLS, percent_decode, percent_decode_str, utf8_percent_encode};

/// The head of an HTTP request. The host supplies the body when a route asks for it.
///
/// ```
/// use edgegate::Request;
///
/// let mut request = Request::new("GET", "https://example.com/me?secret");
/// request.authorization = Some("Bearer secret".to_owned());
/// assert_eq!(format!("{request:?}"), r#"Request { method: "GET", path: "/me", content_type: None, .. }"#);
/// ```
#[derive(Clone)]
pub struct Request {
    /// The method, as sent: methods are case-sensitive (RFC 9110 9.1).
    pub method: String,
    /// The absolute URL, as sent.
    pub url: String,
    /// The value of `Content-Type`, if present.
    pub content_type: Option<String>,
    /// The value of `Authorization`, if present; several lines are joined by `, ` (RFC 9110 5.3).
    pub authorization: Option<String>,
    /// The value of `Cookie`, if present. Only `TOKEN_COOKIE` needs it.
    pub cookie: Option<String>,
    /// The value of `Origin`, if present. `TOKEN_COOKIE` and `CORS_ORIGINS` need it.
    pub origin: Option<String>,
    /// The value of `Sec-Fetch-Site`, if present. Every request but `GET` needs it, and with `TOKEN_COOKIE` each.
    pub fetch_site: Option<String>,
    /// The value of `Access-Control-Request-Method`, if present. Only `CORS_ORIGINS` needs it.
    pub preflight_method: Option<String>,
    /// The value of `Access-Control-Request-Headers`, if present. Only `CORS_ORIGINS` needs it.
    pub preflight_headers: Option<String>,
    /// The value of `User-Agent`, if present, for the list of sessions.
    pub user_agent: Option<String>,
    /// The IP address of the client, if the host knows it. Behind a proxy it is that which the proxy names.
    pub address: Option<String>,
    /// The path below which the routes are, such as `/auth`, percent-encoded or not; empty by default.
    pub prefix: String,
}

/// What Starlette encodes in the URL of a redirect, and URLs of the platform may have.
const UNSAFE: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'`').add(b'{').add(b'|').add(b'}');

impl Request {
    /// Creates a request without header fields.
    ///
    /// ```
    /// # use edgegate::Request;
    /// let request = Request::new("GET", "https://example.com/me");
    /// assert_eq!((request.content_type, request.authorization), (None, None));
    /// ```
    #[must_use]
    pub fn new(method: &str, url: &str) -> Self {
        Self {
            method: method.to_owned(),
            url: url.to_owned(),
            content_type: None,
            authorization: None,
            cookie: None,
            origin: None,
            fetch_site: None,
            preflight_method: None,
            preflight_headers: None,
            user_agent: None,
            address: None,
            prefix: String::new(),
        }
    }

    /// Returns the path for routing: percent-decoded, below `prefix`, and `/` when the URL has none. `None` if the path is not below
    /// `prefix`.
    ///
    /// ```
    /// # use edgegate::Request;
    /// let request = Request::new("POST", "http://localhost/log%69n?next=/");
    /// assert_eq!(request.path().as_deref(), Some("/login"));
    /// assert_eq!(Request::new("GET", "http://localhost?next=/").path().as_deref(), Some("/"));
    ///
    /// let request = Request { prefix: "/auth".into(), ..Request::new("POST", "http://localhost/auth/login") };
    /// assert_eq!(request.path().as_deref(), Some("/login"));
    /// let request = Request { prefix: "/auth".into(), ..Request::new("POST", "http://localhost/authors") };
    /// assert_eq!(request.path(), None);
    /// ```
    #[must_use]
    pub fn path(&self) -> Option<String> {
        let (_, path, _) = self.parts();
        let path = percent_decode_str(path).decode_utf8_lossy();
        let prefix = percent_decode_str(self.prefix.trim_end_matches('/')).decode_utf8_lossy();
        match path.strip_prefix(&*prefix)? {
            "" => Some("/".to_owned()),
            below => below.starts_with('/').then(|| below.to_owned()),
        }
    }

    /// Returns the same URL with another path below `prefix`. The query is kept, the fragment is removed.
    ///
    /// ```
    /// # use edgegate::Request;
    /// let request = Request::new("POST", "http://localhost/login/?next=/");
    /// assert_eq!(request.with_path("/login"), "http://localhost/login?next=/");
    /// let request = Request::new("POST", "http://localhost/login/?{a}");
    /// assert_eq!(request.with_path("/login"), "http://localhost/login?%7Ba%7D");
    /// ```
    #[must_use]
    pub fn with_path(&self, path: &str) -> String {
        // A header field is ASCII.
        let prefix = self.encoded_prefix(CONTROLS);
        match self.parts() {
            (origin, _, "") => [origin, &prefix, path].concat(),
            (origin, _, query) => {
                let query: Cow<'_, str> = utf8_percent_encode(query, UNSAFE).into();
                [origin, &prefix, path, "?", &query].concat()
            }
        }
    }

    /// `prefix` as it stands in a URL, without a slash at its end. These characters are encoded, and all outside ASCII.
    fn encoded_prefix(&self, set: &'static AsciiSet) -> Cow<'_, str> {
        utf8_percent_encode(self.prefix.trim_end_matches('/'), set).into()
    }

    /// `prefix` for a document: it has no character that JSON escapes, and one slash at its beginning, where two would name a host.
    pub(crate) fn url_prefix(&self) -> String {
        let names: Cow<'_, str> = utf8_percent_encode(self.prefix.trim_matches('/'), UNSAFE).into();
        if names.is_empty() { String::new() } else { ["/", &names].concat() }
    }

    /// The URL of the same path below `prefix`, or of this one, at another place. The query is kept.
    ///
    /// `None` if what is below does not begin with a slash that is written as one: appended to a base, it could be a part of the host.
    pub(crate) fn at(&self, base: &str, path: Option<&str>) -> Option<String> {
        let (_, own, query) = self.parts();
        let below = self.below(own)?;
        Some([base, path.unwrap_or(below), if query.is_empty() { "" } else { "?" }, query].concat())
    }

    /// The part of this path below `prefix`, as it is written.
    fn below<'p>(&self, path: &'p str) -> Option<&'p str> {
        let mut end: usize = 0;
        for byte in percent_decode_str(self.prefix.trim_end_matches('/')) {
            let rest = path.as_bytes().get(end..)?;
            let written = rest.get(..3).unwrap_or(rest);
            // A percent sign that is none of an encoding stands for itself.
            let encoded =
                percent_decode(written).next().filter(|_| written.len() == 3 && percent_decode(written).count() == 1);
            let (found, length) = match encoded {
                Some(byte) => (byte, 3),
                None => (*rest.first()?, 1),
            };
            if found != byte {
                return None;
            }
            end = end.saturating_add(length);
        }
        match path.get(end..)? {
            "" => Some("/"),
            below => Some(below).filter(|below| below.starts_with('/')),
        }
    }

    /// Whether a browser sent this request for a page of another origin. A request without the header fields of a browser is not
    /// cross-site: every browser sends `Origin` with an unsafe method.
    ///
    /// As Go's `http.CrossOriginProtection` decides it, but that the scheme of `Origin` counts too.
    ///
    /// ```
    /// use edgegate::Request;
    ///
    /// let mut request = Request::new("POST", "https://example.com/logout");
    /// assert!(!request.is_cross_site());
    /// request.origin = Some("https://example.com".into());
    /// assert!(!request.is_cross_site());
    /// request.fetch_site = Some("same-site".into());
    /// assert!(request.is_cross_site());
    /// ```
    #[must_use]
    pub fn is_cross_site(&self) -> bool {
        match (self.fetch_site.as_deref(), self.origin.as_deref()) {
            (Some(site), _) => !matches!(site, "same-origin" | "none"),
            (None, Some(origin)) => !origin.eq_ignore_ascii_case(self.parts().0),
            (None, None) => false,
        }
    }

    /// Origin, path and query (RFC 3986 3). The crate `url` would add the IDNA tables to the wasm.
    fn parts(&self) -> (&str, &str, &str) {
        let (url, _fragment) = self.url.split_once('#').unwrap_or((&self.url, ""));
        let (url, query) = url.split_once('?').unwrap_or((url, ""));
        // A path may contain `://` as well, and has a slash before it.
        let scheme = url.split_once(':').filter(|(scheme, rest)| rest.starts_with("//") && !scheme.contains('/'));
        let authority = scheme.map_or(0, |(scheme, _)| scheme.len().saturating_add(3));
        let path = url.match_indices('/').map(|(at, _)| at).find(|&at| at >= authority);
        let (origin, path) = path.and_then(|at| url.split_at_checked(at)).unwrap_or((url, "/"));
        (origin, path, query)
    }
}

/// `Debug` shows neither `Authorization` nor the URL except its path: a URL may contain a password in its query or
/// before its host.
impl fmt::Debug for Request {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path().unwrap_or_default())
            .field("content_type", &self.content_type)
            .finish_non_exhaustive()
    }
}
