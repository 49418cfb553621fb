//! The table of results: what is measured, what is asked of it, and whether it is so.

use std::fmt::Write;

use super::measure::Comparison;

/// One line of the table.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// What was done: `CurrentUser, cookie, SQLite, axum`.
    pub(crate) name: String,
    /// Which figure: `requests/s`.
    pub(crate) figure: &'static str,
    pub(crate) ours: String,
    pub(crate) bare: String,
    pub(crate) ratio: String,
    pub(crate) spread: String,
    pub(crate) target: String,
    pub(crate) verdict: Verdict,
}

/// Whether a figure is as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing is asked of it.
    Information,
    Missed,
    Reached,
}

/// What is asked of a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
    /// Nothing.
    None,
}

impl Target {
    /// Judges a figure.
    pub(crate) fn judge(self, value: f64) -> Verdict {
        // Not a number is no success, so each comparison is the one that it fails.
        let reached = match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
            Self::None => return Verdict::Information,
        };
        if reached { Verdict::Reached } else { Verdict::Missed }
    }

    fn text(self) -> String {
        match self {
            Self::AtLeast(least) => format!(">= {least:.2}"),
            Self::AtMost(most) => format!("<= {most:.2}"),
            Self::None => String::new(),
        }
    }
}

impl Row {
    /// A figure of both.
    pub(crate) fn compared(name: &str, figure: &'static str, both: Comparison, target: Target) -> Self {
        Self {
            name: name.to_owned(),
            figure,
            ours: number(both.ours),
            bare: number(both.bare),
            ratio: format!("{:.2}", both.ratio),
            spread: format!("{:.2} - {:.2}", both.spread.0, both.spread.1),
            target: target.text(),
            verdict: target.judge(both.ratio),
        }
    }

    /// A figure by itself.
    pub(crate) fn alone(name: &str, figure: &'static str, value: f64, target: Target) -> Self {
        Self {
            name: name.to_owned(),
            figure,
            ours: number(value),
            bare: String::new(),
            ratio: String::new(),
            spread: String::new(),
            target: target.text(),
            verdict: target.judge(value),
        }
    }

    /// Two figures of which one is enough.
    pub(crate) fn either(mut rows: [Self; 2]) -> [Self; 2] {
        let reached = rows.iter().any(|row| row.verdict == Verdict::Reached);
        for row in &mut rows {
            row.target.push_str(" (either)");
            row.verdict = if reached { Verdict::Reached } else { Verdict::Missed };
        }
        rows
    }

    fn cells(&self) -> [&str; 8] {
        let verdict = match self.verdict {
            Verdict::Information => "",
            Verdict::Missed => "MISSED",
            Verdict::Reached => "ok",
        };
        [&self.name, self.figure, &self.ours, &self.bare, &self.ratio, &self.spread, &self.target, verdict]
    }
}

const HEAD: [&str; 8] = ["what", "figure", "ours", "other", "ratio", "spread", "target", "verdict"];

/// Writes the table in Markdown, with columns that line up.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut widths = HEAD.map(str::len);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row.cells()) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let rules = widths.map(|width| "-".repeat(width));
    let mut text = line(HEAD, &widths);
    text.push_str(&line(rules.each_ref().map(String::as_str), &widths));
    for row in rows {
        text.push_str(&line(row.cells(), &widths));
    }
    text
}

fn line(cells: [&str; 8], widths: &[usize; 8]) -> String {
    let mut text = String::from("|");
    for (cell, width) in cells.into_iter().zip(widths) {
        // Writing to a string does not fail.
        write!(text, " {cell:width$} |").unwrap_or_default();
    }
    text.push('\n');
    text
}

/// Writes a figure with three digits that mean something.
fn number(value: f64) -> String {
    match value {
        large if large >= 100.0 => format!("{large:.0}"),
        middle if middle >= 10.0 => format!("{middle:.1}"),
        small => format!("{small:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_reached_or_missed() {
        assert_eq!(Target::AtLeast(0.9).judge(0.9), Verdict::Reached);
        assert_eq!(Target::AtLeast(0.9).judge(0.89), Verdict::Missed);
        assert_eq!(Target::AtMost(1.2).judge(1.21), Verdict::Missed);
        assert_eq!(Target::AtMost(1.2).judge(f64::NAN), Verdict::Missed);
        assert_eq!(Target::None.judge(0.0), Verdict::Information);
    }

    #[test]
    fn one_of_two_figures_is_enough() {
        let row = |value| Row::alone("a", "b", value, Target::AtLeast(1.0));
        let verdicts = |rows: [Row; 2]| rows.map(|row| row.verdict);
        assert_eq!(verdicts(Row::either([row(0.0), row(1.0)])), [Verdict::Reached; 2]);
        assert_eq!(verdicts(Row::either([row(0.0), row(0.0)])), [Verdict::Missed; 2]);
    }

    #[test]
    fn a_table_lines_up() {
        let text = table(&[Row::alone("a long name", "requests/s", 12345.6, Target::None)]);
        let lengths: Vec<usize> = text.lines().map(str::len).collect();
        assert_eq!(lengths.len(), 3);
        assert!(lengths.iter().all(|length| *length == lengths[0]), "{text}");
        assert!(text.contains("| 12346 |"), "{text}");
    }
}
