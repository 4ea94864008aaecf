//! The size budget of `wasm-pack.toml`.

use std::{fs, io::Write, path::Path};

use anyhow::{Context, Result, ensure};
use flate2::{Compression, write::GzEncoder};
use testkit::paths;

use crate::settings::Settings;

/// Compares the size of the built module with the budget and returns a summary.
///
/// # Errors
/// When the module is not built or exceeds the budget.
pub(crate) fn check(settings: &Settings) -> Result<String> {
    let wasm = gzipped(&paths::root().join(settings.wasm()))?;
    let glue = gzipped(&paths::root().join(settings.glue()))?;
    judge(wasm, glue, settings.size.budget)
}

fn judge(wasm: u64, glue: u64, budget: u64) -> Result<String> {
    let weight = wasm + glue;
    let line = format!("{weight} of {budget} bytes of gzip (wasm {wasm}, glue {glue})");
    ensure!(weight <= budget, "{line}: reduce the size, or raise size.budget in wasm-pack.toml and give the reason");
    Ok(line)
}

fn gzipped(file: &Path) -> Result<u64> {
    let bytes = fs::read(file).with_context(|| format!("{}: run cargo xtask build first", file.display()))?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&bytes)?;
    Ok(encoder.finish()?.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::judge;

    #[test]
    fn one_byte_above_the_budget_fails() {
        assert!(judge(90, 10, 100).is_ok());
        let error = judge(91, 10, 100).unwrap_err().to_string();
        assert!(error.contains("101 of 100") && error.contains("wasm-pack.toml"), "{error}");
    }
}
