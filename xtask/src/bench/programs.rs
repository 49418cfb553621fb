//! What is measured, built for it.

use std::env;
use std::path::{Path, PathBuf};

use crate::step::{self, Failure, cargo, root};

/// The programs of `bench`, built.
pub(crate) struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// Builds them as a release.
    pub(crate) fn build() -> Result<Self, Failure> {
        Ok(Self { folder: build("servers", &root().join("bench"))? })
    }

    /// Builds one of them as a release.
    pub(crate) fn build_one(name: &str) -> Result<Self, Failure> {
        Ok(Self { folder: build_some(name, &root().join("bench"), &["--bin", name])? })
    }

    /// Returns the path of a program.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// Builds a workspace as a release, and returns the folder of its programs.
pub(crate) fn build(name: &str, workspace: &Path) -> Result<PathBuf, Failure> {
    build_some(name, workspace, &[])
}

fn build_some(name: &str, workspace: &Path, which: &[&str]) -> Result<PathBuf, Failure> {
    let mut build = cargo(&["build", "--locked", "--release"]);
    step::run(name, build.args(which).arg("--target-dir").arg(target(workspace)).current_dir(workspace))?;
    Ok(release(workspace))
}

/// Returns the folder of a workspace's programs.
pub(crate) fn release(workspace: &Path) -> PathBuf {
    target(workspace).join("release")
}

/// The folder that the environment names, or one in the workspace.
fn target(workspace: &Path) -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace.join("target"), |target| root().join(target))
}
