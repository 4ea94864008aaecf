//! A copy of the repository for faults: the working tree is never changed, and an interrupted run leaves none behind.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use testkit::{paths, sh::Sh};

/// A copy. It is locked until it is dropped, so that two runs use two copies.
pub(super) struct Tree {
    /// The root of the copy.
    pub(super) root: PathBuf,
    /// The folder of the copy and of what belongs to it, such as its build folder.
    pub(super) home: PathBuf,
    _lock: File,
}

impl Tree {
    /// Takes the first free copy, and brings it up to date.
    pub(super) fn take() -> Result<Self> {
        for number in 1.. {
            let home = all().join(number.to_string());
            fs::create_dir_all(&home)?;
            let lock = File::create(home.join("lock"))?;
            if lock.try_lock().is_ok() {
                let root = home.join("tree");
                copy(&root)?;
                return Ok(Self { root, home, _lock: lock });
            }
        }
        anyhow::bail!("no copy is free")
    }
}

/// The homes of the copies that no run has taken.
pub(super) fn idle() -> impl Iterator<Item = PathBuf> {
    let homes = fs::read_dir(all()).into_iter().flatten().flatten().map(|entry| entry.path());
    homes.filter(|home| File::open(home.join("lock")).is_ok_and(|lock| lock.try_lock().is_ok()))
}

fn all() -> PathBuf {
    paths::root().join("target/faults")
}

/// A file that has not changed is not written, so that it is not compiled again.
fn copy(to: &Path) -> Result<()> {
    let files = Sh::new("git").args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).output()?;
    for file in files.split('\0').filter(|file| !file.is_empty()) {
        let (from, to) = (paths::root().join(file), to.join(file));
        // A file of the index may be deleted.
        let Ok(content) = fs::read(&from) else { continue };
        if fs::read(&to).is_ok_and(|present| present == content) {
            continue;
        }
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&to, content).with_context(|| format!("cannot write {}", to.display()))?;
    }
    Ok(())
}
