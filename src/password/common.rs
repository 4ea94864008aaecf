//! Passwords that many people have (NIST SP 800-63B 5.1.1.2).

use zeroize::Zeroizing;

/// The most frequent ones, in lower case, sorted, one a line. HACKING.md says where they are from.
const LIST: &str = include_str!("common.txt");

/// Whether the password is on the list, ignoring the case of the letters A to Z.
pub(crate) fn is_common(password: &str) -> bool {
    find(LIST, &Zeroizing::new(password.to_ascii_lowercase())).is_some()
}

/// The line of a sorted list that is this text, by halving.
fn find<'l>(mut lines: &'l str, wanted: &str) -> Option<&'l str> {
    while !lines.is_empty() {
        // Up to the start of the line in the middle. The list is ASCII, so every position is a boundary.
        let half = lines.get(..lines.len() / 2)?;
        let start = half.rfind('\n').map_or(0, |end| end.saturating_add(1));
        let (before, from) = lines.split_at_checked(start)?;
        let (line, after) = from.split_once('\n').unwrap_or((from, ""));
        lines = match line.cmp(wanted) {
            std::cmp::Ordering::Equal => return Some(line),
            std::cmp::Ordering::Less => after,
            std::cmp::Ordering::Greater => before,
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{LIST, find, is_common};

    #[test]
    fn every_password_of_the_list_is_found_and_no_other() {
        let all: Vec<&str> = LIST.lines().collect();
        assert!(all.len() > 1600 && all.is_sorted() && all.iter().all(|line| line.is_ascii() && !line.is_empty()));
        for password in all {
            assert!(is_common(password) && is_common(&password.to_uppercase()), "{password}");
            for other in
                [format!("{password}\u{e9}"), format!("{password}\n"), format!("\n{password}"), format!("{password}~~")]
            {
                assert!(!is_common(&other), "{other:?}");
            }
        }
        for other in ["", "\n", "correct horse battery staple", "\u{e9}", "~", " ", "password\n1"] {
            assert!(!is_common(other), "{other:?}");
        }
    }

    #[test]
    fn a_list_of_any_length_is_searched() {
        for count in 0..20 {
            let lines: String = (0..count).map(|at| format!("{at:02}\n")).collect();
            for list in [lines.as_str(), lines.trim_end()] {
                for at in 0..20 {
                    assert_eq!(find(list, &format!("{at:02}")).is_some(), at < count, "{at} of {count}");
                }
            }
        }
    }
}
