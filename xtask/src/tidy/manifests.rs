//! Rules about crates: what each takes from the workspace, and what it tells its readers.

use super::Finding;
use super::tree::{File, Tree};

/// What every member has in common: the section, the line in it, and a shorter form for the advice.
const INHERITED: &[(&str, &str, &str)] = &[
    ("[package]", "edition.workspace=true", "edition.workspace = true"),
    ("[package]", "rust-version.workspace=true", "rust-version.workspace = true"),
    ("[lints]", "workspace=true", "[lints] workspace = true"),
];

/// Dependencies that would tie `auth-core` to a framework, a runtime or a database.
const FOREIGN_TO_CORE: &[&str] = &["actix-web", "async-std", "axum", "diesel", "smol", "sqlx", "tokio"];

/// Folders that need no README, and why.
const WITHOUT_README: &[(&str, &str)] = &[("xtask", "`cargo xtask help` is its documentation")];

const INCLUDE_README: &str = "#![doc = include_str!(\"../README.md\")]";

/// Refuses a member that does not take lints, edition and Rust version from the workspace.
pub(crate) fn manifests(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.manifests() {
        for (section, line, shown) in INHERITED {
            if !entries(&file.text, section).any(|(_, entry)| entry == *line) {
                findings.push(Finding::new(&file.path, 1, format!("add `{shown}`: all crates share it")));
            }
        }
    }
    findings
}

/// Refuses dependencies that `auth-core` must not have; its tests may.
pub(crate) fn core_dependencies(tree: &Tree) -> Vec<Finding> {
    let Some(file) = tree.find("auth-core/Cargo.toml") else { return Vec::new() };
    let mut findings = Vec::new();
    for (number, entry) in entries(&file.text, "[dependencies]") {
        let name = entry.split(['.', '=']).next().unwrap_or_default();
        if FOREIGN_TO_CORE.contains(&name) {
            let advice = format!("move what needs `{name}` to an adapter or a store: auth-core does without");
            findings.push(Finding::new(&file.path, number, advice));
        }
    }
    findings
}

/// Refuses a crate without README, and a library whose README is not its documentation.
pub(crate) fn readmes(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for manifest in
        tree.manifests().filter(|manifest| !WITHOUT_README.iter().any(|(path, _)| *path == manifest.folder()))
    {
        let folder = manifest.folder();
        if tree.find(&format!("{folder}/README.md")).is_none() {
            findings.push(Finding::new(&manifest.path, 1, "write a README.md beside this file"));
        }
        let library = tree.find(&format!("{folder}/src/lib.rs"));
        if let Some(file) = library.filter(|file| !includes_readme(file)) {
            findings.push(Finding::new(&file.path, 1, format!("open the crate with `{INCLUDE_README}`")));
        }
    }
    findings
}

fn includes_readme(file: &File) -> bool {
    file.lines.iter().any(|line| line.text.trim() == INCLUDE_README)
}

/// Refuses a changelog that says nothing about the workspace's version.
pub(crate) fn changelog(tree: &Tree) -> Vec<Finding> {
    let Some(root) = tree.find("Cargo.toml") else { return Vec::new() };
    let version = entries(&root.text, "[workspace.package]")
        .find_map(|(_, entry)| entry.strip_prefix("version=").map(|version| version.trim_matches('"').to_owned()));
    let Some(version) = version else {
        return vec![Finding::new(&root.path, 1, "set `version` in `[workspace.package]`")];
    };
    let Some(changelog) = tree.find("CHANGELOG.md") else {
        return vec![Finding::new("CHANGELOG.md", 1, "write this file: what each version changed")];
    };
    let named = |line: &str| line.starts_with("## ") && line.split([' ', '[', ']']).any(|word| word == version);
    if changelog.text.lines().any(named) {
        return Vec::new();
    }
    vec![Finding::new(&changelog.path, 1, format!("add a heading for version {version}"))]
}

/// Returns the entries of one section of a manifest without their blanks, and their line numbers.
///
/// The table form `a = { workspace = true }` reads as the dotted one.
fn entries(manifest: &str, section: &str) -> impl Iterator<Item = (usize, String)> {
    let mut inside = false;
    (1..).zip(manifest.lines()).filter_map(move |(number, line)| {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.starts_with('[') {
            inside = line == section;
            return None;
        }
        let entry: String = line.chars().filter(|c| !c.is_whitespace()).collect();
        (inside && !entry.is_empty()).then(|| (number, entry.replace("={workspace=true}", ".workspace=true")))
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_clean, assert_lines};
    use super::*;

    const GOOD: &str = "[package]\nname = \"a\"\nedition.workspace = true\nrust-version = { workspace = true }\n\n\
                        [lints]\nworkspace = true\n";

    #[test]
    fn a_member_shares_lints_edition_and_rust_version() {
        assert_clean(manifests, "a/Cargo.toml", GOOD);
        assert_lines(manifests, "a/Cargo.toml", &GOOD.replace("[lints]\nworkspace = true", ""), &[1]);
        assert_lines(manifests, "a/Cargo.toml", "[package]\nedition = \"2021\"\n", &[1, 1, 1]);
    }

    #[test]
    fn the_core_depends_on_no_framework() {
        let path = "auth-core/Cargo.toml";
        assert_lines(core_dependencies, path, "[dependencies]\nserde = \"1\"\ntokio.workspace = true\n", &[3]);
        assert_clean(core_dependencies, path, "[dependencies]\nserde = \"1\"\n[dev-dependencies]\ntokio = \"1\"\n");
        assert_clean(core_dependencies, "auth-sqlx/Cargo.toml", "[dependencies]\nsqlx = \"0.9\"\n");
    }

    #[test]
    fn a_library_documents_itself_by_its_readme() {
        let (manifest, readme) = (("a/Cargo.toml", GOOD), ("a/README.md", "# a"));
        assert_eq!(readmes(&Tree::of(&[manifest, readme, ("a/src/lib.rs", INCLUDE_README)])), []);
        assert_eq!(readmes(&Tree::of(&[manifest, readme, ("a/src/lib.rs", "//! Other text.")])).len(), 1);
        assert_eq!(readmes(&Tree::of(&[manifest, ("a/src/main.rs", "")])).len(), 1);
        assert_clean(readmes, "xtask/Cargo.toml", GOOD);
    }

    #[test]
    fn the_changelog_names_the_version() {
        let root = ("Cargo.toml", "[workspace.package]\nversion = \"0.2.0\"\n");
        assert_eq!(changelog(&Tree::of(&[root, ("CHANGELOG.md", "## 0.2.0 (unreleased)\n")])), []);
        assert_eq!(changelog(&Tree::of(&[root, ("CHANGELOG.md", "## [0.2.0] - 2030-01-01\n")])), []);
        assert_eq!(changelog(&Tree::of(&[root, ("CHANGELOG.md", "## 0.1.0\n\n0.2.0 is next\n")])).len(), 1);
        assert_eq!(changelog(&Tree::of(&[root])).len(), 1);
    }
}
