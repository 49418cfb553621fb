//! `cargo xtask tidy`: the habits of this project that a program can check.
//!
//! Each rule is one function from the files of the repository to its findings. A finding reads `path:line: what to do
//! instead`. Where Rust sources are searched, comments and the contents of strings do not count, unless the rule is
//! about them. *Sources* are what is shipped: `src` without its tests.
//!
//! | rule | file | what it refuses |
//! |---|---|---|
//! | `file_names` | `files.rs` | `mod.rs`, `utils.rs`, `types.rs` and others that do not say what is in them |
//! | `file_lengths` | `files.rs` | Rust files over 400 lines; tests over 800 |
//! | `fences` | `fences.rs` | code fences that say `ignore`, name an unknown language, or none in Markdown |
//! | `compiled_examples` | `fences.rs` | Rust in a Markdown file that no crate includes, so that nothing compiles it |
//! | `layers` | `words.rs` | an adapter that knows stores, cookie parsers or forwarded addresses; a core that knows frameworks |
//! | `habits` | `words.rs` | `let _ =`, `allow`, `todo!`, `dbg!`, `unsafe`, ignored tests |
//! | `rooms` | `words.rs` | clocks, randomness and random ids outside `clock.rs`, `secret.rs` and `id.rs` |
//! | `instrument` | `spans.rs` | `#[instrument]` without `skip_all`, which puts every argument into the log |
//! | `reminders` | `comments.rs` | comments that put work off (`TODO`, `FIXME`, `XXX`) |
//! | `comment_widths` | `comments.rs` | comments over 120 columns |
//! | `formatted_sql` | `sql.rs` | SQL made by `format!` and its like |
//! | `adapter_sql` | `sql.rs` | SQL in an adapter |
//! | `vocabulary` | `vocabulary.rs` | `login`, `signup` and others in names of the libraries |
//! | `manifests` | `manifests.rs` | a crate without the workspace's lints, edition or Rust version |
//! | `core_dependencies` | `manifests.rs` | a framework, runtime or database as a dependency of `auth-core` |
//! | `readmes` | `manifests.rs` | a crate without README, or a library whose README is not its documentation |
//! | `changelog` | `manifests.rs` | a changelog that does not name the workspace's version |
//! | `wiring` | `wiring.rs` | a README without a whole server for each adapter, in 25 lines |

mod comments;
mod fences;
mod files;
mod manifests;
mod source;
mod spans;
mod sql;
mod tree;
mod vocabulary;
mod wiring;
mod words;

use std::fmt;

use crate::step::{Failure, root};
use tree::Tree;

type Rule = fn(&Tree) -> Vec<Finding>;

const RULES: &[Rule] = &[
    files::file_names,
    files::file_lengths,
    fences::fences,
    fences::compiled_examples,
    words::layers,
    words::habits,
    words::rooms,
    spans::instrument,
    comments::reminders,
    comments::comment_widths,
    sql::formatted_sql,
    sql::adapter_sql,
    vocabulary::vocabulary,
    manifests::manifests,
    manifests::core_dependencies,
    manifests::readmes,
    manifests::changelog,
    wiring::wiring,
];

/// Applies every rule to the repository and prints what they find.
pub(crate) fn run() -> Result<(), Failure> {
    let tree = Tree::read(&root())?;
    let findings = check(&tree);
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => {
            println!("tidy: {} rules hold in {} files", RULES.len(), tree.files().len());
            Ok(())
        }
        1 => Err(Failure::new("tidy has 1 finding")),
        more => Err(Failure::new(format!("tidy has {more} findings"))),
    }
}

fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<Finding> = RULES.iter().flat_map(|rule| rule(tree)).collect();
    findings.sort();
    findings
}

/// A place that breaks a rule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    line: usize,
    advice: String,
}

impl Finding {
    /// Creates a finding; lines count from 1.
    fn new(path: &str, line: usize, advice: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, advice: advice.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.advice)
    }
}

/// What the tests of the rules share.
#[cfg(test)]
mod testing {
    use super::{Rule, Tree};

    /// Asserts that `rule` finds something on exactly these lines of a file.
    #[track_caller]
    pub(super) fn assert_lines(rule: Rule, path: &str, text: &str, lines: &[usize]) {
        let found: Vec<usize> = rule(&Tree::of(&[(path, text)])).iter().map(|finding| finding.line).collect();
        assert_eq!(found, lines, "in {path}:\n{text}");
    }

    /// Asserts that `rule` finds nothing in a file.
    #[track_caller]
    pub(super) fn assert_clean(rule: Rule, path: &str, text: &str) {
        assert_lines(rule, path, text, &[]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_repository_is_tidy() {
        let findings = check(&Tree::read(&root()).expect("the repository can be read"));
        let report: Vec<String> = findings.iter().map(Finding::to_string).collect();
        assert!(report.is_empty(), "\n{}\n", report.join("\n"));
    }

    #[test]
    fn a_finding_reads_like_a_compiler_message() {
        assert_eq!(Finding::new("a/src/lib.rs", 3, "do this instead").to_string(), "a/src/lib.rs:3: do this instead");
    }
}
