//! `wasm-pack.toml`: how the wasm is built and what it may weigh. This is its only reader.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use testkit::paths;

/// The most that a budget may grant, in bytes.
pub(crate) const BUDGET_MAX_BYTES: u64 = 170_000;

/// The whole of `wasm-pack.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Settings {
    /// How the module is built.
    pub(crate) build: Build,
    /// How the Rust tests are compiled for the browser.
    pub(crate) test: Test,
    /// What the module may weigh.
    pub(crate) size: Size,
    /// The tools that `cargo install` puts into `target/tools`.
    pub(crate) tools: Tools,
}

/// How the module is built.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Build {
    /// The profile of Cargo.toml.
    pub(crate) profile: String,
    /// The features of the crate.
    pub(crate) features: Vec<String>,
    /// What kind of JavaScript wasm-bindgen writes.
    pub(crate) target: String,
    /// Where it goes, from the root of the repository.
    pub(crate) out_dir: String,
    /// What the generated files are called.
    pub(crate) out_name: String,
    /// Generated files that are deleted again.
    pub(crate) drop: Vec<String>,
    /// The arguments of wasm-opt, besides the two files.
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
    /// How long one test program may take, in seconds.
    pub(crate) timeout_seconds: u32,
}

/// What the module may weigh.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Size {
    /// Bytes of gzip of the wasm and of the glue, together.
    pub(crate) budget: u64,
}

/// The tools that `cargo install` puts into `target/tools`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Tools {
    /// The version of wasm-pack. That of wasm-bindgen is in Cargo.lock, those of wasm-opt, wrangler and Node are in
    /// package-lock.json.
    pub(crate) wasm_pack: String,
}

impl Settings {
    /// Reads `wasm-pack.toml`.
    ///
    /// # Errors
    /// When it is missing, names something unknown, or grants more than [`BUDGET_MAX_BYTES`].
    pub(crate) fn read() -> Result<Self> {
        let text = fs::read_to_string(paths::root().join("wasm-pack.toml")).context("wasm-pack.toml")?;
        Self::parse(&text).context("wasm-pack.toml")
    }

    fn parse(text: &str) -> Result<Self> {
        let settings: Self = toml::from_str(text)?;
        let budget = settings.size.budget;
        ensure!(budget <= BUDGET_MAX_BYTES, "a size.budget of {budget} bytes is above the promised {BUDGET_MAX_BYTES}");
        Ok(settings)
    }

    /// The generated wasm, from the root of the repository.
    #[must_use]
    pub(crate) fn wasm(&self) -> String {
        format!("{}/{}_bg.wasm", self.build.out_dir, self.build.out_name)
    }

    /// The generated JavaScript around it, from the root of the repository.
    #[must_use]
    pub(crate) fn glue(&self) -> String {
        format!("{}/{}_bg.js", self.build.out_dir, self.build.out_name)
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
    fn a_budget_above_the_promise_is_refused() {
        let settings = Settings::parse(REAL).expect("the real file");
        let raised =
            REAL.replace(&format!("budget = {}", settings.size.budget), &format!("budget = {}", BUDGET_MAX_BYTES + 1));
        assert!(Settings::parse(&raised).is_err());
    }
}
