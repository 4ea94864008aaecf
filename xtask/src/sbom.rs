//! `cargo xtask sbom`: what is in the wasm, as CycloneDX.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use testkit::{paths, sh::Sh};

use crate::{
    settings::Settings,
    steps::tools::{self, TARGET},
};

/// The features of the module that is shipped.
const FEATURES: [&str; 3] = ["--no-default-features", "--features", "wasm"];

/// Where the bill is written.
const FILE: &str = "target/sbom.cdx.json";

/// Writes [`FILE`] and returns what it contains.
///
/// # Errors
/// When a tool fails, or the bill lacks a crate of the module.
pub(crate) fn write() -> Result<Value> {
    tools::install_cargo_cyclonedx(&Settings::read()?)?;
    let crates = crates()?;
    let bill = bill(&crates)?;
    fs::write(paths::root().join(FILE), serde_json::to_string_pretty(&bill)? + "\n")?;
    println!("{FILE}: {} crates", crates.len());
    Ok(bill)
}

/// The crates that cargo compiles into the module, as `name version`. cargo-cyclonedx also names those of features that are off.
fn crates() -> Result<BTreeSet<String>> {
    let tree = Sh::new("cargo")
        .args(["tree", "--locked", "-p", "edgegate", "-e", "normal", "--prefix", "none", "--target", TARGET])
        .args(FEATURES)
        .dir(paths::root())
        .output()?;
    Ok(tree.lines().filter_map(named).filter(|name| !name.starts_with("edgegate ")).collect())
}

/// `serde v1.0.0 (*)` as `serde 1.0.0`.
fn named(line: &str) -> Option<String> {
    let mut words = line.split(' ');
    Some(format!("{} {}", words.next()?, words.next()?.strip_prefix('v')?))
}

/// What cargo-cyclonedx says of these crates, without what differs from machine to machine.
fn bill(crates: &BTreeSet<String>) -> Result<Value> {
    const NAME: &str = "xtask.cdx";
    Sh::new(paths::tools().join("bin/cargo-cyclonedx"))
        .args(["cyclonedx", "--quiet", "--format", "json", "--spec-version", "1.5", "--target", TARGET])
        .args(["--no-build-deps", "--override-filename", NAME])
        .args(FEATURES)
        .env("SOURCE_DATE_EPOCH", "0")
        .dir(paths::root())
        .run()?;
    let text = fs::read_to_string(paths::root().join(format!("{NAME}.json")));
    // It writes one for each crate of the workspace.
    remove(&paths::root(), &format!("{NAME}.json"))?;
    reduced(&text?, crates)
}

fn reduced(text: &str, crates: &BTreeSet<String>) -> Result<Value> {
    let mut bill: Value = serde_json::from_str(text)?;
    let own = bill["metadata"]["component"]["bom-ref"].as_str().context("no bom-ref")?.to_owned();
    let identity = |component: &Value| {
        let member = |name| component[name].as_str().unwrap_or_default();
        format!("{} {}", member("name"), member("version"))
    };
    let all = bill["components"].as_array().into_iter().flatten();
    let components: Vec<Value> = all.filter(|one| crates.contains(&identity(one))).cloned().collect();
    let named: BTreeSet<String> = components.iter().map(identity).collect();
    ensure!(named == *crates, "the bill lacks {:?}", crates.difference(&named));
    ensure!(components.len() == crates.len(), "the bill names a crate twice");
    let shipped: BTreeSet<String> =
        components.iter().filter_map(|one| one["bom-ref"].as_str()).map(str::to_owned).chain([own.clone()]).collect();
    let keeps = |of: &Value| of.as_str().is_some_and(|of| shipped.contains(of));
    let dependencies = bill["dependencies"].as_array().into_iter().flatten().filter(|one| keeps(&one["ref"]));
    let dependencies: Vec<Value> = dependencies
        .map(|one| {
            let on: Vec<_> = one["dependsOn"].as_array().into_iter().flatten().filter(|on| keeps(on)).collect();
            json!({ "ref": one["ref"], "dependsOn": on })
        })
        .collect();
    bill["components"] = components.into();
    bill["dependencies"] = dependencies.into();
    let metadata = bill["metadata"].as_object_mut().context("no metadata")?;
    metadata.remove("timestamp");
    if let Some(component) = metadata.get_mut("component").and_then(Value::as_object_mut) {
        component.remove("components");
        component.remove("purl");
    }
    // The path of the workspace.
    let name = format!("pkg:cargo/edgegate@{}", env!("CARGO_PKG_VERSION"));
    Ok(serde_json::from_str(&bill.to_string().replace(&own, &name))?)
}

fn remove(folder: &Path, name: &str) -> Result<()> {
    let folders: Vec<PathBuf> = fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
    for path in folders {
        let skipped = ["target", "node_modules", ".git"].iter().any(|skipped| path.ends_with(skipped));
        if path.is_dir() && !skipped {
            remove(&path, name)?;
        } else if path.ends_with(name) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bill_names_the_crates_of_the_module_and_no_path() -> Result<()> {
        let crates = BTreeSet::from(["serde 1.0.0".to_owned()]);
        let text = r#"{"metadata":{"timestamp":"now","component":{"bom-ref":"path+file:///home/me#edgegate@0.1.0","purl":"x"}},
            "components":[{"bom-ref":"serde","name":"serde","version":"1.0.0"},{"bom-ref":"rand","name":"rand","version":"1.0.0"}],
            "dependencies":[{"ref":"path+file:///home/me#edgegate@0.1.0","dependsOn":["serde","rand"]},{"ref":"rand"}]}"#;
        let bill = reduced(text, &crates)?.to_string();
        ensure!(bill.contains(r#""dependsOn":["serde"]"#) && bill.contains(r#""ref":"pkg:cargo/edgegate@"#), "{bill}");
        ensure!(!bill.contains("rand") && !bill.contains("/home/me") && !bill.contains("now"), "{bill}");
        ensure!(reduced(text, &BTreeSet::from(["serde 2.0.0".to_owned()])).is_err());
        let twice = text.replace(r#""rand","version"#, r#""serde","version"#);
        ensure!(reduced(&twice, &BTreeSet::from(["serde 1.0.0".to_owned(), "rand 1.0.0".to_owned()])).is_err());
        ensure!(reduced(&twice, &crates).is_err());
        Ok(())
    }

    #[test]
    fn a_line_of_the_tree_is_a_name_and_a_version() {
        assert_eq!(named("serde v1.0.0 (proc-macro) (*)").as_deref(), Some("serde 1.0.0"));
        assert_eq!(named(""), None);
    }
}
