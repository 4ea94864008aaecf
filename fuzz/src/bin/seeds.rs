//! Writes the seeds of every target into a folder of its own below the folder that is given, and prints the names of the targets.

use std::{env, fs, io, path::PathBuf};

use edgegate_fuzz::TARGETS;

fn main() -> io::Result<()> {
    let corpus = PathBuf::from(env::args_os().nth(1).unwrap_or_else(|| "target/fuzz-corpus".into()));
    for target in &TARGETS {
        let folder = corpus.join(target.name);
        fs::create_dir_all(&folder)?;
        for (number, seed) in target.seeds.iter().enumerate() {
            fs::write(folder.join(format!("seed-{number}")), seed)?;
        }
        println!("{}", target.name);
    }
    Ok(())
}
