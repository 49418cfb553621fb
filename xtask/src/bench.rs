//! `cargo xtask bench`: what the library costs, as ratios to programs without it.
//!
//! `bench/README.md` says what is compared with what. The server that is measured has core 0 for itself; whatever makes
//! work for it, and PostgreSQL, run on core 1, where this process goes as well.

mod claims;
mod current_user;
mod flood;
mod footprint;
mod instructions;
mod load;
mod machine;
mod measure;
mod peers;
mod place;
mod process;
mod programs;
mod rotation;
mod sign_in;
mod stopwatch;
mod table;
mod tools;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use instructions::Purpose;
use measure::Effort;
use programs::Programs;
use stopwatch::Stopwatch;
use table::{Row, Verdict, table};

use crate::step::{Failure, root};

/// Five turns of three seconds each.
const WHOLE: Effort = Effort { pairs: 5, seconds: 3 };
/// As many turns, each of a second: half the time, and a little less sure.
const SHORT: Effort = Effort { pairs: 5, seconds: 1 };
const QUICK: Effort = Effort { pairs: 1, seconds: 1 };

const HEADING: &str = "\
# Results

Written by `cargo xtask bench`; [README.md](README.md) says what is compared with what, and how to read it.

";

/// What is asked for on the command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Comparisons with programs without the library.
    Compare(Comparisons),
    /// The instructions of the hot path.
    Count(Purpose),
}

/// Which comparisons are asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Comparisons {
    effort: Effort,
    clean_build: bool,
    names: Vec<String>,
}

/// Everything that a comparison needs.
struct Bench {
    programs: Programs,
    effort: Effort,
    /// Whether programs are built from nothing to see how long that takes.
    clean_build: bool,
    names: Vec<String>,
}

type Group = fn(&Bench) -> Result<Vec<Row>, Failure>;

/// In the order of the table. A name that is asked for chooses every comparison whose name it begins.
const GROUPS: &[(&str, Group)] = &[
    ("current-user", current_user::run),
    ("scale", current_user::scale),
    ("claims", claims::run),
    ("cached", claims::cached),
    ("sign-in", sign_in::run),
    ("flood", flood::run),
    ("page-flood", flood::of_pages),
    ("refresh", rotation::refresh),
    ("sign-out", rotation::sign_out),
    ("footprint", footprint::run),
    ("peers", peers::run),
];

impl Wish {
    /// Reads `[--quick|--short] [--clean-build] [NAME...]` or `--instructions [--save]`.
    pub(crate) fn parse(args: &[&str]) -> Result<Self, Failure> {
        match args {
            ["--instructions"] => Ok(Self::Count(Purpose::Compare)),
            ["--instructions", "--save"] => Ok(Self::Count(Purpose::Save)),
            ["--instructions", ..] => {
                Err(Failure::usage("bench: with `--instructions` goes `--save`, and nothing else"))
            }
            comparisons => Comparisons::parse(comparisons).map(Self::Compare),
        }
    }
}

impl Comparisons {
    fn parse(args: &[&str]) -> Result<Self, Failure> {
        let mut wish = Self { effort: WHOLE, clean_build: false, names: Vec::new() };
        for arg in args {
            match *arg {
                "--clean-build" => wish.clean_build = true,
                "--quick" => wish.effort = QUICK,
                "--short" => wish.effort = SHORT,
                name if is_name(name) => wish.names.push(name.to_owned()),
                other => return Err(Failure::usage(format!("bench: there is no `{other}`; there are {}", names()))),
            }
        }
        Ok(wish)
    }
}

impl Bench {
    /// Returns whether a comparison is asked for.
    fn wants(&self, comparison: &str) -> bool {
        let comparison = comparison.to_lowercase();
        self.names.is_empty() || self.names.iter().any(|name| comparison.starts_with(name))
    }
}

