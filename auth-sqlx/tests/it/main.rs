//! The stores on real databases.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what the tests share is test code as well"
)]

mod account;
mod altered;
mod conformance;
mod crowd;
mod cut_short;
mod database;
mod explain;
mod faults;
mod flows;
mod housekeeping;
mod memory;
mod migrate;
mod plan;
mod plans;
mod profile;
mod race;
mod realms;
mod recording;
mod round_trips;
mod rows;
mod secrets;
mod servers;
mod urls;
