//! Commands that documents name: they and their flags exist.

use std::collections::BTreeMap;

use clap::{CommandFactory as _, error::ErrorKind};
use testkit::{sh::Sh, wrangler};

use crate::Cli;

/// The programs whose commands are checked, as documents write them.
const PROGRAMS: [(&[&str], Program); 4] = [
    (&["cargo", "xtask"], Program::Xtask),
    (&["npx", "edgegate"], Program::Edgegate),
    (&["npx", "wrangler"], Program::Wrangler),
    (&["wrangler"], Program::Wrangler),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Program {
    Xtask,
    Edgegate,
    Wrangler,
}

/// A command without its program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) program: Program,
    pub(super) words: Vec<String>,
}

/// The commands of a line of a shell, without its comment and its redirections.
pub(super) fn commands_of(line: &str) -> Vec<Command> {
    let line = line.split(" #").next().unwrap_or_default();
    line.split(['|', '&', ';']).filter_map(command_of).collect()
}

fn command_of(text: &str) -> Option<Command> {
    let is_word = |word: &&str| !word.starts_with(['<', '>']) && !word.starts_with("2>");
    let words = text.split_whitespace().skip_while(|word| is_assignment(word)).take_while(is_word).collect::<Vec<_>>();
    let named = PROGRAMS.iter().find_map(|(start, program)| Some((*program, words.strip_prefix(*start)?)));
    named.map(|(program, words)| Command { program, words: words.iter().map(|word| (*word).to_owned()).collect() })
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
}

/// `FILE`, `[TARGET]`, `...`: what the reader replaces.
fn is_placeholder(word: &str) -> bool {
    word.starts_with(['[', '.', '<']) || word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_')
}

/// Says what is wrong with a command of `cargo xtask`.
pub(super) fn fault_of_xtask(words: &[String]) -> Option<String> {
    let given = words.iter().filter(|word| !word.starts_with('[')).map(String::as_str);
    let error = Cli::command().try_get_matches_from(std::iter::once("cargo xtask").chain(given)).err()?;
    let is_incomplete = match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
        | ErrorKind::MissingSubcommand
        | ErrorKind::MissingRequiredArgument => true,
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => words.iter().any(|word| is_placeholder(word)),
        _ => false,
    };
    (!is_incomplete).then(|| error.to_string().lines().next().unwrap_or_default().to_owned())
}

/// The help of commands of other programs, each of which is asked for once.
#[derive(Debug, Default)]
pub(super) struct Helps(BTreeMap<(Program, Vec<String>), String>);

impl Helps {
    /// Says what is wrong with a command.
    pub(super) fn fault(&mut self, command: &Command) -> Option<String> {
        if command.program == Program::Xtask {
            return fault_of_xtask(&command.words);
        }
        let is_name = |word: &&String| word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        let is_flag = |word: &&String| word.starts_with('-');
        let names =
            command.words.iter().take_while(|word| is_name(word) && !is_flag(word)).cloned().collect::<Vec<_>>();
        let help = self.help(command.program, &names);
        if let Some(name) = unknown(help, &names) {
            return Some(format!("there is no command `{name}`"));
        }
        let mut flags = command.words.iter().filter(|word| word.starts_with("--") && word.len() > 2);
        flags.find_map(|flag| {
            let name = flag.split('=').next().unwrap_or_default();
            (!has_word(help, name)).then(|| format!("there is no `{name}`"))
        })
    }

    /// None where the program refuses the command.
    fn help(&mut self, program: Program, names: &[String]) -> &str {
        self.0.entry((program, names.to_vec())).or_insert_with(|| {
            let tool = if program == Program::Wrangler { "wrangler" } else { "edgegate" };
            wrangler::quiet(Sh::node_tool(tool)).args(names).args(["--help"]).output().unwrap_or_default()
        })
    }
}

/// The first of these names that is no command. Both programs print the help of the commands that they know, and ignore further names.
fn unknown<'n>(help: &str, names: &'n [String]) -> Option<&'n str> {
    let usage = help.lines().map(|line| line.trim_start_matches("Usage: "));
    let usage = usage.map(|line| line.split_whitespace().collect::<Vec<_>>());
    let mut usage = usage.filter(|words| words.first().is_some_and(|word| ["edgegate", "wrangler"].contains(word)));
    let Some(usage) = usage.next() else { return names.first().map(String::as_str) };
    let known = usage.iter().skip(1).take_while(|word| !word.starts_with(['[', '<'])).count();
    let takes_more = usage.iter().skip(1 + known).any(|word| !matches!(*word, "[options]" | "[command]" | "<command>"));
    let is_known = |at: usize, name: &str| at < known && usage.get(1 + at) == Some(&name) || at >= known && takes_more;
    names.iter().enumerate().find(|(at, name)| !is_known(*at, name)).map(|(_, name)| name.as_str())
}

fn has_word(help: &str, flag: &str) -> bool {
    help.split(|c: char| c.is_whitespace() || ",=[]`;".contains(c)).any(|word| word == flag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn xtask(line: &str) -> Option<String> {
        let [command] = &commands_of(line)[..] else { panic!("one command") };
        fault_of_xtask(&command.words)
    }

    #[test]
    fn a_command_of_xtask_exists_with_its_flags() {
        for right in [
            "cargo xtask",
            "cargo xtask fuzz [TARGET] --minutes 5",
            "cargo xtask test --only STAGE",
            "cargo xtask dev   # a --b",
        ] {
            assert_eq!(xtask(right), None, "{right}");
        }
        for wrong in [
            "cargo xtask serve",
            "cargo xtask dev --prot 1",
            "cargo xtask test --only nothing",
            "cargo xtask soak --minutes x",
        ] {
            assert!(xtask(wrong).is_some(), "{wrong}");
        }
    }

    #[test]
    fn commands_of_a_line() {
        let line = "A=b npx edgegate keygen --set | npx wrangler secret put X > y && echo a   # npx edgegate x";
        let words = commands_of(line).into_iter().map(|command| (command.program, command.words.join(" ")));
        let expected = [(Program::Edgegate, "keygen --set".to_owned()), (Program::Wrangler, "secret put X".to_owned())];
        assert_eq!(words.collect::<Vec<_>>(), expected);
        assert_eq!(commands_of("edgegate is a login"), []);
    }

    #[test]
    fn names_that_the_help_does_not_have_are_found() {
        let names = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let cases = [
            ("Usage: edgegate users import [options] <file>", "users import", None),
            ("Usage: edgegate users [options] [command]", "users bogus", Some("bogus")),
            ("Usage: edgegate [options] [command]", "bogus", Some("bogus")),
            ("text\n\nwrangler d1 create <name>\n", "d1 create edgegate", None),
            ("", "deplyo", Some("deplyo")),
        ];
        for (help, given, expected) in cases {
            assert_eq!(unknown(help, &names(given)), expected, "{given}");
        }
        assert!(has_word("  -k, --keys <file>  a", "--keys") && !has_word("--keys-file", "--keys"));
    }
}
