//! The conditions of `exports` in `pkg/package.json`, in the order in which runtimes must meet them.

use serde_json::{Map, Value};

use super::{Check, Tree};

/// The rule.
pub const CHECK: Check =
    Check { name: "exports-order", why: "a runtime takes the first condition it knows, and formatters sort them", run };

const FILE: &str = "pkg/package.json";

/// `types` first for TypeScript, `workerd` and `edge-light` before `browser`, `deno` and `bun` before `node`.
const ORDER: [&str; 8] = ["types", "workerd", "edge-light", "deno", "bun", "node", "browser", "default"];

fn run(tree: &Tree) -> Vec<String> {
    let Some(text) = tree.text(FILE) else { return vec![format!("{FILE} is missing")] };
    let package: Value = match serde_json::from_str(text) {
        Ok(package) => package,
        Err(error) => return vec![format!("{FILE}: {error}")],
    };
    let Some(exports) = package.get("exports").and_then(Value::as_object) else {
        return vec![format!("{FILE}: `exports` is missing: without it every file is public")];
    };
    if !exports.contains_key(".") {
        return vec![format!("{FILE}: `exports` has no \".\": nobody can import the package by its name")];
    }
    exports
        .iter()
        .filter_map(|(name, entry)| Some((name, entry.as_object()?)))
        .flat_map(|(name, entry)| judge(name, entry))
        .collect()
}

fn judge(name: &str, entry: &Map<String, Value>) -> Vec<String> {
    let conditions: Vec<_> = entry.keys().map(String::as_str).collect();
    let mut findings = Vec::new();
    for condition in &conditions {
        if !ORDER.contains(condition) {
            findings.push(format!(
                "{FILE}: exports[{name:?}] has the unknown condition {condition:?}: give it a place in exports_order.rs"
            ));
        }
    }
    let wanted: Vec<_> = ORDER.into_iter().filter(|condition| conditions.contains(condition)).collect();
    if findings.is_empty() && conditions != wanted {
        findings.push(format!("{FILE}: exports[{name:?}] is in the order {conditions:?}: write {wanted:?}"));
    }
    if conditions.last() != Some(&"default") {
        findings.push(format!(
            "{FILE}: exports[{name:?}] does not end with \"default\": a runtime without a condition gets nothing"
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(entry: &str) -> Vec<String> {
        run(&Tree::of(&[(FILE, &format!(r#"{{"exports": {{".": {entry}, "./package.json": "./package.json"}}}}"#))]))
    }

    #[test]
    fn the_order_passes_with_conditions_left_out() {
        assert_eq!(findings(r#"{"types": "a", "workerd": "b", "node": "c", "browser": "d", "default": "d"}"#), [""; 0]);
    }

    #[test]
    fn a_sorted_map_fails() {
        let sorted = findings(r#"{"browser": "d", "default": "d", "node": "c", "types": "a", "workerd": "b"}"#);
        assert!(sorted[0].contains(r#"write ["types", "workerd", "node", "browser", "default"]"#), "{sorted:?}");
    }

    #[test]
    fn an_unknown_condition_a_missing_default_and_a_missing_map_fail() {
        assert!(
            findings(r#"{"types": "a", "worker": "b", "default": "c"}"#)[0].contains("unknown condition \"worker\"")
        );
        assert!(findings(r#"{"types": "a", "node": "b"}"#)[0].contains("does not end with"));
        assert!(run(&Tree::of(&[(FILE, "{}")]))[0].contains("`exports` is missing"));
    }
}
