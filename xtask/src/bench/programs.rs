//! What is measured, built for it.

use std::env;
use std::path::{Path, PathBuf};

use crate::step::{self, Failure, cargo, root};

/// The programs of `bench`, built.
pub(crate) struct Programs {
    folder: PathBuf,
    cached: bool,
}

impl Programs {
    /// Builds them as a release.
    pub(crate) fn build() -> Result<Self, Failure> {
        let cached = env::var_os("BENCH_SESSION_CACHE").is_some_and(|value| value == "1");
        let mut args = vec!["build", "--locked", "--release"];
        if cached {
            args.extend(["--features", "session-cache"]);
        }
        let folder = root().join("bench");
        step::run("servers", cargo(&args).current_dir(&folder))?;
        Ok(Self { folder: release(&folder), cached })
    }

    /// Returns whether the library was built with its session cache.
    pub(crate) fn have_session_cache(&self) -> bool {
        self.cached
    }

    /// Returns the path of a program.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// Returns where cargo puts the releases of a workspace.
pub(crate) fn release(workspace: &Path) -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace.join("target"), PathBuf::from);
    root().join(target).join("release")
}
