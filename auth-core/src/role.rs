//! Roles: short names that the application gives meaning to.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// The name of a role, such as `admin`: 1 to 32 of `a-z`, `0-9`, `_` and `-`.
///
/// ```
/// use auth_core::role::Role;
///
/// assert_eq!(Role::new("editor").unwrap().as_str(), "editor");
/// assert!(Role::new("Chief Editor").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Role(Cow<'static, str>);

impl Role {
    /// The role that opens the administrative routes.
    pub const ADMIN: Self = Self(Cow::Borrowed("admin"));

    /// Creates a role from its name.
    ///
    /// # Errors
    ///
    /// [`InvalidRole`] when the name is empty, too long or has other characters.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Result<Self, InvalidRole> {
        let name = name.into();
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-';
        if (1..=32).contains(&name.len()) && name.bytes().all(allowed) { Ok(Self(name)) } else { Err(InvalidRole) }
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// The text is not the name of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a role is 1 to 32 characters of a-z, 0-9, _ and -")]
pub struct InvalidRole;
