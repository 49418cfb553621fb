//! `cargo xtask package`: the published crates, as the registry and those who depend on them will have them.

use std::path::Path;
use std::process::{self, Command};
use std::{env, fs, io};

use crate::step::{self, Failure, cargo, root, timed};

/// The crates that are published, each after those that it depends on.
const PUBLISHED: [&str; 4] = ["auth-core", "auth-sqlx", "auth-axum", "auth-actix"];

/// Versions of another crate over SQLite's library. Cargo allows one version of that library among all packages that a
/// lock file names, whether they are built or not.
const OTHER_SQLITE: [&str; 3] = ["0.29", "0.31", "0.43"];

/// Packs the crates, builds and documents what was packed as the registry does, with default features, and resolves an
/// application that has another SQLite beside a store that is in none.
pub(crate) fn run() -> Result<(), Failure> {
    let mut package = cargo(&["package", "--locked", "--allow-dirty", "--quiet"]);
    let mut documented = cargo(&["doc", "--locked", "--no-deps", "--lib"]);
    for name in PUBLISHED {
        package.args(["--package", name]);
        documented.args(["--package", name]);
    }
    step::run("package", &mut package)?;
    timed("licences", licences)?;
    step::run("docs, default features", documented.env("RUSTDOCFLAGS", "-D warnings"))?;
    timed("beside another SQLite", || OTHER_SQLITE.iter().try_for_each(|version| resolves_beside(version)))
}

/// Both licences ask that their text goes along with every copy.
fn licences() -> Result<(), Failure> {
    for name in PUBLISHED {
        let listed = cargo(&["package", "--locked", "--allow-dirty", "--quiet", "--list", "--package", name]).output();
        let listed = listed.map_err(|error| Failure::new(format!("cargo package could not start: {error}")))?;
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        for file in ["LICENSE-APACHE", "LICENSE-MIT", "README.md"] {
            if !listed.lines().any(|line| line == file) {
                return Err(Failure::new(format!("the package of {name} has no {file}")));
            }
        }
    }
    Ok(())
}

/// Makes an application with the store on a server's database, and an SQLite of its own, and lets cargo resolve it.
fn resolves_beside(rusqlite: &str) -> Result<(), Failure> {
    let folder = env::temp_dir().join(format!("beside-rusqlite-{rusqlite}-{}", process::id()));
    write_application(&folder, rusqlite).map_err(|error| Failure::new(format!("{}: {error}", folder.display())))?;
    let output = Command::new(cargo(&[]).get_program()).arg("generate-lockfile").current_dir(&folder).output();
    let output = output.map_err(|error| Failure::new(format!("cargo could not start: {error}")))?;
    fs::remove_dir_all(&folder).unwrap_or_default();
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        Ok(())
    } else if NO_NETWORK.iter().any(|sign| said.contains(sign)) {
        eprintln!(
            "== beside another SQLite: NOT CHECKED with rusqlite {rusqlite}, because there is no network\n{said}"
        );
        Ok(())
    } else {
        Err(Failure::new(format!(
            "an application with PostgreSQL alone and rusqlite {rusqlite} does not resolve: {said}"
        )))
    }
}

/// What cargo says when it cannot reach the registry.
const NO_NETWORK: [&str; 3] = ["Could not resolve host", "failed to download", "spurious network error"];

fn write_application(folder: &Path, rusqlite: &str) -> io::Result<()> {
    let store = root().join("auth-sqlx");
    let manifest = format!(
        "[package]\nname = \"application\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         auth-sqlx = {{ path = {:?}, features = [\"mysql\", \"postgres\"] }}\nrusqlite = {rusqlite:?}\n",
        store.display()
    );
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("src/lib.rs"), "")?;
    fs::write(folder.join("Cargo.toml"), manifest)
}
