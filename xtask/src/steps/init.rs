//! What `edgegate init` takes from the deployed Worker: `pkg/init/www`.

use std::fs;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};
use testkit::{paths, progress::Did, stamp::Stamp};

use super::page;

/// What a new project installs besides edgegate, and the manifest that has its version.
const PACKAGES: [(&str, &str); 4] = [
    ("@cloudflare/workers-types", "www/package.json"),
    ("hono", "package.json"),
    ("typescript", "package.json"),
    ("wrangler", "package.json"),
];

/// Copies the Worker, its configuration, its migrations and the page.
///
/// # Errors
/// When a file cannot be read or written.
pub(crate) fn copy() -> Result<Did> {
    let stamp = Stamp {
        name: "init",
        inputs: &[
            "www/src",
            "www/migrations",
            "www/public",
            "www/wrangler.jsonc",
            "www/package.json",
            "package.json",
            "xtask/src/steps/init.rs",
        ],
        also: "",
        outputs: vec!["pkg/init/www/copied.json"],
    };
    stamp.unless_unchanged(|| {
        let (from, to) = (paths::root().join("www"), paths::root().join("pkg/init/www"));
        if to.exists() {
            fs::remove_dir_all(&to)?;
        }
        for folder in ["src", "migrations", "public"] {
            paths::copy_dir(&from.join(folder), &to.join(folder))?;
        }
        fs::copy(from.join("wrangler.jsonc"), to.join("wrangler.jsonc"))?;
        // The package has these files already: the command copies them from `dist`.
        fs::remove_dir_all(to.join("public/edgegate"))?;
        // Swagger UI is larger than all the rest.
        fs::remove_dir_all(to.join("public/docs"))?;
        fs::remove_file(to.join("public/docs.html"))?;
        let entries = page::FILES.map(|(entry, name)| (format!("public/edgegate/{name}"), entry.into()));
        let copied = json!({ "versions": versions()?, "entries": Map::from_iter(entries) });
        Ok(fs::write(to.join("copied.json"), format!("{copied:#}\n"))?)
    })
}

fn versions() -> Result<Map<String, Value>> {
    let version = |(name, manifest): (&str, &str)| {
        let text = fs::read_to_string(paths::root().join(manifest)).context(manifest.to_owned())?;
        let version = serde_json::from_str::<Value>(&text)?["devDependencies"][name].take();
        anyhow::ensure!(version.is_string(), "{manifest} has no {name}");
        Ok((name.to_owned(), version))
    };
    PACKAGES.into_iter().map(version).collect()
}
