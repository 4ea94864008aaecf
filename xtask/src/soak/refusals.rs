//! The recorded requests that are refused.

use anyhow::Result;
use testkit::{fixture, http::Request};

/// workerd drops the empty header line, and the other one is good.
const CHANGED_BY_WORKERD: &str = "me: two Authorization lines, the first empty";

/// A request and the expected status.
#[derive(Debug)]
pub(super) struct Refusal {
    /// The name of the case.
    pub(super) name: String,
    /// The request.
    pub(super) request: Request,
    /// The expected status.
    pub(super) status: u16,
}

/// The requests of `tests/contract` that no server answers with success.
///
/// Those with `grant_type` are left out: with refresh tokens it has another pattern than FastAPI's.
///
/// # Errors
/// When a fixture file cannot be read.
pub(super) fn recorded() -> Result<Vec<Refusal>> {
    let mut refusals = Vec::new();
    for case in fixture::without_cors()? {
        let status = case.expected()?.status;
        let has_grant = case.request.body.as_ref().is_some_and(|body| body.contains("grant_type"));
        if status >= 300 && !has_grant && case.name != CHANGED_BY_WORKERD {
            refusals.push(Refusal { request: case.request.to_http()?, name: case.name, status });
        }
    }
    Ok(refusals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_refusals_of_each_kind() {
        let refusals = recorded().unwrap();
        for status in [307, 400, 401, 403, 404, 405, 409, 413, 422] {
            assert!(refusals.iter().any(|refusal| refusal.status == status), "{status}");
        }
    }
}
