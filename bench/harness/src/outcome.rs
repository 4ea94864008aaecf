//! The result of a measure: tables, goals and charts, stored as JSON between runs.

use serde::{Deserialize, Serialize};

use super::series::{Series, Spread};

/// The result of one measure.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Outcome {
    /// Its tables, in order.
    pub(super) tables: Vec<Table>,
    /// Notes for the reader, a paragraph each.
    pub(super) notes: Vec<String>,
    /// The goals of the project for this measure.
    pub(super) goals: Vec<Goal>,
    /// Its charts.
    pub(super) charts: Vec<Chart>,
    /// All single measurements.
    pub(super) raw: Vec<Series>,
}

/// One table, with formatted cells.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Table {
    /// The caption, with the unit.
    pub(super) caption: String,
    /// The column heads; the first column contains names, the others numbers.
    pub(super) columns: Vec<String>,
    /// The rows.
    pub(super) rows: Vec<Vec<String>>,
}

/// A goal and the measured value.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Goal {
    /// What is measured.
    pub(super) what: String,
    /// The measured value.
    pub(super) value: f64,
    /// The bound.
    pub(super) bound: Bound,
}

/// The direction of a goal.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) enum Bound {
    /// At most this value.
    AtMost(f64),
    /// At least this value.
    AtLeast(f64),
}

/// A bar chart of multiples.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Chart {
    /// The file name in `bench/charts`, without extension.
    pub(super) name: String,
    /// The title, which says whether longer or shorter is better.
    pub(super) title: String,
    /// The bars.
    pub(super) bars: Vec<Bar>,
}

/// One bar.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Bar {
    /// The label.
    pub(super) label: String,
    /// The length.
    pub(super) value: f64,
    /// The text at the end.
    pub(super) text: String,
}

impl Table {
    /// A table of times, with the ratio of ours to each, computed for each round.
    pub(super) fn of_times(caption: &str, unit: &str, series: &[Series], ours: &Series) -> Self {
        let rows = series.iter().map(|each| {
            let ratio = if each.label == ours.label { "1".into() } else { ours.ratio(each).show(2) };
            vec![each.label.clone(), each.spread().show(decimals(each.median())), ratio]
        });
        let columns = vec!["subject".into(), unit.to_owned(), format!("{} ÷ this", ours.label)];
        Self { caption: caption.into(), columns, rows: rows.collect() }
    }

    /// The table in Markdown.
    pub(super) fn markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let rule: Vec<String> =
            (0..self.columns.len()).map(|column| if column == 0 { "---" } else { "---:" }.into()).collect();
        let rows: String = self.rows.iter().map(|row| line(row)).collect();
        format!("{}\n\n{}{}{rows}", self.caption, line(&self.columns), line(&rule))
    }
}

impl Goal {
    pub(super) fn at_most(what: &str, value: f64, bound: f64) -> Self {
        Self { what: what.into(), value, bound: Bound::AtMost(bound) }
    }

    pub(super) fn at_least(what: &str, value: f64, bound: f64) -> Self {
        Self { what: what.into(), value, bound: Bound::AtLeast(bound) }
    }

    pub(super) fn is_reached(&self) -> bool {
        match self.bound {
            Bound::AtMost(bound) => self.value <= bound,
            Bound::AtLeast(bound) => self.value >= bound,
        }
    }

    /// The cells of a goal's row.
    pub(super) fn cells(&self) -> Vec<String> {
        let (side, bound) = match self.bound {
            Bound::AtMost(bound) => ("at most", bound),
            Bound::AtLeast(bound) => ("at least", bound),
        };
        let verdict = if self.is_reached() { "reached" } else { "not reached" };
        vec![self.what.clone(), format!("{side} {bound}"), format!("{:.2}", self.value), verdict.into()]
    }
}

impl Chart {
    /// Bars as multiples of ours, which is 1.
    pub(super) fn of_multiples(name: &str, title: &str, series: &[Series], ours: &Series) -> Self {
        let bar = |each: &Series| {
            let Spread { median, .. } = each.ratio(ours);
            Bar { label: each.label.clone(), value: median, text: format!("{median:.2}") }
        };
        Self { name: name.into(), title: title.into(), bars: series.iter().map(bar).collect() }
    }
}

/// Three significant digits.
pub(super) fn decimals(value: f64) -> usize {
    match value {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        0.1.. => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_at_its_bound_is_reached() {
        assert!(Goal::at_most("a", 1.03, 1.03).is_reached() && !Goal::at_most("a", 1.04, 1.03).is_reached());
        assert!(Goal::at_least("a", 2.0, 2.0).is_reached() && !Goal::at_least("a", f64::NAN, 2.0).is_reached());
    }

    #[test]
    fn a_table_is_markdown() {
        let table = Table {
            caption: "c".into(),
            columns: vec!["a".into(), "b".into()],
            rows: vec![vec!["x".into(), "1".into()]],
        };
        assert_eq!(table.markdown(), "c\n\n| a | b |\n| --- | ---: |\n| x | 1 |\n");
    }
}
