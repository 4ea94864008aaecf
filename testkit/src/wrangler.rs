//! wrangler without an account, network access, or prompts.

use std::{
    fs,
    path::Path,
    sync::{Mutex, PoisonError},
};

use anyhow::Result;

use crate::{paths, sh::Sh, stamp::Stamp};

/// The folder of the Worker, from the root of the repository.
pub const WORKER: &str = "www";

/// The D1 database of `www/wrangler.jsonc`.
pub const DATABASE: &str = "edgegate";

const QUIET: [(&str, &str); 8] = [
    ("WRANGLER_SEND_METRICS", "false"),
    ("WRANGLER_SEND_ERROR_REPORTS", "false"),
    ("WRANGLER_HIDE_BANNER", "true"),
    ("WRANGLER_NO_SKILLS_UPDATE_PROMPTS", "true"),
    // miniflare would otherwise download a sample of `request.cf`.
    ("CLOUDFLARE_CF_FETCH_ENABLED", "false"),
    ("NO_UPDATE_NOTIFIER", "1"),
    ("NO_COLOR", "1"),
    ("CI", "true"),
];

/// `wrangler` with these arguments, run in the folder of the Worker by the project's own Node.
#[must_use]
pub fn wrangler(args: &[&str]) -> Sh {
    quiet(Sh::node_tool("wrangler").args(args).dir(paths::root().join(WORKER)))
}

/// The same for a program that calls wrangler itself.
#[must_use]
pub fn quiet(mut program: Sh) -> Sh {
    for (name, value) in QUIET {
        program = program.env(name, value);
    }
    program.env("WRANGLER_LOG_PATH", paths::state().join("wrangler-logs"))
}

/// Applies the migrations to the local database below `persist_to`.
///
/// # Errors
/// When a migration fails.
pub fn migrate(persist_to: &Path) -> Result<()> {
    let persist_to = persist_to.display().to_string();
    fs::create_dir_all(&persist_to)?;
    wrangler(&["d1", "migrations", "apply", DATABASE, "--local", "--persist-to", &persist_to]).output().map(drop)
}

/// Applies the migrations below `persist_to`; a new database is a copy of a cached one.
///
/// wrangler needs three seconds for it, and several end-to-end tests need their own database.
///
/// # Errors
/// When a migration fails.
pub fn migrate_by_copy(persist_to: &Path) -> Result<()> {
    if persist_to.join("v3/d1").exists() {
        return migrate(persist_to);
    }
    static TEMPLATE: Mutex<()> = Mutex::new(());
    let _one_at_a_time = TEMPLATE.lock().unwrap_or_else(PoisonError::into_inner);
    let template = paths::state().join("d1-template");
    migrations_stamp("d1-template", "target/xtask/d1-template/v3/d1").unless_unchanged(|| {
        if template.exists() {
            fs::remove_dir_all(&template)?;
        }
        migrate(&template)
    })?;
    Ok(paths::copy_dir(&template, persist_to)?)
}

/// The migrations of one database, skipped while they are unchanged.
#[must_use]
pub fn migrations_stamp<'a>(name: &'a str, database: &'a str) -> Stamp<'a> {
    let inputs = &["www/migrations", "www/wrangler.jsonc", "package-lock.json"];
    Stamp { name, inputs, also: "", outputs: vec![database] }
}

/// Runs this SQL in the local database below `persist_to` and returns the result as JSON.
///
/// # Errors
/// When the SQL fails.
pub fn execute(persist_to: &Path, sql: &str) -> Result<String> {
    let (persist_to, file) = (persist_to.display().to_string(), write_sql(persist_to, sql)?);
    wrangler(&["d1", "execute", DATABASE, "--local", "--yes", "--json", "--persist-to", &persist_to, "--file", &file])
        .output()
}

/// Through a file: a thousand rows are too long for a command line.
fn write_sql(persist_to: &Path, sql: &str) -> Result<String> {
    let file = persist_to.join("execute.sql");
    fs::write(&file, sql)?;
    Ok(file.display().to_string())
}
