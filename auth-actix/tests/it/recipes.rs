//! The recipes of the documentation, run as their pages show them.

mod cors;
mod rate_limit;
mod sse;
mod websocket;

/// Asserts that a page shows the code that a test runs, all of it but its imports.
#[track_caller]
fn assert_shown(page: &str, test: &str) {
    let (_, example) = page.split_once("```rust\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let (_, code) = example.split_once("\n///").unwrap();
    assert!(test.contains(code), "the page and its test differ in: {code}");
}
