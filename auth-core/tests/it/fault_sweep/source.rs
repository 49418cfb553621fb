//! What the sources of the flows name, so that no flow is forgotten.

use std::collections::BTreeSet;
use std::path::Path;

/// The names that follow a text anywhere in the flows, however the lines are broken.
pub(super) fn names_after(text: &str) -> BTreeSet<String> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let flows = std::fs::read_dir(sources.join("auth")).unwrap().map(|entry| entry.unwrap().path());
    let files = flows.filter(|path| path.is_file()).chain([sources.join("auth.rs")]);
    let texts = files.map(|path| std::fs::read_to_string(path).unwrap());
    texts.flat_map(|source| names_in(&source.split_whitespace().collect::<Vec<_>>().join(" "), text)).collect()
}

fn names_in(source: &str, text: &str) -> Vec<String> {
    // Where a chain of calls is broken, there is a space before the dot.
    let source = source.replace(" .", ".");
    let name =
        |rest: &str| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default().to_owned();
    source.split(text).skip(1).map(name).collect()
}
