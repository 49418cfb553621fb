//! Rules about code in documentation: whatever looks like Rust is compiled.

use super::Finding;
use super::tree::{File, Tree};

/// What may follow a fence beside a language: rustdoc's own words, all of which still compile.
const RUST_WORDS: &[&str] = &["compile_fail", "no_run", "rust", "should_panic", "standalone_crate"];

/// The languages in use. A misspelt one would silently turn an example off.
const LANGUAGES: &[&str] = &[
    "bash",
    "console",
    "diff",
    "dockerfile",
    "html",
    "http",
    "ini",
    "javascript",
    "json",
    "mermaid",
    "nginx",
    "python",
    "sql",
    "text",
    "toml",
    "typescript",
    "yaml",
];

/// Refuses fences whose code nobody checks although it looks checked.
pub(crate) fn fences(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust().chain(tree.markdown()) {
        for (line, words) in opened(file) {
            if let Some(advice) = advice(file, &words) {
                findings.push(Finding::new(&file.path, line, advice));
            }
        }
    }
    findings
}

fn advice(file: &File, words: &str) -> Option<String> {
    if words.is_empty() {
        // In documentation comments, nothing means Rust.
        let advice = "name the language of this fence (`text` where it has none)";
        return file.is_markdown().then(|| advice.to_owned());
    }
    for word in split(words) {
        if word.starts_with("ignore") {
            return Some("make this example compile, with `no_run` where it must not run".to_owned());
        }
        if !RUST_WORDS.contains(&word) && !LANGUAGES.contains(&word) && !is_edition(word) && !is_error(word) {
            return Some(format!("name a known language instead of `{word}`: the list is in {}", file!()));
        }
    }
    None
}

/// Refuses Rust in a Markdown file that no crate includes: it is compiled nowhere.
pub(crate) fn compiled_examples(tree: &Tree) -> Vec<Finding> {
    let included: Vec<String> = tree.rust().flat_map(includes).collect();
    let mut findings = Vec::new();
    for file in tree.markdown().filter(|file| !included.contains(&file.path)) {
        for (line, words) in opened(file) {
            if split(&words).any(|word| RUST_WORDS.contains(&word)) {
                let advice =
                    "let a crate include this file (`#![doc = include_str!(..)]`), so that its Rust is compiled";
                findings.push(Finding::new(&file.path, line, advice));
            }
        }
    }
    findings
}

/// Returns the paths, from the root, of what a Rust source includes as text.
fn includes(file: &File) -> Vec<String> {
    let texts = file.lines.iter().filter_map(|line| line.text.split_once("include_str!(\""));
    texts.filter_map(|(_, after)| after.split_once('"')).map(|(path, _)| resolve(file.folder(), path)).collect()
}

fn resolve(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

/// Returns the line of each opening fence, and what follows it.
fn opened(file: &File) -> Vec<(usize, String)> {
    let mut fence = None;
    let mut opened = Vec::new();
    for (number, line) in documentation(file) {
        let Some(line) = line else {
            fence = None;
            continue;
        };
        let line = line.trim();
        let words = line.trim_start_matches('`');
        let ticks = line.len() - words.len();
        match fence {
            None if ticks >= 3 && !words.contains('`') => {
                fence = Some(ticks);
                opened.push((number, words.trim().to_owned()));
            }
            Some(open) if ticks >= open && words.is_empty() => fence = None,
            _ => {}
        }
    }
    opened
}

/// Returns the lines of Markdown; `None` for a line of a Rust source that is no documentation.
fn documentation(file: &File) -> Vec<(usize, Option<&str>)> {
    if file.is_markdown() {
        return (1..).zip(file.text.lines().map(Some)).collect();
    }
    file.numbered().map(|(number, line)| (number, documentation_comment(&line.comment))).collect()
}

fn documentation_comment(comment: &str) -> Option<&str> {
    let comment = comment.trim_start();
    let text = comment.strip_prefix("///").or_else(|| comment.strip_prefix("//!"))?;
    (!text.starts_with('/')).then_some(text)
}

fn split(words: &str) -> impl Iterator<Item = &str> {
    words.split([',', ' ']).filter(|word| !word.is_empty())
}

fn is_edition(word: &str) -> bool {
    word.strip_prefix("edition").is_some_and(|year| year.parse::<u16>().is_ok())
}

fn is_error(word: &str) -> bool {
    word.len() == 5 && word.strip_prefix('E').is_some_and(|number| number.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_clean, assert_lines};
    use super::*;

    #[test]
    fn an_example_is_never_ignored() {
        assert_lines(fences, "a/src/b.rs", "/// ```ignore\n/// x\n/// ```\nfn a() {}", &[1]);
        assert_lines(fences, "a/src/b.rs", "//! Text.\n//!\n//! ```rust,ignore\n//! x\n//! ```", &[3]);
        assert_lines(fences, "a/README.md", "```rust,ignore-windows\nx\n```", &[1]);
        assert_clean(fences, "a/src/b.rs", "/// ```\n/// x\n/// ```\n/// ```no_run\n/// ```\nfn a() {}");
        assert_clean(fences, "a/src/b.rs", "/// ```compile_fail,E0277,edition2024\n/// x\n/// ```\nfn a() {}");
    }

    #[test]
    fn what_is_no_documentation_is_no_fence() {
        assert_clean(fences, "a/src/b.rs", "// ```ignore\nlet a = \"/// ```ignore\";\n//// ```ignore");
    }

    #[test]
    fn a_fence_in_markdown_names_a_known_language() {
        assert_lines(fences, "README.md", "```\nx\n```\n```rsut\nx\n```\n", &[1, 4]);
        assert_clean(fences, "README.md", "```bash\nx\n```\n\n````text\n```\n````\n```sql\nx\n```");
    }

    #[test]
    fn rust_in_markdown_is_compiled_somewhere() {
        let readme = ("a/README.md", "```rust\nx\n```\n");
        let lost = compiled_examples(&Tree::of(&[readme, ("a/src/lib.rs", "//! Other documentation.")]));
        assert_eq!(lost.len(), 1);
        let kept =
            compiled_examples(&Tree::of(&[readme, ("a/src/lib.rs", "#![doc = include_str!(\"../README.md\")]")]));
        assert_eq!(kept, []);
        assert_clean(compiled_examples, "CONTRIBUTING.md", "```bash\ncargo xtask ci\n```\n");
    }
}
