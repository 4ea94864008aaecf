//! A new password by mail, and the verification of an address.

use crate::support::{NOW, SECRET, Store, quick_gate_with, run, run_up_to_reply, settings_with};
use edgegate::{
    Answer, Gate, Question, Refusal, Reply, Request, Settings, Vars,
    host::{Mail, SecurityEventKind},
};
use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

const LOGIN: &str = "username=user@example.com&password=secret";
const SENT: (u16, &str) = (200, r#"{"message":"If that email is registered, we sent a password recovery link"}"#);
const INVALID: (u16, &str) = (400, r#"{"detail":"Invalid token"}"#);

fn vars() -> Vars {
    Vars {
        password_recovery: Some("on".into()),
        frontend_host: Some("https://app.example.com/".into()),
        project_name: Some("Example".into()),
        password_change: Some("on".into()),
        revocation: Some("on".into()),
        refresh_token_expire_minutes: Some("60".into()),
        password_min_length: Some("8".into()),
        ..Vars::default()
    }
}

fn gate() -> Gate {
    quick_gate_with(SECRET, vars())
}

fn store() -> Store {
    Store::with_user(1, "user@example.com")
}

fn said(reply: &Reply) -> (u16, &str) {
    (reply.status, &reply.body)
}

/// The reply, and the mails that are sent afterwards.
fn recover(gate: &Gate, store: &mut Store, path: &str, now: u64) -> (Reply, Vec<Mail>) {
    let request = Request::new("POST", &format!("http://localhost{path}"));
    let (reply, later) = run_up_to_reply(gate.handle(request, now), |question| panic!("{question:?} before the reply"));
    let mut mails = Vec::new();
    for step in later.iter().filter_map(|work| work.begin(now)) {
        run(step, |question| match question {
            Question::SendMail(mail) => {
                mails.push(mail.clone());
                Answer::Done
            }
            question => store.answer(question, b""),
        });
    }
    assert!(later.iter().all(|work| work.begin(now).is_none()), "it begins once");
    (reply, mails)
}

fn token(mail: &Mail) -> String {
    mail.link.strip_prefix("https://app.example.com/reset-password?token=").expect("the link").to_owned()
}

fn reset(gate: &Gate, store: &mut Store, token: &str, new: &str, now: u64) -> Reply {
    let body = json!({ "token": token, "new_password": new }).to_string();
    let mut request = Request::new("POST", "http://localhost/reset-password");
    request.content_type = Some("application/json".into());
    run(gate.handle(request, now), |question| store.answer(question, body.as_bytes()))
}

#[wasm_bindgen_test(unsupported = test)]
fn a_user_sets_a_new_password_by_mail_once() {
    let (gate, mut store) = (gate(), store());
    let before = store.login(&gate, LOGIN, NOW);
    let (reply, mails) = recover(&gate, &mut store, "/password-recovery/USER%40example.com", NOW);
    assert_eq!(said(&reply), SENT);
    let [mail] = mails.as_slice() else { panic!("one mail: {mails:?}") };
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("user@example.com", "Example - Password recovery"));
    assert!(mail.text.contains(&mail.link) && mail.text.contains("valid for 1 hour,"), "{}", mail.text);
    let token = token(mail);
    assert!(!store.mail_tokens[0].1.hash.contains(&token) && token.len() == 43, "the store has the hash");
    let changed = reset(&gate, &mut store, &token, "a new secret", NOW + 3599);
    assert_eq!(said(&changed), (200, r#"{"message":"Password updated successfully"}"#));
    assert_eq!(store.login(&gate, LOGIN, NOW).status, 403);
    assert_eq!(store.login(&gate, "username=user@example.com&password=a+new+secret", NOW).status, 200);
    let access: serde_json::Value = serde_json::from_str(&before.body).expect("JSON");
    assert_eq!(store.ask(&gate, "GET", "/me", access["access_token"].as_str().expect("a token"), NOW).status, 401);
    let form = format!("grant_type=refresh_token&refresh_token={}", access["refresh_token"].as_str().expect("a token"));
    assert_eq!(store.login(&gate, &form, NOW).status, 400);
    assert_eq!(said(&reset(&gate, &mut store, &token, "another secret", NOW)), INVALID);
    // The template's path ends with a slash.
    let reply = store.send(&gate, ["POST", "/reset-password/"], "", r#"{"token":"x","new_password":"a new secret"}"#);
    assert_eq!(said(&reply), INVALID);
    let slash = run(gate.handle(Request::new("POST", "http://localhost/verify-email/"), NOW), |_| unreachable!());
    assert_eq!(slash.status, 404, "without the setting there is no such route");
}

/// Nothing that the reply waits for depends on whether there is such a user.
#[wasm_bindgen_test(unsupported = test)]
fn the_reply_is_the_same_for_an_unknown_address() {
    let (gate, mut store) = (gate(), store());
    let (known, mails) = recover(&gate, &mut store, "/password-recovery/user@example.com", NOW);
    assert_eq!(mails.len(), 1);
    for name in ["nobody@example.com", "nobody", "%00", "%20", "a%2Fb", &"x".repeat(1000)] {
        let (unknown, mails) = recover(&gate, &mut store, &format!("/password-recovery/{name}"), NOW);
        match name {
            "a%2Fb" => assert_eq!(unknown.status, 404),
            _ => assert_eq!((said(&unknown), &unknown.headers), (said(&known), &known.headers), "{name}"),
        }
        assert!(mails.is_empty());
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn mails_are_a_minute_apart_and_a_later_one_ends_no_link() {
    let (gate, mut store) = (gate(), store());
    let path = "/password-recovery/user@example.com";
    let first = token(&recover(&gate, &mut store, path, NOW).1[0]);
    assert!(recover(&gate, &mut store, path, NOW + 59).1.is_empty());
    let second = token(&recover(&gate, &mut store, path, NOW + 60).1[0]);
    assert_eq!(said(&reset(&gate, &mut store, &second, "a new secret", NOW + 60 + 3600)), INVALID, "it has expired");
    assert_eq!(reset(&gate, &mut store, &first, "a new secret", NOW + 61).status, 200);
    assert_eq!(said(&reset(&gate, &mut store, &second, "a newer secret", NOW + 61)), INVALID, "a new password ends it");
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_refused_changes_nothing() {
    let (gate, mut store) = (gate(), store());
    let token = token(&recover(&gate, &mut store, "/password-recovery/user@example.com", NOW).1[0]);
    let before = store.users.clone();
    for wrong in ["", "x", "a.b.c", &format!("{token}A"), &format!(" {token}"), &"A".repeat(43)] {
        assert_eq!(said(&reset(&gate, &mut store, wrong, "a new secret", NOW)), INVALID, "{wrong}");
    }
    for (new, why) in [("short", "at least 8 characters"), (&"x".repeat(73), "at most 72 bytes")] {
        let reply = reset(&gate, &mut store, &token, new, NOW);
        assert!(reply.status == 422 && reply.body.contains(why) && !reply.body.contains(&token), "{}", reply.body);
    }
    store.users.0[0].is_active = false;
    assert_eq!(said(&reset(&gate, &mut store, &token, "a new secret", NOW)), (400, r#"{"detail":"Inactive user"}"#));
    store.users.0[0].is_active = true;
    store.users.0[0].email = "other@example.com".into();
    assert_eq!(said(&reset(&gate, &mut store, &token, "a new secret", NOW)), INVALID, "the address is another one");
    store.users.0[0].email = "user@example.com".into();
    assert!(store.users.0 == before.0);
    // An access token is no token of a mail, and the other way round.
    let login: serde_json::Value = serde_json::from_str(&store.login(&gate, LOGIN, NOW).body).expect("JSON");
    let access = login["access_token"].as_str().expect("a token");
    assert_eq!(said(&reset(&gate, &mut store, access, "a new secret", NOW)), INVALID);
    assert_eq!(store.ask(&gate, "GET", "/me", &token, NOW).status, 401);
}

/// Of two uses at once, or of a use and a new password, one counts.
#[wasm_bindgen_test(unsupported = test)]
fn a_token_is_used_once_also_at_the_same_time() {
    let (gate, mut store) = (gate(), store());
    let token = token(&recover(&gate, &mut store, "/password-recovery/user@example.com", NOW).1[0]);
    let mut inner = None;
    let step = gate.reset_password(&token, "a new secret", None, NOW);
    let result = run(step, |question| {
        if matches!(question, Question::ChangePassword(_)) && inner.is_none() {
            inner = Some(reset(&gate, &mut store, &token, "another secret", NOW).status);
        }
        store.answer(question, b"")
    });
    assert_eq!((result, inner), (Err(Refusal::MailToken), Some(200)));
    assert_eq!(store.login(&gate, "username=user@example.com&password=another+secret", NOW).status, 200);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_new_password_ends_the_token() {
    let (gate, mut store) = (gate(), store());
    let token = token(&recover(&gate, &mut store, "/password-recovery/user@example.com", NOW).1[0]);
    let login: serde_json::Value = serde_json::from_str(&store.login(&gate, LOGIN, NOW).body).expect("JSON");
    let access = login["access_token"].as_str().expect("a token");
    let body = r#"{"current_password":"secret","new_password":"a new secret"}"#;
    assert_eq!(store.send(&gate, ["PATCH", "/me/password"], access, body).status, 200);
    assert_eq!(said(&reset(&gate, &mut store, &token, "another secret", NOW)), INVALID);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_user_without_a_password_can_set_one() {
    let (gate, mut store) = (gate(), store());
    store.users.0[0].password = String::new();
    let token = token(&recover(&gate, &mut store, "/password-recovery/user@example.com", NOW).1[0]);
    assert_eq!(reset(&gate, &mut store, &token, "a new secret", NOW).status, 200);
    assert_eq!(store.login(&gate, "username=user@example.com&password=a+new+secret", NOW).status, 200);
}

#[wasm_bindgen_test(unsupported = test)]
fn an_address_that_a_mailer_would_read_as_several_gets_no_mail() {
    for (email, path, mails) in [
        ("user@example.com,x@evil.example", "user%40example.com%2Cx%40evil.example", 0),
        ("user@example.com;x@evil.example", "user%40example.com%3Bx%40evil.example", 0),
        ("user<x@evil.example", "user%3Cx%40evil.example", 0),
        ("user>x@evil.example", "user%3Ex%40evil.example", 0),
        ("user x@evil.example", "user%20x%40evil.example", 0),
        ("user\nx@evil.example", "user%0Ax%40evil.example", 0),
        ("o'user+x@example.com", "o%27user%2Bx%40example.com", 1),
    ] {
        let mut store = Store::with_user(1, email);
        let (reply, sent) = recover(&gate(), &mut store, &format!("/password-recovery/{path}"), NOW);
        assert_eq!((said(&reply), sent.len(), store.mail_tokens.len()), (SENT, mails, 1), "{email}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn mails_have_rate_limits_and_events_no_secret() {
    let gate = Gate::new(Settings { rate_limit: true, ..settings_with(SECRET, vars()) }).with_events();
    let mut store = store();
    let limited =
        run(gate.recover_password("User@example.com", Some("203.0.113.7".into()), NOW), |question| match question {
            Question::Limit(limit) => {
                assert!(limit.client.is_some() && limit.account.is_some());
                Answer::WithinLimit(false)
            }
            question => panic!("{question:?}"),
        });
    assert_eq!(limited, Err(Refusal::RateLimited));
    let (mut mail, mut kinds) = (None, Vec::new());
    let mut answer = |question: &Question| match question {
        Question::Limit(_) => Answer::WithinLimit(true),
        Question::SendMail(sent) => {
            mail = Some(sent.clone());
            Answer::Unavailable
        }
        Question::SecurityEvent { event, .. } => {
            kinds.push((event.kind, event.user_id.clone(), event.account.is_some()));
            Answer::Done
        }
        question => store.answer(question, b""),
    };
    assert_eq!(run(gate.recover_password("user@example.com", None, NOW), &mut answer), Ok(()));
    let sent = mail.take().expect("a mail");
    let mut answer = |question: &Question| match question {
        Question::Limit(_) => Answer::WithinLimit(true),
        Question::SecurityEvent { event, .. } => {
            kinds.push((event.kind, event.user_id.clone(), event.account.is_some()));
            Answer::Done
        }
        question => store.answer(question, b""),
    };
    assert_eq!(run(gate.reset_password(&token(&sent), "a new secret", None, NOW), &mut answer), Ok(()));
    assert_eq!(kinds, [(SecurityEventKind::PasswordChanged, Some(1.into()), true)]);
    assert_eq!(format!("{sent:?}"), "Mail { kind: PasswordRecovery, .. }");
}

#[wasm_bindgen_test(unsupported = test)]
fn without_the_setting_there_are_no_such_routes() {
    let gate = quick_gate_with(SECRET, Vars { password_recovery: None, ..vars() });
    for path in ["/password-recovery/user@example.com", "/reset-password"] {
        assert_eq!(
            run(gate.handle(Request::new("POST", &format!("http://localhost{path}")), NOW), |_| unreachable!()).status,
            404
        );
    }
    for (host, hours) in [
        (None, "1"),
        (Some(""), "1"),
        (Some("app.example.com"), "1"),
        (Some("http://app.example.com"), "1"),
        (Some("http://localhost.example.com"), "1"),
        (Some("https://a.example.com/path"), "1"),
        (Some("https://a.example.com,https://b.example.com"), "1"),
        (Some("https://a.example.com"), "0"),
        (Some("https://a.example.com"), "169"),
    ] {
        let vars = Vars {
            secret_key: Some(SECRET.into()),
            frontend_host: host.map(Into::into),
            email_reset_token_expire_hours: Some(hours.into()),
            ..vars()
        };
        let error = Settings::try_from(vars).expect_err("it is refused");
        assert!(["FRONTEND_HOST", "EMAIL_RESET_TOKEN_EXPIRE_HOURS"].contains(&error.setting), "{error}");
    }
    for local in ["http://localhost:5173", "http://127.0.0.1", "http://[::1]:5173", "http://[::1]"] {
        let vars = Vars { secret_key: Some(SECRET.into()), frontend_host: Some(local.into()), ..vars() };
        assert!(Settings::try_from(vars).is_ok(), "{local}");
    }
    assert_eq!(
        quick_gate_with(SECRET, vars()).settings().mail.as_ref().map(|mail| mail.frontend.as_str()),
        Some("https://app.example.com")
    );
}

fn verifying(value: &str) -> Gate {
    let vars = Vars { email_verification: Some(value.into()), registration: Some("open".into()), ..vars() };
    quick_gate_with(SECRET, vars)
}

/// The reply to a sign-up, and the mails after it.
fn sign_up(gate: &Gate, store: &mut Store, email: &str) -> (Reply, Vec<Mail>) {
    let body = json!({ "email": email, "password": "correct horse" }).to_string();
    let mut request = Request::new("POST", "http://localhost/users");
    request.content_type = Some("application/json".into());
    let mut mails = Vec::new();
    let reply = run(gate.handle(request, NOW), |question| match question {
        Question::SendMail(mail) => {
            mails.push(mail.clone());
            Answer::Done
        }
        question => store.answer(question, body.as_bytes()),
    });
    (reply, mails)
}

fn verify(gate: &Gate, store: &mut Store, token: &str, now: u64) -> Reply {
    let mut request = Request::new("POST", "http://localhost/verify-email");
    request.content_type = Some("application/json".into());
    let body = json!({ "token": token }).to_string();
    run(gate.handle(request, now), |question| store.answer(question, body.as_bytes()))
}

fn verification_token(mail: &Mail) -> String {
    mail.link.strip_prefix("https://app.example.com/verify-email?token=").expect("the link").to_owned()
}

const ADA: &str = "username=ada@example.com&password=correct+horse";

#[wasm_bindgen_test(unsupported = test)]
fn a_new_user_verifies_the_address_before_the_first_login() {
    let (gate, mut store) = (verifying("required"), store());
    let (created, mails) = sign_up(&gate, &mut store, "ada@example.com");
    assert_eq!((created.status, mails.len()), (201, 1));
    assert_eq!(
        (mails[0].to.as_str(), mails[0].subject.as_str()),
        ("ada@example.com", "Example - Verify your e-mail address")
    );
    assert!(mails[0].text.contains("valid for 48 hours"), "{}", mails[0].text);
    let token = verification_token(&mails[0]);
    let refused = store.login(&gate, ADA, NOW);
    assert_eq!(said(&refused), (400, r#"{"detail":"Email not verified"}"#));
    assert_eq!(store.login(&gate, "username=ada@example.com&password=wrong", NOW).status, 403);
    // The token of one mail is none of another.
    assert_eq!(said(&reset(&gate, &mut store, &token, "a new secret", NOW)), INVALID);
    for wrong in ["", "x", &"A".repeat(43)] {
        assert_eq!(said(&verify(&gate, &mut store, wrong, NOW)), INVALID);
    }
    assert_eq!(said(&verify(&gate, &mut store, &token, NOW + 48 * 3600)), INVALID, "it has expired");
    let verified = verify(&gate, &mut store, &token, NOW + 48 * 3600 - 1);
    assert_eq!(said(&verified), (200, r#"{"message":"Email verified successfully"}"#));
    assert_eq!(said(&verify(&gate, &mut store, &token, NOW)), INVALID, "it was used");
    assert_eq!(store.login(&gate, ADA, NOW).status, 200);
    // Those who were there before are taken for verified.
    assert_eq!(store.login(&gate, LOGIN, NOW).status, 200);
}

#[wasm_bindgen_test(unsupported = test)]
fn with_on_a_user_can_log_in_before_and_with_off_nothing_is_sent() {
    let (gate, mut store) = (verifying("on"), store());
    let (_, mails) = sign_up(&gate, &mut store, "ada@example.com");
    assert_eq!((mails.len(), store.login(&gate, ADA, NOW).status), (1, 200));
    let (off, mut store) = (quick_gate_with(SECRET, vars()), self::store());
    let (_, mails) = sign_up(&off, &mut store, "ada@example.com");
    assert!(mails.is_empty() && store.users.0[1].email_verified);
    for path in ["/email-verification/ada@example.com", "/verify-email"] {
        assert_eq!(
            run(off.handle(Request::new("POST", &format!("http://localhost{path}")), NOW), |_| unreachable!()).status,
            404
        );
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_mail_is_sent_again_to_an_address_that_is_not_verified() {
    let (gate, mut store) = (verifying("required"), store());
    let (_, mails) = sign_up(&gate, &mut store, "ada@example.com");
    let path = |email: &str| format!("/email-verification/{email}");
    let (early, none) = recover(&gate, &mut store, &path("ada@example.com"), NOW + 59);
    let (later, again) = recover(&gate, &mut store, &path("ADA@example.com"), NOW + 60);
    let (verified, not_sent) = recover(&gate, &mut store, &path("user@example.com"), NOW);
    let (unknown, not_sent_either) = recover(&gate, &mut store, &path("nobody@example.com"), NOW);
    assert_eq!([none.len(), again.len(), not_sent.len(), not_sent_either.len()], [0, 1, 0, 0]);
    for reply in [&later, &verified, &unknown] {
        assert_eq!((said(reply), &reply.headers), (said(&early), &early.headers));
    }
    let [first, second] = [&mails[0], &again[0]].map(verification_token);
    assert_eq!(verify(&gate, &mut store, &first, NOW + 61).status, 200, "a later mail does not end it");
    assert_eq!(said(&verify(&gate, &mut store, &first, NOW + 61)), INVALID, "it was used");
    assert_eq!(verify(&gate, &mut store, &second, NOW + 61).status, 200);
    // A new password is another token: one does not end the other.
    let (_, recovery) = recover(&gate, &mut store, "/password-recovery/ada@example.com", NOW + 61);
    assert_eq!(reset(&gate, &mut store, &token(&recovery[0]), "a new secret", NOW + 62).status, 200);
}

#[wasm_bindgen_test(unsupported = test)]
fn an_address_that_has_changed_is_not_verified_by_an_old_mail() {
    let (gate, mut store) = (verifying("required"), store());
    let (_, mails) = sign_up(&gate, &mut store, "ada@example.com");
    store.users.0[1].email = "grace@example.com".into();
    assert_eq!(said(&verify(&gate, &mut store, &verification_token(&mails[0]), NOW)), INVALID);
    assert!(!store.users.0[1].email_verified);
}
