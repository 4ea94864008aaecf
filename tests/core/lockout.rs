//! The lockout: delays after failed logins, which do not hold up clients that have logged in before.

use std::collections::BTreeMap;

use crate::support::{NOW, SECRET, Users, gate_with, quick_gate_with, row, run};
use edgegate::{
    Answer, Credentials, Gate, Question, Refusal, Reply, Request, Settings, Vars,
    host::{LoginState, UserAtLogin},
};
use wasm_bindgen_test::wasm_bindgen_test;

const OWNER: Option<&str> = Some("203.0.113.7");
const ATTACKER: Option<&str> = Some("198.51.100.1");

fn gate() -> Gate {
    quick_gate_with(SECRET, Vars { lockout: Some("on".into()), ..Vars::default() })
}

/// Users, and the table `login_attempts`.
struct Tables {
    users: Users,
    attempts: BTreeMap<(String, String), LoginState>,
    /// What was asked in the last login.
    asked: Vec<String>,
}

impl Tables {
    fn new() -> Self {
        let hash = |cost| bcrypt::hash_with_salt("secret", cost, [3; 16]).expect("the costs are allowed").to_string();
        let mut users = Users::with(&[(1, "user@example.com", &hash(4)), (2, "slow@example.com", &hash(5))]);
        users.0.push(row(3, "broken@example.com", "no hash"));
        Self { users, attempts: BTreeMap::new(), asked: Vec::new() }
    }

    fn answer(&mut self, question: &Question, body: &str) -> Answer {
        self.asked.push(format!("{question:?}"));
        match question {
            Question::UserAtLogin { email, with_token_version, account, client, now } => {
                let by_email = Question::UserByEmail { email: email.clone(), with_token_version: *with_token_version };
                let Answer::User(user) = self.users.answer(&by_email, b"") else { panic!() };
                let live = |state: &&LoginState| state.expires_at > *now;
                let of = |client: &str| self.attempts.get(&(account.clone(), client.to_owned())).filter(live);
                let state = of(client).or_else(|| of("")).cloned().unwrap_or_default();
                Answer::UserAtLogin(Box::new(UserAtLogin { user, state }))
            }
            Question::CountLogin(login) => {
                let state = self.row(&login.account, &login.client);
                if login.counts {
                    state.failures = match state.failures {
                        _ if state.failed_at <= login.since => 1,
                        failures => (failures + 1).min(login.most.max(failures)),
                    };
                    state.failed_at = login.now;
                }
                state.expires_at = state.expires_at.max(login.expires_at);
                Answer::Counted(state.failures)
            }
            Question::LoginSucceeded(login) => {
                if !login.is_known {
                    let strangers = self.row(&login.account, "");
                    strangers.failures = (strangers.failures - 1).max(0);
                }
                if !login.client.is_empty() {
                    let state = self.row(&login.account, &login.client);
                    state.failures = 0;
                    state.expires_at = state.expires_at.max(login.expires_at);
                }
                Answer::Done
            }
            _ => self.users.answer(question, body.as_bytes()),
        }
    }

    fn row(&mut self, account: &str, client: &str) -> &mut LoginState {
        let empty = LoginState { client: client.to_owned(), ..LoginState::default() };
        self.attempts.entry((account.to_owned(), client.to_owned())).or_insert(empty)
    }

    fn reply(&mut self, name: &str, password: &str, address: Option<&str>, now: u64) -> Reply {
        let mut request = Request::new("POST", "http://localhost/login");
        request.content_type = Some("application/x-www-form-urlencoded".into());
        request.address = address.map(str::to_owned);
        let body = format!("username={name}@example.com&password={password}");
        self.asked.clear();
        run(gate().handle(request, now), |question| self.answer(question, &body))
    }

    /// Why it was refused, or `""`.
    fn login(&mut self, name: &str, password: &str, address: Option<&str>, now: u64) -> String {
        let reply = self.reply(name, password, address, now);
        reply.event.map(|event| event.reason.into_owned()).unwrap_or_default()
    }

