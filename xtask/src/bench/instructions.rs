//! How many instructions the hot path takes: a figure that repeats on a machine where time does not.

mod baseline;

use std::fs;
use std::path::Path;
use std::process::Stdio;

use baseline::{Baseline, Figure, table};

use super::machine;
use super::process::{Folder, pinned};
use super::programs::Programs;
use crate::step::{Failure, is_installed, root};

/// What `bench/src/bin/instructions.rs` can do.
const MODES: [&str; 9] = ["claims", "check", "cached", "find-session", "bare-query", "verify", "cookies", "csrf", "me"];

/// How often it does so in the two runs whose difference counts.
const FEW: u32 = 200;
const MANY: u32 = 5200;

/// What becomes of the figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// They are compared with the baseline.
    Compare,
    /// They become the baseline.
    Save,
}

/// Counts the instructions of every mode, and fails when one needs more than it did.
pub(crate) fn run(purpose: Purpose) -> Result<(), Failure> {
    if !is_installed("valgrind") {
        return Err(Failure::new("counting instructions needs valgrind: apt-get install valgrind"));
    }
    let path = root().join("bench/instructions.txt");
    let program = Programs::build_one("instructions")?.path("instructions");
    let mut figures = Vec::new();
    for mode in MODES {
        eprintln!("== {mode}");
        figures.push(Figure { mode: mode.to_owned(), instructions: for_each(&program, mode)? });
    }
    let counted = Baseline { counted_with: machine::counted_with(), figures };
    match purpose {
        Purpose::Compare => compare(&counted, &Baseline::read(&read(&path)?)?),
        Purpose::Save => save(&counted, &path),
    }
}

/// Returns the instructions for one operation.
fn for_each(program: &Path, mode: &str) -> Result<f64, Failure> {
    let (few, many) = (count(program, mode, FEW)?, count(program, mode, MANY)?);
    Ok((many - few) / f64::from(MANY - FEW))
}

fn count(program: &Path, mode: &str, operations: u32) -> Result<f64, Failure> {
    let folder = Folder::create("instructions")?;
    let mut valgrind = pinned(Path::new("valgrind"));
    valgrind.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", folder.join("callgrind.out").display()));
    valgrind.arg(program).args([mode, &operations.to_string()]);
    valgrind.env("BENCH_DATABASE", format!("sqlite://{}?mode=rwc", folder.join("bench.db").display()));
    let output = valgrind.stdin(Stdio::null()).output();
    let output = output.map_err(|error| Failure::new(format!("valgrind: {error}")))?;
    let text = String::from_utf8_lossy(&output.stderr);
    let collected = if output.status.success() { collected(&text) } else { None };
    collected.ok_or_else(|| Failure::new(format!("{mode} cannot be counted:\n{text}")))
}

/// Reads how many instructions valgrind has counted.
fn collected(text: &str) -> Option<f64> {
    text.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok())
}

fn compare(counted: &Baseline, before: &Baseline) -> Result<(), Failure> {
    eprintln!("\n{}", table(&counted.figures, before));
    if counted.counted_with != before.counted_with {
        eprintln!(
            "The baseline was counted elsewhere, and may differ for that reason alone:\n  then: {}\n  now:  {}\n",
            before.counted_with, counted.counted_with
        );
    }
    let worse: Vec<&str> = counted.figures.iter().filter(|now| !before.allows(now)).map(|now| &*now.mode).collect();
    if worse.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("more instructions than bench/instructions.txt allows: {}", worse.join(", "))))
}

fn save(counted: &Baseline, path: &Path) -> Result<(), Failure> {
    let text = counted.text();
    eprintln!("\n{text}");
    fs::write(path, text).map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::new(format!("{}: {error}: --save writes it", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_valgrind_counted_is_read_from_its_last_lines() {
        let text = "==7== Callgrind, a call-graph generating cache profiler\n==7== For interactive control, run \
                    'callgrind_control -h'.\n==7== \n==7== Events    : Ir\n==7== Collected : 16201748\n";
        assert_eq!(collected(text).map(|count| count.to_string()).as_deref(), Some("16201748"));
        assert_eq!(collected("==7== Collected : none\n"), None);
        assert_eq!(collected("valgrind: no program specified\n"), None);
    }

    #[test]
    fn more_than_the_baseline_allows_is_a_failure() {
        let counted = |instructions| Baseline {
            counted_with: String::new(),
            figures: vec![Figure { mode: "check".to_owned(), instructions }],
        };
        compare(&counted(105.0), &counted(100.0)).unwrap();
        compare(&counted(106.0), &counted(100.0)).expect_err("six per cent more");
    }
}
