//! The CPU time of a process, from Linux's `/proc`.

use std::{fs, time::Duration};

use anyhow::{Context, Result};

/// The unit of `/proc/PID/stat`: 1/100 s on every Linux that Rust and workerd run on (`USER_HZ`).
const TICK: Duration = Duration::from_millis(10);

/// User and system time of all threads since the process started.
pub(super) fn used(pid: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))
        .context("the CPU time of a process is read from /proc, which only Linux has")?;
    let fields = Stat::parse(&stat).context("/proc/PID/stat")?;
    Ok(TICK * fields.ticks)
}

/// The process of this name in the process group of `leader`.
pub(super) fn find(leader: u32, name: &str) -> Result<u32> {
    let stats =
        fs::read_dir("/proc")?.flatten().filter_map(|process| fs::read_to_string(process.path().join("stat")).ok());
    let mut found = stats.filter_map(|stat| {
        let stat = Stat::parse(&stat)?;
        (stat.group == leader && stat.name == name).then_some(stat.pid)
    });
    found.next().with_context(|| format!("no process {name} in the group {leader}"))
}

struct Stat {
    pid: u32,
    name: String,
    group: u32,
    ticks: u32,
}

impl Stat {
    /// `pid (name) state parent group ... utime stime ...`; the name may contain any character.
    fn parse(stat: &str) -> Option<Self> {
        let (pid, rest) = stat.split_once(" (")?;
        let (name, fields) = rest.rsplit_once(") ")?;
        let fields: Vec<&str> = fields.split(' ').collect();
        let number = |index: usize| fields.get(index)?.parse::<u32>().ok();
        Some(Self {
            pid: pid.parse().ok()?,
            name: name.to_owned(),
            group: number(2)?,
            ticks: number(11)? + number(12)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_name_with_brackets_moves_no_field() {
        let stat = Stat::parse("7 (a) b) S 1 42 42 0 -1 4194560 100 0 0 0 30 12 0 0 20 0 1 0 5").expect("a line");
        assert_eq!((stat.pid, stat.name.as_str(), stat.group, stat.ticks), (7, "a) b", 42, 42));
    }

    #[test]
    fn this_process_has_used_some() {
        assert!(used(std::process::id()).is_ok());
    }
}
