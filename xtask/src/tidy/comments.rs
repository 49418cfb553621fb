//! The rules about comments: they explain, put nothing off, and can be read without scrolling.

use super::Finding;
use super::tree::Tree;

const MARKS: &[&str] = &["FIXME", "TODO", "XXX"];

/// Refuses comments that put work off; in backticks, the word is only talked about.
pub(crate) fn reminders(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        for (number, line) in file.numbered() {
            for word in line.comment.split([' ', ':', '(', '/', '!', '*', '.', ',']) {
                if MARKS.contains(&word) {
                    let advice = format!("do it now, or say plainly what is not supported, instead of `{word}`");
                    findings.push(Finding::new(&file.path, number, advice));
                }
            }
        }
    }
    findings
}

/// As wide as `rustfmt.toml` lets code be, which leaves comments as they are.
const WIDTH: usize = 120;

/// Refuses comments that are wider than code. A table's row cannot be broken, nor a word.
pub(crate) fn comment_widths(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        for (number, line) in file.numbered() {
            let words = line.comment.trim_start_matches([' ', '/', '!']);
            if line.comment.trim_end().chars().count() > WIDTH && words.contains(' ') && !words.starts_with('|') {
                findings.push(Finding::new(&file.path, number, format!("break the comment at {WIDTH} columns")));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_clean, assert_lines};
    use super::*;

    #[test]
    fn a_comment_is_as_wide_as_code() {
        let wide = "x".repeat(WIDTH);
        let text = format!("// a {wide}\n    /// a {wide}\n// {wide}\n//! | a {wide}\nlet a = \"{wide}\"; // a b");
        assert_lines(comment_widths, "a/src/b.rs", &text, &[1, 2, 5]);
    }

    #[test]
    fn nothing_is_put_off() {
        assert_lines(reminders, "a/src/b.rs", "// FIXME: later\n/// XXX\nx(); //TODO(me) later", &[1, 2, 3]);
        assert_clean(reminders, "a/src/b.rs", "// `TODO` is refused, XXXL is not.\nlet a = \"FIXME\";");
    }
}
