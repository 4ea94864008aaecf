//! The memory of both workerds, and whether it grows.

use std::time::Duration;

use anyhow::{Result, ensure};

/// Runs that are shorter are not judged: workerd's heap grows until its first collections.
const JUDGED_FROM: Duration = Duration::from_secs(120);

/// How much more than the empty Worker ours may grow: a share of its memory, and a fixed part that covers the caches of SQLite and V8.
const GROWTH_MAX_PERCENT: u64 = 25;
const GROWTH_MAX_BYTES: u64 = 16 << 20;

/// Resident bytes of both workerds at one time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sample {
    /// Our Worker's.
    pub(super) ours: u64,
    /// The empty Worker's.
    pub(super) empty: u64,
}

/// The samples of a run, at equal intervals.
#[derive(Debug, Default)]
pub(super) struct Memory(Vec<Sample>);

impl Memory {
    pub(super) fn sample(&mut self, sample: Sample) {
        self.0.push(sample);
    }

    /// The last sample as text.
    pub(super) fn last(&self) -> String {
        let Sample { ours, empty } = self.0.last().copied().unwrap_or_default();
        format!("memory {}, of the empty Worker {}", megabytes(ours), megabytes(empty))
    }

    /// The growth as text.
    ///
    /// # Errors
    /// When it is too much.
    pub(super) fn verdict(&self, duration: Duration) -> Result<String> {
        let (second, last) = (self.median_of_quarter(1), self.median_of_quarter(3));
        let growth = last.ours.saturating_sub(second.ours);
        let of_empty = last.empty.saturating_sub(second.empty);
        let allowed = second.ours * GROWTH_MAX_PERCENT / 100 + GROWTH_MAX_BYTES + of_empty;
        let said = format!(
            "memory from the second quarter to the last: {} to {}; of the empty Worker {} to {}",
            megabytes(second.ours),
            megabytes(last.ours),
            megabytes(second.empty),
            megabytes(last.empty)
        );
        ensure!(
            duration < JUDGED_FROM || growth <= allowed,
            "the memory grows: {said}; {} of growth is allowed",
            megabytes(allowed)
        );
        Ok(said)
    }

    fn median_of_quarter(&self, quarter: usize) -> Sample {
        let quarter_length = self.0.len() / 4;
        let samples = self.0.iter().skip(quarter * quarter_length).take(quarter_length);
        Sample {
            ours: median(samples.clone().map(|sample| sample.ours)),
            empty: median(samples.map(|sample| sample.empty)),
        }
    }
}

fn median(values: impl Iterator<Item = u64>) -> u64 {
    let mut values: Vec<u64> = values.collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / f64::from(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u64 = 1 << 20;

    /// 100 samples in megabytes of both.
    fn verdict(ours: impl Fn(u64) -> u64, empty: impl Fn(u64) -> u64) -> Result<String> {
        let sample = |at| Sample { ours: ours(at) * MB, empty: empty(at) * MB };
        Memory((0..100).map(sample).collect()).verdict(JUDGED_FROM)
    }

    #[test]
    fn a_start_that_grows_is_no_leak() {
        assert!(verdict(|at| 80 + at.min(20) * 10, |_| 60).is_ok());
    }

    #[test]
    fn steady_growth_is_a_leak_unless_the_empty_worker_grows_too() {
        assert!(verdict(|at| 100 + 2 * at, |_| 60).is_err());
        assert!(verdict(|at| 100 + 2 * at, |at| 60 + 2 * at).is_ok());
    }

    #[test]
    fn the_allowance_is_a_quarter_and_16_megabytes() {
        let step = |size: u64| move |at| if at < 60 { 100 } else { 100 + size };
        assert!(verdict(step(41), |_| 60).is_ok());
        assert!(verdict(step(42), |_| 60).is_err());
    }

    #[test]
    fn a_short_run_is_not_judged() {
        let memory = Memory((0..100).map(|at| Sample { ours: at * MB, empty: 0 }).collect());
        assert!(memory.verdict(Duration::from_secs(10)).is_ok());
        assert!(memory.verdict(JUDGED_FROM).is_err());
    }
}
