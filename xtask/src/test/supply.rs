//! The supply chain: licences, sources and advisories of the dependencies, and the bill of materials.

use anyhow::{Result, bail, ensure};
use serde_json::Value;
use testkit::{paths, sh::Sh};

use super::Outcome::{self, Passed};
use crate::{sbom, settings::Settings, steps::tools};

/// The crates that the module was asked for on.
const ASKED_FOR: [&str; 6] = ["wasm-bindgen", "jsonwebtoken", "bcrypt", "serde", "serde-wasm-bindgen", "getrandom"];

/// What npm says when a server cannot be reached.
const NPM_OFFLINE: [&str; 6] = ["EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ENETUNREACH", "ENOTFOUND", "ETIMEDOUT"];

/// Checks the dependencies by cargo-deny and `npm audit signatures`, and writes the bill of materials.
pub(super) fn check() -> Result<Outcome> {
    tools::install_cargo_deny(&Settings::read()?)?;
    let deny = |checks: &[&str]| {
        let program = paths::tools().join("bin/cargo-deny");
        Sh::new(program).args(["--log-level", "error", "check"]).args(checks)
    };
    deny(&["bans", "licenses", "sources"]).run()?;
    let bill = sbom::write()?;
    check_bill(&bill)?;

    // Without a retry, npm waits more than a minute for a server that does not exist.
    let signatures = Sh::new("npm").args(["audit", "signatures", "--fetch-retries=0"]);
    let checks = [("advisories", deny(&["advisories"])), ("signatures of npm packages", signatures)];
    let mut unchecked = Vec::new();
    for (what, command) in checks {
        let (succeeded, output) = command.tee()?;
        match unavailable(&output) {
            _ if succeeded => {}
            // What is not checked is said, and is no fault of the dependencies.
            Some(reason) => {
                println!("NOT CHECKED: {what}: {reason}");
                unchecked.push(what);
            }
            None => bail!("{what}: see above"),
        }
    }
    let unchecked =
        if unchecked.is_empty() { String::new() } else { format!("; NOT CHECKED: {}", unchecked.join(", ")) };
    Ok(Passed(format!("{} crates in the wasm{unchecked}", names(&bill).count())))
}

/// The line that says that a server could not be asked. Words of an advisory, which may name networks and time-outs, are none.
fn unavailable(output: &str) -> Option<&str> {
    output.lines().map(str::trim).find(|line| {
        line.contains("[ERROR] failed to fetch advisory database")
            || line.strip_prefix("npm error code ").is_some_and(|code| NPM_OFFLINE.contains(&code))
            || *line == "npm error found no dependencies to audit that were installed from a supported registry"
    })
}

fn check_bill(bill: &Value) -> Result<()> {
    for name in ASKED_FOR {
        ensure!(names(bill).any(|named| named == name), "the bill of materials lacks {name}");
    }
    ensure!(bill.get("serialNumber").is_none(), "the bill of materials has a random number");
    ensure!(bill["metadata"].get("timestamp").is_none(), "the bill of materials has a time");
    let text = bill.to_string();
    ensure!(
        !text.contains("file://") && !text.contains(&paths::root().display().to_string()),
        "the bill of materials has a path of this machine"
    );
    Ok(())
}

fn names(bill: &Value) -> impl Iterator<Item = &str> {
    bill["components"].as_array().into_iter().flatten().filter_map(|one| one["name"].as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_finding_is_never_taken_for_a_server_that_does_not_answer() {
        for output in [
            "error[vulnerability]: a network attacker causes a time-out\n failed to connect",
            "npm error code EAUDIT\nnpm error network",
            "1 package has an invalid registry signature: ENOTFOUND",
            "",
        ] {
            assert_eq!(unavailable(output), None, "{output}");
        }
    }

    #[test]
    fn a_server_that_does_not_answer_is_said() {
        for (output, line) in [
            ("npm error code ENOTFOUND\nnpm error syscall getaddrinfo", "npm error code ENOTFOUND"),
            ("x\n1 [ERROR] failed to fetch advisory database y", "1 [ERROR] failed to fetch advisory database y"),
        ] {
            assert_eq!(unavailable(output), Some(line));
        }
    }

    #[test]
    fn a_bill_lacks_nothing_and_is_the_same_on_every_machine() {
        let components: Vec<Value> = ASKED_FOR.iter().map(|name| json!({ "name": name })).collect();
        let bill = json!({ "metadata": {}, "components": components });
        assert!(check_bill(&bill).is_ok());
        let changed = |change: fn(&mut Value)| {
            let mut bill = bill.clone();
            change(&mut bill);
            check_bill(&bill).is_err()
        };
        assert!(changed(|bill| bill["components"][2] = json!({ "name": "bcrypt-pbkdf" })));
        assert!(changed(|bill| bill["serialNumber"] = json!("urn:uuid:1")));
        assert!(changed(|bill| bill["metadata"]["timestamp"] = json!("1970-01-01T00:00:00Z")));
        assert!(changed(|bill| bill["components"][0]["purl"] = json!("pkg:cargo/x?download_url=file://.")));
    }
}
