//! The stages, the fastest first.

use std::path::PathBuf;

use anyhow::Result;
use testkit::{paths, progress::Progress, sh::Sh, wrangler::wrangler};

use super::{
    Outcome::{self, NotRun, Passed},
    Stage, clients, consumers,
    counts::judge,
    crates, documents, migrating, modules, package, page, publish, reproducible, supply, workers_rs,
};
use crate::{build, settings::Settings, size, soak, steps::tools};

/// The stage that others depend on.
pub(super) const BUILD: &str = "build";

/// Every stage.
pub(super) const ALL: [Stage; 34] = [
    stage("fmt", "cargo fmt --check", false, fmt),
    stage("clippy", "clippy on the workspace, warnings are errors", false, clippy),
    stage("clippy-wasm", "clippy on the crate for each module of wasm", false, clippy_wasm),
    stage("modules", "the modules of src/ use each other in one direction", false, modules::check),
    stage(
        "documents",
        "the tests that SECURITY.md names exist, a test runs each block, links lead somewhere, no document contains a secret",
        false,
        documents::check,
    ),
    stage("docs", "rustdoc, warnings are errors", false, docs),
    stage("features", "the crate without `lanes`, and with every feature as wasm", false, features),
    stage("crates", "the direct dependencies, and their code in the wasm", false, crates::check),
    stage(BUILD, "the wasm and the npm package", false, build_all),
    stage("size", "the size budgets of wasm-pack.toml", true, size_budget),
    stage("types", "TypeScript, strict", true, types),
    stage("unit", "the Rust tests natively, with the contract fixtures and the doc tests", false, unit),
    stage("schemes", "the crate of other password hashes: vectors, limits and doc tests", false, schemes),
    stage("axum", "the crate for axum on SQLite and PostgreSQL, and its example", false, axum),
    stage("browser", "the same Rust tests as wasm in headless Chromium", false, browser),
    stage("deploy", "wrangler deploy --dry-run", true, deploy),
    stage("package", "the packed npm package: publint, attw, an install", true, package::check),
    stage(
        "consumers",
        "the packed npm package in the projects of its users: Workers, servers, bundlers, and `edgegate init`",
        true,
        consumers::check,
    ),
    stage("npm", "the npm package's own tests on Node", true, npm),
    stage("e2e", "HTTP requests to the Worker on workerd with a local D1", true, e2e),
    stage(
        "migrating",
        "the commands of MIGRATING.md, from two FastAPI backends to the Worker and back",
        true,
        migrating::check,
    ),
    stage("page", "the page of the Worker in headless Chromium: flows, axe, screenshots", true, page::check),
    stage("examples", "the blocks of code of all documents but MIGRATING.md", true, documents::examples::check),
    stage(
        "clients",
        "clients in TypeScript and Python, generated from /openapi.json of the Worker",
        true,
        clients::check,
    ),
    stage("soak", "some seconds of mixed traffic against the Worker on workerd", true, soak),
    slow("killed", "workerd killed twenty times in the middle of writes", killed),
    slow(
        "supply",
        "licences, sources, advisories and signatures of the dependencies, and what is in the wasm",
        supply::check,
    ),
    slow("axum-all", "the crate for axum with reqwest, and with each feature alone", axum_all),
    Stage {
        needs_build: true,
        ..slow("consumers-rare", "the packed npm package in Next and SvelteKit", consumers::check_rare)
    },
    slow("reproducible", "two builds of the wasm in different folders", reproducible::check),
    slow("publish", "dry runs of publishing the crates and the npm package", publish::check),
    slow("msrv", "the crates on the oldest Rust that they state", publish::check_oldest_rust),
    slow("minimal", "the crates with the oldest versions of their dependencies", publish::check_oldest_dependencies),
    slow("workers-rs", "the Rust Worker of examples/workers-rs on workerd", workers_rs::check),
];

/// What `--only` accepts.
pub(super) fn names() -> Vec<&'static str> {
    ALL.iter().map(|stage| stage.name).collect()
}

const fn stage(name: &'static str, what: &'static str, needs_build: bool, run: fn() -> Result<Outcome>) -> Stage {
    Stage { name, what, needs_build, is_slow: false, run }
}

const fn slow(name: &'static str, what: &'static str, run: fn() -> Result<Outcome>) -> Stage {
    Stage { name, what, needs_build: false, is_slow: true, run }
}

fn fmt() -> Result<Outcome> {
    passes(cargo(&["fmt", "--all", "--check"]))
}

