//! Running other programs.

use std::{
    ffi::OsStr,
    fmt,
    io::{self, BufRead, BufReader, Read, Write},
    path::Path,
    process::{Command, ExitStatus, Stdio},
    thread,
};

use anyhow::{Context, Result, bail};

use crate::{paths, process::Group};

/// A program with its arguments. It runs in the root of the repository, with the project's own tools on the `PATH`.
#[derive(Debug)]
pub struct Sh(Command);

impl Sh {
    /// The program called `program`.
    #[must_use]
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        command.current_dir(paths::root()).env("PATH", paths::search_path());
        // Cargo sets these for the program that it runs. A cargo started from here must not inherit them.
        for name in ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
            command.env_remove(name);
        }
        Self(command)
    }

    /// A command of an npm package of the root, run by the project's own Node.
    #[must_use]
    pub fn node_tool(name: &str) -> Self {
        Self::new(paths::node_bin().join(name))
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.0.args(args);
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    /// Runs in this folder instead of the root of the repository.
    #[must_use]
    pub fn dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.0.current_dir(dir);
        self
    }

    /// Starts the program and returns its process group.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn spawn(&self, stdout: Stdio, stderr: Stdio) -> Result<Group> {
        Group::spawn(&self.0, stdout, stderr).with_context(|| format!("could not start: {self}"))
    }

    /// Runs the program and shows its output.
    ///
    /// # Errors
    /// When it cannot be started or fails; the message contains the command line.
    pub fn run(self) -> Result<()> {
        let status = self.spawn(Stdio::inherit(), Stdio::inherit())?.wait()?;
        if !status.success() {
            bail!("{status} from: {self}");
        }
        Ok(())
    }

    /// Runs the program without showing its output, and returns its stdout.
    ///
    /// # Errors
    /// When it cannot be started or fails; the message contains the command line and the output.
    pub fn output(self) -> Result<String> {
        let (status, stdout, stderr) = self.collect(io::sink(), io::sink())?;
        if !status.success() {
            bail!("{status} from: {self}\n{stdout}{stderr}");
        }
        Ok(stdout)
    }

    /// Runs the program and shows its output. Returns whether it succeeded, and the output.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn tee(self) -> Result<(bool, String)> {
        let (status, mut text, stderr) = self.collect(io::stdout(), io::stderr())?;
        if !status.success() {
            eprintln!("{status} from: {self}");
        }
        text.push_str(&stderr);
        Ok((status.success(), text))
    }

    fn collect(
        &self,
        to_stdout: impl Write,
        to_stderr: impl Write + Send + 'static,
    ) -> Result<(ExitStatus, String, String)> {
        let mut group = self.spawn(Stdio::piped(), Stdio::piped())?;
        let (stdout, stderr) = (group.leader().stdout.take(), group.leader().stderr.take());
        let stderr = thread::spawn(move || copy(stderr, to_stderr));
        let stdout = copy(stdout, to_stdout);
        Ok((group.wait()?, stdout, stderr.join().unwrap_or_default()))
    }
}

impl fmt::Display for Sh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.get_program().display())?;
        self.0.get_args().try_for_each(|argument| write!(f, " {}", argument.display()))
    }
}

fn copy(from: Option<impl Read>, mut to: impl Write) -> String {
    let mut text = String::new();
    let Some(from) = from else { return text };
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while matches!(from.read_until(b'\n', &mut line), Ok(1..)) {
        // Reading continues when the terminal is closed: a full pipe would block the child.
        let _ = to.write_all(&line).and_then(|()| to.flush());
        text.push_str(&String::from_utf8_lossy(&line));
        line.clear();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_contains_the_command_line_and_the_output() {
        let error = Sh::new("sh").args(["-c", "echo out; echo err >&2; exit 3"]).output().unwrap_err().to_string();
        assert!(error.contains("exit status: 3") && error.contains("sh -c"), "{error}");
        assert!(error.contains("out\nerr"), "{error}");
    }
}
