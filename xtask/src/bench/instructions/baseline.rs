//! What the hot path took before: `bench/instructions.txt`.

use crate::step::Failure;

/// How much more than before is too much: many times what differs from run to run, see `bench/README.md`.
const MOST: f64 = 1.05;

const HEADING: &str = "\
# Instructions for one operation, written by `cargo xtask bench --instructions --save`.
# Another compiler, libc or CPU makes other figures; these are of:
";

/// Figures, and what they depend on beside the code.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Baseline {
    pub(super) counted_with: String,
    pub(super) figures: Vec<Figure>,
}

/// How many instructions a mode takes for one operation.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Figure {
    pub(super) mode: String,
    pub(super) instructions: f64,
}

impl Baseline {
    /// Reads what [`text`](Self::text) has written.
    pub(super) fn read(text: &str) -> Result<Self, Failure> {
        let mut comments = text.lines().filter_map(|line| line.strip_prefix("# "));
        let counted_with = comments.next_back().unwrap_or_default().to_owned();
        let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        Ok(Self { counted_with, figures: lines.map(Figure::read).collect::<Result<_, _>>()? })
    }

    /// Writes the file.
    pub(super) fn text(&self) -> String {
        let lines = self.figures.iter().map(|figure| format!("{:<12} {:>8.0}\n", figure.mode, figure.instructions));
        format!("{HEADING}# {}\n{}", self.counted_with, lines.collect::<String>())
    }

    /// Returns whether a mode takes no more than before, or not much.
    pub(super) fn allows(&self, now: &Figure) -> bool {
        self.of(now).is_some_and(|before| now.instructions <= before * MOST)
    }

    fn of(&self, now: &Figure) -> Option<f64> {
        self.figures.iter().find(|before| before.mode == now.mode).map(|before| before.instructions)
    }
}

impl Figure {
    fn read(line: &str) -> Result<Self, Failure> {
        let (mode, instructions) = line.split_once(' ').unwrap_or((line, ""));
        let unreadable = |_| Failure::new(format!("bench/instructions.txt: `{line}` is not a mode and a number"));
        Ok(Self { mode: mode.to_owned(), instructions: instructions.trim().parse().map_err(unreadable)? })
    }
}

/// Writes what is and what was, mode by mode.
pub(super) fn table(figures: &[Figure], before: &Baseline) -> String {
    let lines = figures.iter().map(|now| {
        let (was, change) = before.of(now).map_or(("none".to_owned(), String::new()), |before| {
            (format!("{before:.0}"), format!("{:+.1} %", (now.instructions / before - 1.0) * 100.0))
        });
        let verdict = if before.allows(now) { "" } else { "  TOO MANY" };
        format!("{:<12} {:>15.0} {was:>10} {change:>9}{verdict}\n", now.mode, now.instructions)
    });
    format!(
        "{:<12} {:>15} {:>10} {:>9}\n{}",
        "mode",
        "instructions/op",
        "baseline",
        "change",
        lines.collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(mode: &str, instructions: f64) -> Figure {
        Figure { mode: mode.to_owned(), instructions }
    }

    #[test]
    fn a_baseline_is_read_as_it_was_written() {
        let figures = vec![figure("check", 82016.0), figure("find-session", 75783.0)];
        let baseline = Baseline { counted_with: "rustc 1.95.0, glibc 2.36".to_owned(), figures };
        assert_eq!(Baseline::read(&baseline.text()).unwrap(), baseline);
        Baseline::read("check many\n").expect_err("it is not a number");
        Baseline::read("check\n").expect_err("there is no number");
    }

    #[test]
    fn five_per_cent_more_are_allowed() {
        let baseline = Baseline { counted_with: String::new(), figures: vec![figure("check", 1000.0)] };
        assert!(baseline.allows(&figure("check", 1050.0)));
        assert!(baseline.allows(&figure("check", 500.0)));
        assert!(!baseline.allows(&figure("check", 1051.0)));
        assert!(!baseline.allows(&figure("claims", 1.0)), "what has no baseline cannot be compared");
    }

    #[test]
    fn the_table_shows_the_change() {
        let baseline = Baseline { counted_with: String::new(), figures: vec![figure("check", 1000.0)] };
        let text = table(&[figure("check", 1100.0), figure("claims", 7.0)], &baseline);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1], "check                   1100       1000   +10.0 %  TOO MANY");
        assert!(lines[2].contains("none"), "{text}");
    }
}
