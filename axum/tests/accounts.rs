//! What users do with their accounts: mails, deletion, invitations, and the search in data breaches.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use axum::{Router, body::Body, http::Request};
use edgegate_axum::{
    FetchPwnedPasswords, MailError, MemoryStore, PwnedPasswordsError, SendMail,
    edgegate::{
        Refusal, Vars,
        host::{Mail, MailKind},
    },
};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::support::{FORM, Got, PASSWORD, gate, get, post, send, user, vars};

/// Gives the mails to the test.
struct Outbox(UnboundedSender<Mail>);

impl SendMail for Outbox {
    async fn send(&self, mail: Mail) -> Result<(), MailError> {
        Ok(self.0.send(mail)?)
    }
}

async fn next(mails: &mut UnboundedReceiver<Mail>) -> Result<Mail> {
    tokio::time::timeout(Duration::from_secs(10), mails.recv()).await?.context("no mail")
}

fn token(mail: &Mail) -> Result<&str> {
    Ok(mail.link.split_once("?token=").context("no token")?.1)
}

async fn send_json(app: &Router, method: &str, path: &str, bearer: &str, body: &Value) -> Result<Got> {
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    let request = if bearer.is_empty() { request } else { request.header("authorization", format!("Bearer {bearer}")) };
    send(app, request.body(Body::from(body.to_string()))?).await
}

fn mail_vars() -> Vars {
    Vars {
        password_recovery: Some("on".into()),
        email_verification: Some("required".into()),
        account_deletion: Some("on".into()),
        frontend_host: Some("https://app.example.com".into()),
        rate_limit: Some("off".into()),
        ..vars()
    }
}

#[tokio::test]
async fn a_user_sets_a_new_password_and_verifies_an_address_by_mail() -> Result<()> {
    let (outbox, mut mails) = unbounded_channel();
    let app = gate(MemoryStore::new([user()?]), mail_vars())?.mail(Outbox(outbox)).build().router();
    let [known, unknown] = [
        post(&app, "/password-recovery/ADA%40example.com", "").await?,
        post(&app, "/password-recovery/nobody@example.com", "").await?,
    ];
    ensure!(known.status == 200 && known.text == unknown.text && known.headers == unknown.headers, "{unknown:?}");
    let mail = next(&mut mails).await?;
    ensure!(mail.kind == MailKind::PasswordRecovery && mail.to == "ada@example.com", "{mail:?}");
    let reset = json!({ "token": token(&mail)?, "new_password": "a new secret" });
    ensure!(send_json(&app, "POST", "/reset-password", "", &reset).await?.status == 200);
    ensure!(send_json(&app, "POST", "/reset-password/", "", &reset).await?.member("detail")? == "Invalid token");
    ensure!(post(&app, "/login", FORM).await?.status == 403);
    ensure!(post(&app, "/login", "username=ada@example.com&password=a+new+secret").await?.status == 200);

    let grace = json!({ "email": "grace@example.com", "password": PASSWORD });
    ensure!(send_json(&app, "POST", "/users", "", &grace).await?.status == 201);
    let mail = next(&mut mails).await?;
    let login = "username=grace@example.com&password=correct+horse";
    ensure!(post(&app, "/login", login).await?.member("detail")? == "Email not verified");
    let verification = json!({ "token": token(&mail)? });
    ensure!(send_json(&app, "POST", "/verify-email", "", &verification).await?.status == 200);
    ensure!(post(&app, "/email-verification/grace@example.com", "").await?.status == 200);
    let bearer = post(&app, "/login", login).await?.member("access_token")?;
    ensure!(mails.try_recv().is_err(), "one mail more");

    let wrong = send_json(&app, "DELETE", "/me", &bearer, &json!({ "current_password": "wrong" })).await?;
    ensure!(wrong.status == 400 && get(&app, "/me", &bearer).await?.status == 200, "{wrong:?}");
    let deleted = send_json(&app, "DELETE", "/me", &bearer, &json!({ "current_password": PASSWORD })).await?;
    ensure!(deleted.member("message")? == "User deleted successfully");
    ensure!(get(&app, "/me", &bearer).await?.status == 401);
    Ok(())
}

