#![doc = include_str!("../README.md")]

mod routes;
mod serve;

pub use serve::serve;
