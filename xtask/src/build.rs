//! `cargo xtask build`: the wasm and the npm package.

use anyhow::Result;
use testkit::progress::{Progress, seconds};

use crate::{
    settings::Settings,
    size,
    steps::{npm, package, page, tools, wasm},
};

/// Build the wasm into pkg/wasm and the npm package into pkg/dist
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {}

/// The number of steps in [`steps`].
pub(crate) const STEPS: usize = 7;

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
    progress.step("The wasm target of the Rust toolchain", tools::add_target)?;
    progress.step("npm packages: wrangler, TypeScript, wasm-opt, Node 22", npm::install)?;
    progress.step("wasm-bindgen", tools::install_wasm_bindgen)?;
    progress.step("wasm-pack", || tools::install_wasm_pack(&settings))?;
    progress.step("The crate as wasm", || wasm::build(&settings))?;
    progress.step("The npm package around it", package::build)?;
    progress.step("What the page takes from it", page::copy)?;
    Ok(settings)
}
