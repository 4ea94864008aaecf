//! A request and both answers, as text.

use anyhow::Result;
use serde_json::json;
use testkit::http::Request;

use super::pair::{Answers, Pair};

/// In the format of the fixture files, so that it can become a case.
///
/// # Errors
/// When FastAPI does not answer.
pub(super) fn both(pair: &Pair, request: &Request) -> Result<String> {
    let mut shown = json!({ "method": request.method, "path": request.path, "headers": request.headers });
    if let (Some(body), Some(shown)) = (&request.body, shown.as_object_mut()) {
        let (name, text) = match str::from_utf8(body) {
            Ok(text) => ("body", text.to_owned()),
            Err(_) => ("body_hex", body.iter().map(|byte| format!("{byte:02x}")).collect()),
        };
        shown.insert(name.to_owned(), text.into());
    }
    let Some(Answers { fastapi, edge, .. }) = pair.ask(request)? else { return Ok(shown.to_string()) };
    let answer = |answer| serde_json::to_string(answer);
    Ok(format!("  request:  {shown}\n  FastAPI:  {}\n  edgegate: {}", answer(&fastapi)?, answer(&edge)?))
}
