//! What is looked at in a URL before the driver reads it.

use sqlx::Error;

/// Refuses the URL of another database, which a driver would read in its own way.
pub(super) fn check_scheme(url: &str, schemes: &[&str]) -> Result<(), Error> {
    if schemes.iter().any(|scheme| url.starts_with(scheme)) {
        return Ok(());
    }
    Err(refused(format!("the URL of this database begins with {}", schemes.join(" or "))))
}

/// Refuses parameters that the driver would pass over: one that is misspelt, such as `ssl_mode=verify-full`, would leave
/// the connection less safe than was meant.
///
/// None is repeated in the error. What looks like one may be the rest of a password with a `?` in it.
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(super) fn check_parameters(url: &str, known: &[&str]) -> Result<(), Error> {
    let mut names = parameters(url).map(|parameter| parameter.split('=').next().unwrap_or_default());
    if names.all(|name| known.iter().any(|known| is_meant(name, known))) {
        return Ok(());
    }
    Err(refused(format!(
        "the URL has a parameter that is not known (a `?` in a password is written %3F); known are {}",
        known.join(", ")
    )))
}

/// `options[` stands for all that begin with it.
#[cfg(any(feature = "mysql", feature = "postgres"))]
fn is_meant(name: &str, known: &str) -> bool {
    name == known || (known.ends_with('[') && name.starts_with(known))
}

#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(super) fn parameters(url: &str) -> impl Iterator<Item = &str> {
    let (_, parameters) = url.split_once('?').unwrap_or_default();
    parameters.split('&').filter(|parameter| !parameter.is_empty())
}

fn refused(problem: String) -> Error {
    Error::Configuration(problem.into())
}

#[cfg(all(test, feature = "postgres"))]
mod tests {
    use super::*;

    #[track_caller]
    fn refuses(url: &str, secret: &str) {
        let refused = check_parameters(url, &["sslmode", "host"]);
        assert!(refused.is_err_and(|error| !error.to_string().contains(secret)), "{url}");
    }

    #[test]
    fn a_parameter_that_would_be_passed_over_is_refused_and_not_repeated() {
        refuses("postgres://u:p@h/d?ssl_mode=verify-full", "verify-full");
        refuses("postgres://u:p@h/d?sslmode=require&pasword=hunter2", "hunter2");
        refuses("postgres://u:1?hunter2@h/d", "hunter2");
        assert!(check_parameters("postgres://u:p@h/d?sslmode=require&host=/run", &["sslmode", "host"]).is_ok());
        assert!(check_parameters("postgres://u:p@h/d?options[a]=b", &["options["]).is_ok());
        assert!(check_parameters("postgres://u:p@h/d", &[]).is_ok());
        assert!(check_parameters("postgres://u:p@h/d?", &[]).is_ok());
    }
}
