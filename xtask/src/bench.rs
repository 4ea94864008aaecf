//! `cargo xtask bench`: compiles and runs the benchmark, the crate in `bench/harness`.

use anyhow::Result;
use testkit::sh::Sh;

/// Measure edgegate and its peers: cargo xtask bench --help
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// The arguments of the benchmark.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// When the benchmark does not compile or fails.
pub(crate) fn run(args: &Args) -> Result<()> {
    Sh::new("cargo").args(["run", "--quiet", "-p", "edgegate-bench", "--"]).args(&args.arguments).run()
}
