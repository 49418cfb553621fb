//! Rules about files as a whole: what they are called, and how long they are.

use super::Finding;
use super::tree::{File, Tree};

/// Names that say where a file stands or what it is made of, and nothing about what is in it.
const VAGUE: &[&str] =
    &["common.rs", "helper.rs", "helpers.rs", "misc.rs", "mod.rs", "models.rs", "types.rs", "util.rs", "utils.rs"];

/// Files that may carry such a name, and why.
const NAMED_WITH_REASON: &[(&str, &str)] =
    &[("auth-core/src/password/common.rs", "the list of common passwords: here `common` is the noun's own word")];

const LONGEST_SOURCE: usize = 400;
const LONGEST_TEST: usize = 800;

/// Refuses file names that say nothing.
pub(crate) fn file_names(tree: &Tree) -> Vec<Finding> {
    let excused = |file: &File| NAMED_WITH_REASON.iter().any(|(path, _)| *path == file.path);
    tree.files()
        .iter()
        .filter(|file| VAGUE.contains(&file.name()) && !excused(file))
        .map(|file| Finding::new(&file.path, 1, name_advice(file)))
        .collect()
}

fn name_advice(file: &File) -> String {
    if file.name() == "mod.rs" {
        return format!("call this file `{}.rs`, beside the folder", file.folder());
    }
    format!("name the file after the one thing that it holds: `{}` fits anything", file.name())
}

/// Refuses Rust files that nobody reads in one go.
pub(crate) fn file_lengths(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        let most = if file.is_test() { LONGEST_TEST } else { LONGEST_SOURCE };
        let length = file.lines.len();
        if length > most {
            let advice = format!("make two files of this one: it has {length} lines, and {most} are the most");
            findings.push(Finding::new(&file.path, most + 1, advice));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_clean, assert_lines};
    use super::*;

    #[test]
    fn a_file_is_named_after_what_it_holds() {
        assert_lines(file_names, "auth-core/src/token/mod.rs", "", &[1]);
        assert_lines(file_names, "auth-axum/tests/helpers.rs", "", &[1]);
        assert_clean(file_names, "auth-core/src/token.rs", "");
    }

    #[test]
    fn an_exception_is_for_one_file() {
        assert_clean(file_names, "auth-core/src/password/common.rs", "");
        assert_lines(file_names, "auth-core/src/token/common.rs", "", &[1]);
    }

    #[test]
    fn a_mod_rs_is_told_its_new_name() {
        let findings = file_names(&Tree::of(&[("a/src/token/mod.rs", "")]));
        assert_eq!(findings[0].to_string(), "a/src/token/mod.rs:1: call this file `a/src/token.rs`, beside the folder");
    }

    #[test]
    fn a_long_file_is_two() {
        assert_clean(file_lengths, "a/src/b.rs", &"x\n".repeat(400));
        assert_lines(file_lengths, "a/src/b.rs", &"x\n".repeat(401), &[401]);
        assert_clean(file_lengths, "a/src/b/tests.rs", &"x\n".repeat(800));
        assert_lines(file_lengths, "a/tests/it/b.rs", &"x\n".repeat(801), &[801]);
        assert_clean(file_lengths, "a/README.md", &"x\n".repeat(1000));
    }
}
