//! What the host hands in: the head of an HTTP request, as plain data.

/// The head of an HTTP request. The body is asked for when a route wants it.
#[derive(Clone)]
pub struct Request {
    /// The method, as sent: methods are case-sensitive (RFC 9110 9.1).
    pub method: String,
    /// The absolute URL, as sent.
    pub url: String,
    /// The value of `Content-Type`, when there is one.
    pub content_type: Option<String>,
    /// The value of `Authorization`, when there is one; several joined by `, ` (RFC 9110 5.3).
    pub authorization: Option<String>,
}

impl Request {
    /// The path, percent-decoded, as a route is matched against it.
    ///
    /// ```
    /// # use edgegate::http::Request;
    /// let request = Request::new("POST", "http://localhost/log%69n?next=/");
    /// assert_eq!(request.path(), "/login");
    /// ```
    #[must_use]
    pub fn path(&self) -> String {
        percent_decode(self.parts().1)
    }

    /// The same URL with another path, the query kept.
    #[must_use]
    pub fn with_path(&self, path: &str) -> String {
        let (origin, _, query) = self.parts();
        format!("{origin}{path}{query}")
    }

    /// A request without header fields.
    #[must_use]
    pub fn new(method: &str, url: &str) -> Self {
        Self { method: method.to_owned(), url: url.to_owned(), content_type: None, authorization: None }
    }

    /// Origin, path, and query with its question mark.
    fn parts(&self) -> (&str, &str, &str) {
        let url = self.url.split('#').next().unwrap_or_default();
        let scheme = url.as_bytes().windows(3).position(|bytes| bytes == b"://");
        let authority = scheme.map_or(0, |at| at.saturating_add(3));
        let (before_query, query) = url.find('?').and_then(|at| url.split_at_checked(at)).unwrap_or((url, ""));
        let query = if query == "?" { "" } else { query };
        let path = before_query.get(authority..).and_then(|rest| rest.find('/')).map(|at| at.saturating_add(authority));
        let (origin, path) = path.and_then(|at| before_query.split_at_checked(at)).unwrap_or((before_query, ""));
        (origin, if path.is_empty() { "/" } else { path }, query)
    }
}

fn percent_decode(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let escaped = match (byte, tail) {
            (b'%', [high, low, after @ ..]) => hex(*high).zip(hex(*low)).map(|(high, low)| (high << 4 | low, after)),
            _ => None,
        };
        let (byte, tail) = escaped.unwrap_or((byte, tail));
        decoded.push(byte);
        rest = tail;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}
