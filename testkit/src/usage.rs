//! The CPU time and the memory of a process, from Linux's `/proc`.

use std::{fs, time::Duration};

use anyhow::{Context, Result};

/// The unit of `/proc/PID/stat`: 1/100 s on every Linux that Rust and workerd run on (`USER_HZ`).
const TICK: Duration = Duration::from_millis(10);

/// User and system time of all threads since the process started.
///
/// # Errors
/// When there is no such process.
pub fn cpu(pid: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))
        .context("the CPU time of a process is read from /proc, which only Linux has")?;
    let fields = Stat::parse(&stat).context("/proc/PID/stat")?;
    Ok(TICK * fields.ticks)
}

/// The resident memory in bytes.
///
/// # Errors
/// When there is no such process.
pub fn memory(pid: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))
        .context("the memory of a process is read from /proc, which only Linux has")?;
    resident(&status).context("/proc/PID/status has no VmRSS")
}

/// The process of this name in the process group of `leader`.
///
/// # Errors
/// When there is none.
pub fn find(leader: u32, name: &str) -> Result<u32> {
    let stats =
        fs::read_dir("/proc")?.flatten().filter_map(|process| fs::read_to_string(process.path().join("stat")).ok());
    let mut found = stats.filter_map(|stat| {
        let stat = Stat::parse(&stat)?;
        (stat.group == leader && stat.name == name).then_some(stat.pid)
    });
    found.next().with_context(|| format!("no process {name} in the group {leader}"))
}

/// `VmRSS:     1234 kB`
fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
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
        assert!(cpu(std::process::id()).is_ok());
        assert!(memory(std::process::id()).expect("a size") > 100_000);
    }

    #[test]
    fn memory_is_that_in_ram() {
        assert_eq!(resident("VmPeak:\t 9 kB\nVmRSS:\t   12 kB\nRssAnon: 3 kB\n"), Some(12 * 1024));
        assert_eq!(resident("Name:\tkthreadd\n"), None);
    }
}
