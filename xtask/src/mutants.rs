//! `cargo xtask mutants`: puts small faults into the code, one at a time, and counts those that the tests notice.
//!
//! Faults of Rust are made by cargo-mutants. Those of TypeScript, SQL and constants are lists: `tests/mutants/*.toml`.

use anyhow::Result;

mod ledger;
mod listed;
mod report;
mod rust;
pub(crate) mod test_runner;
mod tree;

use self::{ledger::Ledger, listed::Suite};

/// Put faults into the code, one at a time, and count those that the tests notice
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run only these parts
    #[arg(long, num_args = 1.., value_name = "NAME", value_parser = PARTS.map(|part| part.name))]
    part: Vec<String>,
    /// Run only a share of the faults of each part; 0/4 is the first quarter
    #[arg(long, value_name = "K/N", value_parser = Shard::parse)]
    shard: Option<Shard>,
    /// Skip the faults that an earlier run has noticed: to continue a run, or after new tests
    #[arg(long)]
    again: bool,
    /// List the faults and exit
    #[arg(long)]
    list: bool,
}

/// A part of the code, with a count of its own.
struct Part {
    name: &'static str,
    kind: Kind,
}

enum Kind {
    /// `src/NAME.rs` and `src/NAME/`, without the feature `lanes`: the `bcrypt` crate is optimised, so the crate itself can be
    /// compiled without optimisation, which is what takes the time.
    Rust,
    /// The same with `lanes`, optimised a little.
    RustWithLanes,
    /// The faults of a list.
    Listed(Suite),
}

/// Every part; those where a fault hurts most are first.
const PARTS: [Part; 9] = [
    Part { name: "host", kind: Kind::Rust },
    Part { name: "token", kind: Kind::Rust },
    Part { name: "routes", kind: Kind::Rust },
    Part { name: "http", kind: Kind::Rust },
    Part { name: "settings", kind: Kind::Rust },
    Part { name: "fastapi", kind: Kind::Rust },
    Part { name: "password", kind: Kind::RustWithLanes },
    Part { name: "limits", kind: Kind::Listed(Suite::Crate) },
    Part { name: "pkg", kind: Kind::Listed(Suite::Package) },
];

/// The `k`-th of `n` shares, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shard {
    k: usize,
    n: usize,
}

impl Shard {
    fn parse(text: &str) -> Result<Self, String> {
        let parsed = text.split_once('/').and_then(|(k, n)| Some(Self { k: k.parse().ok()?, n: n.parse().ok()? }));
        parsed.filter(|shard| shard.k < shard.n).ok_or_else(|| "must be K/N with K less than N, such as 0/4".into())
    }

    /// The share of a list.
    fn of<T>(self, all: Vec<T>) -> Vec<T> {
        all.into_iter().skip(self.k).step_by(self.n).collect()
    }
}

/// Runs the command.
///
/// # Errors
/// When the tests fail without a fault, or a fault cannot be put in.
pub(crate) fn run(args: &Args) -> Result<()> {
    let chosen = PARTS.iter().filter(|part| args.part.is_empty() || args.part.iter().any(|name| name == part.name));
    for part in chosen {
        let mut ledger = Ledger::read(part.name)?;
        let all = match part.kind {
            Kind::Rust | Kind::RustWithLanes => rust::list(part)?,
            Kind::Listed(suite) => suite.list()?,
        };
        let names = args.shard.map_or_else(|| all.clone(), |shard| shard.of(all.clone()));
        if args.list {
            names.iter().for_each(|name| println!("{name}"));
            continue;
        }
        rust::recover(part.name, &mut ledger)?;
        ledger.keep(&all);
        if !args.again {
            ledger.forget(&names)?;
        }
        let open = names.into_iter().filter(|name| !ledger.is_settled(name)).collect::<Vec<_>>();
        println!("\n{}: {} faults, {} to put in", part.name, all.len(), open.len());
        if !open.is_empty() {
            match part.kind {
                Kind::Rust | Kind::RustWithLanes => rust::run(part, &all, &open, &mut ledger)?,
                Kind::Listed(suite) => suite.run(&open, &mut ledger)?,
            }
        }
        report::write(part.name, &ledger, all.len())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Shard;

    #[test]
    fn the_shards_are_all() {
        let all: Vec<u8> = (0..10).collect();
        let mut shards: Vec<u8> = (0..3).flat_map(|k| Shard { k, n: 3 }.of(all.clone())).collect();
        shards.sort_unstable();
        assert_eq!(shards, all);
        assert!(Shard::parse("3/3").is_err() && Shard::parse("1").is_err());
        assert_eq!(Shard::parse("2/3"), Ok(Shard { k: 2, n: 3 }));
    }
}
