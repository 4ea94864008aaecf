//! The JavaScript and the types of the npm package. `pkg/package.json` names the files; each is made from the module of the same name.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context, Result};
use serde_json::Value;
use testkit::{paths, progress::Did, sh::Sh, stamp::Stamp};

/// Compiles `pkg/src` into `pkg/lib`, and bundles each entry and its types into one file of `pkg/dist`.
///
/// # Errors
/// When the types are wrong or a tool fails.
pub(crate) fn build() -> Result<Did> {
    let stamp = Stamp {
        name: "package",
        inputs: &[
            "docs/npm.md",
            "docs/settings.md",
            "pkg/src",
            "pkg/types.mjs",
            "pkg/package.json",
            "pkg/tsconfig.json",
            "tsconfig.base.json",
            "pkg/wasm",
            "package-lock.json",
            "xtask/src/steps/package.rs",
        ],
        also: "",
        outputs: vec!["pkg/dist", "pkg/lib"],
    };
    stamp.unless_unchanged(|| {
        let (root, pkg) = (paths::root(), paths::root().join("pkg"));
        for folder in ["pkg/dist", "pkg/lib"].map(|folder| root.join(folder)).iter().filter(|folder| folder.exists()) {
            fs::remove_dir_all(folder)?;
        }
        for file in ["LICENSE-APACHE", "LICENSE-MIT"] {
            fs::copy(root.join(file), pkg.join(file))?;
        }
        let [page, settings] =
            ["docs/npm.md", "docs/settings.md"].map(|name| fs::read_to_string(root.join(name)).context(name));
        fs::write(
            pkg.join("README.md"),
            without_links_to_files(&format!("{}\n#{}", page?.replace("(settings.md", "(#settings"), settings?)),
        )?;
        Sh::node_tool("tsc").args(["-p", "pkg"]).run()?;
        bundle(&root)?;
        Sh::node_tool("node").args(["types.mjs"]).dir(&pkg).run()?;
        // `npm ci` links no command whose file is missing, and in a fresh clone it runs before there is one. `npx edgegate` would then ask
        // the registry for a package of that name.
        Sh::new("npm").args(["rebuild", "edgegate", "--ignore-scripts", "--silent"]).output().map(drop)
    })
}

/// Bundles the entries of the package below this root.
///
/// # Errors
/// When `pkg/package.json` cannot be read, or esbuild fails.
pub(crate) fn bundle(root: &Path) -> Result<()> {
    bundle_command(root)?;
    for (suffix, format) in [(".js", "esm"), (".cjs", "cjs")] {
        let names = files(root, suffix)?.into_iter().filter(|name| name != "cli").collect::<Vec<_>>();
        Sh::node_tool("esbuild")
            .args(names.iter().map(|name| format!("pkg/lib/{name}.js")))
            .args(["--bundle", "--platform=neutral", "--target=es2023", "--legal-comments=none", "--log-level=warning"])
            // The manifest is about the files of `dist`.
            .args(["--ignore-annotations"])
            .args([
                "--packages=external",
                "--tsconfig-raw={}",
                "--external:*.wasm",
                "--external:*.wasm?module",
                "--external:pkg/package.json",
            ])
            .args([format!("--format={format}"), format!("--out-extension:.js={suffix}")])
            .args(["--outbase=pkg/lib", "--outdir=pkg/dist"])
            .dir(root)
            .run()?;
    }
    Ok(())
}

/// Bundles the command with the libraries that only it needs. So who installs the package installs no other.
fn bundle_command(root: &Path) -> Result<()> {
    let licences =
        [("commander", "LICENSE"), ("csv-parse", "LICENSE"), ("jsonc-parser", "LICENSE.md"), ("smol-toml", "LICENSE")];
    let licences = licences.map(|(name, file)| {
        let file = paths::root().join("node_modules").join(name).join(file);
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        Ok(format!("{name}\n\n{}", text.trim()))
    });
    let licences = licences.into_iter().collect::<Result<Vec<_>>>()?.join("\n\n").replace("*/", "* /");
    // CommonJS in an ES module needs `require`.
    let banner = format!(
        "import {{ createRequire as edgegateRequire }} from \"node:module\";\n\
         const require = edgegateRequire(import.meta.url);\n/*\n{licences}\n*/"
    );
    Sh::node_tool("esbuild")
        .args(["pkg/lib/cli.js", "--bundle", "--platform=node", "--format=esm", "--target=es2023"])
        .args(["--legal-comments=none", "--log-level=warning", "--tsconfig-raw={}"])
        // The other form of jsonc-parser finds its own files at run time.
        .args(["--main-fields=module,main"])
        .args(["edgegate", "edgegate/*", "pg"].map(|name| format!("--external:{name}")))
        .args([format!("--banner:js={banner}"), "--outfile=pkg/dist/cli.js".to_owned()])
        .dir(root)
        .run()
}

/// The document as it is published: without links to files of the repository, and without comments.
fn without_links_to_files(document: &str) -> String {
    let mut is_code = false;
    let lines = document.lines().filter(|line| !line.starts_with("<!--")).map(|line| {
        is_code ^= line.starts_with("```");
        if is_code { line.to_owned() } else { without_links(line) }
    });
    lines.flat_map(|line| [line, "\n".to_owned()]).collect()
}

fn without_links(line: &str) -> String {
    let (mut text, mut rest) = (String::new(), line);
    while let Some((before, link)) = rest.split_once('[') {
        let Some((label, (target, after))) =
            link.split_once("](").and_then(|(label, link)| Some((label, link.split_once(')')?)))
        else {
            break;
        };
        let stays = target.starts_with('#') || target.starts_with("https://");
        text += before;
        text += &if stays { format!("[{label}]({target})") } else { label.to_owned() };
        rest = after;
    }
    text + rest
}

/// The files `./dist/NAME<suffix>` of the manifest, by name.
fn files(root: &Path, suffix: &str) -> Result<BTreeSet<String>> {
    let manifest = fs::read_to_string(root.join("pkg/package.json")).context("pkg/package.json")?;
    let manifest: Value = serde_json::from_str(&manifest).context("pkg/package.json")?;
    let mut found = BTreeSet::new();
    collect(&manifest, &mut found);
    let name = |file: &str| Some(file.strip_prefix("./dist/")?.strip_suffix(suffix)?.to_owned());
    Ok(found.iter().filter_map(|file| name(file)).collect())
}

fn collect<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::String(text) => drop(found.insert(text)),
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        Value::Object(members) => members.values().for_each(|value| collect(value, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::without_links_to_files;

    #[test]
    fn only_links_that_a_reader_of_the_package_can_follow_stay() {
        let readme = "See [HACKING.md](HACKING.md#a), [keys](#keys), [Node](https://nodejs.org).\n\
                      <!-- a comment -->\n\
                      ```js\nlist[at](argument);\n```\n\
                      [SECURITY.md](SECURITY.md) [is no link]\n";
        let published = "See HACKING.md, [keys](#keys), [Node](https://nodejs.org).\n\
                         ```js\nlist[at](argument);\n```\n\
                         SECURITY.md [is no link]\n";
        assert_eq!(without_links_to_files(readme), published);
    }
}
