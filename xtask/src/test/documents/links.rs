//! Links from one document to another, and to a heading of it.

use std::{fs, path::Path};

use anyhow::{Context, Result};

/// The links of these documents that lead nowhere, as faults.
pub(super) fn broken(root: &Path, documents: &[(String, String)]) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for (name, text) in documents {
        for target in targets(text).filter(|target| !target.contains("://") && !target.starts_with("mailto:")) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = if file.is_empty() { root.join(name) } else { root.join(name).with_file_name("").join(file) };
            if !path.exists() || !anchor.is_empty() && !has_heading(&path, anchor)? {
                faults.push(format!("{name}: `{target}` is not there"));
            }
        }
    }
    Ok(faults)
}

/// The targets of `[label](target)`, outside of code.
fn targets(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    let lines = text.lines().filter(move |line| {
        is_code ^= line.trim_start().starts_with("```");
        !is_code
    });
    // In each part outside of backticks. A label that ends in code leaves `](` to the part behind it.
    let parts = lines.flat_map(|line| line.split('`').step_by(2));
    parts.flat_map(|part| part.split("](").skip(1)).filter_map(|link| Some(link.split_once(')')?.0))
}

fn has_heading(path: &Path, anchor: &str) -> Result<bool> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let mut is_code = false;
    Ok(text.lines().any(|line| {
        is_code ^= line.starts_with("```");
        !is_code && line.starts_with('#') && slug(line.trim_start_matches('#').trim()) == anchor
    }))
}

/// The anchor that GitHub gives a heading.
fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_outside_of_code_are_found() {
        let text = "[a](b.md) and `[c](d)`, [`e`](f.md#g)\n```\n[h](i)\n```\n[j](https://k)";
        let found = targets(text).collect::<Vec<_>>();
        assert_eq!(found, ["b.md", "f.md#g", "https://k"]);
    }

    #[test]
    fn anchors_are_those_of_github() {
        assert_eq!(slug("Written by hand, although a library exists"), "written-by-hand-although-a-library-exists");
        assert_eq!(slug("`GET /me`"), "get-me");
    }
}
