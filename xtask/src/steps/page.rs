//! What the page of the Worker takes from the npm package.

use std::fs;

use anyhow::{Context as _, Result};
use testkit::{paths, progress::Did};

/// The entries with their wasm inside, and their names below `www/public`.
pub(super) const FILES: [(&str, &str); 2] = [("token/inline.js", "token.js"), ("password/inline.js", "password.js")];

/// Copies them to the files that the Worker serves.
///
/// # Errors
/// When a file cannot be read or written.
pub(crate) fn copy() -> Result<Did> {
    let (from, to) = (paths::root().join("pkg/dist"), paths::root().join("www/public/edgegate"));
    fs::create_dir_all(&to)?;
    let mut did = Did::Nothing;
    for (source, target) in FILES {
        let content = fs::read(from.join(source)).with_context(|| source.to_owned())?;
        let target = to.join(target);
        if fs::read(&target).is_ok_and(|present| present == content) {
            continue;
        }
        fs::write(target, content)?;
        did = Did::Work;
    }
    Ok(did)
}
