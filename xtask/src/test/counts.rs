//! The number of tests that ran, from the output of the test runner.

use anstream::adapter::strip_str;

use super::Outcome;

/// The result of a test runner. Zero tests are a failure, because the command line was wrong.
pub(super) fn judge(succeeded: bool, output: &str) -> Outcome {
    let output = &strip_str(output).to_string();
    let (passed, failed) =
        (sum(output, " passed;", "# pass ", "ℹ pass "), sum(output, " failed;", "# fail ", "ℹ fail "));
    match (succeeded, passed, failed) {
        (true, 0, _) => Outcome::Failed("no test ran".into()),
        (true, ..) => Outcome::Passed(format!("{passed} tests")),
        (false, 0, 0) => Outcome::Failed("the tests did not get to run; see above".into()),
        (false, ..) => Outcome::Failed(format!("{failed} tests failed, {passed} passed; see above")),
    }
}

/// libtest and wasm-bindgen-test print `test result: ok. 3 passed; 0 failed; ...`, node prints `# pass 3` or `ℹ pass 3`.
fn sum(output: &str, rust: &str, tap: &str, spec: &str) -> u64 {
    let count = |line: &str| {
        let line = line.trim();
        let number = if line.starts_with("test result:") {
            line.split_once(rust)?.0.rsplit(' ').next()?
        } else {
            line.strip_prefix(tap).or_else(|| line.strip_prefix(spec))?
        };
        number.parse::<u64>().ok()
    };
    output.lines().filter_map(count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(succeeded: bool, output: &str) -> String {
        match judge(succeeded, output) {
            Outcome::Passed(note) => format!("passed: {note}"),
            Outcome::Failed(note) => format!("failed: {note}"),
            Outcome::NotRun(note) => note,
        }
    }

    #[test]
    fn the_results_of_all_programs_are_added() {
        let two = "test result: ok. 3 passed; 0 failed; 1 ignored\nrunning\ntest result: ok. 4 passed; 0 failed; 0 ignored; 0 filtered out\n";
        assert_eq!(note(true, two), "passed: 7 tests");
        assert_eq!(note(true, "ℹ tests 5\nℹ pass 5\nℹ fail 0\n"), "passed: 5 tests");
        assert_eq!(
            note(false, "# pass 4\n# \u{1b}[31mfail 1\u{1b}[0m\n"),
            "failed: 1 tests failed, 4 passed; see above"
        );
    }

    #[test]
    fn no_test_at_all_is_a_failure() {
        assert_eq!(note(true, "test result: ok. 0 passed; 0 failed;\n"), "failed: no test ran");
        assert_eq!(note(false, "error: could not compile\n"), "failed: the tests did not get to run; see above");
    }
}
