//! The example's page in a real browser.
//!
//! `cargo xtask test` runs it where `chromedriver` is installed; `cargo test` by itself does not.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

const PROGRAM: &str = env!("CARGO_BIN_EXE_example-actix");

#[path = "../../shared/tests/browser/page.rs"]
mod page;
