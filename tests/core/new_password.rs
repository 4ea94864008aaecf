//! Which passwords can be chosen: by a list, and by those of data breaches.

use crate::support::{NOW, SECRET, Store, quick_gate_with, run};
use edgegate::{Answer, Gate, Question, Request, Settings, Vars};
use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

const TOO_COMMON: &str = "Value error, this password is too common";
const LIKE_ADDRESS: &str = "Value error, the password cannot be the email address";
const PWNED: &str = "Value error, this password has appeared in a data breach";

fn gate(pwned: Option<&str>) -> Gate {
    quick_gate_with(
        SECRET,
        Vars {
            common_passwords: Some("refuse".into()),
            pwned_passwords: pwned.map(Into::into),
            password_change: Some("on".into()),
            password_recovery: Some("on".into()),
            frontend_host: Some("https://app.example.com".into()),
            ..Vars::default()
        },
    )
}

/// The status, the messages of a 422, and the questions of a sign-up.
fn sign_up(gate: &Gate, password: &str, range: &Answer) -> (u16, Vec<String>, Vec<String>) {
    let mut store = Store::with_user(1, "user@example.com");
    let body = json!({ "email": "ada.lovelace@example.com", "password": password }).to_string();
    let mut request = Request::new("POST", "http://localhost/users");
    request.content_type = Some("application/json".into());
    let mut asked = Vec::new();
    let reply = run(gate.handle(request, NOW), |question| {
        asked.push(match question {
            Question::PwnedPasswords { url, .. } => url.clone(),
            question => format!("{question:?}"),
        });
        match question {
            Question::PwnedPasswords { .. } => range.clone(),
            question => store.answer(question, body.as_bytes()),
        }
    });
    let value: serde_json::Value = serde_json::from_str(&reply.body).expect("JSON");
    let errors = value["detail"].as_array().cloned().unwrap_or_default();
    for error in &errors {
        assert_eq!((&error["loc"], &error["input"]), (&json!(["body", "password"]), &json!("**********")));
    }
    assert!(errors.is_empty() || !reply.body.contains(password), "{}", reply.body);
    (reply.status, errors.iter().map(|error| error["msg"].as_str().expect("a text").to_owned()).collect(), asked)
}

#[wasm_bindgen_test(unsupported = test)]
fn common_passwords_and_the_address_are_refused_before_any_work() {
    let gate = gate(None);
    for (password, message) in [
        ("password1", TOO_COMMON),
        ("BASEBALL", TOO_COMMON),
        ("Ada.Lovelace@Example.com", LIKE_ADDRESS),
        ("ada.lovelace", LIKE_ADDRESS),
    ] {
        let (status, messages, asked) = sign_up(&gate, password, &Answer::Unavailable);
        assert_eq!((status, messages, asked), (422, vec![message.to_owned()], vec!["Body".to_owned()]), "{password}");
    }
    let (status, _, asked) = sign_up(&gate, "correct horse", &Answer::Unavailable);
    assert_eq!((status, asked), (201, ["Body", "Work", "InsertUser"].map(str::to_owned).to_vec()));
    let accepting = quick_gate_with(SECRET, Vars { common_passwords: Some("accept".into()), ..Vars::default() });
    for password in ["password1", "ada.lovelace"] {
        assert_eq!(sign_up(&accepting, password, &Answer::Unavailable).0, 201);
    }
}

