//! A running server: what all of them have in common.

use std::fmt;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::account::Account;
use crate::error::{Error, Result};
use crate::folder::Folder;
use crate::patience::wait_for;
use crate::process;

/// How long a server may take until it answers. It takes a second or three; a busy machine needs more.
const ANSWERS_WITHIN: Duration = Duration::from_mins(1);

/// How long a server may take to end when it is asked to.
const ENDS_WITHIN: Duration = Duration::from_secs(10);

/// How a server is started.
pub(crate) struct Launch {
    /// What people call the server.
    pub(crate) name: &'static str,
    pub(crate) account: Account,
    pub(crate) folder: Folder,
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<String>,
    /// Whether the server answers.
    pub(crate) answers: Box<dyn Fn() -> bool + Send + Sync>,
}

/// A server that runs, unless it was killed.
pub(crate) struct Server {
    launch: Launch,
    child: Option<Child>,
}

impl Server {
    /// Starts a server and waits until it answers.
    pub(crate) fn start(launch: Launch) -> Result<Self> {
        let mut server = Self { launch, child: None };
        server.restart()?;
        Ok(server)
    }

    /// Starts the server again, on the same data and port, and waits until it answers.
    pub(crate) fn restart(&mut self) -> Result<()> {
        self.kill()?;
        self.child = Some(self.spawn()?);
        let ended = wait_for(ANSWERS_WITHIN, || {
            let ended = !matches!(self.child.as_mut()?.try_wait(), Ok(None));
            (ended || (self.launch.answers)()).then_some(ended)
        });
        match ended {
            Some(false) => Ok(()),
            Some(true) => {
                // Its number may be another process's from now on.
                self.child = None;
                Err(self.trouble("ended right after its start"))
            }
            None => Err(self.trouble(&format!("did not answer within {} s", ANSWERS_WITHIN.as_secs()))),
        }
    }

    /// Ends the server and its children at once, as a power failure would.
    pub(crate) fn kill(&mut self) -> Result<()> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        if matches!(child.try_wait(), Ok(Some(_))) {
            return Ok(());
        }
        let family = process::freeze(child.id())?;
        process::signal("KILL", &family)?;
        child.wait().map_err(|error| self.refused("be killed", &error))?;
        process::wait_until_gone(&family)?;
        self.launch.folder.note_paused(&[])
    }

    /// Asks the server with a signal to end, and kills it if it does not.
    pub(crate) fn end(&mut self, signal: &str) -> Result<()> {
        self.resume()?;
        if let Some(child) = self.child.as_mut() {
            process::signal(signal, &[child.id()])?;
            wait_for(ENDS_WITHIN, || matches!(child.try_wait(), Ok(Some(_))).then_some(()));
        }
        self.kill()
    }

    /// Makes the server and its children stand still: connections stay open, and nothing answers.
    pub(crate) fn pause(&self) -> Result<()> {
        let Some(child) = self.child.as_ref() else { return Ok(()) };
        let family = process::freeze(child.id())?;
        self.launch.folder.note_paused(&family)
    }

    /// Lets the server and its children continue.
    pub(crate) fn resume(&self) -> Result<()> {
        let Some(child) = self.child.as_ref() else { return Ok(()) };
        let mut family = process::children(child.id());
        family.push(child.id());
        process::signal("CONT", &family)?;
        self.launch.folder.note_paused(&[])
    }

    /// Returns the server's folder.
    pub(crate) fn folder(&self) -> &Folder {
        &self.launch.folder
    }

    /// Starts the process. Its process group is its own, so that Ctrl-C at the terminal reaches only the tests, which
    /// may want to end before their server.
    fn spawn(&self) -> Result<Child> {
        let refused = |error| self.refused("start", &error);
        let log = File::options().create(true).append(true).open(self.log()).map_err(refused)?;
        let mut command = self.launch.account.command(&self.launch.program, self.launch.folder.path());
        command
            .args(&self.launch.args)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(refused)?)
            .stderr(log);
        process::spawn(command).map_err(refused)
    }

    fn log(&self) -> PathBuf {
        self.launch.folder.join("log")
    }

    fn refused(&self, what: &str, error: &std::io::Error) -> Error {
        Error::io(format_args!("{} could not {what}", self.launch.name), error)
    }

    fn trouble(&self, what: &str) -> Error {
        let log = fs::read(self.log()).unwrap_or_default();
        Error::new(format!("{} {what}; its log ends with", self.launch.name))
            .with_output(&String::from_utf8_lossy(&log))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.kill() {
            eprintln!("throwaway: {error}");
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("name", &self.launch.name)
            .field("folder", &self.launch.folder.path())
            .field("process", &self.child.as_ref().map(Child::id))
            .finish_non_exhaustive()
    }
}
