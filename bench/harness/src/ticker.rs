//! How far a measure has come, on one line of a terminal. In a log there is only the line at the start.

use std::io::{self, IsTerminal, Write};

/// Counts to a total before the user's eyes.
#[derive(Debug)]
pub(super) struct Ticker<'a> {
    what: &'a str,
    total: u32,
    done: u32,
}

impl<'a> Ticker<'a> {
    pub(super) fn new(what: &'a str, total: u32) -> Self {
        if !io::stdout().is_terminal() {
            println!("      {what}: {total} rounds");
        }
        Self { what, total, done: 0 }
    }

    /// One more begins.
    pub(super) fn tick(&mut self) {
        self.done += 1;
        if io::stdout().is_terminal() {
            print!("\r      {}: round {} of {}\u{1b}[K", self.what, self.done, self.total);
            // A closed terminal is no reason to stop measuring.
            let _ = io::stdout().flush();
        }
    }
}

impl Drop for Ticker<'_> {
    fn drop(&mut self) {
        if io::stdout().is_terminal() {
            print!("\r\u{1b}[K");
        }
    }
}