fn clippy() -> Result<Outcome> {
    passes(cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

fn clippy_wasm() -> Result<Outcome> {
    tools::add_target()?;
    for module in &Settings::read()?.modules {
        let features = module.features.join(",");
        let what = ["clippy", "-p", "edgegate", "--lib", "--features", &features, "--target", tools::TARGET];
        cargo(&what).args(["--", "-D", "warnings"]).run()?;
    }
    let schemes = Settings::read()?.schemes;
    let what = ["clippy", "-p", &schemes.package, "--lib", "--target", tools::TARGET];
    cargo(&what).args(["--", "-D", "warnings"]).run()?;
    let flags = format!("target.{}.rustflags = {}", tools::TARGET, serde_json::to_string(&schemes.flags)?);
    let features = schemes.features.join(",");
    let what = [&what[..], &["--features", &features, "--config", &flags]].concat();
    passes(cargo(&what).args(["--", "-D", "warnings"]))
}

fn docs() -> Result<Outcome> {
    let doc = |args: &[&str]| cargo(&["doc", "--no-deps"]).args(args).env("RUSTDOCFLAGS", "-D warnings");
    doc(&["-p", "edgegate", "--all-features"]).run()?;
    doc(&["-p", "edgegate-schemes"]).run()?;
    passes(doc(&["-p", "edgegate-axum", "--features", "postgres,sqlite,store_test"]))
}

fn features() -> Result<Outcome> {
    tools::add_target()?;
    cargo(&["check", "-p", "edgegate", "--lib", "--all-features", "--target", tools::TARGET]).run()?;
    let (succeeded, output) = cargo(&["test", "-p", "edgegate", "--no-default-features"]).tee()?;
    Ok(judge(succeeded, &output))
}

fn build_all() -> Result<Outcome> {
    build::steps(&mut Progress::new(build::STEPS))?;
    Ok(Passed(String::new()))
}

fn size_budget() -> Result<Outcome> {
    let line = size::check(&Settings::read()?)?;
    println!("{line}");
    Ok(Passed(line))
}

fn types() -> Result<Outcome> {
    let mut projects = vec!["www"];
    if paths::root().join("pkg/test/tsconfig.json").exists() {
        projects.push("pkg/test");
    }
    for project in &projects {
        Sh::node_tool("tsc").args(["--noEmit", "-p", project]).run()?;
    }
    Ok(Passed(format!("{}; pkg in the build", projects.join(", "))))
}

fn unit() -> Result<Outcome> {
    let others = ["edgegate-e2e", "edgegate-axum", "example-axum"].map(|package| ["--exclude", package]);
    let (succeeded, output) = cargo(&["test", "--workspace"]).args(others.as_flattened()).tee()?;
    Ok(judge(succeeded, &output))
}

fn schemes() -> Result<Outcome> {
    let (succeeded, output) = cargo(&["test", "-p", "edgegate-schemes"]).tee()?;
    Ok(judge(succeeded, &output))
}

fn axum() -> Result<Outcome> {
    let (succeeded, output) = cargo(&["test", "-p", "edgegate-axum", "-p", "example-axum"]).tee()?;
    Ok(judge(succeeded, &output))
}

fn axum_all() -> Result<Outcome> {
    let all = ["-p", "edgegate-axum", "--all-features"];
    cargo(&["clippy", "--all-targets"]).args(all).args(["--", "-D", "warnings"]).run()?;
    cargo(&["doc", "--no-deps"]).args(all).env("RUSTDOCFLAGS", "-D warnings").run()?;
    for features in ["", "sqlite", "postgres", "reqwest"] {
        cargo(&["check", "-p", "edgegate-axum", "--lib", "--no-default-features", "--features", features]).run()?;
    }
    let (succeeded, output) = cargo(&["test", "--test", "axum"]).args(all).args(["keys"]).tee()?;
    Ok(judge(succeeded, &output))
}

fn browser() -> Result<Outcome> {
    let (Some(driver), Some(_)) = (paths::which("chromedriver"), chromium()) else {
        return Ok(NotRun("no Chromium with its driver here: apt-get install chromium chromium-driver".into()));
    };
    let settings = Settings::read()?;
    tools::add_target()?;
    tools::install_wasm_bindgen()?;
    tools::install_wasm_pack(&settings)?;
    let timeout = settings.test.timeout_seconds.to_string();
    // Doc tests cannot run in a browser.
    let (succeeded, output) = Sh::new(paths::tools().join("bin/wasm-pack"))
        .args(["test", "--headless", "--chrome", "--mode", "no-install", "--chromedriver"])
        .args([driver.as_os_str(), ".".as_ref()])
        .args([
            "--lib",
            "--test",
            "*",
            "--profile",
            &settings.test.profile,
            "--features",
            &settings.test.features.join(","),
        ])
        .env("WASM_BINDGEN_TEST_TIMEOUT", timeout)
        .tee()?;
    Ok(judge(succeeded, &output))
}

/// The browser that is installed here.
pub(super) fn chromium() -> Option<PathBuf> {
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
        .into_iter()
        .find_map(paths::which)
}

fn deploy() -> Result<Outcome> {
    let out = paths::state().join("deploy").display().to_string();
    let output = wrangler(&["deploy", "--dry-run", "--outdir", &out]).output()?;
    print!("{output}");
    let upload = output.lines().find(|line| line.starts_with("Total Upload:"));
    Ok(Passed(upload.unwrap_or_default().to_owned()))
}

fn npm() -> Result<Outcome> {
    let tests = Sh::node_tool("node").args(["--test", "test/**/*.test.*"]).dir(paths::root().join("pkg"));
    let (succeeded, output) = tests.tee()?;
    Ok(judge(succeeded, &output))
}

fn e2e() -> Result<Outcome> {
    let (succeeded, output) = cargo(&["test", "-p", "edgegate-e2e"]).tee()?;
    Ok(judge(succeeded, &output))
}

fn soak() -> Result<Outcome> {
    soak::short()?;
    Ok(Passed(String::new()))
}

fn killed() -> Result<Outcome> {
    let tests = cargo(&["test", "-p", "edgegate-e2e", "--", "--nocapture", "killed"]).env("EDGEGATE_KILLS", "20");
    let (succeeded, output) = tests.tee()?;
    Ok(judge(succeeded, &output))
}

fn cargo(args: &[&str]) -> Sh {
    Sh::new("cargo").args(args)
}

fn passes(command: Sh) -> Result<Outcome> {
    command.run()?;
    Ok(Passed(String::new()))
}
