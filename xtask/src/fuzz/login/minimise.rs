//! The shortest request that still shows a difference, by removing what can be removed.

use std::iter;

use anyhow::Result;
use testkit::http::Request;

/// Requests that are tried for one difference.
const ATTEMPTS_MAX: u32 = 5000;

/// Pieces of this size are tried at each position: `,"a":1` is one.
const SMALL: usize = 10;

/// Removes header lines, and parts of their values, of the path and of the body, while `is_same` holds. `simpler_tokens` are the values
/// that an `Authorization` is replaced with: a token that is cut has no signature.
///
/// # Errors
/// The first error of `is_same`.
pub(super) fn minimise(
    request: &Request,
    simpler_tokens: impl Fn(&str) -> Vec<String>,
    is_same: impl Fn(&Request) -> Result<bool>,
) -> Result<Request> {
    let mut search = Search { best: request.clone(), attempts: 0, is_same };
    loop {
        let before = search.best.clone();
        search.headers()?;
        search.shorten(
            |request| request.path.clone().into_bytes(),
            |request, path| {
                // Without its first slash it would be no path.
                if path.starts_with(b"/") {
                    request.path = String::from_utf8_lossy(path).into_owned();
                }
            },
        )?;
        for line in 0..search.best.headers.len() {
            let value = |request: &Request| request.headers.get(line).map(|(_, value)| value.clone().into_bytes());
            search.shorten(
                |request| value(request).unwrap_or_default(),
                |request, value| {
                    if let (Some((_, line)), Ok(value)) = (request.headers.get_mut(line), str::from_utf8(value)) {
                        value.clone_into(line);
                    }
                },
            )?;
        }
        search.tokens(&simpler_tokens)?;
        search.shorten(
            |request| request.body.clone().unwrap_or_default(),
            |request, body| request.body = Some(body.to_vec()).filter(|body| !body.is_empty()),
        )?;
        if search.best == before || search.attempts >= ATTEMPTS_MAX {
            return Ok(search.best);
        }
    }
}

struct Search<F> {
    best: Request,
    attempts: u32,
    is_same: F,
}

impl<F: Fn(&Request) -> Result<bool>> Search<F> {
    /// Keeps a candidate that shows the same difference.
    fn keep(&mut self, candidate: Request) -> Result<bool> {
        if candidate == self.best || self.attempts >= ATTEMPTS_MAX {
            return Ok(false);
        }
        self.attempts += 1;
        let is_same = (self.is_same)(&candidate)?;
        if is_same {
            self.best = candidate;
        }
        Ok(is_same)
    }

    fn headers(&mut self) -> Result<()> {
        for line in (0..self.best.headers.len()).rev() {
            let mut candidate = self.best.clone();
            candidate.headers.remove(line);
            self.keep(candidate)?;
        }
        Ok(())
    }

    fn tokens(&mut self, simpler: &impl Fn(&str) -> Vec<String>) -> Result<()> {
        for line in 0..self.best.headers.len() {
            let Some((_, value)) = self.best.headers.get(line).cloned() else { continue };
            for token in simpler(&value) {
                let mut candidate = self.best.clone();
                candidate.headers.get_mut(line).into_iter().for_each(|(_, value)| value.clone_from(&token));
                if self.keep(candidate)? {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Removes pieces of a part of the request: first halves, in the end those of [`SMALL`] and fewer bytes, at each position.
    fn shorten(&mut self, get: impl Fn(&Request) -> Vec<u8>, set: impl Fn(&mut Request, &[u8])) -> Result<()> {
        let length = get(&self.best).len();
        let halves = iter::successors(Some(length), |size| Some(size / 2)).take_while(|size| *size > SMALL);
        for size in halves.chain((1..=SMALL).rev()) {
            let mut at = 0;
            while at < get(&self.best).len() {
                let mut bytes = get(&self.best);
                bytes.drain(at..bytes.len().min(at + size));
                let mut candidate = self.best.clone();
                set(&mut candidate, &bytes);
                if !self.keep(candidate)? {
                    at += if size > SMALL { size } else { 1 };
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_matter_is_removed() {
        let request = Request {
            method: "POST".into(),
            path: "/login?a=b".into(),
            headers: vec![("a".into(), "1".into()), ("b".into(), "before x after".into()), ("c".into(), "3".into())],
            body: Some(b"some needle here".to_vec()),
        };
        let is_same = |candidate: &Request| {
            let has_x = candidate.headers.iter().any(|(_, value)| value.contains('x'));
            let body = String::from_utf8_lossy(candidate.body.as_deref().unwrap_or_default()).into_owned();
            Ok(has_x && body.contains("needle") && candidate.path.starts_with("/login"))
        };
        let smallest = minimise(&request, |_| Vec::new(), is_same).unwrap();
        assert_eq!((smallest.path.as_str(), smallest.body.as_deref()), ("/login", Some(&b"needle"[..])));
        assert_eq!(smallest.headers, [("b".to_owned(), "x".to_owned())]);
    }
}
