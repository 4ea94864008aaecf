//! The upload size: every module of the Worker, compressed with the highest gzip level as one stream, as wrangler
//! reports it.

use std::{fs, io::Write, path::Path};

use anyhow::Result;
use flate2::{Compression, write::GzEncoder};

use super::Effort;
use crate::{
    bundle::{OURS, minified_bundle, worker_bundle},
    outcome::{Bar, Chart, Goal, Outcome, Table},
    server::modules,
};

const WORKERS: [(&str, &str); 3] =
    [("edgegate", OURS), ("Hono + jose + bcryptjs", "hono"), ("better-auth", "better-auth")];

pub(super) fn run(_effort: Effort) -> Result<Outcome> {
    let mut rows = Vec::new();
    let mut sizes = Vec::new();
    for (label, name) in WORKERS {
        let (plain, minified) = (weigh(&worker_bundle(name))?, weigh(&minified_bundle(name))?);
        sizes.push((label, plain));
        rows.push((label, plain, minified));
    }
    let [(_, ours), _, (_, better_auth)] = sizes[..] else { anyhow::bail!("three were weighed") };
    let kilobytes = |bytes: f64| format!("{:.1}", bytes / 1000.0);
    let table = Table {
        caption: "Thousands of bytes of gzip:".into(),
        columns: ["Worker", "wrangler deploy", "wrangler deploy --minify", "edgegate ÷ this"].map(String::from).into(),
        rows: rows
            .iter()
            .map(|(label, plain, minified)| {
                vec![(*label).to_owned(), kilobytes(*plain), kilobytes(*minified), format!("{:.2}", ours / plain)]
            })
            .collect(),
    };
    let goals = vec![
        Goal::at_most("gzip uploaded, KB", ours / 1000.0, 160.0),
        Goal::at_most("gzip uploaded ÷ better-auth", ours / better_auth, 0.50),
    ];
    let bars = sizes.iter().map(|(label, bytes)| Bar {
        label: (*label).to_owned(),
        value: *bytes,
        text: format!("{} KB", kilobytes(*bytes)),
    });
    let title = "gzip of everything the Worker uploads (shorter is lighter)".to_owned();
    let charts = vec![Chart { name: "size".into(), title, bars: bars.collect() }];
    Ok(Outcome { tables: vec![table], goals, charts, ..Outcome::default() })
}

fn weigh(bundle: &Path) -> Result<f64> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    modules(bundle).iter().try_for_each(|file| encoder.write_all(&fs::read(file)?))?;
    Ok(encoder.finish()?.len() as f64)
}
