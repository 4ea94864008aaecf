//! E-mail addresses: each spelling of an address is one account, at sign-up and at login.

use std::cell::Cell;

use crate::support::{SECRET, Users, login, post, quick_gate, settings_with};
use edgegate::{Gate, Reply, Settings, Unicode, Vars, host::Question};
use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

fn register(gate: &Gate, users: &mut Users, email: &str) -> Reply {
    post(gate, users, "/users", "application/json", &json!({ "email": email, "password": "secret" }).to_string())
}

fn log_in(gate: &Gate, users: &mut Users, email: &str) -> u16 {
    let form: String = email.bytes().map(|byte| format!("%{byte:02x}")).collect();
    login(gate, users, &format!("username={form}&password=secret")).status
}

#[wasm_bindgen_test(unsupported = test)]
fn each_spelling_of_an_address_is_one_account() {
    for (stored, spellings) in [
        (
            "Ada@example.com",
            ["Ada@EXAMPLE.com", "Ada@example\u{3002}com", "Ada@\u{ff45}xample.com", " Ada@example.com "],
        ),
        (
            "ada@xn--mnchen-3ya.de",
            ["ada@M\u{dc}NCHEN.de", "ada@mu\u{308}nchen.de", "ada@XN--MNCHEN-3YA.de", "ada@m\u{fc}nchen\u{ff61}de"],
        ),
        (
            "\u{fc}@xn--mgb3ddbg.example",
            [
                "u\u{308}@\u{648}\u{645}\u{646}\u{627}\u{646}.example",
                "\u{fc}@\u{648}\u{645}\u{646}\u{627}\u{646}.EXAMPLE",
                "\u{fc}@XN--mgb3ddbg.example",
                "u\u{308}@xn--mgb3ddbg.example",
            ],
        ),
        // Composed with a canonical equivalent of one character, and in the canonical order of marks.
        (
            "K\u{1e69}@example.com",
            [
                "\u{212a}\u{1e69}@example.com",
                "Ks\u{323}\u{307}@example.com",
                "Ks\u{307}\u{323}@example.com",
                "K\u{1e61}\u{323}@example.com",
            ],
        ),
    ] {
        let gate = quick_gate(SECRET);
        let mut users = Users::default();
        for first in spellings {
            users.0.clear();
            let reply = register(&gate, &mut users, first);
            let body: serde_json::Value = serde_json::from_str(&reply.body).expect("JSON");
            assert_eq!((reply.status, body["email"].as_str()), (201, Some(stored)), "{first}");
        }
        for second in spellings.into_iter().chain([stored]) {
            assert_eq!(register(&gate, &mut users, second).status, 409, "{second}");
            assert_eq!(log_in(&gate, &mut users, second), 200, "{second}");
        }
    }
}

/// The general categories Cc, Cf, Cn, Co, Zl, Zp and Zs, and a mark (Mn, Mc, Me) in the first place.
#[wasm_bindgen_test(unsupported = test)]
fn invisible_characters_are_refused_at_sign_up() {
    let mut users = Users::default();
    let gate = quick_gate(SECRET);
    let controls =
        ["\u{85}", "\u{ad}", "\u{61c}", "\u{890}", "\u{180e}", "\u{200b}", "\u{200d}", "\u{202e}", "\u{2066}"];
    let others = ["\u{feff}", "\u{13430}", "\u{e0041}", "\u{378}", "\u{ffff}", "\u{e000}", "\u{10fffd}"];
    let separators = ["\u{a0}", "\u{1680}", "\u{2003}", "\u{2028}", "\u{2029}", "\u{3000}"];
    let refused = |reply: Reply, char: &str| {
        let code = u32::from(char.chars().next().expect("one"));
        let code = if code < 0xFFFF { format!("{code:04X}") } else { format!("{code:08X}") };
        let reason = format!("The email address contains unsafe characters: U+{code}.");
        let body: serde_json::Value = serde_json::from_str(&reply.body).expect("JSON");
        assert_eq!((reply.status, body["detail"][0]["ctx"]["reason"].as_str()), (422, Some(&*reason)), "U+{code}");
    };
    for char in controls.into_iter().chain(others).chain(separators) {
        refused(register(&gate, &mut users, &format!("a{char}b@example.com")), char);
        refused(register(&gate, &mut users, &format!("a@exam{char}ple.com")), char);
    }
    for mark in ["\u{301}", "\u{5b0}", "\u{903}", "\u{20dd}", "\u{fe0f}"] {
        refused(register(&gate, &mut users, &format!("{mark}b@example.com")), mark);
        refused(register(&gate, &mut users, &format!("a@{mark}example.com")), mark);
    }
    assert!(users.0.is_empty());
    assert_eq!(register(&gate, &mut users, "\u{928}\u{93f}@example.com").status, 201, "a mark after a letter");
}