    fn fail(&mut self, name: &str, times: usize, now: u64) {
        for _ in 0..times {
            assert_ne!(self.login(name, "wrong", ATTACKER, now), "held-up");
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn after_ten_failures_no_password_is_checked_until_the_delay_has_ended() {
    let mut tables = Tables::new();
    tables.fail("user", 9, NOW);
    assert_eq!(tables.login("user", "secret", None, NOW), "", "nine failures delay nothing");
    // That success was of an unknown address, as the failures, and takes back no more than itself.
    tables.fail("user", 1, NOW);
    assert_eq!(tables.login("user", "secret", ATTACKER, NOW + 29), "held-up");
    assert_eq!(tables.login("USER", "secret", ATTACKER, NOW + 29), "held-up", "by another letter case");
    assert_eq!(tables.login("slow", "secret", ATTACKER, NOW + 29), "", "another account");
    assert_eq!(tables.login("user", "wrong", ATTACKER, NOW + 30), "wrong-password");
    // An attempt that was held up does not prolong the delay.
    for after in [0, 30, 59] {
        assert_eq!(tables.login("user", "secret", ATTACKER, NOW + 30 + after), "held-up", "{after}");
    }
    assert_eq!(tables.login("user", "secret", ATTACKER, NOW + 90), "");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_delay_lasts_a_quarter_of_an_hour_at_most_and_failures_are_forgotten() {
    let mut tables = Tables::new();
    let mut now = NOW;
    tables.fail("user", 10, now);
    for _ in 0..20 {
        now += 15 * 60;
        assert_eq!(tables.login("user", "wrong", ATTACKER, now), "wrong-password");
        assert_eq!(tables.login("user", "wrong", ATTACKER, now), "held-up");
    }
    now += 30 * 60;
    tables.fail("user", 10, now);
    assert_eq!(tables.login("user", "secret", ATTACKER, now), "held-up");
}

#[wasm_bindgen_test(unsupported = test)]
fn the_failures_of_others_do_not_hold_up_a_client_that_has_logged_in() {
    let mut tables = Tables::new();
    assert_eq!(tables.login("user", "secret", OWNER, NOW), "");
    tables.fail("user", 10, NOW);
    for now in [NOW, NOW + 1] {
        assert_eq!(tables.login("user", "secret", OWNER, now), "", "the owner");
        assert_eq!(
            tables.login("user", "secret", ATTACKER, now),
            "held-up",
            "the login of the owner has opened nothing"
        );
        assert_eq!(tables.login("user", "secret", None, now), "held-up", "without an address");
    }
    // The client is known in its account only.
    tables.fail("slow", 10, NOW);
    assert_eq!(tables.login("slow", "secret", OWNER, NOW), "held-up");
    // Its own failures hold it up, and nobody else.
    let mut tables = Tables::new();
    assert_eq!(tables.login("user", "secret", OWNER, NOW), "");
    for _ in 0..10 {
        assert_eq!(tables.login("user", "wrong", OWNER, NOW), "wrong-password");
    }
    assert_eq!(tables.login("user", "secret", OWNER, NOW), "held-up");
    assert_eq!(tables.login("user", "secret", ATTACKER, NOW), "");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_client_that_has_not_logged_in_for_ninety_days_is_not_known() {
    const DAY: u64 = 24 * 60 * 60;
    for (days, expected) in [(89, ""), (90, "held-up")] {
        let mut tables = Tables::new();
        assert_eq!(tables.login("user", "secret", OWNER, NOW), "");
        tables.fail("user", 10, NOW + days * DAY);
        assert_eq!(tables.login("user", "secret", OWNER, NOW + days * DAY), expected, "{days}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_login_is_counted_before_its_password_is_checked_and_taken_back_when_it_was_right() {
    let mut tables = Tables::new();
    for address in [OWNER, OWNER, None] {
        assert_eq!(tables.login("user", "secret", address, NOW), "");
        assert_eq!(tables.asked.join(" "), "Body UserAtLogin CountLogin Work LoginSucceeded");
    }
    assert!(tables.attempts.values().all(|state| state.failures == 0), "{:?}", tables.attempts);
}

#[wasm_bindgen_test(unsupported = test)]
fn the_logins_of_an_owner_without_an_address_open_nothing() {
    let mut tables = Tables::new();
    for _ in 0..3 {
        tables.fail("user", 3, NOW);
        assert_eq!(tables.login("user", "secret", None, NOW), "");
    }
    tables.fail("user", 1, NOW);
    assert_eq!(tables.login("user", "wrong", ATTACKER, NOW), "held-up");
}

/// Another one has counted many logins since this one has read the row.
#[wasm_bindgen_test(unsupported = test)]
fn a_login_among_many_is_held_up() {
    for (counted, expected) in [(10, 200), (11, 403)] {
        let mut tables = Tables::new();
        let mut request = Request::new("POST", "http://localhost/login");
        request.content_type = Some("application/x-www-form-urlencoded".into());
        let reply = run(gate().handle(request, NOW), |question| match question {
            Question::CountLogin(_) => Answer::Counted(counted),
            _ => tables.answer(question, "username=user@example.com&password=secret"),
        });
        assert_eq!(reply.status, expected, "{counted}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn every_refusal_has_the_same_questions_rounds_and_bytes() {
    let mut replies = Vec::new();
    for is_held in [false, true] {
        for (name, password) in
            [("nobody", "secret"), ("user", "wrong"), ("slow", "wrong"), ("broken", "secret"), ("user", "secret")]
        {
            let mut tables = Tables::new();
            if is_held {
                tables.fail(name, 10, NOW);
            } else if (name, password) == ("user", "secret") {
                continue;
            }
            let Reply { status, headers, body, rounds, event, .. } = tables.reply(name, password, ATTACKER, NOW);
            let reason = event.unwrap().reason;
            assert_eq!(reason == "held-up", is_held, "{name} {reason}");
            let questions = tables.asked.join(" ");
            // A hash of a higher cost than the setting has more rounds, held up or not: SECURITY.md.
            assert_eq!(rounds, if name == "slow" { 32 } else { 16 }, "{name}");
            replies.push((status, headers, body, questions));
        }
    }
    assert_eq!(replies.len(), 9);
    assert_eq!(replies[0].3, "Body UserAtLogin CountLogin Work");
    assert!(replies.iter().all(|reply| *reply == replies[0]), "{replies:#?}");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_login_that_cannot_be_counted_is_not_answered() {
    for (name, password) in [("nobody", "secret"), ("user", "wrong"), ("broken", "secret"), ("user", "secret")] {
        let mut tables = Tables::new();
        let mut request = Request::new("POST", "http://localhost/login");
        request.content_type = Some("application/x-www-form-urlencoded".into());
        let body = format!("username={name}@example.com&password={password}");
        let reply = run(gate().handle(request, NOW), |question| match question {
            Question::CountLogin(_) => Answer::Unavailable,
            _ => tables.answer(question, &body),
        });
        assert_eq!(reply.status, 503, "{name} {password}");
        assert_eq!(tables.asked.join(" "), "Body UserAtLogin", "{name} {password}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn without_http_it_is_the_same() {
    let mut tables = Tables::new();
    let mut login = |password: &str| {
        let credentials = edgegate::Credentials::new("user@example.com", password);
        run(gate().login(credentials, NOW), |question| tables.answer(question, "")).err()
    };
    for _ in 0..10 {
        assert_eq!(login("wrong"), Some(Refusal::WrongPassword));
    }
    assert_eq!(login("secret"), Some(Refusal::HeldUp));
}

#[wasm_bindgen_test(unsupported = test)]
fn off_asks_for_the_user_only() {
    let mut tables = Tables::new();
    let credentials = edgegate::Credentials::new("user@example.com", "wrong");
    let gate = gate_with(SECRET, Vars::default());
    let refusal = run(gate.login(credentials, NOW), |question| tables.answer(question, "")).err();
    assert_eq!((refusal, tables.asked.join(" ").as_str()), (Some(Refusal::WrongPassword), "UserByEmail Work"));
}

#[wasm_bindgen_test(unsupported = test)]
fn the_keys_contain_no_address_and_differ_between_accounts() {
    let mut tables = Tables::new();
    for (name, address) in [("user", OWNER), ("user", ATTACKER), ("slow", OWNER)] {
        assert_eq!(tables.login(name, "secret", address, NOW), "");
    }
    let keys: Vec<_> = tables.attempts.keys().collect();
    let clients: std::collections::BTreeSet<_> = keys.iter().map(|(_, client)| client).collect();
    // One row of each account is that of all clients that are not known.
    assert_eq!((keys.len(), clients.len()), (5, 4));
    for (account, client) in keys {
        assert_eq!((account.len(), client.len()), (22, if client.is_empty() { 0 } else { 22 }));
    }
}

/// A right password is no failure, whatever fails after it.
#[wasm_bindgen_test(unsupported = test)]
fn a_login_is_taken_back_before_anything_else_can_fail() {
    let (vars, lockout) = (Vars::default(), Some("on".into()));
    let gate = quick_gate_with(SECRET, Vars { lockout, refresh_token_expire_minutes: Some("60".into()), ..vars });
    let mut tables = Tables::new();
    for _ in 0..12 {
        let result = run(gate.login(Credentials::new("user@example.com", "secret"), NOW), |question| match question {
            Question::InsertSession(_) => Answer::Unavailable,
            _ => tables.answer(question, ""),
        });
        assert_eq!(result, Err(Refusal::StoreUnavailable));
    }
    assert_eq!(tables.login("user", "secret", ATTACKER, NOW), "");
}

/// There is nothing to count by, and no token to give.
#[wasm_bindgen_test(unsupported = test)]
fn without_a_key_that_signs_no_password_is_checked() {
    let public = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    let vars = |registration: &str| Vars {
        jwt_keys: Some(public.into()),
        lockout: Some("on".into()),
        registration: Some(registration.into()),
        ..Vars::default()
    };
    let gate = Gate::new(Settings::try_from(vars("closed")).expect("it can verify"));
    for password in ["secret", "wrong"] {
        let login = gate.login(Credentials::new("user@example.com", password), NOW);
        let refusal = login.done().expect("nothing is asked").unwrap_err();
        assert_eq!(refusal.code(), "unsigned:no-signing-key");
    }
    assert_eq!(Settings::try_from(vars("open")).expect_err("new users could not log in").setting, "REGISTRATION");
    let changing = Vars { password_change: Some("on".into()), ..vars("closed") };
    assert_eq!(Settings::try_from(changing).expect_err("there is no new token").setting, "PASSWORD_CHANGE");
}

/// A store that counts nothing must not let everyone pass.
#[wasm_bindgen_test(unsupported = test)]
fn a_count_below_one_is_an_invalid_row() {
    let mut tables = Tables::new();
    for counted in [0, -5, i64::MIN] {
        let login = gate().login(Credentials::new("user@example.com", "secret"), NOW);
        let result = run(login, |question| match question {
            Question::CountLogin(_) => Answer::Counted(counted),
            _ => tables.answer(question, ""),
        });
        assert_eq!(result.unwrap_err().code(), "invalid-row:failures");
    }
}
