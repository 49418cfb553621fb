//! What the servers and tools of the benchmark share. The README beside `Cargo.toml` says what they are for.

pub mod bare;
pub mod browser;
pub mod database;
pub mod ours;
pub mod rotate;
pub mod seed;
pub mod settings;
