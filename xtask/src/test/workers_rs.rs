//! The example of a Rust Worker.

use anyhow::Result;
use testkit::{paths, sh::Sh};

use super::{Outcome, counts::judge};
use crate::{
    settings::Settings,
    steps::{npm, tools},
};

/// Builds it with worker-build, as its users do, and runs a test on workerd.
pub(super) fn check() -> Result<Outcome> {
    npm::install()?;
    tools::add_target()?;
    tools::install_wasm_bindgen()?;
    tools::install_worker_build(&Settings::read()?)?;
    // worker-build would download these.
    let own = [
        ("WASM_BINDGEN_BIN", paths::tools().join("bin/wasm-bindgen")),
        ("WASM_OPT_BIN", paths::node_bin().join("wasm-opt")),
        ("ESBUILD_BIN", paths::node_bin().join("esbuild")),
    ];
    let with_own = |program: Sh| own.iter().fold(program, |program, (name, path)| program.env(name, path));
    let build = with_own(Sh::new(paths::tools().join("bin/worker-build")).args(["--release"]));
    build.dir(paths::root().join("examples/workers-rs")).run()?;
    // wrangler builds it once more, which finds nothing to compile.
    let test = Sh::new("cargo").args(["test", "-p", "edgegate-e2e", "workers_rs", "--", "--ignored"]);
    let (succeeded, output) = with_own(test).tee()?;
    Ok(judge(succeeded, &output))
}
