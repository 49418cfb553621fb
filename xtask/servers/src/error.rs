//! Why a server could not be had.

use std::fmt;
use std::io;

/// What the functions of this crate return.
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// Why a server could not be had, in one sentence; the last lines of its log may follow.
#[derive(Debug)]
pub struct Error {
    message: String,
}

impl Error {
    /// Creates an error from its sentence.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }

    /// Creates the error of something that the system refused.
    pub(crate) fn io(what: impl fmt::Display, error: &io::Error) -> Self {
        Self::new(format!("{what}: {error}"))
    }

    /// Adds the last lines of `output`, where the cause of the trouble usually is.
    pub(crate) fn with_output(mut self, output: &str) -> Self {
        const LINES: usize = 15;
        let skipped = output.lines().count().saturating_sub(LINES);
        for line in output.lines().skip(skipped) {
            self.message.push_str("\n    ");
            self.message.push_str(line);
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_output_follows_the_sentence() {
        let output: Vec<String> = (1..=20).map(|line| format!("line {line}")).collect();
        let shown = Error::new("MariaDB did not start").with_output(&output.join("\n")).to_string();
        assert!(shown.starts_with("MariaDB did not start\n    line 6\n"), "{shown}");
        assert!(shown.ends_with("line 20"), "{shown}");
    }
}
