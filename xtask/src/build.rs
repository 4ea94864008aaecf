//! `cargo xtask build`: the wasm and the npm package.

use anyhow::Result;
use testkit::progress::{Progress, seconds};

use crate::{
    settings::Settings,
    size,
    steps::{init, npm, package, page, tools, wasm},
};

/// Build the wasm into pkg/wasm and the npm package into pkg/dist
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {}

/// The number of steps in [`steps`].
pub(crate) const STEPS: usize = 8;

/// Runs the command.
///
/// # Errors
/// Those of the steps.
pub(crate) fn run(_args: &Args) -> Result<()> {
    let mut progress = Progress::new(STEPS);
    let settings = steps(&mut progress)?;
    println!("built in {}: {}", seconds(progress.elapsed()), size::check(&settings)?);
    Ok(())
}

/// The steps from a fresh clone to a built package.
///
/// # Errors
/// Those of the steps.
pub(crate) fn steps(progress: &mut Progress) -> Result<Settings> {
    npm::check_prerequisites()?;
    let settings = Settings::read()?;
    progress.explained(
        "The wasm target of the Rust toolchain",
        "workerd runs WebAssembly. Where the target is missing, rustup adds it to the toolchain in some seconds.",
        tools::add_target,
    )?;
    progress.explained(
        "npm packages: wrangler, TypeScript, wasm-opt, Node 22",
        "Into node_modules, without install scripts: they bundle and run the Worker. About half a minute.",
        npm::install,
    )?;
    progress.explained(
        "wasm-bindgen",
        "Into target/tools: it writes the JavaScript around the wasm, and must have the version of the crate. Two to three minutes.",
        tools::install_wasm_bindgen,
    )?;
    progress.explained(
        "wasm-pack",
        "Into target/tools: it calls cargo and wasm-bindgen. One to two minutes.",
        || tools::install_wasm_pack(&settings),
    )?;
    progress.explained(
        "The crate as wasm",
        "Into pkg/wasm: the rules of the login, compiled several times with different features. One to three minutes.",
        || wasm::build(&settings),
    )?;
    progress.explained(
        "The npm package around it",
        "Into pkg/dist: what `npm install edgegate` would bring. Some seconds.",
        package::build,
    )?;
    progress.explained(
        "What the pages take from it, and Swagger UI",
        "Into www/public/edgegate and www/public/docs: the page verifies tokens by the same wasm.",
        page::copy,
    )?;
    progress.explained(
        "What `edgegate init` takes from the Worker",
        "Into pkg/init/www: its files are those of www, so that there is one source.",
        init::copy,
    )?;
    Ok(settings)
}
