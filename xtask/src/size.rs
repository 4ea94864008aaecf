//! The size budgets of `wasm-pack.toml`.

use std::{fs, io::Write, path::Path};

use anyhow::{Context, Result, ensure};
use flate2::{Compression, write::GzEncoder};
use testkit::paths;

use crate::settings::Settings;

/// Compares the sizes of the built modules with their budgets and returns a summary.
///
/// # Errors
/// When a module is not built or exceeds its budget.
pub(crate) fn check(settings: &Settings) -> Result<String> {
    let lines = settings.modules.iter().map(|module| {
        let wasm = gzipped(&paths::root().join(settings.wasm(module)))?;
        let glue = gzipped(&paths::root().join(settings.glue(module)))?;
        judge(&module.name, wasm, glue, module.budget)
    });
    let schemes = gzipped(&paths::root().join(settings.schemes_wasm()))
        .and_then(|wasm| judge(&settings.schemes.package, wasm, 0, settings.schemes.budget));
    Ok(lines.chain([schemes]).collect::<Result<Vec<_>>>()?.join("; "))
}

fn judge(name: &str, wasm: u64, glue: u64, budget: u64) -> Result<String> {
    let weight = wasm + glue;
    let line = format!("{name} {weight} of {budget} bytes of gzip (wasm {wasm}, glue {glue})");
    ensure!(weight <= budget, "{line}: reduce the size, or raise the budget in wasm-pack.toml and give the reason");
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
        assert!(judge("a", 90, 10, 100).is_ok());
        let error = judge("a", 91, 10, 100).unwrap_err().to_string();
        assert!(error.contains("a 101 of 100") && error.contains("wasm-pack.toml"), "{error}");
    }
}
