//! The stores on real databases.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what the tests share is test code as well"
)]

mod account;
mod conformance;
mod cut_short;
mod database;
mod faults;
mod housekeeping;
mod migrate;
mod profile;
mod race;
mod secrets;
mod servers;
