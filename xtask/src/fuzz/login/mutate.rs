//! Changes of requests.

use std::collections::BTreeSet;

use fastrand::Rng;
use serde_json::Value;
use testkit::http::Request;

use super::{change, token};

const METHODS: [&str; 12] =
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY", "get", "Post", "X"];

const PATHS: [&str; 10] = [
    "/login",
    "/me",
    "/users",
    "/",
    "/login/",
    "/me/",
    "/users/",
    "/%6cogin",
    "/login%2f",
    "/login?username=a&password=b",
];

const CONTENT_TYPES: [&str; 18] = [
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-8",
    "Application/X-WWW-Form-URLEncoded",
    "multipart/form-data; boundary=X-BOUNDARY",
    "multipart/form-data; boundary=\"X-BOUNDARY\"",
    "multipart/form-data;boundary=X-BOUNDARY; charset=latin-1",
    "multipart/form-data; charset=utf-16; boundary=X-BOUNDARY",
    "multipart/form-data; charset=cp1252; boundary=X-BOUNDARY",
    "multipart/form-data; charset=ascii; boundary=X-BOUNDARY",
    "multipart/form-data",
    "Multipart/Form-Data; BOUNDARY=X-BOUNDARY",
    "application/json",
    "application/json; charset=utf-16",
    "application/vnd.api+json",
    "Application/JSON;",
    "text/plain",
    "*/*",
    "",
];

const HEADERS: [(&str, &str); 10] = [
    ("content-type", "application/json"),
    ("Content-Type", "application/x-www-form-urlencoded"),
    ("authorization", "Bearer"),
    ("authorization", "Basic YTpi"),
    ("Authorization", "bearer a.b.c"),
    ("origin", "https://app.example.com"),
    ("access-control-request-method", "POST"),
    ("access-control-request-headers", "authorization"),
    ("accept", "text/html"),
    ("x-http-method-override", "DELETE"),
];

/// Header fields of the connection and of the server, of which edgegate in this process has none.
const NOT_CHANGED: [&str; 8] =
    ["host", "connection", "content-length", "transfer-encoding", "expect", "upgrade", "te", "trailer"];

/// The source of the changes.
#[derive(Debug)]
pub(super) struct Mutator<'a> {
    pub(super) random: &'a mut Rng,
    /// Another recorded request, of which parts are taken.
    pub(super) other: &'a Request,
    /// The secret that tokens are signed with.
    pub(super) secret: &'a str,
}

