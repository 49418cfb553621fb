//! The rule about comments: they explain, and put nothing off.

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

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_clean, assert_lines};
    use super::*;

    #[test]
    fn nothing_is_put_off() {
        assert_lines(reminders, "a/src/b.rs", "// FIXME: later\n/// XXX\nx(); //TODO(me) later", &[1, 2, 3]);
        assert_clean(reminders, "a/src/b.rs", "// `TODO` is refused, XXXL is not.\nlet a = \"FIXME\";");
    }
}
