//! A module of `src/` uses only the modules that `src/lib.rs` declares above it.
//!
//! The compiler allows cycles, and the one tool that finds them, cargo-modules, compiles rust-analyzer. This check
//! reads paths that start with `crate::` outside comments. It does not parse Rust.

use std::fs;

use anyhow::{Context, Result};
use testkit::paths;

use super::Outcome;

/// Fails for every use of a module that is declared below the using module.
pub(super) fn check() -> Result<Outcome> {
    let src = paths::root().join("src");
    let root = fs::read_to_string(src.join("lib.rs")).context("src/lib.rs")?;
    let order = declared(&root);
    let mut found = 0;
    for file in paths::files_below(&src) {
        let path = file.strip_prefix(&src)?.with_extension("");
        let module = path.iter().next().unwrap_or_default().to_string_lossy();
        for used in used_below(&order, &module, &fs::read_to_string(&file)?) {
            println!("{}: `{module}` uses `{used}`, which src/lib.rs declares below it", file.display());
            found += 1;
        }
    }
    Ok(match found {
        0 => Outcome::Passed(format!("{} modules", order.len())),
        _ => Outcome::Failed(format!("{found} uses of a module below; see above")),
    })
}

fn declared(root: &str) -> Vec<&str> {
    let lines = root.lines().map(|line| line.trim_start_matches("pub(crate) ").trim_start_matches("pub "));
    lines.filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';')).collect()
}

fn used_below(order: &[&str], module: &str, text: &str) -> Vec<String> {
    let Some(place) = order.iter().position(|declared| *declared == module) else { return Vec::new() };
    let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    let used = code.split("crate::").skip(1).flat_map(first_names);
    used.filter(|used| order.iter().skip(place + 1).any(|below| below == used)).map(str::to_owned).collect()
}

/// `a` of `a::B`; `a` and `b` of `{a::{C, D}, b}`.
fn first_names(path: &str) -> Vec<&str> {
    let Some(group) = path.strip_prefix('{') else { return vec![first_name(path)] };
    let (mut names, mut depth) = (Vec::new(), 1);
    for item in group.split_inclusive(['{', '}', ',']) {
        if depth == 1 {
            names.push(first_name(item));
        }
        match item.chars().next_back() {
            Some('{') => depth += 1,
            Some('}') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

fn first_name(path: &str) -> &str {
    path.trim_start().split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "//! mod no;\nmod a;\npub mod b_c;\n#[cfg(feature = \"wasm\")]\npub(crate) mod wasm;\n";

    #[test]
    fn only_what_is_declared_below_is_found() {
        let order = declared(ROOT);
        assert_eq!(order, ["a", "b_c", "wasm"]);
        let text = "// crate::wasm\nuse crate::{\n    a::{wasm, X},\n    b_c,\n};\nuse std::{wasm};\nfn f() { crate::wasm::g() }\n";
        assert_eq!(used_below(&order, "a", text), ["b_c", "wasm"]);
        assert_eq!(used_below(&order, "b_c", text), ["wasm"]);
        assert_eq!(used_below(&order, "wasm", text), [""; 0]);
    }
}
