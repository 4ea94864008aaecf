//! `POST /revoke`: ends the session of a refresh token (RFC 7009).

use zeroize::Zeroizing;

use super::refresh;
use crate::{fastapi::RevocationForm, host::Host, http::Refusal, settings::Settings};

/// Ends the session. The answer does not tell whether there was one.
pub(crate) async fn with_form(settings: &Settings, host: &Host, content_type: Option<&str>) -> Result<(), Refusal> {
    let body = Zeroizing::new(host.body(settings.body_timeout_seconds).await?);
    let form = RevocationForm::parse(content_type, &body)?;
    refresh::revoke(settings, host, &form.token).await
}
