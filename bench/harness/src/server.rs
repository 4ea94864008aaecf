//! The measured programs, each on its own ports on 127.0.0.1.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Result;
use testkit::{paths, server::Server, sh::Sh};

/// Starts the program and waits until it listens on all its ports. Its output goes to a log under `target/xtask/bench`.
pub(super) fn start(name: &str, program: &Sh, ports: &[u16]) -> Result<Server> {
    Server::start(&logs()?.join(name).with_extension("log"), program, ports)
}

/// The folder of the logs.
pub(super) fn logs() -> Result<PathBuf> {
    dir("logs")
}

/// A folder for files of the benchmark that can be recreated.
pub(super) fn dir(name: &str) -> Result<PathBuf> {
    let dir = paths::state().join("bench").join(name);
    fs::create_dir_all(&dir)?;
    Ok(dir)
}

/// Deletes the logs of earlier runs: a run starts about a hundred programs.
pub(super) fn forget_logs() -> Result<()> {
    ["logs", "workerd"].iter().try_for_each(|name| Ok(fs::remove_dir_all(dir(name)?)?))
}

/// The folder `bench`.
pub(super) fn bench() -> PathBuf {
    paths::root().join("bench")
}

/// A Worker for workerd without wrangler: its modules and its address.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) name: String,
    pub(super) bundle: PathBuf,
    pub(super) port: u16,
}

/// One workerd with these Workers, each with its own isolate and socket.
pub(super) fn workerd(name: &str, services: &[Service]) -> Result<Server> {
    let mut text =
        String::from("using Workerd = import \"/workerd/workerd.capnp\";\nconst config :Workerd.Config = (\n");
    for (list, entry) in [("services", service as fn(&Service) -> Result<String>), ("sockets", socket)] {
        let entries: Vec<String> = services.iter().map(entry).collect::<Result<_>>()?;
        text += &format!("{list} = [\n{}],\n", entries.concat());
    }
    text += ");\n";
    let ports: Vec<u16> = services.iter().map(|service| service.port).collect();
    serve(name, &text, &ports)
}

/// workerd with this configuration.
pub(super) fn serve(name: &str, config: &str, ports: &[u16]) -> Result<Server> {
    let file = dir("workerd")?.join(name).with_extension("capnp");
    fs::write(&file, config)?;
    // `experimental` is needed for the Worker that loads others, and the import path for embedding absolute paths.
    let program = Sh::new(workerd_binary()?).args(["serve", "--experimental", "--import-path=/"]).args([&file]);
    start(name, &program, ports)
}

/// The modules of a bundle: its scripts, the main one first, and its wasm.
pub(super) fn modules(bundle: &Path) -> Vec<PathBuf> {
    let is_module = |file: &PathBuf| file.extension().is_some_and(|kind| kind == "js" || kind == "wasm");
    let mut modules: Vec<_> = paths::files_below(bundle).into_iter().filter(is_module).collect();
    modules.sort_by_key(|file| !file.ends_with("worker.js"));
    modules
}

/// The last part of a path.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn service(service: &Service) -> Result<String> {
    let modules = modules(&service.bundle).into_iter().map(|file| {
        let kind = if file.extension().is_some_and(|kind| kind == "wasm") { "wasm" } else { "esModule" };
        format!("(name = \"{}\", {kind} = embed \"{}\"), ", file_name(&file), file.display())
    });
    let modules: String = modules.collect();
    let name = &service.name;
    Ok(format!("  (name = \"{name}\", worker = (compatibilityDate = \"2026-11-01\", modules = [{modules}])),\n"))
}

fn socket(service: &Service) -> Result<String> {
    let Service { name, port, .. } = service;
    Ok(format!("  (name = \"{name}\", address = \"127.0.0.1:{port}\", http = (), service = \"{name}\"),\n"))
}

/// The workerd binary itself: npm's command is a script around it, whose process would be measured instead.
fn workerd_binary() -> Result<String> {
    Ok(Sh::new("node").args(["-p", "require('workerd').default"]).output()?.trim().to_owned())
}
