//! What an operator does to accounts.

use crate::audit::{AuditEvent, AuditKind};
use crate::auth::Auth;
use crate::email::Email;
use crate::error::{Error, ErrorKind, FieldErrors};
use crate::id::UserId;
use crate::password::{Password, Verdict};
use crate::role::Role;
use crate::session::Client;
use crate::store::{CreateUserOutcome, Credentials, NewUser, SetRoles, SetRolesOutcome};
use crate::user::{MAX_ROLES, User};

/// What had to be done so that a user has a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnsureRoleOutcome {
    /// The account was created with the role.
    Created,
    /// The account was there and was given the role; its sessions ended.
    Granted,
    /// The account had the role already.
    Unchanged,
    /// The account is there with another password, so it may be a stranger's. Nothing was changed.
    WrongPassword,
}

impl Auth {
    /// Makes sure that there is an account with this address and this role, for the first administrator.
    ///
    /// It may be called at every start, from several processes. An account that has the role already is left alone,
    /// whatever its password is by now. One that has not is given the role only if the password is right.
    ///
    /// # Security
    ///
    /// Anybody can sign up with any address. Without the password, whoever was there first with the administrator's
    /// address would become the administrator.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PasswordRejected`], [`ErrorKind::Overloaded`], [`ErrorKind::Unavailable`];
    /// [`ErrorKind::InvalidInput`] for an account that has [`MAX_ROLES`] others already;
    /// [`ErrorKind::NotFound`] for an account that is deleted in the meantime.
    pub async fn ensure_role(
        &self,
        email: &Email,
        password: &Password,
        role: Role,
    ) -> Result<EnsureRoleOutcome, Error> {
        if let Some(found) = self.store().find_credentials(email).await? {
            return self.grant(found, password, role).await;
        }
        if self.create_with_role(email, password, &role).await? == CreateUserOutcome::Created {
            return Ok(EnsureRoleOutcome::Created);
        }
        // Another process was faster.
        let found = self.store().find_credentials(email).await?.ok_or(ErrorKind::NotFound)?;
        self.grant(found, password, role).await
    }

    async fn create_with_role(
        &self,
        email: &Email,
        password: &Password,
        role: &Role,
    ) -> Result<CreateUserOutcome, Error> {
        self.0.passwords.check(password, &[email.as_typed(), email.canonical()])?;
        let password_hash = self.0.passwords.hash(password).await?;
        let now = self.now();
        let mut user = User::new(UserId::new(now)?, now);
        user.email = Some(email.clone());
        user.roles = vec![role.clone()];
        let event = AuditEvent::new(AuditKind::SignUpSuccess, &Client::default(), now)?.of_user(user.id);
        let new = NewUser { user, password_hash, profile: None, session: None, event: event.clone() };
        let outcome = self.store().create_user(new).await?;
        if outcome == CreateUserOutcome::Created {
            self.publish(&event);
        }
        Ok(outcome)
    }

    async fn grant(&self, found: Credentials, password: &Password, role: Role) -> Result<EnsureRoleOutcome, Error> {
        let Credentials { user, password_hash } = found;
        if user.has_role(&role) {
            return Ok(EnsureRoleOutcome::Unchanged);
        }
        if self.0.passwords.verify(password, password_hash.as_ref()).await? == Verdict::Wrong {
            return Ok(EnsureRoleOutcome::WrongPassword);
        }
        let now = self.now();
        let event = AuditEvent::new(AuditKind::RoleChanged, &Client::default(), now)?.of_user(user.id);
        if user.roles.len() >= MAX_ROLES {
            return Err(Error::invalid_input(FieldErrors::one("role", "too_many", "A user has at most 16 roles.")));
        }
        let mut roles = user.roles;
        roles.push(role);
        let set = SetRoles { user_id: user.id, roles, at: now, event: event.clone() };
        match self.store().set_roles(set).await? {
            SetRolesOutcome::Set => {
                self.publish(&event);
                Ok(EnsureRoleOutcome::Granted)
            }
            SetRolesOutcome::Missing => Err(ErrorKind::NotFound.into()),
        }
    }
}
