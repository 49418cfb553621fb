//! Programs that the tests run, and the Debian packages that bring them.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use crate::step::{self, Failure};

/// A program that the tests run.
pub(crate) struct Package {
    /// What Debian calls its package.
    pub(crate) name: &'static str,
    pub(crate) is_installed: fn() -> bool,
}

/// Installs those of the packages that are missing, or says what is to be installed.
pub(crate) fn install(packages: &[Package]) -> Result<(), Failure> {
    let missing = missing(packages);
    if missing.is_empty() {
        return Ok(());
    }
    if !is_root() || !step::is_installed("apt-get") {
        return Err(to_be_installed(&missing));
    }
    step::run("apt-get update", &mut apt_get(&["update", "--quiet"]))?;
    step::run("packages", apt_get(&["install", "--yes", "--quiet", "--no-install-recommends"]).args(&missing))?;
    match self::missing(packages) {
        still if still.is_empty() => Ok(()),
        still => {
            Err(Failure::new(format!("apt-get installed {}, and yet its programs are not found", still.join(" "))))
        }
    }
}

fn missing(packages: &[Package]) -> Vec<&'static str> {
    packages.iter().filter(|package| !(package.is_installed)()).map(|package| package.name).collect()
}

fn to_be_installed(missing: &[&str]) -> Failure {
    let missing = missing.join(" ");
    Failure::new(format!("the tests need programs that are not installed: on Debian, apt-get install {missing}"))
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

fn apt_get(args: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    // In runlevel 1 no package starts its service; the tests start servers of their own.
    command.args(args).env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1");
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    const INSTALLED: Package = Package { name: "here", is_installed: || true };
    const MISSING: Package = Package { name: "not-here", is_installed: || false };

    #[test]
    fn what_is_installed_is_left_alone() {
        install(&[INSTALLED, INSTALLED]).unwrap();
    }

    #[test]
    fn what_is_missing_is_named() {
        let missing = missing(&[INSTALLED, MISSING, MISSING]);
        assert!(to_be_installed(&missing).to_string().ends_with("apt-get install not-here not-here"));
    }
}
