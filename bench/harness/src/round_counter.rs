//! The progress of a measure, on one line of a terminal. A log gets only a line at the start.

use std::io::{self, IsTerminal, Write};

/// Shows the number of the current round.
#[derive(Debug)]
pub(super) struct RoundCounter<'a> {
    what: &'a str,
    total: u32,
    done: u32,
}

impl<'a> RoundCounter<'a> {
    pub(super) fn new(what: &'a str, total: u32) -> Self {
        if !io::stdout().is_terminal() {
            println!("      {what}: {total} rounds");
        }
        Self { what, total, done: 0 }
    }

    /// Starts the next round.
    pub(super) fn next_round(&mut self) {
        self.done += 1;
        if io::stdout().is_terminal() {
            print!("\r      {}: round {} of {}\u{1b}[K", self.what, self.done, self.total);
            // A closed terminal must not stop the measurement.
            let _ = io::stdout().flush();
        }
    }
}

impl Drop for RoundCounter<'_> {
    fn drop(&mut self) {
        if io::stdout().is_terminal() {
            print!("\r\u{1b}[K");
        }
    }
}
