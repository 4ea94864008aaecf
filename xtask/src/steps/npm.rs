//! The npm packages of the root, and the programs that must be installed for them.

use anyhow::{Context as _, Result, bail};
use testkit::{paths, progress::Did, sh::Sh, stamp::Stamp};

use crate::next::Advice;

/// The oldest Node that runs wrangler.
const NODE_MIN_MAJOR: u32 = 22;

/// Installs the packages of a folder of the tests, from its lock file.
///
/// # Errors
/// When npm fails.
pub(crate) fn install_in(folder: &str) -> Result<Did> {
    let [manifest, lock, modules] =
        ["package.json", "package-lock.json", "node_modules/.package-lock.json"].map(|name| format!("{folder}/{name}"));
    let stamp = Stamp {
        name: &folder.replace('/', "-"),
        inputs: &[&manifest, &lock],
        also: std::env::consts::ARCH,
        outputs: vec![&modules],
    };
    let install =
        || Sh::new("npm").args(["ci", "--ignore-scripts", "--loglevel=error"]).dir(paths::root().join(folder)).run();
    stamp.unless_unchanged(install)
}

/// Checks that Node and npm are installed.
///
/// # Errors
/// When one is missing; the message contains the command that installs it.
pub(crate) fn check_prerequisites() -> Result<()> {
    for program in ["node", "npm"] {
        if paths::which(program).is_none() {
            bail!(Advice {
                what: format!(
                    "`{program}` is missing: the Worker's tools are npm packages. Install Node.js with npm (any version from 20 on):\n  \
                     apt-get install nodejs npm      (Debian, Ubuntu)\n  \
                     brew install node               (macOS)\n  \
                     https://nodejs.org/en/download  (else)"
                ),
                next: match std::env::consts::OS {
                    "macos" => "brew install node",
                    _ => "sudo apt-get install nodejs npm",
                }
                .to_owned(),
            });
        }
    }
    Ok(())
}

/// Runs `npm ci` if the installed lock file differs.
///
/// Install scripts are off: no package needs one, and a compromised package would execute code there.
///
/// # Errors
/// When `npm ci` fails or installs no Node that runs wrangler.
pub(crate) fn install() -> Result<Did> {
    let stamp = Stamp {
        name: "npm",
        inputs: &["package.json", "package-lock.json", ".npmrc"],
        also: std::env::consts::ARCH,
        outputs: vec!["node_modules/.package-lock.json", "node_modules/.bin/wrangler"],
    };
    stamp.unless_unchanged(|| {
        Sh::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]).run().context(Advice {
            what: "npm has not installed the packages. Without a connection to the npm registry it cannot; a proxy is set by `npm config set proxy URL`".to_owned(),
            next: "npm ping".to_owned(),
        })?;
        check_node()
    })
}

fn check_node() -> Result<()> {
    let version = Sh::new("node").args(["--version"]).output()?;
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < NODE_MIN_MAJOR) {
        bail!(Advice {
            what: format!(
                "wrangler needs Node {NODE_MIN_MAJOR}, this is {}, and npm has none for this machine ({} {}): \
                 install it from https://nodejs.org/en/download",
                version.trim(),
                std::env::consts::OS,
                std::env::consts::ARCH
            ),
            next: "node --version".to_owned(),
        });
    }
    Ok(())
}
