//! The user: the narrow part of an account that authentication needs. The rest is the application's.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::email::Email;
use crate::id::UserId;
use crate::role::Role;

/// The longest display name, in code points.
pub const MAX_NAME_CHARS: usize = 128;

/// The most roles of a user: they stand in every access token, and browsers drop cookies of more than 4 KiB.
pub const MAX_ROLES: usize = 16;

/// Refuses more roles than an access token holds. Stores ask before they write a user's roles, and after reading them.
///
/// # Errors
///
/// [`TooManyRoles`] for more than [`MAX_ROLES`].
pub fn check_roles(roles: &[Role]) -> Result<(), TooManyRoles> {
    if roles.len() > MAX_ROLES { Err(TooManyRoles { roles: roles.len() }) } else { Ok(()) }
}

/// A user has, or would get, more roles than an access token holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{roles} roles are too many for a user: an access token holds {MAX_ROLES}")]
pub struct TooManyRoles {
    roles: usize,
}

/// An account, as the store holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct User {
    /// Names the user, for ever.
    pub id: UserId,
    /// The address, where the user has one.
    pub email: Option<Email>,
    /// When the user proved to read mail at the address.
    pub email_verified_at: Option<DateTime<Utc>>,
    /// What the user wants to be called.
    pub name: Option<String>,
    /// What the user may do, as the application understands it.
    pub roles: Vec<Role>,
    /// Whether the user may sign in at all.
    pub status: UserStatus,
    /// Counts the events that end everything issued before: a session or token of another epoch is not accepted.
    pub auth_epoch: i64,
    /// When the account was created.
    pub created_at: DateTime<Utc>,
    /// When the account last changed.
    pub updated_at: DateTime<Utc>,
}

impl User {
    /// Creates a user without address, name or roles: active, at epoch 0.
    ///
    /// Stores use it to rebuild a user from its row, and set the other fields.
    pub fn new(id: UserId, created_at: DateTime<Utc>) -> Self {
        Self {
            id,
            email: None,
            email_verified_at: None,
            name: None,
            roles: Vec::new(),
            status: UserStatus::Active,
            auth_epoch: 0,
            created_at,
            updated_at: created_at,
        }
    }

    /// Returns whether the user has the role.
    pub fn has_role(&self, role: &Role) -> bool {
        self.roles.contains(role)
    }
}

/// Whether a user may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    /// The user may sign in.
    Active,
    /// The user may not, and no session of theirs is accepted.
    Disabled,
}

impl UserStatus {
    /// Returns the word that stores keep.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }

    /// Reads the word that stores keep; `None` for any other.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "active" => Some(Self::Active),
            "disabled" => Some(Self::Disabled),
            _ => None,
        }
    }
}

impl fmt::Display for UserStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
