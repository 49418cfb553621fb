//! The rule about the first thing that people read: how little it takes.

use super::Finding;
use super::tree::Tree;

/// Each of these has a whole server in the README.
const ADAPTERS: &[&str] = &["auth_actix", "auth_axum"];

/// How long such a server may be, without blank lines and imports.
const LONGEST: usize = 25;

/// Refuses a README without a whole server for each adapter, or with one that takes too many lines.
pub(crate) fn wiring(tree: &Tree) -> Vec<Finding> {
    let Some(readme) = tree.find("README.md") else { return Vec::new() };
    let servers = servers(&readme.text);
    let mut findings = Vec::new();
    for adapter in ADAPTERS {
        let import = format!("use {adapter}::");
        let Some((line, code)) = servers.iter().find(|(_, code)| code.iter().any(|line| line.starts_with(&import)))
        else {
            findings.push(Finding::new(&readme.path, 1, format!("show a whole server with `{adapter}`")));
            continue;
        };
        let length = length(code);
        if length > LONGEST {
            let advice = format!("make this server shorter: it has {length} lines, and {LONGEST} are the most");
            findings.push(Finding::new(&readme.path, *line, advice));
        }
    }
    findings
}

/// Returns the blocks of Rust that have a `main`, and the lines of their fences.
fn servers(text: &str) -> Vec<(usize, Vec<&str>)> {
    let mut blocks = Vec::new();
    let mut lines = (1..).zip(text.lines());
    while let Some((number, line)) = lines.next() {
        if line.starts_with("```") {
            let code: Vec<&str> = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
            if line.starts_with("```rust") && code.iter().any(|line| line.contains("fn main()")) {
                blocks.push((number, code));
            }
        }
    }
    blocks
}

/// Counts the lines that are neither blank nor part of an import.
fn length(code: &[&str]) -> usize {
    let mut importing = false;
    let counts = |line: &&&str| {
        let is_import = importing || line.starts_with("use ");
        importing = is_import && !line.ends_with(';');
        !is_import && !line.trim().is_empty()
    };
    code.iter().filter(counts).count()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_clean, assert_lines};
    use super::*;

    fn readme(actix: &str, axum: &str) -> String {
        let actix = format!("```rust,no_run\nuse auth_actix::Auth;\n{actix}```\n");
        let axum = format!("```rust\nuse auth_axum::{{\n    Auth,\n}};\n{axum}```\n");
        format!("# a\n\n{actix}\n{axum}")
    }

    #[test]
    fn each_adapter_has_a_whole_server() {
        let main = "fn main() {}\n";
        assert_clean(wiring, "README.md", &readme(main, main));
        assert_lines(wiring, "README.md", &readme(main, ""), &[1]);
        assert_lines(wiring, "README.md", "# a\n", &[1, 1]);
    }

    #[test]
    fn a_whole_server_is_short() {
        let lines = |count| format!("fn main() {{\n\n{}}}\n", "    x();\n".repeat(count));
        assert_clean(wiring, "README.md", &readme(&lines(23), &lines(23)));
        assert_lines(wiring, "README.md", &readme(&lines(24), &lines(23)), &[3]);
        assert_lines(wiring, "README.md", &readme(&lines(1), &lines(24)), &[11]);
    }

    #[test]
    fn blank_lines_and_imports_do_not_count() {
        assert_eq!(length(&["use a::{", "    b,", "};", "use c;", "", "fn main() {", "    b();", "}"]), 3);
    }
}
