//! `wasm-pack.toml`: how the modules are built, and their size budgets. Only this module reads the file.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use testkit::paths;

/// The maximum of each budget in bytes.
pub(crate) const BUDGET_MAX_BYTES: u64 = 239_000;

/// The contents of `wasm-pack.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Settings {
    /// How the modules are built.
    pub(crate) build: Build,
    /// The modules.
    #[serde(rename = "module")]
    pub(crate) modules: Vec<Module>,
    /// The module of password hashes other than bcrypt.
    pub(crate) schemes: Schemes,
    /// How the Rust tests are compiled for the browser.
    pub(crate) test: Test,
    /// The tools that `cargo install` puts into `target/tools`.
    pub(crate) tools: Tools,
}

/// How the modules are built.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Build {
    /// The profile of Cargo.toml.
    pub(crate) profile: String,
    /// The kind of JavaScript that wasm-bindgen generates.
    pub(crate) target: String,
    /// The output folder, relative to the root of the repository.
    pub(crate) out_dir: String,
    /// The arguments of wasm-opt, except the two files.
    pub(crate) wasm_opt: Vec<String>,
}

/// How the Rust tests are compiled for the browser.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Test {
    /// The profile of Cargo.toml.
    pub(crate) profile: String,
    /// The features of the crate.
    pub(crate) features: Vec<String>,
    /// Time limit of one test program in seconds.
    pub(crate) timeout_seconds: u32,
}

/// A module.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Module {
    /// The name of the generated files.
    pub(crate) name: String,
    /// The features of the crate.
    pub(crate) features: Vec<String>,
    /// Generated files to delete.
    pub(crate) drop: Vec<String>,
    /// Limit for the sum of the gzip sizes of the wasm and of the glue, in bytes.
    pub(crate) budget: u64,
}

/// A module that cargo and wasm-opt build alone.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Schemes {
    /// The package of the workspace.
    pub(crate) package: String,
    /// The features of the package.
    pub(crate) features: Vec<String>,
    /// More arguments of rustc.
    pub(crate) flags: Vec<String>,
    /// More arguments of wasm-opt.
    pub(crate) wasm_opt: Vec<String>,
    /// Limit for the gzip size, in bytes.
    pub(crate) budget: u64,
}

/// The tools that `cargo install` puts into `target/tools`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Tools {
    /// The version of wasm-pack. The version of wasm-bindgen is in Cargo.lock, those of wasm-opt, wrangler and Node are
    /// in package-lock.json.
    pub(crate) wasm_pack: String,
    /// The version of cargo-mutants.
    pub(crate) cargo_mutants: String,
    /// The version of cargo-fuzz.
    pub(crate) cargo_fuzz: String,
    /// The version of cargo-deny.
    pub(crate) cargo_deny: String,
    /// The version of cargo-cyclonedx.
    pub(crate) cargo_cyclonedx: String,
    /// The version of worker-build.
    pub(crate) worker_build: String,
}

impl Settings {
    /// Reads `wasm-pack.toml`.
    ///
    /// # Errors
    /// When the file is missing, contains an unknown key, or exceeds [`BUDGET_MAX_BYTES`].
    pub(crate) fn read() -> Result<Self> {
        let text = fs::read_to_string(paths::root().join("wasm-pack.toml")).context("wasm-pack.toml")?;
        Self::parse(&text).context("wasm-pack.toml")
    }

    fn parse(text: &str) -> Result<Self> {
        let settings: Self = toml::from_str(text)?;
        let modules = settings.modules.iter().map(|Module { name, budget, .. }| (name, budget));
        for (name, budget) in modules.chain([(&settings.schemes.package, &settings.schemes.budget)]) {
            ensure!(
                *budget <= BUDGET_MAX_BYTES,
                "the budget of {name} is {budget} bytes, more than the maximum of {BUDGET_MAX_BYTES}"
            );
        }
        Ok(settings)
    }

    /// The first module, which has everything.
    ///
    /// # Errors
    /// When the file has no module.
    pub(crate) fn whole(&self) -> Result<&Module> {
        self.modules.first().context("wasm-pack.toml has no module")
    }

    /// The generated wasm, relative to the root of the repository.
    #[must_use]
    pub(crate) fn wasm(&self, module: &Module) -> String {
        format!("{}/{}_bg.wasm", self.build.out_dir, module.name)
    }

    /// The wasm of the module of password hashes, relative to the root of the repository.
    #[must_use]
    pub(crate) fn schemes_wasm(&self) -> String {
        format!("{}/schemes.wasm", self.build.out_dir)
    }

    /// The generated JavaScript, relative to the root of the repository.
    #[must_use]
    pub(crate) fn glue(&self, module: &Module) -> String {
        format!("{}/{}_bg.js", self.build.out_dir, module.name)
    }

    /// The wasm as a JavaScript module that exports it as base64, relative to the root of the repository.
    #[must_use]
    pub(crate) fn inlined(&self, name: &str) -> String {
        format!("{}/{name}.base64.js", self.build.out_dir)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REAL: &str = include_str!("../../wasm-pack.toml");

    #[test]
    fn the_file_says_first_that_wasm_pack_does_not_read_it() {
        let first = REAL.lines().next().unwrap_or_default();
        assert!(first.starts_with('#') && first.contains("wasm-pack") && first.contains("xtask"), "{first}");
    }

    #[test]
    fn a_budget_above_the_maximum_is_refused() {
        let settings = Settings::parse(REAL).expect("the real file");
        for module in &settings.modules {
            let raised = format!("budget = {}", BUDGET_MAX_BYTES + 1);
            let raised = REAL.replace(&format!("budget = {}", module.budget), &raised);
            assert!(Settings::parse(&raised).is_err(), "{}", module.name);
        }
    }
}
