#![doc = include_str!("../README.md")]

pub mod bare;
pub mod database;
pub mod ours;
pub mod seed;
pub mod settings;
