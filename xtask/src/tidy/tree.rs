//! The files of the repository, and what kind each one is.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::source::{self, Line};
use crate::step::Failure;

/// All files of the repository.
#[derive(Debug)]
pub(crate) struct Tree {
    files: Vec<File>,
}

impl Tree {
    /// Reads the files that git tracks under `root`, and the new ones that it does not ignore.
    ///
    /// New files count, so that a finding comes before the commit and not from the gate after it.
    pub(crate) fn read(root: &Path) -> Result<Self, Failure> {
        // Git refuses a folder that another user owns, as a container's mount may be; listing names is harmless.
        let output = Command::new("git")
            .args(["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root)
            .output()
            .map_err(|error| Failure::new(format!("git could not start: {error}")))?;
        if !output.status.success() {
            return Err(Failure::new(format!("git ls-files: {}", String::from_utf8_lossy(&output.stderr).trim())));
        }
        let names = String::from_utf8_lossy(&output.stdout);
        let mut files = Vec::new();
        for name in names.split('\0').filter(|name| root.join(name).is_file()) {
            let bytes = fs::read(root.join(name)).map_err(|error| Failure::new(format!("{name}: {error}")))?;
            files.push(File::new(name, &String::from_utf8_lossy(&bytes)));
        }
        Ok(Self { files })
    }

    /// Creates a tree of a few files, for the tests of the rules.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        Self { files: files.iter().map(|(path, text)| File::new(path, text)).collect() }
    }

    /// Returns every file.
    pub(crate) fn files(&self) -> &[File] {
        &self.files
    }

    /// Returns the Rust sources.
    pub(crate) fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.extension() == "rs")
    }

    /// Returns the documents.
    pub(crate) fn markdown(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.is_markdown())
    }

    /// Returns the file at `path`.
    pub(crate) fn find(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Returns the manifests of the workspace's members: all but the root's, and those that are a workspace of their
    /// own.
    pub(crate) fn manifests(&self) -> impl Iterator<Item = &File> {
        let own_workspace = |file: &File| file.text.lines().any(|line| line.trim() == "[workspace]");
        self.files.iter().filter(move |file| file.path.ends_with("/Cargo.toml") && !own_workspace(file))
    }
}

/// One file.
#[derive(Debug)]
pub(crate) struct File {
    /// The path from the root, with `/` between its parts.
    pub(crate) path: String,
    /// The whole text.
    pub(crate) text: String,
    /// The lines of a Rust source; empty for any other file.
    pub(crate) lines: Vec<Line>,
}

impl File {
    fn new(path: &str, text: &str) -> Self {
        let mut file = Self { path: path.to_owned(), text: text.to_owned(), lines: Vec::new() };
        if file.extension() == "rs" {
            file.lines = source::lines(text);
        }
        file
    }

    /// Returns the name without the folders.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// Returns what follows the last dot of the name.
    fn extension(&self) -> &str {
        self.name().rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// Returns whether this is a document.
    pub(crate) fn is_markdown(&self) -> bool {
        self.extension() == "md"
    }

    /// Returns the folder, without a slash at its end; empty for a file at the root.
    pub(crate) fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// Returns whether the whole file is tests or benchmarks.
    pub(crate) fn is_test(&self) -> bool {
        self.name() == "tests.rs" || self.folder().split('/').any(|part| matches!(part, "tests" | "benches"))
    }

    /// Returns whether this is a shipped source of a library.
    pub(crate) fn is_library(&self) -> bool {
        self.path.starts_with("auth-") && self.path.contains("/src/") && !self.is_test()
    }

    /// Returns whether this is a shipped source of `auth-core`.
    pub(crate) fn is_core(&self) -> bool {
        self.is_library() && self.path.starts_with("auth-core/")
    }

    /// Returns whether this is a shipped source of an adapter to a web framework.
    pub(crate) fn is_adapter(&self) -> bool {
        self.is_library() && ["auth-axum/", "auth-actix/"].iter().any(|adapter| self.path.starts_with(adapter))
    }

    /// Returns the lines of a Rust source with their numbers.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (usize, &Line)> {
        (1..).zip(&self.lines)
    }

    /// Returns the lines of a Rust source that are not tests, with their numbers.
    pub(crate) fn shipped(&self) -> impl Iterator<Item = (usize, &Line)> {
        self.numbered().filter(|(_, line)| !line.in_test && !self.is_test())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn kinds(path: &str) -> (bool, bool, bool, bool) {
        let file = File::new(path, "");
        (file.is_test(), file.is_library(), file.is_core(), file.is_adapter())
    }

    #[test]
    fn the_path_says_what_a_file_is() {
        assert_eq!(kinds("auth-core/src/auth.rs"), (false, true, true, false));
        assert_eq!(kinds("auth-core/src/auth/tests.rs"), (true, false, false, false));
        assert_eq!(kinds("auth-core/tests/it/main.rs"), (true, false, false, false));
        assert_eq!(kinds("auth-axum/src/lib.rs"), (false, true, false, true));
        assert_eq!(kinds("auth-actix/src/lib.rs"), (false, true, false, true));
        assert_eq!(kinds("auth-sqlx/src/lib.rs"), (false, true, false, false));
        assert_eq!(kinds("examples/example-axum/src/main.rs"), (false, false, false, false));
    }

    #[test]
    fn a_crate_with_its_own_workspace_is_no_member() {
        let tree =
            Tree::of(&[("Cargo.toml", "[workspace]"), ("a/Cargo.toml", ""), ("fuzz/Cargo.toml", "[workspace]\n")]);
        assert_eq!(tree.manifests().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["a/Cargo.toml"]);
    }
}
