//! What to run after an error. Each error ends with it.

use std::{ffi::OsString, fmt};

use anyhow::{Error, anyhow};
use clap::CommandFactory as _;

use crate::Cli;

/// An error that knows the command to run next. Others end with the help of the command that was called.
#[derive(Debug)]
pub(crate) struct Advice {
    /// What is wrong.
    pub(crate) what: String,
    /// The command.
    pub(crate) next: String,
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Advice {}

/// The error of a command, with what to run next.
pub(crate) fn advised(error: &Error, args: &[OsString]) -> Error {
    let advice = error.downcast_ref::<Advice>();
    let next = advice.map_or_else(|| format!("{} --help", called(args)), |advice| advice.next.clone());
    anyhow!("{}\n\nnext: `{next}`", format!("{error:#}").trim_end())
}

/// What clap says about wrong arguments, with the whole command instead of `--help` alone.
pub(crate) fn usage(error: &clap::Error, args: &[OsString]) -> String {
    let said = error.render().to_string();
    let said = said.split("\nFor more information").next().unwrap_or_default().trim_end();
    format!("{said}\n\nnext: `{} --help`", called(args))
}

/// The command that these arguments call, such as `cargo xtask contract record`.
fn called(args: &[OsString]) -> String {
    let mut command = &Cli::command();
    let mut names = "cargo xtask".to_owned();
    for arg in args.iter().skip(1) {
        let Some(next) = command.get_subcommands().find(|next| arg == next.get_name()) else { break };
        names += " ";
        names += next.get_name();
        command = next;
    }
    names
}

#[cfg(test)]
mod tests {
    use clap::{Command, Parser as _};

    use super::*;

    fn args(call: &str) -> Vec<OsString> {
        call.split(' ').skip(1).map(OsString::from).collect()
    }

    /// Every command, as `cargo xtask contract record`.
    fn all(command: &Command, names: &str) -> Vec<String> {
        let below = command.get_subcommands().flat_map(|next| all(next, &format!("{names} {}", next.get_name())));
        std::iter::once(names.to_owned()).chain(below).collect()
    }

    /// The last line names a command that shows its help.
    fn check_last_line(said: &str) {
        let last = said.lines().last().unwrap_or_default();
        let call = last.strip_prefix("next: `").and_then(|rest| rest.strip_suffix('`'));
        let Some(call) = call else { panic!("{said}") };
        let kind = Cli::try_parse_from(args(call)).err().map(|error| error.kind());
        assert_eq!(kind, Some(clap::error::ErrorKind::DisplayHelp), "{call}");
    }

    #[test]
    fn each_wrong_call_of_each_command_ends_with_its_help() {
        let commands = all(&Cli::command(), "cargo xtask");
        assert!(commands.len() > 10, "{commands:?}");
        for command in commands {
            for wrong in ["--no-such-option", "--", "no-such-argument", "--port"] {
                let args = args(&format!("{command} {wrong} no-such-argument"));
                let Err(error) = Cli::try_parse_from(&args) else { continue };
                let said = usage(&error, &args);
                check_last_line(&said);
                assert!(said.ends_with(&format!("next: `{command} --help`")), "{said}");
            }
        }
    }

    #[test]
    fn an_error_of_a_command_ends_with_its_advice_or_its_help() {
        let args = args("cargo xtask dev --port 80");
        let failed = advised(&anyhow!("it failed\n").context("step 1 of 2 failed"), &args).to_string();
        assert_eq!(failed, "step 1 of 2 failed: it failed\n\nnext: `cargo xtask dev --help`");
        let advice = || Advice { what: "no npm".to_owned(), next: "apt-get install npm".to_owned() };
        let failed = Error::new(advice()).context("step 1 of 2 failed");
        assert_eq!(advised(&failed, &args).to_string(), "step 1 of 2 failed: no npm\n\nnext: `apt-get install npm`");
        let failed = anyhow!("exit status 1").context(advice()).context("step 1 of 2 failed");
        assert_eq!(
            advised(&failed, &args).to_string(),
            "step 1 of 2 failed: no npm: exit status 1\n\nnext: `apt-get install npm`"
        );
    }
}
