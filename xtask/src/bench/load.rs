//! The load: requests as fast as they are answered, or at a fixed rate.

use std::process::{Command, Output, Stdio};

use super::process::Process;
use crate::step::{Failure, root};

/// What one run has measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// Requests that were answered.
    pub(crate) requests: f64,
    /// Requests a second.
    pub(crate) rate: f64,
    /// Microseconds of the server's CPU for each request.
    pub(crate) cpu: f64,
    /// Microseconds within which half of the answers came.
    pub(crate) p50: f64,
    /// Microseconds within which 99 of 100 answers came.
    pub(crate) p99: f64,
}

impl Sample {
    /// Reads what `report.lua` prints.
    pub(crate) fn read(output: &Output, cpu: f64) -> Result<Self, Failure> {
        let text = String::from_utf8_lossy(&output.stdout);
        let report = text.lines().find_map(|line| line.strip_prefix("RESULT ")).unwrap_or_default();
        let numbers: Vec<f64> = report.split(' ').filter_map(|number| number.parse().ok()).collect();
        let [requests, micros, p50, p99, failures] = numbers[..] else {
            return Err(Failure::new(format!("wrk has no result: {text}")));
        };
        if failures > 0.0 || requests < 1.0 {
            return Err(Failure::new(format!("{failures} of {requests} requests failed: {text}")));
        }
        Ok(Self { requests, rate: requests / micros * 1e6, cpu: cpu / requests * 1e6, p50, p99 })
    }
}

/// Requests that are sent as fast as they are answered.
#[derive(Clone)]
pub(crate) struct Load {
    pub(crate) path: String,
    pub(crate) headers: Vec<String>,
    /// The name of a script in `bench/load`, and what it is told.
    pub(crate) script: (&'static str, Vec<String>),
    pub(crate) connections: u32,
}

/// Connections that are kept alive, unless a comparison wants another number.
const CONNECTIONS: u32 = 32;

impl Load {
    /// Always the same GET.
    pub(crate) fn get(path: &str, headers: &[String]) -> Self {
        Self {
            path: path.to_owned(),
            headers: headers.to_vec(),
            script: ("report.lua", Vec::new()),
            connections: CONNECTIONS,
        }
    }

    /// Requests that a script makes.
    pub(crate) fn script(path: &str, name: &'static str, args: Vec<String>, connections: u32) -> Self {
        Self { path: path.to_owned(), headers: Vec::new(), script: (name, args), connections }
    }

    /// Runs it against a server for some seconds.
    pub(crate) fn run(&self, server: &Process, seconds: u32) -> Result<Sample, Failure> {
        let before = server.cpu_seconds()?;
        let output = self.command(server, seconds).output().map_err(|error| Failure::new(format!("wrk: {error}")))?;
        Sample::read(&output, server.cpu_seconds()? - before)
    }

    /// Returns the command, which runs where this process does: on core 1.
    pub(crate) fn command(&self, server: &Process, seconds: u32) -> Command {
        let mut wrk = Command::new("setpriv");
        wrk.args(["--pdeathsig", "KILL", "--", "wrk", "--threads", "1", "--timeout", "10s"]);
        wrk.args(["--connections", &self.connections.to_string(), "--duration", &format!("{seconds}s")]);
        for header in &self.headers {
            wrk.args(["--header", header]);
        }
        let (script, args) = &self.script;
        wrk.arg("--script").arg(root().join("bench/load").join(script)).arg(server.url(&self.path));
        wrk.arg("--").args(args).current_dir(root().join("bench/load")).stdin(Stdio::null());
        wrk
    }
}
