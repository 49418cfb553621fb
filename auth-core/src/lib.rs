#![doc = include_str!("../README.md")]

pub mod audit;
pub mod clock;
pub mod email;
pub mod error;
pub mod id;
pub mod policy;
pub mod role;
mod secret;
pub mod session;
pub mod user;

pub use secret::TokenHash;
