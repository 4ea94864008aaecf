//! What was answered, and how fast.

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Result, bail};
use hdrhistogram::Histogram;

/// The kind of the answers of the empty Worker, which are not counted as requests.
pub(super) const EMPTY: &str = "empty Worker";

/// Different faults that are shown.
const SHOWN_FAULTS: usize = 20;

/// The figures of all connections.
#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<Figures>);

#[derive(Debug, Default)]
struct Figures {
    interval: Period,
    total: Period,
    faults: BTreeMap<String, u64>,
}

/// The figures of some time.
#[derive(Debug, Default)]
struct Period {
    /// Latencies of each kind in microseconds.
    latencies: BTreeMap<&'static str, Histogram<u64>>,
    /// Answers that are no success, by kind, status and reason, and whether they were expected.
    refusals: BTreeMap<(bool, &'static str, String), u64>,
}

impl Tally {
    /// Counts an answer. `refusal` is its status and reason if it is no success.
    pub(super) fn answer(&self, kind: &'static str, latency: Duration, refusal: Option<String>, is_expected: bool) {
        let mut figures = self.lock();
        let Figures { interval, total, .. } = &mut *figures;
        for period in [interval, total] {
            if let Some(refusal) = &refusal {
                *period.refusals.entry((is_expected, kind, refusal.clone())).or_default() += 1;
            }
            let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
            // Three significant digits, from a microsecond to more than the timeout: both are valid, so that it is never `None`.
            let new = || Histogram::new_with_bounds(1, 120_000_000, 3).ok();
            if !period.latencies.contains_key(kind) {
                period.latencies.extend(new().map(|histogram| (kind, histogram)));
            }
            if let Some(histogram) = period.latencies.get_mut(kind) {
                histogram.saturating_record(micros);
            }
        }
    }

    /// Counts something that must not happen.
    pub(super) fn fault(&self, what: String) {
        *self.lock().faults.entry(what).or_default() += 1;
    }

    /// How often something happened that must not.
    pub(super) fn faults(&self) -> u64 {
        self.lock().faults.values().sum()
    }

    /// The number of answers so far.
    pub(super) fn requests(&self) -> u64 {
        self.lock().total.requests()
    }

    /// The figures since the last call, which lasted so long.
    pub(super) fn interval(&self, lasted: Duration) -> String {
        let mut figures = self.lock();
        let period = std::mem::take(&mut figures.interval);
        let per_second = period.requests() as f64 / lasted.as_secs_f64();
        format!("{per_second:.0} requests/s\n{}{}", period.show(), figures.show_faults())
    }

    /// The figures of the whole run.
    pub(super) fn total(&self) -> String {
        let figures = self.lock();
        format!("{} requests\n{}", figures.total.requests(), figures.total.show())
    }

    /// # Errors
    /// When something happened that must not.
    pub(super) fn verdict(&self) -> Result<()> {
        let figures = self.lock();
        if figures.faults.is_empty() {
            return Ok(());
        }
        bail!("{} kinds of faults:\n{}", figures.faults.len(), figures.show_faults());
    }

    fn lock(&self) -> MutexGuard<'_, Figures> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Figures {
    fn show_faults(&self) -> String {
        let lines = self.faults.iter().map(|(what, times)| format!("  {times} x {what}"));
        lines.take(SHOWN_FAULTS).collect::<Vec<_>>().join("\n")
    }
}

impl Period {
    fn requests(&self) -> u64 {
        self.latencies.iter().filter(|(kind, _)| **kind != EMPTY).map(|(_, histogram)| histogram.len()).sum()
    }

    fn show(&self) -> String {
        let mut text = String::new();
        for (kind, histogram) in &self.latencies {
            let ms = |quantile| histogram.value_at_quantile(quantile) as f64 / 1000.0;
            let count = histogram.len();
            // Writing to a String does not fail.
            let _ = writeln!(text, "  {kind:16} {count:8}   p50 {:8.2} ms   p99 {:8.2} ms", ms(0.5), ms(0.99));
        }
        for is_expected in [true, false] {
            let of_kind = self.refusals.iter().filter(|((expected, _, _), _)| *expected == is_expected);
            let shown: Vec<_> = of_kind.map(|((_, kind, what), times)| format!("{kind} {what} x {times}")).collect();
            let shown = if shown.is_empty() { "none".to_owned() } else { shown.join("; ") };
            let _ = writeln!(text, "  {}: {shown}", if is_expected { "refused as expected" } else { "UNEXPECTED" });
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_begins_anew_and_the_total_does_not() {
        let tally = Tally::default();
        tally.answer("me", Duration::from_millis(2), None, true);
        tally.answer("login", Duration::from_millis(9), Some("403".into()), true);
        let shown = tally.interval(Duration::from_secs(1));
        assert!(shown.contains("2 requests/s") && shown.contains("login 403 x 1"), "{shown}");
        assert!(tally.interval(Duration::from_secs(1)).starts_with("0 requests/s"));
        assert_eq!(tally.requests(), 2);
        assert!(tally.total().contains("UNEXPECTED: none"), "{}", tally.total());
    }

    #[test]
    fn a_fault_fails_the_run() {
        let tally = Tally::default();
        assert!(tally.verdict().is_ok());
        tally.fault("an issued token did not verify".into());
        tally.fault("an issued token did not verify".into());
        assert_eq!(tally.faults(), 2);
        assert!(tally.verdict().unwrap_err().to_string().contains("2 x an issued token"));
    }
}
