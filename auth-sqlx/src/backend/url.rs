//! What is looked at in a URL before the driver reads it.

use sqlx::Error;

/// Refuses the URL of another database, which a driver would read in its own way.
pub(super) fn check_scheme(url: &str, schemes: &[&str]) -> Result<(), Error> {
    if schemes.iter().any(|scheme| url.starts_with(scheme)) {
        return Ok(());
    }
    Err(refused(format!("the URL of this database begins with {}", schemes.join(" or "))))
}

pub(super) fn refused(problem: String) -> Error {
    Error::Configuration(problem.into())
}

#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(super) use server::ServerUrl;
#[cfg(feature = "postgres")]
pub(super) use server::parameters;

#[cfg(any(feature = "mysql", feature = "postgres"))]
mod server;
