//! Where the tables are.

use std::fmt;
use std::sync::Arc;

/// A schema that may be another one than the connection's own.
#[derive(Debug, Clone, Default)]
pub struct Schema(Option<Arc<str>>);

/// What PostgreSQL cuts identifiers to, so that a longer one might name another schema than was meant.
#[cfg(feature = "postgres")]
const MAX_BYTES: usize = 63;

#[cfg(feature = "postgres")]
impl Schema {
    /// Reads a name of letters, digits and underscores, so that it reads the same quoted or not.
    pub(crate) fn named(name: &str) -> Result<Self, InvalidSchema> {
        let starts_well = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
        let is_plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if starts_well && is_plain && name.len() <= MAX_BYTES {
            Ok(Self(Some(name.into())))
        } else {
            Err(InvalidSchema)
        }
    }

    /// Returns its name; `None` for the one that the connection looks in by itself.
    pub(crate) fn name(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

/// Writes what stands in front of a table's name.
impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |name| write!(f, "\"{name}\"."))
    }
}

/// The name of a schema is not one that can be used.
#[cfg(feature = "postgres")]
#[derive(Debug, thiserror::Error)]
#[error("the name of a schema is 1 to 63 lower-case letters, digits and underscores, and begins with no digit")]
pub struct InvalidSchema;

#[cfg(all(test, feature = "postgres"))]
mod tests {
    use super::*;

    #[test]
    fn a_schema_stands_in_front_of_the_table() {
        assert_eq!(format!("{}auth_users", Schema::named("app_2").unwrap()), "\"app_2\".auth_users");
        assert_eq!(format!("{}auth_users", Schema::default()), "auth_users");
    }

    #[test]
    fn names_that_would_need_care_are_refused() {
        for name in ["", "2app", "App", "a b", "a\"b", "a.b", "a;b", "é", &"a".repeat(64)] {
            assert!(Schema::named(name).is_err(), "{name:?}");
        }
        assert!(Schema::named(&"a".repeat(63)).is_ok());
    }
}
