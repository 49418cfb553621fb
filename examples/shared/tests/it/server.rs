//! A running example, and curl to talk to it.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

/// A folder of its own for a database, a cookie jar and curl's settings.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        let dir = TempDir::new().unwrap();
        // Bodies first, then the status on a line of its own, whatever the command says.
        fs::write(dir.path().join(".curlrc"), "silent\nshow-error\nwrite-out = \"\\n%{http_code}\\n\"\n").unwrap();
        Self(dir)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Runs a shell script here and returns what it printed.
    pub(crate) fn sh(&self, script: &str) -> String {
        let run =
            Command::new("sh").args(["-ec", script]).current_dir(self.path()).env("CURL_HOME", self.path()).output();
        let output = run.expect("sh and curl are installed");
        assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

/// The example, until it is dropped.
pub(crate) struct Server {
    child: Child,
    log: Arc<Mutex<String>>,
    pub(crate) port: u16,
}

impl Server {
    /// Starts the example on a free port, with a database in the folder, and waits until it listens.
    pub(crate) fn start(folder: &Folder, variables: &[(&str, &str)]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = Self::launch(folder, port, variables);
        server.listen();
        server
    }

    /// Starts the example, and waits for nothing; port 0 is one that it finds itself.
    pub(crate) fn launch(folder: &Folder, port: u16, variables: &[(&str, &str)]) -> Self {
        let addr = format!("127.0.0.1:{port}");
        let mut child = example(folder).env("ADDR", addr).envs(variables.iter().copied()).spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        collect(child.stdout.take().unwrap(), &log);
        collect(child.stderr.take().unwrap(), &log);
        Self { child, log, port }
    }

    /// Waits until the server listens, and notes where.
    pub(crate) fn listen(&mut self) {
        const SAID: &str = "listening on 127.0.0.1:";
        self.wait_for(SAID);
        let log = self.log();
        let (_, port) = log.split_once(SAID).unwrap();
        self.port = port.split(';').next().unwrap().parse().unwrap();
    }

    /// Waits until the log says something.
    pub(crate) fn wait_for(&self, text: &str) {
        for _ in 0..600 {
            if self.log().contains(text) {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("the server did not log {text:?}:\n{}", self.log());
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Asks the server to stop, as a supervisor does, and waits for it.
    pub(crate) fn stop(mut self) -> ExitStatus {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Appends what comes out of a stream to the log, line by line, until it ends.
fn collect(stream: impl Read + Send + 'static, log: &Arc<Mutex<String>>) {
    let log = Arc::clone(log);
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let mut log = log.lock().unwrap();
            log.push_str(&line);
            log.push('\n');
        }
    });
}

/// The built program, with an environment that holds nothing of the tester's own.
pub(crate) fn example(folder: &Folder) -> Command {
    let mut command = Command::new(crate::PROGRAM);
    command.current_dir(folder.path()).env_clear().stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}
