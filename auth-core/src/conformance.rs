//! For tests: the suites that prove a backend or an adapter right, and a store that fails on demand.
//!
//! They need the feature `conformance`, which is for tests alone. Every rule of a suite is one function that is named
//! by it and panics where it is broken, so what is being written can be run against a single one.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a suite reports to a test runner, by panicking"
)]

pub mod faulty;
pub mod http;
pub mod store;
