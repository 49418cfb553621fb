//! What an operator does to accounts.

use std::time::Duration;

use crate::audit::{AuditEvent, AuditKind};
use crate::auth::Auth;
use crate::auth::flow::Flow;
use crate::email::Email;
use crate::error::{Error, ErrorKind, FieldErrors};
use crate::id::UserId;
use crate::password::{Password, Verdict};
use crate::role::Role;
use crate::session::Client;
use crate::store::{CreateUserOutcome, Credentials, NewUser, SetRoles, SetRolesOutcome};
use crate::user::{MAX_ROLES, User, check_roles};

/// How often a lost race is run again.
const ATTEMPTS: u32 = 8;

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

impl EnsureRoleOutcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Granted => "granted",
            Self::Unchanged => "unchanged",
            Self::WrongPassword => "wrong_password",
        }
    }
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
    /// [`ErrorKind::InvalidInput`] for an account that has [`MAX_ROLES`] others already.
    pub async fn ensure_role(
        &self,
        email: &Email,
        password: &Password,
        role: Role,
    ) -> Result<EnsureRoleOutcome, Error> {
        Flow::EnsureRole.run(|outcome| outcome.as_str(), self.create_or_grant(email, password, role)).await
    }

    async fn create_or_grant(
        &self,
        email: &Email,
        password: &Password,
        role: Role,
    ) -> Result<EnsureRoleOutcome, Error> {
        for _ in 0..ATTEMPTS {
            let outcome = match self.store().find_credentials(email).await? {
                Some(found) => self.grant(found, password, role.clone()).await?,
                None => self.create_with_role(email, password, &role).await?,
            };
            if let Some(outcome) = outcome {
                return Ok(outcome);
            }
        }
        Err(Error::new(ErrorKind::Unavailable).with_retry_after(Duration::from_secs(1)))
    }

    /// Creates the account; `None` when somebody was faster.
    async fn create_with_role(
        &self,
        email: &Email,
        password: &Password,
        role: &Role,
    ) -> Result<Option<EnsureRoleOutcome>, Error> {
        self.base().passwords.check(password, &[email.as_str(), email.canonical()])?;
        let password_hash = self.base().passwords.hash(password).await?;
        let now = self.now();
        let mut user = User::new(UserId::new(now)?, now);
        user.email = Some(email.clone());
        user.roles = vec![role.clone()];
        let event = AuditEvent::new(AuditKind::SignUpSuccess, &Client::default(), now)?.of_user(user.id);
        let new = NewUser { user, password_hash, profile: None, session: None, event: event.clone() };
        match self.store().create_user(new).await? {
            CreateUserOutcome::Created => {
                self.base().publish(&event);
                Ok(Some(EnsureRoleOutcome::Created))
            }
            CreateUserOutcome::EmailTaken | CreateUserOutcome::ProfileTaken => Ok(None),
        }
    }

    /// Gives an account the role; `None` when it changed since it was read.
    async fn grant(
        &self,
        found: Credentials,
        password: &Password,
        role: Role,
    ) -> Result<Option<EnsureRoleOutcome>, Error> {
        let Credentials { user, password_hash } = found;
        if user.has_role(&role) {
            return Ok(Some(EnsureRoleOutcome::Unchanged));
        }
        if self.base().passwords.verify(password, password_hash.as_ref()).await? == Verdict::Wrong {
            return Ok(Some(EnsureRoleOutcome::WrongPassword));
        }
        let now = self.now();
        let event = AuditEvent::new(AuditKind::RoleChanged, &Client::default(), now)?.of_user(user.id);
        let mut roles = user.roles;
        roles.push(role);
        if check_roles(&roles).is_err() {
            let message = format!("A user has at most {MAX_ROLES} roles.");
            return Err(Error::invalid_input(FieldErrors::one("role", "too_many", message)));
        }
        let set = SetRoles { user_id: user.id, expected_epoch: user.auth_epoch, roles, at: now, event: event.clone() };
        match self.store().set_roles(set).await? {
            SetRolesOutcome::Set => {
                self.base().publish(&event);
                Ok(Some(EnsureRoleOutcome::Granted))
            }
            SetRolesOutcome::Changed => Ok(None),
        }
    }
}
