#![doc = include_str!("../README.md")]

pub mod auth;
pub mod page;
mod profile;
pub mod settings;

use std::error::Error;

/// An error with its causes, in one line.
fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |cause: &&dyn Error| (*cause).source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