thread_local! {
    static CALLS: Cell<u32> = const { Cell::new(0) };
}

/// The operations of the platform, counted: on the web each is a call into JavaScript.
fn counted() -> Unicode {
    fn platform() -> Unicode {
        CALLS.set(CALLS.get() + 1);
        settings_with(SECRET, Vars::default()).unicode
    }
    Unicode {
        nfc: |text| (platform().nfc)(text),
        domain_to_ascii: |text| (platform().domain_to_ascii)(text),
        unsafe_characters: |text| (platform().unsafe_characters)(text),
        unquotable_characters: |text| (platform().unquotable_characters)(text),
    }
}

/// Nothing of this waits in the queue of password work, so it must take little time.
#[wasm_bindgen_test(unsupported = test)]
fn many_bad_characters_take_as_many_calls_as_one() {
    let counting = Gate::new(Settings { unicode: counted(), ..settings_with(SECRET, Vars::default()) });
    let many = |from: u32, step: u32| (0..2000).filter_map(|at| char::from_u32(from + at * step)).collect::<String>();
    for (email, of_one) in [
        (many(0xE000, 1) + "@example.com", "\u{e000}@example.com"),
        (many(0xE000, 0) + "@example.com", "\u{e000}@example.com"),
        (format!("\"a\"{}@example.com", many(0x4E00, 1)), "\"a\"\u{4e00}@example.com"),
        (format!("\"a\"{}@example.com", many(0x301, 0)), "\"a\"\u{301}@example.com"),
        (many(0x4E00, 1) + "( <a@example.com>", "\u{4e00}( <a@example.com>"),
        (format!("a@{}.com", many(0xE000, 1).chars().take(240).collect::<String>()), "a@\u{e000}.com"),
    ] {
        let calls = [email.as_str(), of_one].map(|email| {
            CALLS.set(0);
            assert_eq!(register(&counting, &mut Users::default(), email).status, 422, "{of_one}");
            CALLS.get()
        });
        assert_eq!(calls[0], calls[1], "{of_one}");
        assert!((1..=2).contains(&calls[0]), "{calls:?} {of_one}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_domain_without_an_ascii_form_is_refused_at_sign_up_and_unknown_at_login() {
    let gate = quick_gate(SECRET);
    for domain in [
        "xn--a.com",
        "a\u{fffc}.com",
        "xn--\u{e9}.com",
        "a.\u{fe0f}.com",
        "a\u{ff0f}.com",
        "\u{661}.com",
        "1.2.3.\u{1d7d2}",
    ] {
        assert_eq!(register(&gate, &mut Users::default(), &format!("a@{domain}")).status, 422, "{domain}");
        assert_eq!(log_in(&gate, &mut Users::default(), &format!("a@{domain}")), 403, "{domain}");
    }
}

/// A parser of URLs ends the host at some ASCII characters, so what follows must not be ignored.
#[wasm_bindgen_test(unsupported = test)]
fn a_login_name_is_read_as_a_whole() {
    let (gate, mut users) = (quick_gate(SECRET), Users::default());
    assert_eq!(register(&gate, &mut users, "a@\u{e9}.com").status, 201);
    assert_eq!(log_in(&gate, &mut users, "a@\u{e9}.com"), 200);
    for end in ["/", "/x", "?", "#", ":80", ":", "\\", "%20", "\t", "\n", " x", "\u{2f}"] {
        let name = format!("a@\u{e9}.com{end}x");
        assert_eq!(log_in(&gate, &mut users, &name), 403, "{name:?}");
    }
    assert_eq!(log_in(&gate, &mut users, "a@x@\u{e9}.com"), 403);
}

/// Other backends have stored names that are no addresses: they are looked up as typed.
#[wasm_bindgen_test(unsupported = test)]
fn other_names_are_looked_up_as_typed() {
    let gate = quick_gate(SECRET);
    for (typed, name) in [("admin", "admin"), ("Admin X", "Admin X"), ("u\u{308}", "u\u{308}"), (" \u{e9} ", "\u{e9}")]
    {
        let step = gate.login(edgegate::Credentials::new(typed, "x"), crate::support::NOW);
        let edgegate::Step::Ask(Question::UserByEmail { email, .. }, _) = step else { panic!("{typed}") };
        assert_eq!(email, name);
    }
}
