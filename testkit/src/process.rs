//! Child programs in process groups that end with this program, even when it is killed.

use std::{
    fs,
    os::unix::process::CommandExt,
    process::{self, Child, Command, ExitCode, ExitStatus, Stdio},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use nix::{
    errno::Errno,
    sys::signal::{Signal, killpg},
    unistd::Pid,
};

/// Time for a group to end before it is killed.
const TERMINATION_TIMEOUT: Duration = Duration::from_secs(5);

/// The exit code after Ctrl-C (128 + SIGINT).
const INTERRUPTED: i32 = 130;

/// A shell script that starts a guard process and then executes the given program. The guard reads from a pipe to this
/// program and ends the group at end of file. The kernel closes the pipe even when this program is killed by SIGKILL.
const GUARDED: &str = r#"exec 3<&0
(read -r _ <&3; trap "" TERM; kill -TERM 0; sleep 3; kill -KILL 0) >/dev/null 2>&1 &
exec "$@" 3<&- </dev/null"#;

static GROUPS: Mutex<Vec<Pid>> = Mutex::new(Vec::new());
static STOPPING: AtomicBool = AtomicBool::new(false);

/// A child and its descendants. wrangler starts esbuild and workerd, which must not outlive it.
///
/// Ctrl-C in the terminal does not reach the group; [`run`] forwards it.
#[derive(Debug)]
pub struct Group {
    leader: Child,
    id: Pid,
}

impl Group {
    /// Starts the command without input, as the leader of a new process group.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn spawn(command: &Command, stdout: Stdio, stderr: Stdio) -> Result<Self> {
        let mut guarded = Command::new("sh");
        guarded.args(["-c", GUARDED, "sh"]).arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => guarded.env(name, value),
                None => guarded.env_remove(name),
            };
        }
        if let Some(dir) = command.get_current_dir() {
            guarded.current_dir(dir);
        }
        guarded.stdin(Stdio::piped()).stdout(stdout).stderr(stderr).process_group(0);
        let mut groups = groups();
        let leader = guarded.spawn().context("could not start sh")?;
        let id = Pid::from_raw(i32::try_from(leader.id())?);
        groups.push(id);
        Ok(Self { leader, id })
    }

    /// The leader, for access to its pipes.
    pub fn leader(&mut self) -> &mut Child {
        &mut self.leader
    }

    /// The exit status of the leader, or `None` while it runs.
    ///
    /// # Errors
    /// When the system call fails.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.leader.try_wait()?)
    }

    /// Waits until the leader ends, then kills the rest of the group.
    ///
    /// # Errors
    /// When the system call fails.
    pub fn wait(mut self) -> Result<ExitStatus> {
        // `Child::wait` would first close the guard's pipe, and the guard would end the group.
        loop {
            if let Some(status) = self.ended()? {
                // Kills the guard and descendants that the leader did not wait for.
                let _ = killpg(self.id, Signal::SIGKILL);
                return Ok(status);
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        end(self.id, || {
            // A group exists until its last process is reaped.
            let _ = self.leader.try_wait();
        });
        groups().retain(|id| *id != self.id);
    }
}

/// Runs a whole program: prints its error, and on Ctrl-C and SIGTERM ends all groups and then the program.
#[must_use]
pub fn run(program: impl FnOnce() -> Result<()>) -> ExitCode {
    let done = end_all_on_signal().and_then(|()| program());
    // After a signal, an error is its consequence; the handler ends the program.
    while STOPPING.load(Ordering::SeqCst) {
        thread::park();
    }
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn end_all_on_signal() -> Result<()> {
    ctrlc::set_handler(|| {
        STOPPING.store(true, Ordering::SeqCst);
        for id in groups().iter() {
            end(*id, || ());
        }
        process::exit(INTERRUPTED);
    })?;
    Ok(())
}

fn end(group: Pid, mut reap: impl FnMut()) {
    for signal in [Signal::SIGTERM, Signal::SIGKILL] {
        let deadline = Instant::now() + TERMINATION_TIMEOUT;
        let _ = killpg(group, signal);
        while Instant::now() < deadline {
            reap();
            if !is_alive(group) {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Whether a process of the group is running. Zombies do not count, because init may reap orphans late.
fn is_alive(group: Pid) -> bool {
    if killpg(group, None) == Err(Errno::ESRCH) {
        return false;
    }
    let Ok(processes) = fs::read_dir("/proc") else { return true };
    let runs_in_group = |stat: &str| {
        // `pid (name) state parent group ...`; the name may contain any character.
        let mut fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        fields.next() != Some("Z") && fields.nth(1) == Some(&group.to_string())
    };
    processes
        .flatten()
        .filter_map(|process| fs::read_to_string(process.path().join("stat")).ok())
        .any(|stat| runs_in_group(&stat))
}

fn groups() -> MutexGuard<'static, Vec<Pid>> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};

    use nix::sys::signal::kill;

    use super::*;

    #[test]
    fn a_grandchild_that_ignores_the_first_signal_ends_too() {
        let (group, grandchild) = stubborn();
        drop(group);
        assert_ends(grandchild);
    }

    #[test]
    fn the_group_ends_when_we_are_killed() {
        let (mut group, grandchild) = stubborn();
        // The kernel closes this end of the pipe when this program ends.
        drop(group.leader().stdin.take());
        assert_ends(grandchild);
    }

    #[test]
    fn the_exit_status_is_the_programs_own() {
        let mut command = Command::new("sh");
        command.args(["-c", "exit 7"]);
        let group = Group::spawn(&command, Stdio::null(), Stdio::null()).expect("sh starts");
        assert_eq!(group.wait().expect("it ends").code(), Some(7));
    }

    fn stubborn() -> (Group, Pid) {
        let mut shell = Command::new("sh");
        shell.args(["-c", "sh -c 'trap \"\" TERM; echo $$; while :; do sleep 1; done' & wait"]);
        let mut group = Group::spawn(&shell, Stdio::piped(), Stdio::null()).expect("sh starts");
        let mut pid = String::new();
        let stdout = group.leader().stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut pid).expect("its id");
        let grandchild = Pid::from_raw(pid.trim().parse().expect("a number"));
        assert_eq!(kill(grandchild, None), Ok(()));
        (group, grandchild)
    }

    fn assert_ends(pid: Pid) {
        let deadline = Instant::now() + 2 * TERMINATION_TIMEOUT;
        let is_zombie = || fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") Z "));
        while kill(pid, None) != Err(Errno::ESRCH) && !is_zombie() {
            assert!(Instant::now() < deadline, "{pid} lives on");
            thread::sleep(Duration::from_millis(20));
        }
    }
}
