//! Progress output of a command: `[3/8] Compiling ... 4.2 s`.

use std::{
    io::{self, Write},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Did {
    /// The step did its work.
    Work,
    /// Nothing had changed since the last run.
    Nothing,
}

/// The steps of one command, numbered.
#[derive(Debug)]
pub struct Progress {
    total: usize,
    done: usize,
    explains: bool,
    started: Instant,
}

impl Progress {
    /// A command with `total` steps.
    #[must_use]
    pub fn new(total: usize) -> Self {
        Self { total, done: 0, explains: false, started: Instant::now() }
    }

    /// Whether each step says what it does and why, as on a first run.
    #[must_use]
    pub fn explaining(mut self, explains: bool) -> Self {
        self.explains = explains;
        self
    }

    /// Prints the name of the step, runs it, and prints its duration.
    ///
    /// # Errors
    /// The error of the step, with the step's name.
    pub fn step(&mut self, name: &str, work: impl FnOnce() -> Result<Did>) -> Result<()> {
        self.explained(name, "", work)
    }

    /// The same with an explanation.
    ///
    /// # Errors
    /// As [`Progress::step`].
    pub fn explained(&mut self, name: &str, why: &str, work: impl FnOnce() -> Result<Did>) -> Result<()> {
        self.done += 1;
        let (number, total) = (self.done, self.total);
        println!("[{number}/{total}] {name}");
        if self.explains && !why.is_empty() {
            println!("      {why}");
        }
        let started = Instant::now();
        let did = work().with_context(|| format!("step {number} of {total} failed: {name}"))?;
        let outcome = match did {
            Did::Work => "done",
            Did::Nothing => "unchanged",
        };
        println!("      {outcome} in {}", seconds(started.elapsed()));
        io::stdout().flush()?;
        Ok(())
    }

    /// The run time of the command so far.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

/// A duration as text: `4.2 s`, `3 min 05 s`.
#[must_use]
pub fn seconds(duration: Duration) -> String {
    match duration.as_secs() {
        0..60 => format!("{:.1} s", duration.as_secs_f32()),
        whole => format!("{} min {:02} s", whole / 60, whole % 60),
    }
}
