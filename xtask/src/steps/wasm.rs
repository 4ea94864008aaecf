//! The modules of wasm: wasm-pack, then wasm-opt for the wasm and esbuild for the glue; cargo and wasm-opt for the module that has no
//! glue.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use base64::{Engine, prelude::BASE64_STANDARD};
use testkit::{paths, progress::Did, sh::Sh, stamp::Stamp};

use super::tools::TARGET;
use crate::settings::{Module, Settings};

/// Builds the modules into `out-dir`, with the settings of `wasm-pack.toml`.
///
/// # Errors
/// When the crate does not compile or a tool fails.
pub(crate) fn build(settings: &Settings) -> Result<Did> {
    let files = |module| [settings.wasm(module), settings.glue(module), settings.inlined(&module.name)];
    let outputs: Vec<_> =
        settings.modules.iter().flat_map(files).chain([settings.schemes_wasm(), settings.inlined("schemes")]).collect();
    let rustc = Sh::new("rustc").args(["--version"]).output()?;
    let flags = without_paths(&paths::root(), &[])?.concat();
    let stamp = Stamp {
        name: "wasm",
        inputs: &[
            "Cargo.toml",
            "Cargo.lock",
            "schemes/Cargo.toml",
            "schemes/src",
            "src",
            "wasm-pack.toml",
            "package-lock.json",
        ],
        also: &[rustc, flags].concat(),
        outputs: outputs.iter().map(String::as_str).collect(),
    };
    stamp.unless_unchanged(|| {
        let out_dir = paths::root().join(&settings.build.out_dir);
        if out_dir.exists() {
            fs::remove_dir_all(&out_dir)?;
        }
        settings.modules.iter().try_for_each(|module| {
            pack(settings, module)?;
            for file in &module.drop {
                let file = out_dir.join(file);
                fs::remove_file(&file).with_context(|| format!("{} was to be dropped", file.display()))?;
            }
            optimise(settings, module)?;
            inline(&settings.wasm(module), &settings.inlined(&module.name))
        })?;
        build_schemes(settings)
    })
}

fn build_schemes(settings: &Settings) -> Result<()> {
    let root = paths::root();
    let wasm = compile_schemes(settings, &root, &root.join("target"))?;
    Sh::node_tool("wasm-opt")
        .args(&settings.build.wasm_opt)
        .args(&settings.schemes.wasm_opt)
        .args([wasm.as_os_str(), "-o".as_ref(), settings.schemes_wasm().as_ref()])
        .run()?;
    inline(&settings.schemes_wasm(), &settings.inlined("schemes"))
}

/// Compiles the module of password hashes below this root, and returns the file that rustc has written.
///
/// # Errors
/// When the package does not compile.
pub(crate) fn compile_schemes(settings: &Settings, root: &Path, target: &Path) -> Result<PathBuf> {
    let (build, schemes) = (&settings.build, &settings.schemes);
    Sh::new("cargo")
        .args(["build", "--quiet", "--locked", "--lib", "--target", TARGET, "--profile", &build.profile])
        .args(["--package", &schemes.package, "--features", &schemes.features.join(",")])
        .args(without_paths(root, &schemes.flags)?)
        .env("CARGO_TARGET_DIR", target)
        .dir(root)
        .run()?;
    let file = format!("{}.wasm", schemes.package.replace('-', "_"));
    Ok(target.join(TARGET).join(&build.profile).join(file))
}

fn pack(settings: &Settings, module: &Module) -> Result<()> {
    let build = &settings.build;
    // no-install: a missing tool is an error and not a download. no-gitignore: npm would apply it and leave out the
    // wasm.
    Sh::new(paths::tools().join("bin/wasm-pack"))
        .args(["--log-level", "error", "build", "--mode", "no-install", "--no-pack", "--no-gitignore", "--no-opt"])
        .args(["--target", &build.target, "--profile", &build.profile])
        .args(["--out-dir", &build.out_dir, "--out-name", &module.name])
        .args(["--", "--features", &module.features.join(",")])
        .args(without_paths(&paths::root(), &[])?)
        .run()
}

/// Arguments of cargo that keep the folders of this machine out of the wasm: messages of panics name the source. rustc gets `more`
/// arguments.
///
/// # Errors
/// When the folders of cargo cannot be read.
pub(crate) fn without_paths(root: &Path, more: &[String]) -> Result<[String; 2]> {
    let mut flags = vec![format!("--remap-path-prefix={}=edgegate", root.display())];
    let registry = paths::registry_sources()?;
    for source in fs::read_dir(&registry).with_context(|| format!("cannot read {}", registry.display()))? {
        flags.push(format!("--remap-path-prefix={}=crates", source?.path().display()));
    }
    // The sources of a registry are in the order of the file system.
    flags.sort();
    flags.extend_from_slice(more);
    Ok(["--config".to_owned(), format!("target.wasm32-unknown-unknown.rustflags = {}", serde_json::to_string(&flags)?)])
}

fn optimise(settings: &Settings, module: &Module) -> Result<()> {
    let (wasm, glue) = (settings.wasm(module), settings.glue(module));
    Sh::node_tool("wasm-opt").args(&settings.build.wasm_opt).args([&wasm, "-o", &wasm]).run()?;
    // The .d.ts file keeps the comments.
    let to_itself = format!("--outfile={glue}");
    Sh::node_tool("esbuild").args(["--log-level=warning", "--minify", "--allow-overwrite", &to_itself, &glue]).run()
}

fn inline(wasm: &str, script: &str) -> Result<()> {
    let wasm = fs::read(paths::root().join(wasm))?;
    let text = format!("export default \"{}\";\n", BASE64_STANDARD.encode(wasm));
    Ok(fs::write(paths::root().join(script), text)?)
}
