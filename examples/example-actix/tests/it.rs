//! The example as people run it, held to what all examples are held to.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

const PROGRAM: &str = env!("CARGO_BIN_EXE_example-actix");
const README: &str = include_str!("../README.md");

#[path = "../../shared/tests/it/suite.rs"]
mod suite;
