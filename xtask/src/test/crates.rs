//! Checks that the crates named in the README are direct dependencies and that their code is in the wasm.

use std::fs;

use anyhow::{Context, Result, ensure};
use testkit::sh::Sh;

use super::Outcome;
use crate::{settings::Settings, steps::tools::TARGET};

/// `(package, crates)`: serde's traits are in `serde_core`.
const ASKED_FOR: [(&str, &[&str]); 6] = [
    ("bcrypt", &["bcrypt"]),
    ("getrandom", &["getrandom"]),
    ("jsonwebtoken", &["jsonwebtoken"]),
    ("serde", &["serde", "serde_core"]),
    ("serde-wasm-bindgen", &["serde_wasm_bindgen"]),
    ("wasm-bindgen", &["wasm_bindgen"]),
];

/// Reads the dependencies from `cargo tree`, and the code from the function names before wasm-opt strips them.
pub(super) fn check() -> Result<Outcome> {
    let settings = Settings::read()?;
    let (build, features) = (&settings.build, settings.whole()?.features.join(","));
    let target = ["--target", TARGET, "--features", &features];
    let tree = Sh::new("cargo").args(["tree", "-p", "edgegate", "-e", "normal", "--prefix", "none", "--depth", "1"]);
    let tree = tree.args(target).output()?;
    // The wasm that wasm-pack compiled, if it exists.
    Sh::new("cargo").args(["build", "--quiet", "--lib", "--profile", &build.profile]).args(target).run()?;
    let exe = std::env::current_exe()?;
    let wasm =
        exe.ancestors().nth(2).context("no target folder")?.join(TARGET).join(&build.profile).join("edgegate.wasm");
    let wasm = fs::read(&wasm).with_context(|| wasm.display().to_string())?;
    ensure!(names(&wasm, "edgegate"), "the wasm has no names of functions: the profile strips them");
    let (mut missing, mut unused) = (Vec::new(), Vec::new());
    for (package, crates) in ASKED_FOR {
        if !tree.lines().any(|line| line.split(' ').next() == Some(package)) {
            missing.push(package);
        } else if !crates.iter().any(|name| names(&wasm, name)) {
            unused.push(package);
        }
    }
    Ok(match (missing.as_slice(), unused.as_slice()) {
        ([], []) => Outcome::Passed(ASKED_FOR.map(|(package, _)| package).join(", ")),
        ([], unused) => Outcome::Failed(format!("none of their code is in the wasm: {}", unused.join(", "))),
        (missing, _) => Outcome::Failed(format!("not among the dependencies: {}", missing.join(", "))),
    })
}

/// Whether the bytes contain a mangled name of this crate: `5serde` in a path, `serde..` in the name of an `impl`.
fn names(wasm: &[u8], krate: &str) -> bool {
    let in_path = format!("{}{krate}", krate.len());
    let in_impl = format!("{krate}..");
    let holds = |part: &str, is_of_longer: fn(u8) -> bool| {
        let mut windows = wasm.windows(part.len() + 1);
        windows
            .any(|window| window.ends_with(part.as_bytes()) && window.first().is_some_and(|byte| !is_of_longer(*byte)))
    };
    holds(&in_path, |before| before.is_ascii_digit())
        || holds(&in_impl, |before| before.is_ascii_alphanumeric() || before == b'_')
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_crate_is_found_in_paths_and_impls_and_in_no_longer_name() {
        assert!(names(b"_ZN6bcrypt4hash17h", "bcrypt"));
        assert!(names(b"_ZN5a$LT$bcrypt..Version$u20$as", "bcrypt"));
        for other in [&b"_ZN16bcrypt_and_others1a"[..], b"$LT$my_bcrypt..A", b"bcrypt-0.19/src"] {
            assert!(!names(other, "bcrypt"));
        }
    }
}
