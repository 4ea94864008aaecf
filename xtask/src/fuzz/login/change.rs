//! Changes of bytes, of JSON and of lists.

use fastrand::Rng;
use serde_json::Value;

/// Texts that the parsers look for, and those that they read in different ways.
const WORDS: [&str; 56] = [
    "&",
    "=",
    "%",
    "+",
    ";",
    "%00",
    "%C3%A9",
    "%ff",
    "\r\n",
    "\n",
    "\r",
    "--",
    "--X-BOUNDARY",
    "\r\n--X-BOUNDARY--\r\n",
    "\"",
    "\\",
    "\\u0041",
    "\\ud800",
    "\\\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "true",
    "0",
    "-0",
    "1e400",
    "NaN",
    "{}",
    "[]",
    "@",
    ".",
    "..",
    " ",
    "\t",
    "\0",
    "\u{301}",
    "é",
    "\u{200b}",
    "\u{feff}",
    "ß",
    "🔑",
    "münchen.de",
    "xn--",
    "example.com",
    "alice@example.com",
    "username",
    "password",
    "grant_type=password",
    "client_id=a",
    "email",
    "correct horse battery staple",
    "name=",
];

/// One to four changes of bytes.
pub(super) fn bytes(random: &mut Rng, text: &mut Vec<u8>) {
    for _ in 0..random.usize(1..=4) {
        let at = random.usize(..=text.len());
        let end = text.len().min(at + random.usize(..8));
        match random.u8(..7) {
            0 => drop(text.drain(at..end)),
            1 | 2 => drop(text.splice(at..end, word(random).bytes())),
            3 => drop(text.splice(at..at, word(random).bytes())),
            4 => {
                let copy = text.get(at..end).unwrap_or_default().to_vec();
                let to = random.usize(..=text.len());
                drop(text.splice(to..to, copy));
            }
            5 => text.insert(at, random.u8(..)),
            _ => {
                if let Some(byte) = text.get_mut(at) {
                    *byte ^= 1 << random.u8(..8);
                }
            }
        }
    }
}

/// The same for text that has to stay printable ASCII, as header values and paths.
#[must_use]
pub(super) fn printable(random: &mut Rng, text: &str, is_allowed: impl Fn(u8) -> bool) -> String {
    let mut changed = text.as_bytes().to_vec();
    bytes(random, &mut changed);
    changed.into_iter().filter(|byte| is_allowed(*byte)).map(char::from).collect()
}

/// Removes, repeats, exchanges or moves an item.
pub(super) fn list<T: Clone>(random: &mut Rng, items: &mut Vec<T>) {
    if items.is_empty() {
        return;
    }
    let (at, other) = (random.usize(..items.len()), random.usize(..items.len()));
    match random.u8(..3) {
        0 => drop(items.remove(at)),
        1 => {
            let copy = items.get(at).cloned();
            copy.into_iter().for_each(|copy| items.insert(other, copy));
        }
        _ => items.swap(at, other),
    }
}

/// Changes one value of a JSON document, or a name of a member.
pub(super) fn json(random: &mut Rng, value: &mut Value) {
    match value {
        Value::Object(members) if !members.is_empty() && random.u8(..5) > 0 => {
            let mut entries: Vec<(String, Value)> = std::mem::take(members).into_iter().collect();
            let at = random.usize(..entries.len());
            match (random.u8(..6), entries.get_mut(at)) {
                (0, _) => list(random, &mut entries),
                (1, Some((name, _))) => *name = changed_text(random, name),
                (2, _) => entries.push((word(random).to_owned(), scalar(random))),
                (_, Some((_, value))) => json(random, value),
                _ => {}
            }
            members.extend(entries);
        }
        Value::Array(items) if !items.is_empty() && random.u8(..3) > 0 => {
            let at = random.usize(..items.len());
            items.get_mut(at).into_iter().for_each(|item| json(random, item));
        }
        Value::String(text) if random.u8(..4) > 0 => *text = changed_text(random, text),
        _ => *value = scalar(random),
    }
}

fn changed_text(random: &mut Rng, text: &str) -> String {
    let mut changed = text.as_bytes().to_vec();
    bytes(random, &mut changed);
    String::from_utf8_lossy(&changed).into_owned()
}

fn scalar(random: &mut Rng) -> Value {
    match random.u8(..9) {
        0 => Value::Null,
        1 => random.bool().into(),
        2 => random.i64(..).into(),
        3 => random.i8(..).into(),
        4 => 1.5.into(),
        5 => Value::Array(vec![word(random).into()]),
        6 => Value::Object([(word(random).to_owned(), 1.into())].into_iter().collect()),
        _ => word(random).into(),
    }
}

fn word(random: &mut Rng) -> &'static str {
    random.choice(WORDS).unwrap_or_default()
}