#[tokio::test]
async fn without_http_too() -> Result<()> {
    let (outbox, mut mails) = unbounded_channel();
    let auth = gate(MemoryStore::new([user()?]), mail_vars())?.mail(Outbox(outbox)).build();
    auth.recover_password("ada@example.com", None).await?;
    let mail = next(&mut mails).await?;
    ensure!(auth.reset_password("x", "a new secret", None).await == Err(Refusal::MailToken));
    auth.reset_password(token(&mail)?, "a new secret", None).await?;
    auth.request_verification("ada@example.com", None).await?;
    ensure!(auth.verify_email("x", None).await == Err(Refusal::MailToken));
    ensure!(auth.invite("grace@example.com", 5)?.split('.').count() == 3 && auth.invite("nobody", 5).is_err());
    // Without a way to send mails the answer is the same.
    let auth = gate(MemoryStore::new([user()?]), mail_vars())?.build();
    Ok(auth.recover_password("ada@example.com", None).await?)
}

/// A range in which `correct horse` is, or a failure.
struct Range(bool);

impl FetchPwnedPasswords for Range {
    async fn fetch(&self, url: &str, _: usize) -> Result<Vec<u8>, PwnedPasswordsError> {
        if !self.0 || url != "https://api.pwnedpasswords.com/range/2F9E5" {
            return Err("no answer".into());
        }
        Ok(RANGE.into())
    }
}

const RANGE: &str = "3523B62ABC141A2B4D6019D23CBA835DBD0:12\r\n0018A45C4D1DEF81644B54AB7F969B88D65:0";

#[tokio::test]
async fn passwords_of_data_breaches_are_refused_unless_the_service_fails() -> Result<()> {
    let vars = || Vars { pwned_passwords: Some("on".into()), rate_limit: Some("off".into()), ..vars() };
    let body = json!({ "email": "grace@example.com", "password": PASSWORD });
    for (service, status) in [(Some(true), 422), (Some(false), 201), (None, 201)] {
        let builder = gate(MemoryStore::default(), vars())?;
        let builder = match service {
            Some(answers) => builder.pwned_passwords(Range(answers)),
            None => builder,
        };
        let got = send_json(&builder.build().router(), "POST", "/users", "", &body).await?;
        ensure!(got.status == status, "{service:?}: {got:?}");
    }
    Ok(())
}

/// Over HTTP without TLS: the core asks for `https:` URLs only.
#[cfg(feature = "reqwest")]
#[tokio::test]
async fn reqwest_fetches_one_range_and_follows_no_redirect() -> Result<()> {
    use axum::{
        http::{HeaderMap, StatusCode},
        response::Redirect,
        routing,
    };
    use edgegate_axum::ReqwestPwnedPasswords;

    let padded = async |headers: HeaderMap| match headers.get("add-padding") {
        Some(value) if value == "true" => "0018A45C4D1DEF81644B54AB7F969B88D65:1".to_owned(),
        _ => String::new(),
    };
    let app = Router::new()
        .route("/range", routing::get(padded))
        .route("/redirect", routing::get(async || Redirect::temporary("/range")))
        .route("/busy", routing::get(async || StatusCode::SERVICE_UNAVAILABLE))
        .route("/long", routing::get(async || "x".repeat(1_000_000)));
    let address = crate::support::serve(app).await?;
    let service = ReqwestPwnedPasswords::new()?;
    let fetch = async |url: String| service.fetch(&url, 1024).await;
    let range = fetch(format!("http://{address}/range")).await.map_err(anyhow::Error::from_boxed)?;
    ensure!(range == b"0018A45C4D1DEF81644B54AB7F969B88D65:1");
    for (path, error) in [("/redirect", "answered 307"), ("/busy", "answered 503")] {
        let refused = fetch(format!("http://{address}{path}")).await.err().context("it was accepted")?.to_string();
        ensure!(refused.contains(error), "{refused}");
    }
    let long = fetch(format!("http://{address}/long")).await.map_err(anyhow::Error::from_boxed)?;
    ensure!((1025..1_000_000).contains(&long.len()), "reading stops: {}", long.len());
    let refused = fetch("http://127.0.0.1:1/5BAA6".to_owned()).await.err().context("it was accepted")?;
    ensure!(!format!("{refused} {refused:?}").contains("5BAA6"), "{refused:?}");
    Ok(())
}
