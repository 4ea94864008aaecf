//! Only `src/wasm.rs` names the JavaScript side, and nothing in `src/` touches a clock or a file.

use super::{
    Check, Tree,
    rust_text::{code_only, lines_naming, paths_from},
};

/// The rule.
pub const CHECK: Check =
    Check { name: "binding-only", why: "the core asks and the host answers: no JavaScript, clock or file in it", run };

/// `tsify` is not among them: a type derives its TypeScript where it stands, so that the two cannot drift.
const JAVASCRIPT: [&str; 6] =
    ["wasm_bindgen", "js_sys", "web_sys", "serde_wasm_bindgen", "wasm_bindgen_futures", "JsValue"];

/// Parts of `std` that ask the machine, and what to do instead.
const MACHINE: [(&str, &str); 8] = [
    ("time", "take `now` as an argument"),
    ("net", "ask the host"),
    ("fs", "ask the host"),
    ("env", "take it as a setting"),
    ("io", "take and give bytes"),
    ("process", "return a value"),
    ("thread", "return a question"),
    ("os", "ask the host"),
];

fn run(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for source in tree.below("src/", ".rs") {
        let code = code_only(&source.text);
        let path = &source.path;
        if path != "src/wasm.rs" && !path.starts_with("src/wasm/") {
            for word in JAVASCRIPT {
                let lines = lines_naming(&code, word).into_iter();
                findings.extend(
                    lines.map(|line| format!("{path}:{line}: `{word}` belongs in src/wasm.rs, which only converts")),
                );
            }
        }
        for (line, used) in paths_from(&code, "std") {
            let part = used.get(1).map_or("", String::as_str);
            if let Some((_, instead)) = MACHINE.iter().find(|(name, _)| *name == part) {
                findings.push(format!("{path}:{line}: `std::{part}`: {instead}"));
            }
        }
        let clocks = lines_naming(&code, "SystemTime").into_iter().chain(lines_naming(&code, "Instant"));
        findings.extend(clocks.map(|line| format!("{path}:{line}: a clock: take `now` as an argument")));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn javascript_passes_in_wasm_and_nowhere_else() {
        let text = "use wasm_bindgen::prelude::*;";
        assert_eq!(
            run(&Tree::of(&[("src/wasm.rs", text), ("src/wasm/types.rs", text), ("src/a.rs", "// wasm_bindgen")])),
            [""; 0]
        );
        let findings = run(&Tree::of(&[("src/form.rs", "\n#[wasm_bindgen]")]));
        assert_eq!(findings.len(), 1);
        assert!(findings[0].starts_with("src/form.rs:2: `wasm_bindgen`"), "{findings:?}");
    }

    #[test]
    fn a_clock_and_a_file_fail_even_in_wasm() {
        for text in ["use std::{fmt, time::Duration};", "let x = std::fs::read(p);", "fn f(t: SystemTime) {}"] {
            assert_eq!(run(&Tree::of(&[("src/wasm.rs", text)])).len(), 1, "{text}");
        }
        assert_eq!(run(&Tree::of(&[("src/a.rs", "use std::{fmt, collections::BTreeMap};")])), [""; 0]);
    }
}
