//! What servers leave behind: nothing.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// The folder and the processes of a server.
#[derive(Debug)]
pub(crate) struct Traces {
    folder: PathBuf,
    processes: Vec<u32>,
}

impl Traces {
    /// Finds the traces of a running server. Its certificate would be in its folder, and its command names that.
    pub(crate) fn of(certificate: &Path) -> Self {
        let folder = certificate.parent().unwrap().to_owned();
        let named = |process: &u32| {
            let command = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
            let command = String::from_utf8_lossy(&command).into_owned();
            command.contains(folder.to_str().unwrap()) && !command.starts_with("sh\0")
        };
        let mut processes: Vec<u32> = all().filter(named).collect();
        let children: Vec<u32> =
            all().filter(|process| parent(*process).is_some_and(|p| processes.contains(&p))).collect();
        processes.extend(children);
        assert!(folder.is_dir() && !processes.is_empty());
        Self { folder, processes }
    }

    /// Asserts that no process is left.
    #[track_caller]
    pub(crate) fn assert_ended(&self) {
        let left: Vec<_> = self.processes.iter().filter(|process| runs(**process)).collect();
        assert!(left.is_empty(), "these still run: {left:?}");
    }

    /// Asserts that neither a process nor the folder is left.
    #[track_caller]
    pub(crate) fn assert_gone(&self) {
        self.assert_ended();
        assert!(!self.folder.exists(), "{} is still there", self.folder.display());
    }

    /// Waits until nothing is left.
    #[track_caller]
    pub(crate) fn wait_until_gone(&self) {
        for _ in 0..200 {
            if !self.folder.exists() && !self.processes.iter().any(|process| runs(*process)) {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
        self.assert_gone();
    }
}

fn all() -> impl Iterator<Item = u32> {
    fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok())
}

fn parent(process: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
}

fn runs(process: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    status.lines().any(|line| line.starts_with("State:") && !line.contains("zombie") && !line.contains("dead"))
}

/// Another process, which runs one test of this program to start a server, and is killed.
pub(crate) struct Helper {
    process: Child,
    traces: Traces,
}

impl Helper {
    const MARK: &str = "THROWAWAY_HELPER";
    const ANNOUNCEMENT: &str = "certificate of the server: ";

    /// Runs `test` in another process until it announces its server.
    pub(crate) fn start(test: &str) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", test, "--nocapture"]).env(Self::MARK, "1");
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
        let certificate =
            lines.find_map(|line| line.split_once(Self::ANNOUNCEMENT).map(|(_, path)| path.to_owned())).unwrap();
        Self { process, traces: Traces::of(Path::new(&certificate)) }
    }

    /// Kills the process, and returns the traces of its server.
    pub(crate) fn kill(mut self) -> Traces {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.traces
    }

    /// Returns whether this process is the other one.
    pub(crate) fn is_this() -> bool {
        env::var_os(Self::MARK).is_some()
    }

    /// Tells the process that waits for it of a server.
    pub(crate) fn announce(certificate: &Path) {
        println!("{}{}", Self::ANNOUNCEMENT, certificate.display());
    }
}
