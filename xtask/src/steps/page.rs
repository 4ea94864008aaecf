//! What the pages of the Worker take from the npm package, and from Swagger UI.

use std::fs;

use anyhow::{Context as _, Result};
use testkit::{paths, progress::Did};

/// The entries with their wasm inside, and their names below `www/public`.
pub(super) const FILES: [(&str, &str); 2] = [("token/inline.js", "token.js"), ("password/inline.js", "password.js")];

/// Swagger UI below `node_modules`, with the licences that must go with it, and the names below `www/public`.
const SWAGGER_UI: [(&str, &str); 5] = [
    ("swagger-ui-bundle.js", "swagger-ui-bundle.js"),
    ("swagger-ui-bundle.js.LICENSE.txt", "swagger-ui-bundle.js.LICENSE.txt"),
    ("swagger-ui.css", "swagger-ui.css"),
    ("LICENSE", "swagger-ui.LICENSE.txt"),
    ("NOTICE", "swagger-ui.NOTICE.txt"),
];

/// Copies them to the files that the Worker serves.
///
/// # Errors
/// When a file cannot be read or written.
pub(crate) fn copy() -> Result<Did> {
    let folders = [
        ("pkg/dist", &FILES[..], "www/public/edgegate"),
        ("node_modules/swagger-ui-dist", &SWAGGER_UI, "www/public/docs"),
    ];
    let mut did = Did::Nothing;
    for (from, files, to) in folders {
        let (from, to) = (paths::root().join(from), paths::root().join(to));
        fs::create_dir_all(&to)?;
        for (source, target) in files {
            let content = fs::read(from.join(source)).with_context(|| (*source).to_owned())?;
            let target = to.join(target);
            if fs::read(&target).is_ok_and(|present| present == content) {
                continue;
            }
            fs::write(target, content)?;
            did = Did::Work;
        }
    }
    Ok(did)
}
