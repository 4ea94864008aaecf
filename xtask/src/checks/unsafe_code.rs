//! `unsafe` only in the files named here, each with its reason.

use super::{
    Check, Tree,
    rust_text::{code_only, lines_naming},
};

/// The rule.
pub const CHECK: Check = Check { name: "unsafe", why: "memory safety is the compiler's to prove", run };

/// `(file, reason)`.
const ALLOWED: [(&str, &str); 2] = [
    ("src/password/eksblowfish.rs", "the hot loop of bcrypt: S-boxes at a fixed address, without bounds checks"),
    ("src/wasm/signal.rs", "an exported name, by which workerd finds the flag"),
];

fn run(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for source in tree.below("", ".rs").filter(|source| ALLOWED.iter().all(|(path, _)| source.path != *path)) {
        for line in lines_naming(&code_only(&source.text), "unsafe") {
            let mend = "write it safely, or add the file with its reason to xtask/src/checks/unsafe_code.rs";
            findings.push(format!("{}:{line}: `unsafe`: {mend}", source.path));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_fails_and_the_lint_that_denies_it_passes() {
        assert_eq!(run(&Tree::of(&[("src/a.rs", "#![deny(unsafe_code)] // unsafe\n")])), [""; 0]);
        let findings = run(&Tree::of(&[("tests/a.rs", "fn f() {\n  unsafe { g() }\n}")]));
        assert!(findings.len() == 1 && findings[0].starts_with("tests/a.rs:2:"), "{findings:?}");
    }
}
