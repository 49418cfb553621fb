//! The folder of one server, and the guard that removes it when nobody else can.

use std::fs;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::account::Account;
use crate::error::{Error, Result};

/// Waits for the end of its input, which comes when the folder's value is dropped or its process ends, however that
/// happens, and clears up.
///
/// * A line of input names the processes that are paused. Asleep they would not see that their server died, so they are
///   woken.
/// * A killed PostgreSQL leaves a little System V memory behind, of which the kernel keeps some thousand pieces and no
///   more; its number is noted in the seventh line of a file.
/// * Dying servers may still write for a moment, hence the attempts.
const GUARD: &str = "\
paused=
while read -r line; do paused=$line; done
for process in $paused; do kill -s CONT \"$process\"; done
memory=$(sed -n '7s/.* //p' data/postmaster.pid) && [ -n \"$memory\" ] && ipcrm --shmem-id \"$memory\"
cd /
for attempt in 1 2 3 4 5 6 7 8 9 10; do rm -rf -- \"$0\" && exit; sleep 1; done
exit 1
";

/// A folder that only its server's account can enter, and that goes away with this value or with this process.
#[derive(Debug)]
pub(crate) struct Folder {
    guard: Child,
    path: PathBuf,
}

impl Folder {
    /// Creates an empty folder for a server of `account`.
    pub(crate) fn create(account: Account) -> Result<Self> {
        // Not `TMPDIR`: the server's account must be able to reach it, and a socket's path must stay under 108 bytes.
        let path = tempfile::Builder::new()
            .prefix("throwaway-")
            .tempdir_in("/tmp")
            .map_err(|error| Error::io("cannot create a folder in /tmp", &error))?
            .keep();
        let guard = guard(&path).map_err(|error| Error::io("`sh` could not start", &error))?;
        let folder = Self { guard, path };
        account.own(&folder.path)?;
        Ok(folder)
    }

    /// Returns where the folder is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the path of something in the folder.
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Returns the path of something in the folder as text, for a command line.
    pub(crate) fn text(&self, name: &str) -> String {
        self.join(name).display().to_string()
    }

    /// Writes a file for the server of `account`.
    pub(crate) fn write(&self, account: Account, name: &str, text: &str) -> Result<()> {
        let path = self.join(name);
        fs::write(&path, text).map_err(|error| Error::io(format_args!("cannot write {}", path.display()), &error))?;
        account.own(&path)
    }

    /// Tells the guard which processes are paused now.
    pub(crate) fn note_paused(&self, processes: &[u32]) -> Result<()> {
        let Some(mut input) = self.guard.stdin.as_ref() else { return Ok(()) };
        let line: Vec<String> = processes.iter().map(u32::to_string).collect();
        writeln!(input, "{}", line.join(" ")).map_err(|error| Error::io("the guard of the folder is gone", &error))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        if !self.guard.wait().is_ok_and(|status| status.success()) {
            eprintln!("throwaway: {} could not be removed", self.path.display());
        }
    }
}

/// Starts the guard, in a process group of its own, so that Ctrl-C at the terminal does not reach it.
fn guard(path: &Path) -> io::Result<Child> {
    let mut shell = Command::new("sh");
    shell.args(["-c", GUARD]).arg(path).current_dir(path).process_group(0);
    shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::patience::wait_for;
    use crate::process;

    #[test]
    fn the_folder_goes_away_with_its_value() {
        let folder = Folder::create(Account::Same).unwrap();
        let (path, guard) = (folder.path().to_owned(), folder.guard.id());
        folder.write(Account::Same, "file", "text").unwrap();
        assert_eq!(fs::read_to_string(folder.join("file")).unwrap(), "text");
        drop(folder);
        assert!(!path.exists());
        assert_eq!(process::state(guard), process::State::Gone);
    }

    #[test]
    fn the_guard_removes_the_folder_when_its_input_ends() {
        let mut folder = Folder::create(Account::Same).unwrap();
        let path = folder.path().to_owned();
        drop(folder.guard.stdin.take());
        wait_for(Duration::from_secs(20), || (!path.exists()).then_some(())).unwrap();
    }
}
