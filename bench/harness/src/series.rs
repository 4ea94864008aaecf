//! Measured values by round, and their statistics.

use serde::{Deserialize, Serialize};

/// One subject's values. The n-th values of two series come from the same round, one directly after the other.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Series {
    /// The label.
    pub(super) label: String,
    /// One value for each round.
    pub(super) samples: Vec<f64>,
}

/// Median, minimum and maximum.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

impl Series {
    pub(super) fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), samples: Vec::new() }
    }

    pub(super) fn spread(&self) -> Spread {
        Spread::of(self.samples.clone())
    }

    pub(super) fn median(&self) -> f64 {
        self.spread().median
    }

    /// This divided by that, for each round: a disturbance of the machine affects both.
    pub(super) fn ratio(&self, to: &Self) -> Spread {
        Spread::of(self.samples.iter().zip(&to.samples).map(|(one, other)| one / other).collect())
    }

    /// This minus that, for each round.
    pub(super) fn above(&self, base: &Self) -> Self {
        let samples = self.samples.iter().zip(&base.samples).map(|(one, other)| one - other).collect();
        Self { label: self.label.clone(), samples }
    }
}

impl Spread {
    fn of(mut samples: Vec<f64>) -> Self {
        samples.sort_by(f64::total_cmp);
        let at = |index: usize| samples.get(index).copied().unwrap_or(f64::NAN);
        let last = samples.len().saturating_sub(1);
        Self { median: f64::midpoint(at(last / 2), at(last.div_ceil(2))), min: at(0), max: at(last) }
    }

    /// `1.02 (0.99..1.10)`
    pub(super) fn show(self, decimals: usize) -> String {
        format!("{:.decimals$} ({:.decimals$}..{:.decimals$})", self.median, self.min, self.max)
    }
}

/// The value below which this share of all values lies.
pub(super) fn quantile(sorted: &[f64], share: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank within the slice")]
    let rank = ((sorted.len() as f64 * share).ceil() as usize).saturating_sub(1);
    sorted.get(rank).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(samples: &[f64]) -> Series {
        Series { label: String::new(), samples: samples.to_vec() }
    }

    #[test]
    fn the_median_lies_in_the_middle_and_the_ratio_is_taken_round_by_round() {
        assert_eq!(series(&[3.0, 1.0, 2.0]).spread().show(1), "2.0 (1.0..3.0)");
        assert_eq!(series(&[4.0, 1.0]).median(), 2.5);
        // Both are slow in the second round.
        assert_eq!(series(&[1.0, 10.0]).ratio(&series(&[2.0, 20.0])).show(2), "0.50 (0.50..0.50)");
    }

    #[test]
    fn a_quantile_is_one_of_the_samples() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!((quantile(&hundred, 0.5), quantile(&hundred, 0.99), quantile(&[7.0], 0.99)), (50.0, 99.0, 7.0));
    }
}
