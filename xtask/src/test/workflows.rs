//! The workflows: each action is a commit, tests are the project's own commands, and a release needs no stored secret.

use std::fs;

use anyhow::{Context, Result};
use testkit::paths;
use yaml_rust2::{Yaml, YamlLoader};

/// What a line of a script may begin with: the project's commands, what a fresh machine needs for them, and publishing.
const COMMANDS: [&str; 11] = [
    ".ci/run",
    "apt-get install ",
    "apt-get update",
    "cargo xtask ",
    "rustup default ",
    "rustup toolchain install ",
    "cargo publish ",
    "gh release create ",
    "npm install --global npm@",
    "npm pkg set repository.",
    "npm publish --provenance ",
];

/// How many of [`COMMANDS`] a workflow of tests may use: it publishes nothing.
const OF_TESTS: usize = 6;

/// What is wrong with a workflow.
fn faults(text: &str) -> Result<Vec<String>> {
    let workflow = parse(text)?;
    let mut faults = Vec::new();
    if workflow["permissions"].as_hash().is_none() {
        faults.push("no permissions: the default may be to write".to_owned());
    }
    if text.contains("secrets.") {
        faults.push("a stored secret".to_owned());
    }
    if text.contains("pull_request_target") {
        faults.push("a foreign change would run with rights".to_owned());
    }
    let is_release = workflow["on"]["push"]["tags"].as_vec().is_some();
    for (name, job) in jobs(&workflow)? {
        if job["timeout-minutes"].is_badvalue() {
            faults.push(format!("{name}: no time limit"));
        }
        if publishes(job) && (job["environment"].as_str() != Some("release") || job["needs"].as_str() != Some("test")) {
            faults.push(format!("{name}: publishes without the tests or the environment"));
        }
        for step in job["steps"].as_vec().context("no steps")? {
            if let Some(action) = step["uses"].as_str().filter(|action| !is_pinned(action, text)) {
                faults.push(format!("{name}: {action} is not a commit with its version"));
            }
            let allowed = if is_release { &COMMANDS[..] } else { &COMMANDS[..OF_TESTS] };
            for line in step["run"].as_str().unwrap_or_default().lines() {
                // An expression in a script would be run as a part of it.
                if !allowed.iter().any(|command| line.starts_with(command)) || line.contains("${{") {
                    faults.push(format!("{name}: {line}"));
                }
            }
        }
    }
    Ok(faults)
}

/// Whether the action is a commit of 40 digits, followed by its version in a comment.
fn is_pinned(action: &str, text: &str) -> bool {
    let Some((_, commit)) = action.split_once('@') else { return false };
    let is_commit = commit.len() == 40 && commit.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_commit && text.lines().any(|line| line.contains(&format!("uses: {action} # v")))
}

fn parse(text: &str) -> Result<Yaml> {
    YamlLoader::load_from_str(text)?.into_iter().next().context("no document")
}

fn jobs(workflow: &Yaml) -> Result<Vec<(&str, &Yaml)>> {
    let jobs = workflow["jobs"].as_hash().context("no jobs")?;
    Ok(jobs.iter().filter_map(|(name, job)| Some((name.as_str()?, job))).collect())
}

/// Whether the job can show a registry who it is.
fn publishes(job: &Yaml) -> bool {
    job["permissions"]["id-token"].as_str() == Some("write")
}

fn read(name: &str) -> Result<String> {
    fs::read_to_string(paths::root().join(".github").join(name)).context(name.to_owned())
}

#[test]
fn each_action_is_a_commit_and_tests_are_the_commands_of_the_project() -> Result<()> {
    let mut actions = 0;
    for file in paths::files_below(&paths::root().join(".github/workflows")) {
        let text = fs::read_to_string(&file)?;
        assert_eq!(faults(&text)?, Vec::<String>::new(), "{}", file.display());
        actions += text.matches("uses: ").count();
    }
    assert!(actions > 3, "{actions} actions");
    let tests = read("workflows/test.yml")?;
    assert!(tests.contains("- run: .ci/run\n") && tests.contains("cargo xtask test --all\n"));
    Ok(())
}

#[test]
fn a_release_needs_the_tests_and_no_stored_secret() -> Result<()> {
    let release = parse(&read("workflows/release.yml")?)?;
    let publishing: Vec<_> =
        jobs(&release)?.into_iter().filter(|(_, job)| publishes(job)).map(|(name, _)| name).collect();
    assert_eq!(publishing, ["crates", "npm"]);
    assert_eq!(release["concurrency"]["cancel-in-progress"].as_bool(), Some(false));
    let tests = release["jobs"]["test"]["steps"].as_vec().context("no steps")?;
    assert_eq!(tests.last().and_then(|step| step["run"].as_str()), Some(".ci/run"));
    Ok(())
}

#[test]
fn every_ecosystem_is_updated() -> Result<()> {
    let updates = parse(&read("dependabot.yml")?)?;
    let updates = updates["updates"].as_vec().context("no updates")?;
    let ecosystems: Vec<_> = updates.iter().filter_map(|update| update["package-ecosystem"].as_str()).collect();
    for name in ["cargo", "npm", "github-actions"] {
        assert!(ecosystems.contains(&name), "{name}");
    }
    Ok(())
}

#[test]
fn a_fault_of_a_workflow_is_found() -> Result<()> {
    const COMMIT: &str = "3d3c42e5aac5ba805825da76410c181273ba90b1";
    let workflow = |top: &str, step: &str| {
        faults(&format!(
            "on: push\npermissions: {{}}\n{top}\njobs:\n  a:\n    timeout-minutes: 1\n    steps:\n      - {step}\n"
        ))
    };
    assert!(workflow("", "run: cargo xtask test")?.is_empty());
    assert!(workflow("", &format!("uses: a/b@{COMMIT} # v1"))?.is_empty());
    for step in [
        "uses: a/b@v1 # v1".to_owned(),
        "uses: a/b".to_owned(),
        format!("uses: a/b@{COMMIT}"),
        format!("uses: a/b@{} # v1", &COMMIT[1..]),
        "run: cargo test".to_owned(),
        "run: npm publish --provenance .".to_owned(),
        "run: cargo publish -p edgegate".to_owned(),
        "run: cargo xtask ${{ github.head_ref }}".to_owned(),
        "run: cargo xtask ${{ secrets.TOKEN }}".to_owned(),
    ] {
        assert!(!workflow("", &step)?.is_empty(), "{step}");
    }
    assert!(!faults("on: push\njobs: {}")?.is_empty());
    assert!(!workflow("env: { a: pull_request_target }", "run: .ci/run")?.is_empty());
    assert!(faults("jobs: [").is_err());
    Ok(())
}
