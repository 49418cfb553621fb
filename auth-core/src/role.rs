//! Roles: short names that the application gives meaning to.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// The name of a role, such as `admin`: 1 to 32 of `a-z`, `0-9`, `_` and `-`.
///
/// ```
/// use auth_core::role::Role;
///
/// const EDITOR: Role = auth_core::role!("editor");
///
/// assert_eq!(Role::new("editor").unwrap(), EDITOR);
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
        if is_name(&name) { Ok(Self(name)) } else { Err(InvalidRole) }
    }

    /// Creates a role from a name that [`role!`](crate::role!) has the compiler check.
    #[doc(hidden)]
    pub const fn from_literal(name: &'static str) -> Self {
        assert!(is_name(name), "a role is 1 to 32 characters of a-z, 0-9, _ and -");
        Self(Cow::Borrowed(name))
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const fn is_name(name: &str) -> bool {
    let mut rest = name.as_bytes();
    while let [first, others @ ..] = rest {
        if !matches!(first, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-') {
            return false;
        }
        rest = others;
    }
    !name.is_empty() && name.len() <= 32
}

/// Creates a [`Role`](crate::role::Role) from a literal, which the compiler checks.
///
/// ```
/// use auth_core::{Role, role};
///
/// const EDITOR: Role = role!("editor");
/// assert_eq!(EDITOR.as_str(), "editor");
/// ```
///
/// ```compile_fail
/// let refused = auth_core::role!("Chief Editor");
/// ```
#[macro_export]
macro_rules! role {
    ($name:expr) => {
        const { $crate::role::Role::from_literal($name) }
    };
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
