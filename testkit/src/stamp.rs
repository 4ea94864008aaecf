//! Work that is skipped while its inputs are unchanged.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

use anyhow::Result;

use crate::{paths, progress::Did};

/// A piece of work with its inputs and outputs.
///
/// Contents are compared, not modification times, which change with every checkout.
#[derive(Debug)]
pub struct Stamp<'a> {
    /// The name of the stamp file under `target/xtask`; unique.
    pub name: &'a str,
    /// Files and folders whose contents are compared.
    pub inputs: &'a [&'a str],
    /// Further input, such as the version of a tool.
    pub also: &'a str,
    /// Files that must exist for the work to count as done.
    pub outputs: Vec<&'a str>,
}

impl Stamp<'_> {
    /// Does the work unless it was done with the same inputs.
    ///
    /// # Errors
    /// The error of the work, which then counts as not done.
    pub fn unless_unchanged(&self, work: impl FnOnce() -> Result<()>) -> Result<Did> {
        let file = paths::state().join(self.name).with_extension("stamp");
        let fresh = self.fingerprint();
        let present = self.outputs.iter().all(|output| paths::root().join(output).exists());
        if present && fs::read_to_string(&file).is_ok_and(|stored| stored == fresh) {
            return Ok(Did::Nothing);
        }
        if file.exists() {
            fs::remove_file(&file)?;
        }
        work()?;
        fs::create_dir_all(paths::state())?;
        // Computed again: npm and cargo may complete a lock file while they work.
        fs::write(&file, self.fingerprint())?;
        Ok(Did::Work)
    }

    fn fingerprint(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.also.hash(&mut hasher);
        for file in self.inputs.iter().flat_map(|input| expand(&paths::root().join(input))) {
            file.hash(&mut hasher);
            fs::read(&file).unwrap_or_default().hash(&mut hasher);
        }
        format!("{:016x}\n", hasher.finish())
    }
}

fn expand(path: &Path) -> Vec<PathBuf> {
    if path.is_dir() { paths::files_below(path) } else { vec![path.to_path_buf()] }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Case: a migration is added after the local database was created.
    #[test]
    fn a_new_file_in_a_folder_repeats_the_work() -> Result<()> {
        let dir = paths::state().join("stamp-test");
        fs::create_dir_all(&dir)?;
        let dir = dir.display().to_string();
        let (first, second) = (format!("{dir}/0001.sql"), format!("{dir}/0002.sql"));
        let stamp = Stamp { name: "stamp-test", inputs: &[&dir], also: "", outputs: vec![&first] };
        for file in [&first, &second].into_iter().filter(|file| Path::new(file).exists()) {
            fs::remove_file(file)?;
        }
        assert_eq!(stamp.unless_unchanged(|| Ok(fs::write(&first, "one")?))?, Did::Work);
        assert_eq!(stamp.unless_unchanged(|| Ok(()))?, Did::Nothing);
        fs::write(&second, "two")?;
        assert!(stamp.unless_unchanged(|| anyhow::bail!("no")).is_err());
        assert_eq!(stamp.unless_unchanged(|| Ok(()))?, Did::Work);
        assert_eq!(stamp.unless_unchanged(|| Ok(()))?, Did::Nothing);
        fs::remove_file(&first)?;
        assert_eq!(stamp.unless_unchanged(|| Ok(fs::write(&first, "one")?))?, Did::Work);
        Ok(())
    }
}
