//! Processes of this machine, by their numbers: what `/proc` tells about them, and signals.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;
use std::{io, iter};

use crate::error::{Error, Result};
use crate::patience::wait_for;

/// How long a process may take to notice a signal that it cannot refuse; seconds, because machines can be busy.
const NOTICES_WITHIN: Duration = Duration::from_secs(20);

type Order = (Command, Sender<io::Result<Child>>);

/// The thread that starts all servers of this process, and never ends before it.
///
/// The kernel kills a server when the *thread* that started it ends (`PR_SET_PDEATHSIG`). A test's own thread may end
/// while others still use the server; this one does not.
static SPAWNER: LazyLock<Sender<Order>> = LazyLock::new(|| {
    let (sender, orders) = mpsc::channel::<Order>();
    thread::spawn(move || {
        for (mut command, reply) in orders {
            // Nobody waits for a child when nobody takes it.
            if let Err(mpsc::SendError(Ok(mut child))) = reply.send(command.spawn()) {
                drop(child.kill());
            }
        }
    });
    sender
});

/// Spawns a process that lives until it is killed, or this one ends.
pub(crate) fn spawn(command: Command) -> io::Result<Child> {
    let (reply, child) = mpsc::channel();
    let gone = || io::Error::other("the thread that starts servers is gone");
    SPAWNER.send((command, reply)).map_err(|_| gone())?;
    child.recv().map_err(|_| gone())?
}

/// Sends a signal to processes; those that are gone already are left out.
pub(crate) fn signal(name: &str, processes: &[u32]) -> Result<()> {
    // The shell has a `kill` of its own; the program is not installed everywhere.
    let mut command = Command::new("sh");
    command.args(["-c", "for process; do kill -s \"$0\" \"$process\"; done; true", name]);
    command.args(processes.iter().map(u32::to_string)).stdin(Stdio::null()).stderr(Stdio::null());
    let status = command.status().map_err(|error| Error::io("`sh` could not start", &error))?;
    if status.success() { Ok(()) } else { Err(Error::new(format!("cannot send SIG{name}"))) }
}

/// Stops a process and its children, and returns them: none runs on, and there will be no more of them.
pub(crate) fn freeze(process: u32) -> Result<Vec<u32>> {
    // The parent first: once it stands still it starts no more children.
    stop(&[process])?;
    let family: Vec<u32> = iter::once(process).chain(children(process)).collect();
    stop(&family)?;
    Ok(family)
}

fn stop(processes: &[u32]) -> Result<()> {
    signal("STOP", processes)?;
    wait_until(processes, "stop", |state| matches!(state, State::Gone | State::Stopped))
}

/// Waits until processes that were killed are gone.
pub(crate) fn wait_until_gone(processes: &[u32]) -> Result<()> {
    wait_until(processes, "end", |state| state == State::Gone)
}

fn wait_until(processes: &[u32], what: &str, reached: fn(State) -> bool) -> Result<()> {
    let all = || processes.iter().all(|process| reached(state(*process))).then_some(());
    wait_for(NOTICES_WITHIN, all).ok_or_else(|| Error::new(format!("the processes {processes:?} do not {what}")))
}

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing any more; its parent may still have to take note of that.
    Gone,
    /// It works, or waits for work.
    Running,
    /// It stands still until it is told to continue.
    Stopped,
}

/// Returns what a process does.
pub(crate) fn state(process: u32) -> State {
    match fs::read_to_string(format!("/proc/{process}/stat")).ok().as_deref().and_then(parse) {
        None | Some(('X' | 'Z', _)) => State::Gone,
        Some(('T' | 't', _)) => State::Stopped,
        Some(_) => State::Running,
    }
}

/// Returns the children of a process.
pub(crate) fn children(process: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter(|number| parent(*number) == Some(process)).collect()
}

fn parent(process: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    parse(&stat).map(|(_, parent)| parent)
}

/// Reads the state and the parent from `/proc/<number>/stat`: `number (name) state parent ..`. The name may hold
/// anything, parentheses too.
fn parse(stat: &str) -> Option<(char, u32)> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((state, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper() -> Child {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 60 & sleep 60"]);
        let child = spawn(command).unwrap();
        wait_for(NOTICES_WITHIN, || (!children(child.id()).is_empty()).then_some(())).unwrap();
        child
    }

    #[test]
    fn a_frozen_family_stands_still_until_it_is_told_to_continue() {
        let mut child = sleeper();
        let family = freeze(child.id()).unwrap();
        assert!(family.len() > 1 && family.iter().all(|process| state(*process) == State::Stopped), "{family:?}");
        signal("CONT", &family).unwrap();
        wait_until(&family, "continue", |state| state == State::Running).unwrap();
        signal("KILL", &family).unwrap();
        wait_until_gone(&family).unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn a_name_may_hold_what_separates_the_fields() {
        assert_eq!(parse("42 (a) Z 1 (b)) S 7 42 42"), Some(('S', 7)));
        assert_eq!(parse(""), None);
    }
}
