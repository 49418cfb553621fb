//! Where programs are, and running them to their end.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::{Error, Result};

/// Finds a program in `PATH`, or where Debian puts servers: `/usr/sbin` is not in everybody's `PATH`.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/usr/bin".into()])
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

/// Runs a program to its end and returns what it printed.
///
/// # Errors
///
/// When it cannot start, or fails.
pub(crate) fn run(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Error::io(format_args!("`{name}` could not start"), &error))?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(printed);
    }
    let args: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy()).collect();
    Err(Error::new(format!("`{name} {}` failed ({})", args.join(" "), output.status))
        .with_output(&(printed + &String::from_utf8_lossy(&output.stderr))))
}

/// Returns what a program answers to `--version`.
pub(crate) fn version(program: &Path) -> Result<String> {
    run(Command::new(program).arg("--version"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_by_name() {
        assert!(find("sh").is_some_and(|shell| shell.ends_with("sh")));
        assert_eq!(find("no-such-program"), None);
    }

    #[test]
    fn a_failure_shows_what_the_program_said() {
        let error = run(Command::new("sh").args(["-c", "echo out; echo err >&2; exit 3"])).unwrap_err().to_string();
        assert!(error.contains("failed (exit status: 3)\n    out\n    err"), "{error}");
        assert!(run(&mut Command::new("no-such-program")).unwrap_err().to_string().contains("could not start"));
    }
}
