//! The wasm and its glue: wasm-pack, then wasm-opt for the wasm and esbuild for the glue.

use std::fs;

use anyhow::{Context, Result};
use testkit::{paths, progress::Did, sh::Sh, stamp::Stamp};

use crate::settings::Settings;

/// Builds the module into `out-dir`, with the settings of `wasm-pack.toml`.
///
/// # Errors
/// When the crate does not compile or a tool fails.
pub(crate) fn build(settings: &Settings) -> Result<Did> {
    let (wasm, glue) = (settings.wasm(), settings.glue());
    let rustc = Sh::new("rustc").args(["--version"]).output()?;
    let stamp = Stamp {
        name: "wasm",
        inputs: &["Cargo.toml", "Cargo.lock", "src", "wasm-pack.toml", "package-lock.json"],
        also: &rustc,
        outputs: vec![&wasm, &glue],
    };
    stamp.unless_unchanged(|| {
        pack(settings)?;
        for file in &settings.build.drop {
            let file = paths::root().join(&settings.build.out_dir).join(file);
            fs::remove_file(&file).with_context(|| format!("{} was to be dropped", file.display()))?;
        }
        optimise(settings)
    })
}

fn pack(settings: &Settings) -> Result<()> {
    let build = &settings.build;
    let out_dir = paths::root().join(&build.out_dir);
    if out_dir.exists() {
        fs::remove_dir_all(&out_dir)?;
    }
    // no-install: a missing tool is an error and not a download. no-gitignore: npm would apply it and leave out the
    // wasm.
    Sh::new(paths::tools().join("bin/wasm-pack"))
        .args(["--log-level", "error", "build", "--mode", "no-install", "--no-pack", "--no-gitignore", "--no-opt"])
        .args(["--target", &build.target, "--profile", &build.profile])
        .args(["--out-dir", &build.out_dir, "--out-name", &build.out_name])
        .args(["--", "--features", &build.features.join(",")])
        .run()
}

fn optimise(settings: &Settings) -> Result<()> {
    let (wasm, glue) = (settings.wasm(), settings.glue());
    Sh::node_tool("wasm-opt").args(&settings.build.wasm_opt).args([&wasm, "-o", &wasm]).run()?;
    // The .d.ts file keeps the comments.
    let to_itself = format!("--outfile={glue}");
    Sh::node_tool("esbuild").args(["--log-level=warning", "--minify", "--allow-overwrite", &to_itself, &glue]).run()
}
