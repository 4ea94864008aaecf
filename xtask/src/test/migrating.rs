//! MIGRATING.md, run as it stands: a reader's folder, two FastAPI backends on PostgreSQL (`tests/migrating`), and the Worker on workerd.

use std::{fs, thread, time::Instant};

use anyhow::{Context, Result, anyhow, ensure};
use testkit::{paths, progress::seconds, sh::Sh};

use self::{
    backend::{BACKENDS, Backend, Running},
    blocks::{Block, blocks},
    reader::Reader,
};
use super::Outcome::{self, NotRun, Passed};

mod backend;
mod blocks;
mod reader;

/// After this section, `tests/migrating/live.sh` checks what the document does not show.
const LIVE: &str = "7. Going live";

/// Runs all blocks of the document once for each backend, both at the same time.
pub(super) fn check() -> Result<Outcome> {
    let has_venv = Sh::new("python3").args(["-c", "import ensurepip, venv"]).output().is_ok();
    if !has_venv {
        return Ok(NotRun("no python3 with venv here: apt-get install python3 python3-venv".into()));
    }
    let document = fs::read_to_string(paths::root().join("MIGRATING.md")).context("MIGRATING.md")?;
    let blocks = blocks(&document)?;
    ensure!(blocks.iter().any(|block| block.section == LIVE), "MIGRATING.md has no section `{LIVE}`");
    BACKENDS.iter().try_for_each(Backend::install)?;
    let results = thread::scope(|scope| {
        let running = BACKENDS.map(|backend| {
            let blocks = &blocks;
            scope.spawn(move || migrate(&backend, blocks).with_context(|| format!("{}: MIGRATING.md", backend.name)))
        });
        running.map(|thread| thread.join().unwrap_or_else(|_| Err(anyhow!("the thread has panicked"))))
    });
    let mut faults = Vec::new();
    for error in results.iter().filter_map(|result| result.as_ref().err()) {
        faults.push(format!("{error:#}"));
    }
    ensure!(faults.is_empty(), "{}", faults.join("\n\n"));
    Ok(Passed(format!("{} blocks, {} backends", blocks.len(), BACKENDS.len())))
}

fn migrate(backend: &Backend, blocks: &[Block]) -> Result<()> {
    let running = Running::start(backend)?;
    let mut reader = Reader::new(&running)?;
    let own = blocks.iter().filter(|block| !block.text_ids || backend.text_ids).collect::<Vec<_>>();
    for (place, block) in own.iter().enumerate() {
        let started = Instant::now();
        reader.run(block).with_context(|| format!("line {}, `{}`", block.line, block.section))?;
        println!("{:9} line {:3}, {}: {}", backend.name, block.line, block.section, seconds(started.elapsed()));
        let is_last = own.get(place + 1).is_none_or(|next| next.section != block.section);
        if block.section == LIVE && is_last {
            reader.check_live().context("tests/migrating/live.sh")?;
        }
    }
    Ok(())
}
