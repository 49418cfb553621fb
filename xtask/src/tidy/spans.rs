//! The rule about spans: no argument goes to the log by default.

use super::Finding;
use super::tree::Tree;

/// Refuses `#[instrument]` without `skip_all`: it would record every argument, passwords included.
pub(crate) fn instrument(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        for (number, line) in file.numbered() {
            let Some((_, rest)) = attribute(&line.code) else { continue };
            // The attribute may go on for a few lines; its end is the first `]`.
            let more = file.lines.iter().skip(number).map(|line| line.code.as_str());
            let code: String = std::iter::once(rest).chain(more).flat_map(|code| [code, " "]).collect();
            if !code.split(']').next().is_some_and(|attribute| attribute.contains("skip_all")) {
                findings.push(Finding::new(
                    &file.path,
                    number,
                    "add `skip_all`, and name the fields that may be logged",
                ));
            }
        }
    }
    findings
}

fn attribute(code: &str) -> Option<(&str, &str)> {
    code.split_once("#[instrument").or_else(|| code.split_once("#[tracing::instrument"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_clean, assert_lines};
    use super::*;

    #[test]
    fn spans_skip_all_arguments() {
        assert_lines(instrument, "a/src/b.rs", "#[instrument]\nfn a(skip_all: u8) {}", &[1]);
        assert_lines(instrument, "a/src/b.rs", "\n#[tracing::instrument(skip(password))]\nfn a() {}", &[2]);
        assert_clean(instrument, "a/src/b.rs", "#[instrument(skip_all)]\nfn a() {}");
        assert_clean(
            instrument,
            "a/src/b.rs",
            "#[tracing::instrument(\n    name = \"a\",\n    skip_all,\n)]\nfn a() {}",
        );
    }
}
