//! Preparation: the pinned peers, a bundle for each subject and each Worker, the native subjects.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Result;
use testkit::{
    paths,
    progress::Did,
    sh::Sh,
    stamp::Stamp,
    wrangler::{WORKER, wrangler},
};

use super::server::{bench, dir};

/// The bundled subjects: `(kind, name)` of `bench/subjects`.
pub(super) const SUBJECTS: [(&str, &str); 14] = [
    ("argon2", "edgegate"),
    ("argon2", "openpgp"),
    ("argon2", "noble"),
    ("argon2", "argon2-crate"),
    ("argon2", "argon2-rust"),
    ("bcrypt", "edgegate"),
    ("bcrypt", "hash-wasm"),
    ("bcrypt", "bcryptjs"),
    ("jwt", "edgegate"),
    ("jwt", "jose"),
    ("jwt", "tsndr"),
    ("jwt", "hono"),
    ("pairs", "edgegate"),
    ("pairs", "jose"),
];

/// The whole Workers: ours as it is deployed, and those of `bench/workers`.
pub(super) const WORKERS: [&str; 4] = [OURS, "hono", "better-auth", "token"];

/// The Worker of `www`.
pub(super) const OURS: &str = "edgegate";

/// The inputs of the bundles.
const INPUTS: [&str; 13] = [
    "bench/argon2",
    "bench/subjects",
    "bench/workers",
    "bench/kernel.js",
    "bench/workerd.js",
    "bench/empty.js",
    "bench/hashes.json",
    "bench/package-lock.json",
    "pkg/dist",
    "pkg/lib",
    "pkg/wasm",
    "www",
    "package-lock.json",
];

/// Installs the peers of `bench/package.json`.
///
/// Install scripts are off: the two native modules contain their binaries.
pub(super) fn install() -> Result<Did> {
    let stamp = Stamp {
        name: "bench-npm",
        inputs: &["bench/package.json", "bench/package-lock.json", "bench/.npmrc"],
        also: std::env::consts::ARCH,
        outputs: vec!["bench/node_modules/.package-lock.json"],
    };
    stamp.unless_unchanged(|| {
        Sh::new("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
            .dir(bench())
            .run()
    })
}

/// Bundles each subject with the kernel. esbuild directly, because wrangler needs a second to start for each.
pub(super) fn subjects() -> Result<Did> {
    let output = "target/xtask/bench/subjects";
    let stamp = Stamp { name: "bench-subjects", inputs: &INPUTS, also: "", outputs: vec![output] };
    stamp.unless_unchanged(|| {
        fs::remove_dir_all(dir("subjects")?)?;
        let wasm = dir("subjects")?.join("hash-wasm-bcrypt.wasm");
        Sh::new("node").args([bench().join("extract-hash-wasm.js"), wasm.clone()]).run()?;
        ARGON2_CRATES.iter().try_for_each(|(feature, name)| compile_argon2(feature, name))?;
        SUBJECTS.iter().try_for_each(|(kind, name)| bundle_subject(kind, name, &wasm))?;
        fs::write(dir("subjects/empty")?.join("worker.js"), fs::read(bench().join("empty.js"))?)?;
        Ok(())
    })
}

/// Bundles each whole Worker as it would be uploaded, and minified.
pub(super) fn workers() -> Result<Did> {
    let output = "target/xtask/bench/workers";
    let stamp = Stamp { name: "bench-workers", inputs: &INPUTS, also: "", outputs: vec![output] };
    stamp.unless_unchanged(|| {
        fs::remove_dir_all(dir("workers")?)?;
        for name in WORKERS {
            upload(name, &worker_bundle(name), &[])?;
            upload(name, &minified_bundle(name), &["--minify"])?;
        }
        Ok(())
    })
}

/// Compiles the crate and the bcrypt crate for this machine.
pub(super) fn native() -> Result<Did> {
    let stamp = Stamp {
        name: "bench-native",
        inputs: &["bench/native/Cargo.toml", "bench/native/Cargo.lock", "bench/native/src", "src", "Cargo.toml"],
        also: "",
        outputs: vec!["target/xtask/bench/native/release/edgegate-bench-native"],
    };
    stamp.unless_unchanged(|| {
        let manifest = bench().join("native/Cargo.toml").display().to_string();
        let target = native_target().display().to_string();
        Sh::new("cargo")
            .args(["build", "--release", "--quiet", "--manifest-path", &manifest, "--target-dir", &target])
            .run()
    })
}

/// The folder of a bundled subject.
pub(super) fn subject_bundle(kind: &str, name: &str) -> PathBuf {
    paths::state().join("bench/subjects").join(kind).join(name)
}

/// The folder of the Worker without code.
pub(super) fn empty_bundle() -> PathBuf {
    paths::state().join("bench/subjects/empty")
}

/// The folder of a Worker as it would be uploaded.
pub(super) fn worker_bundle(name: &str) -> PathBuf {
    paths::state().join("bench/workers").join(name)
}

/// The same, minified.
pub(super) fn minified_bundle(name: &str) -> PathBuf {
    paths::state().join("bench/workers").join(format!("{name}-minified"))
}

/// The native subjects.
pub(super) fn native_program() -> PathBuf {
    native_target().join("release/edgegate-bench-native")
}

fn native_target() -> PathBuf {
    paths::state().join("bench/native")
}

/// The features of `bench/argon2`, and the names of their modules.
const ARGON2_CRATES: [(&str, &str); 2] = [("rustcrypto", "argon2"), ("port", "argon2-rust")];

/// Compiles a crate of Argon2 to wasm with `simd128`.
fn compile_argon2(feature: &str, name: &str) -> Result<()> {
    let (out, target) = (dir("argon2")?, dir("argon2/target")?);
    Sh::new("cargo")
        .args([
            "build",
            "--release",
            "--quiet",
            "--locked",
            "--target",
            "wasm32-unknown-unknown",
            "--features",
            feature,
        ])
        .args(["--config", "target.wasm32-unknown-unknown.rustflags = [\"-Ctarget-feature=+simd128\"]"])
        .env("CARGO_TARGET_DIR", &target)
        .dir(bench().join("argon2"))
        .run()?;
    let wasm = target.join("wasm32-unknown-unknown/release/edgegate_bench_argon2.wasm");
    fs::copy(wasm, out.join(name).with_extension("wasm"))?;
    Ok(())
}

fn bundle_subject(kind: &str, name: &str, hash_wasm: &Path) -> Result<()> {
    let source = |suffix: &str| bench().join("subjects").join(kind).join(format!("{name}{suffix}"));
    let subject = Some(source(".workerd.js")).filter(|file| file.exists()).unwrap_or_else(|| source(".js"));
    let out = subject_bundle(kind, name).display().to_string();
    Sh::node_tool("esbuild")
        .args([
            "workerd.js",
            "--bundle",
            "--format=esm",
            "--target=es2023",
            "--entry-names=worker",
            "--log-level=warning",
        ])
        // wrangler's own conditions.
        .args(["--conditions=workerd,worker,browser", "--loader:.wasm=copy"])
        .args([format!("--alias:subject={}", subject.display())])
        .args([format!("--alias:hash-wasm-module={}", hash_wasm.display())])
        .args([format!("--outdir={out}")])
        .dir(bench())
        .run()
}

fn upload(name: &str, out: &Path, flags: &[&str]) -> Result<()> {
    let out = out.display().to_string();
    let source = if name == OURS { paths::root().join(WORKER) } else { bench().join("workers").join(name) };
    wrangler(&["deploy", "--dry-run", "--outdir", &out]).args(flags).dir(source).output().map(drop)
}
