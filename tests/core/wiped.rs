//! No memory that is freed contains a password.
#![expect(unsafe_code, reason = "an allocator sees the memory that is freed, and its trait is unsafe")]

use crate::support::{NOW, SECRET, Users, gate, row, run};
use edgegate::{
    Answer, Credentials, Gate, Question, Request,
    password::{self, Cost},
};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    slice,
    sync::atomic::{AtomicUsize, Ordering},
};

/// Every password of these tests contains it, and nothing else does.
const MARK: &[u8] = b"wipe-this";

/// How many blocks with the mark were freed. A block that grows is freed too: the default `realloc` copies.
static FREED: AtomicUsize = AtomicUsize::new(0);

struct Watching;

#[global_allocator]
static ALLOCATOR: Watching = Watching;

// SAFETY: every call is passed on to the system's allocator with the same layout.
unsafe impl GlobalAlloc for Watching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // Zeroed, so that `dealloc` reads no memory that was never written.
        // SAFETY: the caller's promise is the same.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block is valid for its size until it is freed below.
        let bytes = unsafe { slice::from_raw_parts(block, layout.size()) };
        if bytes.first_chunk::<{ MARK.len() }>().is_some() && bytes.windows(MARK.len()).any(|window| window == MARK) {
            FREED.fetch_add(1, Ordering::Relaxed);
        }
        // SAFETY: the caller's promise is the same.
        unsafe { System.dealloc(block, layout) }
    }
}

/// Runs the work and returns how many blocks with a password it freed.
fn freed<T>(work: impl FnOnce() -> T) -> usize {
    let before = FREED.load(Ordering::Relaxed);
    drop(work());
    FREED.load(Ordering::Relaxed) - before
}

/// How many blocks with a password are freed by a request. The host passes on its only copy of the body.
fn freed_by_request(gate: &Gate, path: &str, content_type: &str, body: &str) -> usize {
    let mut request = Request::new("POST", &format!("http://localhost{path}"));
    request.content_type = Some(content_type.to_owned());
    let hash = password::hash("another", Cost::dangerously_low(4).expect("4 is allowed")).expect("it hashes");
    let mut users = Users(vec![row(1, "ada@example.com", &hash)]);
    let mut body = Some(body.as_bytes().to_vec());
    freed(|| {
        run(gate.handle(request, NOW), |question| match question {
            Question::Body { .. } => Answer::Body(body.take().expect("it is asked for once")),
            question => users.answer(question, b""),
        })
    })
}

/// One test, because the count is one for all threads.
#[test]
fn freed_memory_contains_no_password() {
    assert_eq!(freed(|| String::from_utf8(MARK.to_vec())), 1, "the allocator sees it");

    let gate = gate(SECRET);
    let (form, json) = ("application/x-www-form-urlencoded", "application/json");
    let part = |name: &str| format!("--b\r\ncontent-disposition: form-data; name={name}\r\n\r\n");
    let multipart = format!("{}ada@example.com\r\n{}wipe-this é\r\n--b--", part("username"), part("password"));
    let long = "wipe-this ".repeat(500);
    for (path, content_type, body) in [
        ("/login", form, "username=ada%40example.com&password=wipe-this"),
        ("/login", form, "username=ada%40example.com&password=%C3%A9+%77ipe-this+wipe%2Dthis"),
        ("/login", form, "username=unknown%40example.com&password=wipe-this"),
        ("/login", form, "username=ada%40example.com&password=wipe-this&password=wipe-this+again"),
        ("/login", form, "password=wipe-this"),
        ("/login", form, &format!("username=ada%40example.com&password={long}")),
        ("/login", "multipart/form-data; boundary=b", &multipart),
        ("/login", "multipart/form-data; boundary=b; charset=latin1", &multipart),
        ("/login", "multipart/form-data; boundary=b", &multipart.replace("--b--", "")),
        ("/users", json, r#"{"email":"a@example.com","password":"wipe-this"}"#),
        ("/users", json, r#"{"email":"a@example.com","password":"wipe-this \"quoted\""}"#),
        ("/users", json, r#"{"password":"\u0077ipe-this \ud83d\ude00 wipe\u002dthis","email":"a@example.com"}"#),
        ("/users", json, r#"{"email":"ada@example.com","password":"\u0077ipe-this"}"#),
        ("/users", json, r#"{"email":"wrong","password":"\u0077ipe-this"}"#),
        ("/users", json, r#"{"email":"a@example.com","password":"\u0077ipe-this","password":"\\wipe-this"}"#),
        ("/users", json, r#"{"email":"a@example.com","password":"\u0077ipe-this\u0000"}"#),
        ("/users", json, r#"{"email":"a@example.com","password":"wipe-this \ud800"}"#),
        ("/users", json, r#"{"email":"a@example.com","password":"wipe-this \x"}"#),
        ("/users", json, r#"{"email":"a@example.com","password":"\u0077ipe-this",}"#),
        ("/users", json, r#"{"email":"a@example.com","password":["\u0077ipe-this"]}"#),
        ("/users", json, r#"{"email":"a@example.com","secret":"\u0077ipe-this"}"#),
        ("/users", json, r#""\u0077ipe-this""#),
        ("/users", "text/plain", r#"{"email":"a@example.com","password":"\u0077ipe-this"}"#),
        ("/users", json, &format!(r#"{{"email":"a@example.com","password":"\u0077ipe-this{long}"}}"#)),
    ] {
        assert_eq!(freed_by_request(&gate, path, content_type, body), 0, "{content_type}: {body}");
    }

    let text = "wipe-this";
    let credentials = Credentials::new("ada@example.com", text);
    assert_eq!(freed(|| run(gate.login(credentials, NOW), |question| Users::default().answer(question, b""))), 0);
    let cost = Cost::dangerously_low(4).expect("4 is allowed");
    let hash = password::hash("another", cost).expect("it hashes");
    assert_eq!(freed(|| password::hash(text, cost)), 0);
    assert_eq!(freed(|| password::verify(text, &hash)), 0);
    assert_eq!(freed(|| password::hash_all(&[text, text, text], cost)), 0);
    assert_eq!(freed(|| password::verify_all(&[(text, &hash), (text, &hash)])), 0);
}
