//! Running one thing after another: each step says what it runs, and how long it took.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

/// Runs `command` as a step, with its output streaming through.
pub(crate) fn run(name: &str, command: &mut Command) -> Result<(), Failure> {
    announce(name, command);
    timed(name, || {
        let status = command.status().map_err(|error| Failure::new(format!("{name} could not start: {error}")))?;
        if status.success() { Ok(()) } else { Err(Failure::of_step(name, status.code())) }
    })
}

/// Runs `work` and says how long it took.
#[expect(clippy::disallowed_methods, reason = "a stopwatch for the person at the terminal: no library code runs here")]
pub(crate) fn timed(name: &str, work: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    let started = Instant::now();
    let outcome = work();
    let verdict = if outcome.is_ok() { "ok" } else { "FAILED" };
    eprintln!("== {name}: {verdict} after {:.1} s\n", started.elapsed().as_secs_f64());
    outcome
}

/// Returns `cargo` with `args`, in the root of the workspace.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.args(args).current_dir(root());
    command
}

/// Returns whether `cargo <subcommand>` is installed here.
pub(crate) fn has_cargo(subcommand: &str) -> bool {
    let mut probe = cargo(&[subcommand, "--version"]);
    probe.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    probe.status().is_ok_and(|status| status.success())
}

/// Returns whether a program is installed here.
pub(crate) fn is_installed(program: &str) -> bool {
    answers(program, "--version")
}

/// Returns whether a program is installed here, and does not mind this argument.
pub(crate) fn answers(program: &str, arg: &str) -> bool {
    let mut probe = Command::new(program);
    probe.arg(arg).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    probe.status().is_ok_and(|status| status.success())
}

/// Returns the root of the workspace.
///
/// Cargo names this package's folder both when it builds and when it runs the program. The latter wins: a target
/// folder that several clones share may hold a program built in another one.
pub(crate) fn root() -> PathBuf {
    let package = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| OsString::from(env!("CARGO_MANIFEST_DIR")));
    let mut root = PathBuf::from(package);
    root.pop();
    root
}

fn announce(name: &str, command: &Command) {
    let settings = command
        .get_envs()
        .filter_map(|(key, value)| Some(format!("{}='{}' ", key.to_string_lossy(), value?.to_string_lossy())));
    let args = command.get_args().map(|arg| format!(" {}", arg.to_string_lossy()));
    let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy();
    eprintln!("== {name}: {}{program}{}", settings.collect::<String>(), args.collect::<String>());
}

/// Why a command ends without success, and the exit code to end with.
#[derive(Debug)]
pub(crate) struct Failure {
    what: String,
    code: u8,
}

impl Failure {
    /// Creates the failure of something that xtask does itself.
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), code: 1 }
    }

    /// Creates the failure of a command line that was not understood.
    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self { what: what.into(), code: 2 }
    }

    /// Creates the failure of a step from its exit code; there is none when a signal ended it.
    fn of_step(name: &str, code: Option<i32>) -> Self {
        let code = code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
        Self { what: format!("{name} failed"), code }
    }

    /// Returns what the program ends with.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_step_hands_its_exit_code_on() {
        let failure = run("nonsense", &mut cargo(&["no-such-subcommand"])).expect_err("cargo refuses this");
        assert_eq!((failure.to_string().as_str(), failure.code), ("nonsense failed", 101));
    }

    #[test]
    fn a_step_ended_by_a_signal_fails() {
        assert_eq!(Failure::of_step("test", None).code, 1);
    }
}
