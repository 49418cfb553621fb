//! A server that is measured: a child on a core of its own, and what `/proc` tells about it.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use super::stopwatch::Stopwatch;
use crate::step::Failure;

/// How long a server may take until it answers, on a machine that does something else as well.
const ANSWERS_WITHIN: Duration = Duration::from_secs(20);

/// Of what `/proc` counts a process's time in: hundredths of a second, on every Linux that Rust runs on.
const TICKS_A_SECOND: f64 = 100.0;

/// A running server, which is gone with this value or with this process.
pub(crate) struct Process {
    child: Child,
    address: SocketAddr,
    first_answer: Duration,
}

impl Process {
    /// Starts a server on core 0 and waits until it answers at `path`.
    pub(crate) fn start(program: &Path, settings: &[(&str, String)], path: &str) -> Result<Self, Failure> {
        let port = throwaway::free_port().map_err(|error| Failure::new(error.to_string()))?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut command = pinned(program);
        command.env("BENCH_LISTEN", address.to_string()).envs(settings.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let started = Stopwatch::start();
        let child = command.spawn().map_err(|error| failed(program, &error))?;
        let mut process = Self { child, address, first_answer: Duration::ZERO };
        while !process.answers(path) {
            let ended = process.child.try_wait().map_err(|error| failed(program, &error))?;
            if ended.is_some() || started.elapsed() > ANSWERS_WITHIN {
                return Err(Failure::new(format!("{} does not answer", program.display())));
            }
            thread::sleep(Duration::from_millis(1));
        }
        process.first_answer = started.elapsed();
        Ok(process)
    }

    /// Returns the URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Returns where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns how long it took from the start of the program to its first answer.
    pub(crate) fn first_answer(&self) -> Duration {
        self.first_answer
    }

    /// Returns the seconds of CPU that it has used.
    pub(crate) fn cpu_seconds(&self) -> Result<f64, Failure> {
        let stat = self.read("stat")?;
        // The name in parentheses may hold anything, so counting begins after it: user and system time are the 12th and
        // 13th fields from there.
        let ticks = |field: usize| stat.rsplit_once(')')?.1.split_whitespace().nth(field)?.parse::<f64>().ok();
        let ticks = ticks(11).zip(ticks(12)).ok_or_else(|| Failure::new("/proc/PID/stat cannot be read"))?;
        Ok((ticks.0 + ticks.1) / TICKS_A_SECOND)
    }

    /// Returns a line of `/proc/PID/status` that tells of memory, in MiB.
    pub(crate) fn memory(&self, line: &str) -> Result<f64, Failure> {
        let status = self.read("status")?;
        let kib = status.lines().find_map(|text| text.strip_prefix(line)?.split_whitespace().nth(1)?.parse().ok());
        kib.map(|kib: f64| kib / 1024.0).ok_or_else(|| Failure::new(format!("/proc/PID/status does not say {line}")))
    }

    /// Returns how many threads whose names begin like this are computing at this moment.
    pub(crate) fn running_threads(&self, name: &str) -> f64 {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).into_iter().flatten().flatten();
        let stats = tasks.filter_map(|task| fs::read_to_string(task.path().join("stat")).ok());
        let running = stats.filter(|stat| stat.contains(&format!("({name}")) && stat.contains(") R "));
        running.map(|_| 1.0).sum()
    }

    /// Waits until it has nothing to do any more.
    pub(crate) fn settle(&self) -> Result<(), Failure> {
        for _ in 0..100 {
            let before = self.cpu_seconds()?;
            thread::sleep(Duration::from_millis(100));
            if self.cpu_seconds()? - before < 0.02 {
                return Ok(());
            }
        }
        Err(Failure::new("the server does not come to rest"))
    }

    /// Asks once; any status will do.
    fn answers(&self, path: &str) -> bool {
        let Ok(mut stream) = TcpStream::connect(self.address) else { return false };
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let mut answer = [0; 12];
        stream.write_all(request.as_bytes()).is_ok()
            && stream.read_exact(&mut answer).is_ok()
            && answer.starts_with(b"HTTP/1.1 ")
    }

    fn read(&self, name: &str) -> Result<String, Failure> {
        let path = format!("/proc/{}/{name}", self.child.id());
        fs::read_to_string(&path).map_err(|error| Failure::new(format!("{path}: {error}")))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be gone already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What a comparison may set, beside the database.
const SWITCHES: [&str; 4] = ["BENCH_KEY", "BENCH_NO_GRACE", "BENCH_SESSION_CACHE", "GLIBC_TUNABLES"];

/// Returns a program on core 0, which the kernel kills when this process ends, however that happens.
pub(crate) fn pinned(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--", "taskset", "--cpu-list", "0"]).arg(program);
    // What a comparison does not set is not set, whatever the environment of this process says.
    for switch in SWITCHES {
        command.env_remove(switch);
    }
    command
}

/// A folder for the files of a comparison, gone with this value or with this process.
pub(crate) struct Folder {
    guard: Child,
    path: PathBuf,
}

impl Folder {
    /// Creates an empty folder.
    pub(crate) fn create(name: &str) -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("auth-bench-{}-{name}", std::process::id()));
        let failed = |error| Failure::new(format!("{}: {error}", path.display()));
        fs::create_dir_all(&path).map_err(failed)?;
        let mut shell = Command::new("sh");
        shell.args(["-c", "trap '' INT TERM; cat; cd /; exec rm -rf -- \"$0\""]).arg(&path);
        let guard = shell.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().map_err(failed)?;
        Ok(Self { guard, path })
    }

    /// Returns the path of a file in it.
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Creates a file in it.
    pub(crate) fn file(&self, name: &str) -> Result<File, Failure> {
        let path = self.join(name);
        File::create(&path).map_err(|error| Failure::new(format!("{}: {error}", path.display())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        drop(self.guard.wait());
    }
}

fn failed(program: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("{}: {error}", program.display()))
}
