#![doc = include_str!("../README.md")]

mod connection;
mod routes;
mod serve;

pub use serve::serve;
