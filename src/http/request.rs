//! The head of an HTTP request.

use std::fmt;

use percent_encoding::percent_decode_str;

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
}

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
        Self { method: method.to_owned(), url: url.to_owned(), content_type: None, authorization: None }
    }

    /// Returns the path for routing: percent-decoded, and `/` when the URL has none.
    ///
    /// ```
    /// # use edgegate::Request;
    /// let request = Request::new("POST", "http://localhost/log%69n?next=/");
    /// assert_eq!(request.path(), "/login");
    /// assert_eq!(Request::new("GET", "http://localhost?next=/").path(), "/");
    /// ```
    #[must_use]
    pub fn path(&self) -> String {
        let (_, path, _) = self.parts();
        percent_decode_str(path).decode_utf8_lossy().into_owned()
    }

    /// Returns the same URL with another path. The query is kept, the fragment is removed.
    ///
    /// ```
    /// # use edgegate::Request;
    /// let request = Request::new("POST", "http://localhost/login/?next=/");
    /// assert_eq!(request.with_path("/login"), "http://localhost/login?next=/");
    /// ```
    #[must_use]
    pub fn with_path(&self, path: &str) -> String {
        match self.parts() {
            (origin, _, "") => [origin, path].concat(),
            (origin, _, query) => [origin, path, "?", query].concat(),
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
            .field("path", &self.path())
            .field("content_type", &self.content_type)
            .finish_non_exhaustive()
    }
}
