//! The stores on real databases.

mod conformance;
mod database;
mod migrate;