impl Mutator<'_> {
    /// The request with one to three changes.
    #[must_use]
    pub(super) fn change(&mut self, request: &Request) -> Request {
        let mut changed = request.clone();
        for _ in 0..self.random.usize(1..=3) {
            match self.random.u8(..16) {
                0..=6 => self.body(&mut changed),
                7..=10 => self.header(&mut changed),
                11 => self.random.choice(METHODS).unwrap_or("GET").clone_into(&mut changed.method),
                12 => self.path(&mut changed),
                13 => changed.body.clone_from(&self.other.body),
                14 => changed.headers.clone_from(&self.other.headers),
                _ => self.token(&mut changed),
            }
        }
        // Platforms join equal header lines, which is recorded; each change of it would be a class of its own.
        let mut names = BTreeSet::new();
        changed.headers.retain(|(name, _)| {
            let name = name.to_ascii_lowercase();
            !NOT_CHANGED.contains(&name.as_str()) && names.insert(name)
        });
        changed
    }

    fn body(&mut self, request: &mut Request) {
        let mut body = request.body.take().unwrap_or_default();
        match self.random.u8(..4) {
            0 => change::bytes(self.random, &mut body),
            1 => self.separated(&mut body, b"&"),
            2 => self.separated(&mut body, b"\r\n"),
            _ => match serde_json::from_slice::<Value>(&body) {
                Ok(mut value) => {
                    change::json(self.random, &mut value);
                    body = value.to_string().into_bytes();
                }
                Err(_) => self.escape(&mut body),
            },
        }
        // The same as no body, but for the header field.
        request.body = Some(body).filter(|body| !body.is_empty() || self.random.bool());
    }

    /// Moves whole fields of a form, or lines of a multipart form, or changes one.
    fn separated(&mut self, body: &mut Vec<u8>, separator: &[u8]) {
        let mut fields = split(body, separator);
        let at = self.random.usize(..fields.len());
        match fields.get_mut(at) {
            Some(field) if self.random.bool() => change::bytes(self.random, field),
            _ => change::list(self.random, &mut fields),
        }
        *body = fields.join(separator);
    }

    /// Writes a byte in percent encoding, which changes nothing in a form.
    fn escape(&mut self, body: &mut Vec<u8>) {
        let at = self.random.usize(..=body.len());
        if let Some(byte) = body.get(at).copied() {
            body.splice(at..=at, format!("%{byte:02x}").into_bytes());
        }
    }

    fn header(&mut self, request: &mut Request) {
        let lines = &mut request.headers;
        match self.random.u8(..6) {
            0 => change::list(self.random, lines),
            1 => {
                let (name, value) = self.random.choice(HEADERS).unwrap_or_default();
                lines.push((name.to_owned(), value.to_owned()));
            }
            2 | 3 => {
                let value = self.random.choice(CONTENT_TYPES).unwrap_or_default().to_owned();
                match lines.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
                    Some(line) => line.1 = value,
                    None => lines.push(("content-type".to_owned(), value)),
                }
            }
            _ => {
                let at = self.random.usize(..=lines.len());
                if let Some((_, value)) = lines.get_mut(at) {
                    *value = change::printable(self.random, value, |byte| matches!(byte, b' '..=b'~' | b'\t'));
                }
            }
        }
    }

    fn path(&mut self, request: &mut Request) {
        let path = match self.random.u8(..3) {
            0 => self.random.choice(PATHS).unwrap_or("/").to_owned(),
            // A URL has no fragment on the wire, and clients and runtimes turn a backslash around.
            _ => change::printable(self.random, &request.path, |byte| {
                matches!(byte, b'!'..=b'~') && !matches!(byte, b'#' | b'\\')
            }),
        };
        request.path = if path.starts_with('/') { path } else { format!("/{path}") };
    }

    fn token(&mut self, request: &mut Request) {
        let line = request.headers.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        let Some((_, value)) = line else { return self.header(request) };
        if let Some(changed) = token::change(self.random, value, self.secret) {
            *value = changed;
        }
    }
}

/// At least one piece.
fn split(bytes: &[u8], separator: &[u8]) -> Vec<Vec<u8>> {
    let (mut pieces, mut rest) = (Vec::new(), bytes);
    while let Some(at) = rest.windows(separator.len()).position(|window| window == separator) {
        let (piece, after) = rest.split_at(at);
        pieces.push(piece.to_vec());
        rest = after.get(separator.len()..).unwrap_or_default();
    }
    pieces.push(rest.to_vec());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_requests() {
        let request = Request {
            method: "POST".into(),
            path: "/login".into(),
            headers: vec![("content-type".into(), "application/x-www-form-urlencoded".into())],
            body: Some(b"username=a&password=b".to_vec()),
        };
        let run = |seed| -> Vec<Request> {
            let mut random = Rng::with_seed(seed);
            let mut one = |_| Mutator { random: &mut random, other: &request, secret: "s" }.change(&request);
            (0..100).map(&mut one).collect()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        assert!(run(7).iter().all(|changed| changed.path.starts_with('/')));
    }

    #[test]
    fn pieces_joined_are_the_whole() {
        for text in ["", "a", "a&b", "&&", "a\r\nb\r\n"] {
            assert_eq!(split(text.as_bytes(), b"&").join(&b"&"[..]), text.as_bytes());
            assert_eq!(split(text.as_bytes(), b"\r\n").join(&b"\r\n"[..]), text.as_bytes());
        }
    }
}
