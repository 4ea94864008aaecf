//! What the gate does with a user store.

use std::borrow::Cow;

use wasm_bindgen::prelude::*;
use zeroize::Zeroizing;

use super::{
    clock,
    tokens::JsGate,
    turn::Turn,
    value::{throw, to_js},
    verdict::{Failure, Outcome},
};
use crate::{
    host::{Limit, Step, UpstreamReply},
    http::{Refusal, Request, UpstreamFailure},
    routes::login::Credentials,
};

#[wasm_bindgen(js_class = Gate)]
impl JsGate {
    /// Answers a request. `cookie` is only needed if the gate reads cookies, `origin` and `fetch_site` then or if the method is not
    /// `GET`, those of a preflight if it is `OPTIONS`, and the last two for a login.
    #[expect(
        clippy::too_many_arguments,
        reason = "an object with members would take longer to cross than the request to answer"
    )]
    pub fn handle(
        &self,
        method: String,
        url: String,
        content_type: Option<String>,
        authorization: Option<String>,
        prefix: Option<String>,
        cookie: Option<String>,
        origin: Option<String>,
        fetch_site: Option<String>,
        preflight_method: Option<String>,
        preflight_headers: Option<String>,
        user_agent: Option<String>,
        address: Option<String>,
    ) -> Turn {
        let prefix = prefix.unwrap_or_default();
        let request = Request {
            method,
            url,
            content_type,
            authorization,
            cookie,
            origin,
            fetch_site,
            preflight_method,
            preflight_headers,
            user_agent,
            address,
            prefix,
        };
        Turn::new(self.0.handle(request, clock::now()), Outcome::Reply)
    }

    /// The value of `Authorization` that a request without one has by its cookie; or the reason for the refusal, which does not
    /// start with `Bearer `.
    #[wasm_bindgen(js_name = authorizationOfCookie)]
    pub fn authorization_of_cookie(
        &self,
        method: String,
        url: String,
        cookie: Option<String>,
        origin: Option<String>,
        fetch_site: Option<String>,
    ) -> Option<String> {
        let request = Request { cookie, origin, fetch_site, ..Request::new(&method, &url) };
        self.0.authorization(&request).unwrap_or_else(|refusal| Some(refusal.code().into_owned()))
    }

    /// Whether a route has this path.
    pub fn owns(&self, url: String, prefix: Option<String>) -> bool {
        self.0.owns(&Request { prefix: prefix.unwrap_or_default(), ..Request::new("", &url) })
    }

    /// Where a request is handed on to, with `SHADOW=on`; `undefined` without, and for a path that is not below `prefix`.
    #[wasm_bindgen(js_name = handOn, unchecked_return_type = "HandOn | undefined")]
    pub fn hand_on(&self, method: String, url: String, prefix: Option<String>) -> Result<JsValue, JsValue> {
        let request = Request { prefix: prefix.unwrap_or_default(), ..Request::new(&method, &url) };
        self.0.hand_on(&request).map_or(Ok(JsValue::UNDEFINED), |to| to_js(&to))
    }

    /// The reply to a request that could not be handed on.
    #[wasm_bindgen(js_name = notHandedOn, unchecked_return_type = "Reply")]
    pub fn not_handed_on(&self, origin: Option<String>, is_timeout: bool) -> Result<JsValue, JsValue> {
        let failure = if is_timeout { UpstreamFailure::TimedOut } else { UpstreamFailure::Unavailable };
        to_js(&self.0.not_handed_on(&Request { origin, ..Request::new("", "") }, failure))
    }

    /// Compares the answer of the backend of `UPSTREAM` with what this one would have answered.
    #[expect(
        clippy::too_many_arguments,
        reason = "an object with members would take longer to cross than the request to answer"
    )]
    pub fn compare(
        &self,
        method: String,
        url: String,
        content_type: Option<String>,
        authorization: Option<String>,
        prefix: Option<String>,
        address: Option<String>,
        body: Vec<u8>,
        status: u16,
        answered: Vec<u8>,
    ) -> Turn {
        let prefix = prefix.unwrap_or_default();
        let request = Request { content_type, authorization, prefix, address, ..Request::new(&method, &url) };
        let theirs = UpstreamReply { status, body: answered };
        Turn::new(self.0.compare(request, body, theirs, clock::now()), Outcome::Comparison)
    }

    /// Whether all requests are handed on.
    #[wasm_bindgen(getter, js_name = handsOn)]
    pub fn hands_on(&self) -> bool {
        self.0.settings().upstream.as_ref().is_some_and(|upstream| upstream.shadow)
    }

    /// Whether another backend is asked.
    #[wasm_bindgen(getter, js_name = asksUpstream)]
    pub fn asks_upstream(&self) -> bool {
        self.0.settings().upstream.is_some()
    }

    /// Whether users who are unknown may move.
    #[wasm_bindgen(getter, js_name = movesUsers)]
    pub fn moves_users(&self) -> bool {
        self.0.settings().upstream.as_ref().is_some_and(|upstream| upstream.trickle)
    }

    /// Whether a request with these keys of the question `limit` is within the limits of this process.
    #[wasm_bindgen(js_name = withinLimit)]
    pub fn within_limit(&self, client: Option<String>, account: Option<String>) -> bool {
        self.0.within_limit(&Limit { client, account }, clock::now())
    }

    /// Whether the gate reads cookies.
    #[wasm_bindgen(getter, js_name = readsCookies)]
    pub fn reads_cookies(&self) -> bool {
        self.0.settings().token_cookie
    }

    /// Whether the gate answers pages of other origins.
    #[wasm_bindgen(getter, js_name = readsOrigins)]
    pub fn reads_origins(&self) -> bool {
        !self.0.settings().cors_origins.is_empty()
    }

    /// Whether every request is logged.
    #[wasm_bindgen(getter, js_name = logsRequests)]
    pub fn logs_requests(&self) -> bool {
        self.0.settings().access_log
    }

    /// Whether answers say how long they took.
    #[wasm_bindgen(getter, js_name = tellsTime)]
    pub fn tells_time(&self) -> bool {
        self.0.settings().server_timing
    }

    /// Logs in without HTTP. Without `minutes` the access token lives as long as the settings say.
    pub fn login(
        &self,
        username: String,
        password: String,
        minutes: Option<f64>,
        asks_claims: bool,
        address: Option<String>,
    ) -> Result<Turn, JsValue> {
        // Owned: wasm-bindgen would free a borrowed text without wiping it.
        let credentials = Credentials { username, password: Zeroizing::new(password), address };
        let gate = self.with_lifetime(minutes)?;
        let gate = if asks_claims { Cow::Owned(gate.with_host_claims()) } else { gate };
        let step = gate.login(credentials, clock::now());
        Ok(Turn::new(step, |result| Outcome::Login(result.into())))
    }

    /// Returns the user of the token in this `Authorization` header.
    #[wasm_bindgen(js_name = currentUser)]
    pub fn current_user(&self, authorization: Option<String>) -> Turn {
        let step = self.0.current_user(authorization, clock::now());
        Turn::new(step, |result| Outcome::User(result.into()))
    }

    /// Returns the user of the request, or the reply to send instead.
    #[wasm_bindgen(js_name = requireUser)]
    pub fn require_user(
        &self,
        method: String,
        url: String,
        authorization: Option<String>,
        cookie: Option<String>,
        origin: Option<String>,
        fetch_site: Option<String>,
    ) -> Turn {
        let request = Request { authorization, cookie, origin, fetch_site, ..Request::new(&method, &url) };
        let step = match self.0.authorization(&request) {
            Ok(authorization) => self.0.current_user(authorization, clock::now()),
            Err(refusal) => Step::Done(Err(refusal)),
        };
        Turn::new(step, |result| Outcome::Required(result.into()))
    }

    /// Changes the password of the user of the token in this `Authorization` header.
    #[wasm_bindgen(js_name = changePassword)]
    pub fn change_password(
        &self,
        authorization: Option<String>,
        current: String,
        new: String,
        address: Option<String>,
    ) -> Turn {
        // Owned: wasm-bindgen would free a borrowed text without wiping it.
        let [current, new] = [current, new].map(Zeroizing::new);
        let step = self.0.change_password(authorization, &current, &new, address, clock::now());
        Turn::new(step, |result| Outcome::Login(result.into()))
    }

    /// Whether mails are sent.
    #[wasm_bindgen(getter, js_name = sendsMail)]
    pub fn sends_mail(&self) -> bool {
        self.0.settings().mail.is_some()
    }

    /// Has a mail sent, after the turn, to the user with this address, if it is not verified.
    #[wasm_bindgen(js_name = requestVerification)]
    pub fn request_verification(&self, email: &str, address: Option<String>) -> Turn {
        let step = self.0.request_verification(email, address, clock::now());
        Turn::new(step, |result| Outcome::Done(result.into()))
    }

    /// Marks the address of the user who has this token of a mail as verified.
    #[wasm_bindgen(js_name = verifyEmail)]
    pub fn verify_email(&self, token: String, address: Option<String>) -> Turn {
        let step = self.0.verify_email(&Zeroizing::new(token), address, clock::now());
        Turn::new(step, |result| Outcome::Done(result.into()))
    }

    /// Has a mail sent to the user with this address, after the turn.
    #[wasm_bindgen(js_name = recoverPassword)]
    pub fn recover_password(&self, email: &str, address: Option<String>) -> Turn {
        let step = self.0.recover_password(email, address, clock::now());
        Turn::new(step, |result| Outcome::Done(result.into()))
    }

    /// Stores a new password of the user who has this token of a mail.
    #[wasm_bindgen(js_name = resetPassword)]
    pub fn reset_password(&self, token: String, new: String, address: Option<String>) -> Turn {
        let [token, new] = [token, new].map(Zeroizing::new);
        let step = self.0.reset_password(&token, &new, address, clock::now());
        Turn::new(step, |result| Outcome::Done(result.into()))
    }

    /// Deletes the user of the token in this `Authorization` header.
    #[wasm_bindgen(js_name = deleteUser)]
    pub fn delete_user(&self, authorization: Option<String>, password: String, address: Option<String>) -> Turn {
        let password = Zeroizing::new(password);
        let step = self.0.delete_user(authorization, &password, address, clock::now());
        Turn::new(step, |result| Outcome::Done(result.into()))
    }

    /// An invitation for this address. Throws a `Failure` when the text is none, or no key can sign.
    pub fn invite(&self, email: &str, minutes: u32) -> Result<String, JsValue> {
        self.0.invite(email, minutes, clock::now()).map_err(|refusal| match refusal {
            Refusal::Unsigned(refusal) => throw(refusal),
            _ => throw(Failure::email()),
        })
    }

    /// Logs out everywhere the user of the token in this `Authorization` header.
    #[wasm_bindgen(js_name = logOut)]
    pub fn log_out(&self, authorization: Option<String>) -> Turn {
        Turn::new(self.0.log_out(authorization, clock::now()), |result| Outcome::Done(result.into()))
    }

    /// Ends the session of a refresh token.
    pub fn revoke(&self, refresh_token: String) -> Turn {
        Turn::new(self.0.revoke(refresh_token, clock::now()), |result| Outcome::Done(result.into()))
    }

    /// The sessions of the user of the token in this `Authorization` header.
    pub fn sessions(&self, authorization: Option<String>) -> Turn {
        Turn::new(self.0.sessions(authorization, clock::now()), |result| Outcome::Sessions(result.into()))
    }

    /// Ends one session of the user of the token in this `Authorization` header.
    #[wasm_bindgen(js_name = endSession)]
    pub fn end_session(&self, authorization: Option<String>, id: String) -> Turn {
        Turn::new(self.0.end_session(authorization, id, clock::now()), |result| Outcome::Done(result.into()))
    }

    /// The next tokens for a refresh token.
    pub fn refresh(&self, refresh_token: String) -> Turn {
        Turn::new(self.0.refresh(refresh_token, clock::now()), |result| Outcome::Login(result.into()))
    }
}
