//! A module of `src/` uses only modules declared above it in `src/lib.rs`; `wasm` comes last.

use std::collections::BTreeSet;

use super::{
    Check, Source, Tree,
    rust_text::{code_only, paths_from},
};

/// The rule.
pub const CHECK: Check = Check { name: "module-order", why: "one way through the house and no way back", run };

const ROOT: &str = "src/lib.rs";
const LAST: &str = "wasm";

fn run(tree: &Tree) -> Vec<String> {
    let Some(root) = tree.text(ROOT) else { return vec![format!("{ROOT} is missing")] };
    let order = declared(root);
    let mut findings: Vec<_> = tree.below("src/", ".rs").flat_map(|source| judge(source, &order)).collect();
    if let Some(at) = order.iter().position(|module| module == LAST)
        && at + 1 != order.len()
    {
        findings.push(format!("{ROOT}: declare `{LAST}` last, because it only converts what the others do"));
    }
    findings
}

/// The modules that `lib.rs` declares, in order.
fn declared(root: &str) -> Vec<String> {
    let code = code_only(root);
    let lines = code.lines().map(|line| line.trim().trim_start_matches("pub(crate) ").trim_start_matches("pub "));
    lines.filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';').map(|name| name.trim().to_owned())).collect()
}

fn judge(source: &Source, order: &[String]) -> Vec<String> {
    let Some(module) = module_path(&source.path) else { return Vec::new() };
    let own = module.first().map_or("", String::as_str);
    let Some(place) = order.iter().position(|declared| declared == own) else {
        return vec![format!("{}: `{own}` is not declared in {ROOT}, so it has no place in the order", source.path)];
    };
    let mut findings = BTreeSet::new();
    for (line, used) in uses_of_root(&code_only(&source.text), module.len()) {
        let spot = format!("{}:{line}", source.path);
        match order.iter().position(|declared| *declared == used) {
            Some(other) if other <= place => {}
            Some(_) => {
                findings.insert(format!(
                    "{spot}: `{own}` uses `{used}`, declared below it in {ROOT}: move the declaration or the code"
                ));
            }
            None => {
                findings
                    .insert(format!("{spot}: `crate::{used}` is no module of {ROOT}: name the module it comes from"));
            }
        }
    }
    findings.into_iter().collect()
}

/// `src/token/verify.rs` is `["token", "verify"]`; the root itself has no path.
fn module_path(path: &str) -> Option<Vec<String>> {
    let path = path.strip_prefix("src/")?.strip_suffix(".rs")?;
    (path != "lib").then(|| path.split('/').map(str::to_owned).collect())
}

/// What is used of the crate's root: through `crate::`, or through as many `super::` as lead there.
fn uses_of_root(code: &str, depth: usize) -> Vec<(usize, String)> {
    let through_crate =
        paths_from(code, "crate").into_iter().filter_map(|(line, path)| Some((line, path.get(1)?.clone())));
    let through_super = paths_from(code, "super").into_iter().filter_map(|(line, path)| {
        let ups = path.iter().take_while(|name| *name == "super").count();
        let name = path.get(ups)?;
        // `super::*` and `super::Type` in a module of tests mean the file itself.
        let is_module = name.starts_with(|c: char| c.is_ascii_lowercase()) && path.len() > ups + 1;
        (ups >= depth && is_module).then(|| (line, name.clone()))
    });
    through_crate.chain(through_super).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIB: &str = "//! crate::nothing\npub mod form;\nmod login;\n#[cfg(feature = \"wasm\")]\npub mod wasm;\n";

    #[test]
    fn using_upwards_passes() {
        let tree = Tree::of(&[
            ("src/lib.rs", LIB),
            ("src/form.rs", "// not crate::login\nuse crate::form::Field;"),
            (
                "src/login/steps.rs",
                "use crate::form;\nuse super::super::form::Form;\n#[cfg(test)]\nmod tests { use super::*; }",
            ),
        ]);
        assert_eq!(run(&tree), [""; 0]);
    }

    #[test]
    fn using_downwards_fails_in_every_spelling() {
        for text in [
            "use crate::login::Step;",
            "use crate::{form, login};",
            "use super::login::Step;",
            "fn f(x: crate::wasm::X) {}",
        ] {
            let findings = run(&Tree::of(&[("src/lib.rs", LIB), ("src/form.rs", text)]));
            assert_eq!(findings.len(), 1, "{text}: {findings:?}");
            assert!(findings[0].starts_with("src/form.rs:1: `form` uses"), "{findings:?}");
        }
    }

    #[test]
    fn what_is_not_declared_or_not_named_by_its_module_fails() {
        let undeclared = run(&Tree::of(&[("src/lib.rs", LIB), ("src/stray.rs", "")]));
        assert!(undeclared[0].contains("`stray` is not declared"), "{undeclared:?}");
        let reexported = run(&Tree::of(&[("src/lib.rs", LIB), ("src/login.rs", "use crate::Form;")]));
        assert!(reexported[0].contains("name the module"), "{reexported:?}");
    }

    #[test]
    fn wasm_must_be_last() {
        let findings = run(&Tree::of(&[("src/lib.rs", "mod wasm;\nmod form;")]));
        assert!(findings[0].contains("declare `wasm` last"), "{findings:?}");
    }
}
