//! Users, their passwords, and the application's rows beside them.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::audit::AuditEvent;
use crate::email::Email;
use crate::error::FieldErrors;
use crate::id::UserId;
use crate::password::PasswordHash;
use crate::role::Role;
use crate::store::{NewSession, StoreError};
use crate::user::User;

/// The fields of a sign-up that belong to the application: what is left of the body when ours are taken out.
pub type ProfileFields = Map<String, Value>;

/// Keeps users.
#[async_trait]
pub trait UserStore: Send + Sync + 'static {
    /// Checks the application's fields of a sign-up, without touching the database.
    ///
    /// # Errors
    ///
    /// What is wrong about each field. A store without a profile refuses every field as `unknown_field`.
    fn check_profile(&self, fields: &ProfileFields) -> Result<(), FieldErrors>;

    /// Creates a user, their password, their profile and their first session, as one.
    ///
    /// Exactly one of any number of concurrent calls with one canonical address creates.
    async fn create_user(&self, new: NewUser) -> Result<CreateUserOutcome, StoreError>;

    /// Reads the user and the password of an address, compared in canonical form.
    async fn find_credentials(&self, email: &Email) -> Result<Option<Credentials>, StoreError>;

    /// Reads the application's rows of a user, in the form that `/me` shows; `None` without a profile.
    async fn find_profile(&self, user: UserId) -> Result<Option<Value>, StoreError>;

    /// Replaces a password hash, if it is still the one that was verified.
    ///
    /// The user's epoch stays: the password is the same, only its hash is better.
    async fn replace_password(&self, replace: ReplacePassword) -> Result<ReplacePasswordOutcome, StoreError>;

    /// Replaces a user's roles, if they are still of the expected epoch, and, in the same step, increments the epoch
    /// and deletes every session of theirs.
    async fn set_roles(&self, set: SetRoles) -> Result<SetRolesOutcome, StoreError>;
}

/// A user to be created, with all that is created in the same step.
#[derive(Debug)]
pub struct NewUser {
    /// The user.
    pub user: User,
    /// The hash of the password.
    pub password_hash: PasswordHash,
    /// The application's fields, already checked; `None` where the user does not come through a sign-up.
    pub profile: Option<ProfileFields>,
    /// The session that the sign-up opens.
    pub session: Option<NewSession>,
    /// The record of it.
    pub event: AuditEvent,
}

/// What became of a user to be created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreateUserOutcome {
    /// All of it was created.
    Created,
    /// Nothing was: the canonical address has an account.
    EmailTaken,
    /// Nothing was: a value of the application's rows has to be unique, and is not.
    ProfileTaken,
}

/// What a sign-in is checked against.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The user.
    pub user: User,
    /// The password hash; `None` for a user who came another way.
    pub password_hash: Option<PasswordHash>,
}

/// A better hash of the same password.
#[derive(Debug)]
pub struct ReplacePassword {
    /// Whose password it is.
    pub user_id: UserId,
    /// The hash that must still be there.
    pub expected: PasswordHash,
    /// The hash to put in its place.
    pub new: PasswordHash,
    /// When.
    pub at: DateTime<Utc>,
    /// The record of it.
    pub event: AuditEvent,
}

/// What became of a better hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplacePasswordOutcome {
    /// The expected hash is there no more; nothing changed.
    Changed,
    /// It stands in the old one's place.
    Replaced,
}

/// New roles for a user.
#[derive(Debug)]
pub struct SetRoles {
    /// The user.
    pub user_id: UserId,
    /// The epoch that must still be the user's: the one at which their roles were read.
    pub expected_epoch: i64,
    /// All roles they shall have.
    pub roles: Vec<Role>,
    /// When.
    pub at: DateTime<Utc>,
    /// The record of it.
    pub event: AuditEvent,
}

/// What became of new roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetRolesOutcome {
    /// The user is gone, or of another epoch by now; nothing changed.
    Changed,
    /// The user has them.
    Set,
}
