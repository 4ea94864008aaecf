//! Just enough of Rust's syntax for the rules: what is code, and which names it uses.

/// The code without comments and without what stands in strings, line for line.
#[must_use]
pub fn code_only(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let skipped = skipped_here(rest, code.chars().next_back());
        if skipped == 0 {
            code.push(next);
            rest = &rest[next.len_utf8()..];
        } else {
            // Something must stand there, or two names would become one.
            code.push(' ');
            code.extend(rest[..skipped].chars().filter(|c| *c == '\n'));
            rest = &rest[skipped..];
        }
    }
    code
}

/// Every `(line, path)` that starts with `first`, as `crate` or `super`, with groups taken apart:
/// `crate::{a::B, c}` gives `["crate", "a", "B"]` and `["crate", "c"]`.
#[must_use]
pub fn paths_from(code: &str, first: &str) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = code[from..].find(first).map(|at| at + from) {
        from = at + first.len();
        let starts_a_name = !code[..at].ends_with(is_name) && !code[..at].trim_end().ends_with("::");
        if starts_a_name && !code[from..].starts_with(is_name) && code[from..].trim_start().starts_with("::") {
            let line = code[..at].matches('\n').count() + 1;
            let mut prefix = vec![first.to_owned()];
            read_path(code[from..].trim_start(), &mut prefix, &mut |path| found.push((line, path.to_vec())));
        }
    }
    found
}

/// The lines on which a word stands as a name of its own.
#[must_use]
pub fn lines_naming(code: &str, word: &str) -> Vec<usize> {
    let names = |line: &str| {
        line.match_indices(word).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let after = line[at + word.len()..].chars().next();
            !before.is_some_and(is_name) && !after.is_some_and(is_name)
        })
    };
    code.lines().enumerate().filter(|(_, line)| names(line)).map(|(number, _)| number + 1).collect()
}

/// How many bytes of a comment or a literal begin here.
fn skipped_here(rest: &str, before: Option<char>) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment(rest);
    }
    let in_name = before.is_some_and(is_name);
    if rest.starts_with('r') && !in_name {
        let hashes = rest[1..].chars().take_while(|c| *c == '#').count();
        if rest[1 + hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            return rest[2 + hashes..].find(&end).map_or(rest.len(), |at| 2 + hashes + at + end.len());
        }
    }
    if rest.starts_with('"') {
        return quoted(rest, '"').unwrap_or(rest.len());
    }
    if let Some(inside) = rest.strip_prefix('\'') {
        // 'a' is a character and 'a a lifetime.
        let mut inside = inside.chars();
        let is_char = inside.next() == Some('\\') || inside.next() == Some('\'');
        return if is_char { quoted(rest, '\'').unwrap_or(0) } else { 0 };
    }
    0
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    for (at, _) in rest.char_indices() {
        if rest[at..].starts_with("/*") {
            depth += 1;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            if depth == 0 {
                return at + 2;
            }
        }
    }
    rest.len()
}

fn quoted(rest: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if !escaped && c == quote {
            return Some(at + 1);
        }
        escaped = !escaped && c == '\\';
    }
    None
}

/// Reads `::a::{b, c}` and gives every path in it; what follows the path is given back.
fn read_path<'a>(mut rest: &'a str, prefix: &mut Vec<String>, found: &mut impl FnMut(&[String])) -> &'a str {
    let depth = prefix.len();
    while let Some(after) = rest.strip_prefix("::") {
        rest = after.trim_start();
        if let Some(group) = rest.strip_prefix('{') {
            rest = group.trim_start();
            while !rest.is_empty() && !rest.starts_with('}') {
                let inner = prefix.len();
                rest = take_name(rest, prefix);
                let unmoved = rest.len();
                rest = read_path(rest, prefix, found);
                prefix.truncate(inner);
                rest = rest.find([',', '}']).map_or("", |at| &rest[at..]).trim_start_matches(',').trim_start();
                debug_assert!(rest.len() <= unmoved);
            }
            prefix.truncate(depth);
            return rest.strip_prefix('}').unwrap_or(rest);
        }
        rest = take_name(rest, prefix);
    }
    found(prefix);
    prefix.truncate(depth);
    rest
}

fn take_name<'a>(rest: &'a str, path: &mut Vec<String>) -> &'a str {
    let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
    path.push(rest[..end].to_owned());
    rest[end..].trim_start()
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_no_code() {
        let code = code_only("a // crate::x\n/* b /* c */ d */ e \"crate::y \\\" z\" 'f' '\\'' &'g h r#\"i \" j\"# k");
        let names: Vec<_> = code.split_whitespace().collect();
        assert_eq!(names, ["a", "e", "&'g", "h", "k"]);
        assert_eq!(code.lines().count(), 2);
    }

    #[test]
    fn a_group_is_taken_apart() {
        let code = "use crate::{\n  form::{Field, Form},\n  limits,\n  reply as r,\n};\nfn f() -> crate::token::Token<crate::email::Email> {}";
        let paths: Vec<_> = paths_from(code, "crate").into_iter().map(|(line, path)| (line, path.join("::"))).collect();
        let expected = [
            (1, "crate::form::Field"),
            (1, "crate::form::Form"),
            (1, "crate::limits"),
            (1, "crate::reply"),
            (6, "crate::token::Token"),
            (6, "crate::email::Email"),
        ];
        assert_eq!(paths, expected.map(|(line, path)| (line, path.to_owned())));
    }

    #[test]
    fn a_name_inside_another_is_not_that_name() {
        assert_eq!(lines_naming("unsafe_code\nmy_unsafe\nunsafe {}", "unsafe"), [3]);
        assert!(paths_from("my_crate::x; $crate; a::crate::b", "crate").is_empty());
    }
}
