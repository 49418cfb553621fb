//! The HTTP contract, as scenarios against the real router.
//!
//! The scenarios know requests, answers and the rules. What they are sent to stands in `app.rs` alone, so that the
//! same scenarios can be asked of another framework.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "these are tests, and so are the functions between them"
)]

mod answer;
mod app;
mod bad_input;
mod bearer;
mod bodies;
mod client_address;
mod cookies;
mod csrf;
mod extractors;
mod fixture;
mod guards;
mod headers;
mod hostile;
mod journey;
mod limits;
mod outage;
