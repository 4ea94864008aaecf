//! What `npm pack` would publish: all that the package needs, and nothing else.

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Check, Tree};
use crate::{paths, sh::Sh};

/// The rule.
pub const CHECK: Check =
    Check { name: "tarball", why: "npm obeys ignore files, and has left out a package's wasm before", run };

/// Files without which the package is broken.
const NEEDED: [&str; 7] = [
    "package.json",
    "README.md",
    "wasm/edgegate_bg.wasm",
    "wasm/edgegate_bg.js",
    "wasm/edgegate.d.ts",
    "dist/index.d.ts",
    "dist/cli.js",
];

/// Files that may be there besides: `(start, end)` of the path.
const WELCOME: [(&str, &str); 6] = [
    ("dist/", ".js"),
    ("dist/", ".d.ts"),
    ("edgegate.wasm.d.ts", ""),
    ("LICENSE-", ""),
    ("SECURITY.md", ""),
    ("CHANGELOG.md", ""),
];

/// Parts of a name that show that a file is not for users, wherever it lies.
const UNWELCOME: [&str; 4] = [".map", ".test.", "/test/", "tsconfig"];

fn run(_tree: &Tree) -> Vec<String> {
    match listed() {
        Ok(files) => judge(&files),
        Err(error) => vec![format!("{error:#}")],
    }
}

fn listed() -> Result<Vec<String>> {
    let pack = Sh::new("npm").args(["pack", "--dry-run", "--json", "--ignore-scripts", "--loglevel=error"]);
    let answer: Value = serde_json::from_str(&pack.dir(paths::root().join("pkg")).output()?)?;
    files_of(&answer).context("`npm pack --json` lists no files")
}

/// npm 12 gives the packages by name, older ones as a list.
fn files_of(answer: &Value) -> Option<Vec<String>> {
    let package = match answer {
        Value::Array(packages) => packages.first()?,
        Value::Object(packages) if !packages.contains_key("files") => packages.values().next()?,
        package => package,
    };
    let files = package.get("files")?.as_array()?;
    files.iter().map(|file| Some(file.get("path")?.as_str()?.to_owned())).collect()
}

fn judge(files: &[String]) -> Vec<String> {
    let missing = NEEDED.iter().filter(|needed| !files.iter().any(|file| file == *needed));
    let missing = missing
        .map(|file| format!("pkg/{file} would not be published: build first, then see `files` in pkg/package.json"));
    let surplus = files.iter().filter(|file| !is_welcome(file));
    let surplus =
        surplus.map(|file| format!("pkg/{file} would be published: take it out of `files` in pkg/package.json"));
    missing.chain(surplus).collect()
}

fn is_welcome(file: &str) -> bool {
    let listed =
        NEEDED.contains(&file) || WELCOME.iter().any(|(start, end)| file.starts_with(start) && file.ends_with(end));
    listed && !UNWELCOME.iter().any(|part| file.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(more: &[&str]) -> Vec<String> {
        NEEDED.iter().chain(more).map(|file| (*file).to_owned()).collect()
    }

    #[test]
    fn a_tarball_without_its_wasm_fails() {
        assert_eq!(judge(&files(&["dist/node.js", "dist/stores/d1.d.ts", "LICENSE-MIT"])), [""; 0]);
        let without: Vec<_> = files(&[]).into_iter().filter(|file| !file.ends_with(".wasm")).collect();
        assert!(judge(&without)[0].contains("pkg/wasm/edgegate_bg.wasm would not be published"));
    }

    #[test]
    fn maps_tests_and_sources_fail() {
        for stray in [
            "dist/node.js.map",
            "dist/gate.test.js",
            "test/gate.js",
            "src/gate.ts",
            "tsconfig.json",
            "wasm/edgegate.js",
            ".env",
        ] {
            assert_eq!(judge(&files(&[stray])).len(), 1, "{stray}");
        }
    }

    #[test]
    fn both_of_npms_answers_are_read() {
        let listed = r#"[{"files": [{"path": "package.json"}]}]"#;
        let named = r#"{"edgegate": {"files": [{"path": "package.json"}]}}"#;
        for answer in [listed, named] {
            assert_eq!(files_of(&serde_json::from_str(answer).expect("JSON")), Some(vec!["package.json".to_owned()]));
        }
    }
}
