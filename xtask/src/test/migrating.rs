//! MIGRATING.md, run as it stands: a reader's folder, two FastAPI backends on PostgreSQL (`tests/migrating`), and the Worker on workerd.

use std::{fs, thread, time::Instant};

use anyhow::{Context, Result, anyhow};
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

/// Runs all blocks of the document once for each backend, both at the same time.
pub(super) fn check() -> Result<Outcome> {
    let has_venv = Sh::new("python3").args(["-c", "import ensurepip, venv"]).output().is_ok();
    if !has_venv {
        return Ok(NotRun("no python3 with venv here: apt-get install python3 python3-venv".into()));
    }
    let document = fs::read_to_string(paths::root().join("MIGRATING.md")).context("MIGRATING.md")?;
    let blocks = blocks(&document)?;
    BACKENDS.iter().try_for_each(Backend::install)?;
    let results = thread::scope(|scope| {
        let running = BACKENDS.map(|backend| {
            scope.spawn({
                let blocks = &blocks;
                move || migrate(&backend, blocks).with_context(|| format!("{}: MIGRATING.md", backend.name))
            })
        });
        running.map(|thread| thread.join().unwrap_or_else(|_| Err(anyhow!("the thread has panicked"))))
    });
    let mut counts = Vec::new();
    for (backend, result) in BACKENDS.iter().zip(results) {
        counts.push(format!("{} {}", backend.name, result?));
    }
    Ok(Passed(format!("blocks: {}", counts.join(", "))))
}

/// Returns how many blocks were run.
fn migrate(backend: &Backend, blocks: &[Block]) -> Result<usize> {
    let running = Running::start(backend)?;
    let mut reader = Reader::new(&running)?;
    let mut count = 0;
    let own = blocks.iter().filter(|block| !block.is_pending && (!block.text_ids || backend.text_ids));
    let own = own.collect::<Vec<_>>();
    for (place, block) in own.iter().enumerate() {
        let started = Instant::now();
        reader.run(block).with_context(|| format!("line {}, `{}`", block.line, block.section))?;
        println!("{:9} line {:3}, {}: {}", backend.name, block.line, block.section, seconds(started.elapsed()));
        count += 1;
        let is_last = own.get(place + 1).is_none_or(|next| next.section != block.section);
        if let Some((number, _)) = block.section.split_once('.')
            && is_last
        {
            reader.check_after(number)?;
        }
    }
    Ok(count)
}
