//! The supply chain: licences, sources and advisories of the dependencies, the bill of materials, and the workflows.

use std::fs;

use anyhow::{Context, Result, ensure};
use testkit::{paths, sh::Sh};

use super::Outcome::{self, Passed};
use crate::{sbom, settings::Settings, steps::tools};

/// The crates that the module was asked for on.
const ASKED_FOR: [&str; 6] = ["wasm-bindgen", "jsonwebtoken", "bcrypt", "serde", "serde-wasm-bindgen", "getrandom"];

/// Checks the dependencies by cargo-deny and `npm audit signatures`, and writes the bill of materials.
pub(super) fn check() -> Result<Outcome> {
    tools::install_cargo_deny(&Settings::read()?)?;
    let deny = |checks: &[&str]| {
        let program = paths::tools().join("bin/cargo-deny");
        Sh::new(program).args(["--log-level", "error", "check"]).args(checks).dir(paths::root())
    };
    deny(&["bans", "licenses", "sources"]).run()?;
    let count = sbom::write()?;
    let bill = fs::read_to_string(paths::root().join(sbom::FILE))?;
    for name in ASKED_FOR {
        ensure!(bill.contains(&format!(r#""name": "{name}""#)), "the bill of materials lacks {name}");
    }
    ensure!(!bill.contains(&paths::root().display().to_string()), "the bill of materials has a path of this machine");

    let mut unchecked = Vec::new();
    let signatures = Sh::new("npm").args(["audit", "signatures"]).dir(paths::root());
    for (what, command) in [("advisories", deny(&["advisories"])), ("signatures of npm packages", signatures)] {
        match command.output() {
            // What is not checked is said, and is no fault of the dependencies.
            Err(error) if is_offline(&format!("{error:#}")) => unchecked.push(what),
            checked => checked.map(drop).context(what)?,
        }
    }
    let unchecked = if unchecked.is_empty() {
        String::new()
    } else {
        format!("; NOT CHECKED, as there is no network: {}", unchecked.join(", "))
    };
    Ok(Passed(format!("{count} crates in the wasm{unchecked}")))
}

fn is_offline(error: &str) -> bool {
    ["failed to fetch", "failed to connect", "Could not resolve", "error sending request", "network"]
        .iter()
        .any(|text| error.contains(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_of_a_workflow_is_pinned_by_its_commit() -> Result<()> {
        let folder = paths::root().join(".github/workflows");
        let mut count = 0;
        for file in fs::read_dir(folder)? {
            let text = fs::read_to_string(file?.path())?;
            for line in text.lines().filter_map(|line| line.split_once("uses: ").map(|(_, action)| action)) {
                let (_, version) = line.split_once('@').with_context(|| line.to_owned())?;
                let (commit, name) = version.split_once(" # ").with_context(|| format!("{line}: no version"))?;
                ensure!(commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{line}");
                ensure!(name.starts_with('v'), "{line}");
                count += 1;
            }
            // The two commands of the README, and those of a release.
            for line in text.lines().filter(|line| line.contains("cargo ") && !line.trim_start().starts_with('#')) {
                ensure!(line.contains("cargo xtask") || line.contains("cargo publish"), "{line}");
            }
        }
        ensure!(count > 3, "{count} actions");
        Ok(())
    }
}