/// Measures what is asked for, prints a table, and fails when something costs more than it may.
pub(crate) fn run(wish: Wish) -> Result<(), Failure> {
    match wish {
        Wish::Compare(comparisons) => compare(comparisons),
        Wish::Count(purpose) => instructions::run(purpose),
    }
}

fn compare(comparisons: Comparisons) -> Result<(), Failure> {
    tools::check()?;
    let (started, machine) = (Stopwatch::start(), machine::describe());
    let Comparisons { effort, clean_build, names } = comparisons;
    let bench = Bench { programs: Programs::build()?, effort, clean_build, names };
    if ["footprint", "peers"].iter().any(|group| bench.wants_some_of(group)) {
        peers::build_all()?;
    }
    leave_core_0()?;
    let mut rows = Vec::new();
    let mut failures = Vec::new();
    for (name, group) in GROUPS.iter().filter(|(name, _)| bench.wants_some_of(name)) {
        eprintln!("== {name}");
        // One that fails takes nothing from what the others have measured.
        match group(&bench) {
            Ok(measured) => rows.extend(measured),
            Err(failure) => failures.push(format!("{name}: {failure}")),
        }
    }
    let turns = format!("Each side took {} turns of {} s.", effort.pairs, effort.seconds);
    let text = format!("{HEADING}{machine}\n{turns}\n\n{}", table(&rows));
    eprintln!("\n== {:.0} s\n\n{text}", started.elapsed().as_secs_f64());
    if !failures.is_empty() || rows.is_empty() {
        return Err(Failure::new(format!("not everything could be measured\n{}", failures.join("\n"))));
    }
    if bench.effort.pairs == WHOLE.pairs && bench.names.is_empty() {
        write(&root().join("bench/RESULTS.md"), &text)?;
    }
    verdict(&rows)
}

impl Bench {
    /// Returns whether any comparison of a group is asked for.
    fn wants_some_of(&self, group: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|name| name.split('/').next() == Some(group))
    }
}

/// Moves this process, and whatever it starts from now on, to core 1.
fn leave_core_0() -> Result<(), Failure> {
    let mut taskset = Command::new("taskset");
    taskset.args(["--all-tasks", "--cpu-list", "--pid", "1", &std::process::id().to_string()]);
    let status = taskset.stdout(Stdio::null()).status().map_err(|error| Failure::new(format!("taskset: {error}")))?;
    if status.success() { Ok(()) } else { Err(Failure::new("taskset cannot move this process to core 1")) }
}

fn is_name(name: &str) -> bool {
    GROUPS.iter().any(|(group, _)| name.split('/').next() == Some(group))
}

fn names() -> String {
    GROUPS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}

fn verdict(rows: &[Row]) -> Result<(), Failure> {
    let missed: Vec<String> = rows
        .iter()
        .filter(|row| row.verdict == Verdict::Missed)
        .map(|row| format!("{} ({})", row.name, row.figure))
        .collect();
    if missed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("{} targets were missed:\n  {}", missed.len(), missed.join("\n  "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_is_chosen_by_its_name_or_the_beginning_of_it() {
        let all = Comparisons { effort: WHOLE, clean_build: false, names: Vec::new() };
        assert_eq!(Wish::parse(&[]).unwrap(), Wish::Compare(all));
        let names = vec!["current-user/sqlite".to_owned()];
        let one = Comparisons { effort: QUICK, clean_build: true, names };
        assert_eq!(Wish::parse(&["--quick", "--clean-build", "current-user/sqlite"]).unwrap(), Wish::Compare(one));
        Wish::parse(&["current"]).expect_err("there is no such group");
    }

    #[test]
    fn instructions_are_counted_by_themselves() {
        assert_eq!(Wish::parse(&["--instructions"]).unwrap(), Wish::Count(Purpose::Compare));
        assert_eq!(Wish::parse(&["--instructions", "--save"]).unwrap(), Wish::Count(Purpose::Save));
        for args in [&["--save"][..], &["--quick", "--instructions"], &["--instructions", "claims"]] {
            Wish::parse(args).expect_err("not together with anything else");
        }
    }
}
