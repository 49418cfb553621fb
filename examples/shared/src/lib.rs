#![doc = include_str!("../README.md")]

pub mod auth;
mod metrics;
pub mod page;
pub mod process;
mod profile;
pub mod settings;
mod store;

use std::error::Error;

/// The whole servers of the repository's README, compiled with the documentation's tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct RepositoryReadme;

/// An error with its causes, in one line.
fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |cause: &&dyn Error| (*cause).source());
    causes.map(ToString::to_string).fold(error.to_string(), |line, cause| {
        // Drivers repeat their cause in their own text.
        if line.ends_with(&cause) { line } else { format!("{line}: {cause}") }
    })
}