/// The digits of the hash that are asked for, and the others.
fn digits(password: &str) -> String {
    use sha1::{Digest as _, Sha1};
    Sha1::digest(password.as_bytes()).iter().map(|byte| format!("{byte:02X}")).collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn a_password_of_a_breach_is_refused_and_only_five_digits_leave() {
    let digits = digits("correct horse");
    let (asked, others) = digits.split_at(5);
    let hit = Answer::PwnedPasswords(format!("{}:3\r\n{others}:17\r\n", "0".repeat(35)).into_bytes());
    let url = format!("https://api.pwnedpasswords.com/range/{asked}");
    let refused = sign_up(&gate(Some("on")), "correct horse", &hit);
    assert_eq!(refused, (422, vec![PWNED.to_owned()], vec!["Body".to_owned(), url.clone()]));
    let (status, _, asked_of_mirror) = sign_up(&gate(Some("https://mirror.example.com/range/")), "correct horse", &hit);
    assert_eq!((status, &asked_of_mirror[1]), (422, &format!("https://mirror.example.com/range/{asked}")));
    // It fails open: the host has logged why.
    for pass in [
        Answer::Unavailable,
        Answer::Done,
        Answer::PwnedPasswords(Vec::new()),
        Answer::PwnedPasswords(format!("{others}:0").into_bytes()),
        Answer::PwnedPasswords(vec![0xFF; 1000]),
        Answer::PwnedPasswords([format!("{others}:1\n").into_bytes(), vec![b'\n'; 128 * 1024]].concat()),
    ] {
        let (status, _, asked) = sign_up(&gate(Some("on")), "correct horse", &pass);
        assert_eq!(
            (status, asked),
            (201, vec!["Body".to_owned(), url.clone(), "Work".into(), "InsertUser".into()]),
            "{pass:?}"
        );
    }
    // One that is on the list is not asked for.
    assert_eq!(sign_up(&gate(Some("on")), "password1", &hit).2, ["Body"]);
}

#[wasm_bindgen_test(unsupported = test)]
fn the_rules_hold_for_every_new_password() {
    let gate = gate(Some("on"));
    let mut store = Store::with_user(1, "ada.lovelace@example.com");
    let login = store.login(&gate, "username=ada.lovelace@example.com&password=secret", NOW);
    let login: serde_json::Value = serde_json::from_str(&login.body).expect("JSON");
    let token = login["access_token"].as_str().expect("a token").to_owned();
    let hash = digits("a new secret");
    let hit = format!("{}:1", &hash[5..]);
    let mut mail = None;
    for (new, message) in [("password1", TOO_COMMON), ("ada.lovelace", LIKE_ADDRESS), ("a new secret", PWNED)] {
        let mut answer = |question: &Question| match question {
            Question::PwnedPasswords { .. } => Answer::PwnedPasswords(hit.clone().into_bytes()),
            Question::SendMail(sent) => {
                mail = Some(sent.clone());
                Answer::Done
            }
            question => store.answer(question, b""),
        };
        let changed = run(gate.change_password(Some(format!("Bearer {token}")), "secret", new, None, NOW), &mut answer);
        assert!(changed.expect_err("it is refused").to_string().contains(message), "{new}");
        if new == "password1" {
            run(gate.recover_password("ada.lovelace@example.com", None, NOW), &mut answer).expect("a mail");
        }
        let link = mail.as_ref().expect("a mail").link.clone();
        let token = link.split_once("token=").expect("a token").1;
        let mut answer = |question: &Question| match question {
            Question::PwnedPasswords { .. } => Answer::PwnedPasswords(hit.clone().into_bytes()),
            question => store.answer(question, b""),
        };
        let reset = run(gate.reset_password(token, new, None, NOW), &mut answer);
        assert!(reset.expect_err("it is refused").to_string().contains(message), "{new}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_settings_are_checked() {
    let settings = |common: &str, pwned: &str| {
        Settings::try_from(Vars {
            secret_key: Some(SECRET.into()),
            common_passwords: Some(common.into()),
            pwned_passwords: Some(pwned.into()),
            ..Vars::default()
        })
    };
    let default = settings("", "").expect("both have a default");
    assert_eq!((default.refuses_common_passwords, default.pwned_passwords), (true, None));
    assert!(settings("refuse", "off").is_ok() && settings("accept", "on").is_ok());
    assert_eq!(settings("on", "").expect_err("it is refused").setting, "COMMON_PASSWORDS");
    for good in ["https://mirror.example.com/", "https://mirror.example.com:8443/v3/range/"] {
        assert_eq!(settings("", good).expect("it is one").pwned_passwords.as_deref(), Some(good));
    }
    for wrong in [
        "yes",
        "http://mirror.example.com/",
        "https://mirror.example.com/range",
        "https://a b/",
        "https://",
        "https:///",
        "https://h/#/",
        "https://h/?a=/",
        "https://u:p@h/",
        "https://u@h/",
        "https://[bad/",
        "https://h:99999/",
        "https://h:/",
        "https://h:0/",
    ] {
        assert_eq!(settings("", wrong).expect_err("it is refused").setting, "PWNED_PASSWORDS", "{wrong}");
    }
}
