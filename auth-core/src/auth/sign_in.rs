//! Sign-in by e-mail address and password.

use chrono::{DateTime, Utc};

use crate::audit::{AuditDetail, AuditEvent, AuditKind};
use crate::auth::flow::Flow;
use crate::auth::issue::Issued;
use crate::auth::{Auth, SignedIn};
use crate::email::Email;
use crate::error::{Error, ErrorKind};
use crate::password::{Password, PasswordHash, Verdict};
use crate::session::{Client, SessionKind};
use crate::store::{Credentials, OpenSession, OpenSessionOutcome, ReplacePassword, ReplacePasswordOutcome};
use crate::user::User;

/// What a user says to get in.
#[derive(Debug)]
pub struct SignIn {
    /// The address.
    pub email: Email,
    /// The password.
    pub password: Password,
    /// The kind of session to open.
    pub kind: SessionKind,
}

/// How a sign-in ended well.
#[derive(Debug)]
#[non_exhaustive]
pub enum SignInOutcome {
    /// The user is in.
    SignedIn(Box<SignedIn>),
}

impl Auth {
    /// Opens a session for a user who knows the password.
    ///
    /// Until the password has proved right, everything is the same for an address with and without an account: the
    /// calls to the store, the one hash, and the answer.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidCredentials`] for a wrong password and an unknown address alike,
    /// [`ErrorKind::AccountDisabled`] after the right one, [`ErrorKind::Overloaded`], [`ErrorKind::Unavailable`].
    pub async fn sign_in(&self, sign_in: SignIn, client: &Client) -> Result<SignInOutcome, Error> {
        Flow::SignIn.run(|_| "signed_in", self.check_and_open(sign_in, client)).await
    }

    async fn check_and_open(&self, sign_in: SignIn, client: &Client) -> Result<SignInOutcome, Error> {
        let found = self.store().find_credentials(&sign_in.email).await?;
        let stored = found.as_ref().and_then(|credentials| credentials.password_hash.as_ref());
        let verdict = self.base().passwords.verify(&sign_in.password, stored).await?;
        let now = self.now();
        let Some(Credentials { user, password_hash }) = found else {
            return self.refuse(None, AuditDetail::UnknownUser, client, now).await;
        };
        match (verdict, password_hash) {
            (Verdict::Wrong, _) => return self.refuse(Some(user), AuditDetail::WrongPassword, client, now).await,
            (Verdict::RightButOutdated, Some(old)) => self.upgrade(&user, &sign_in.password, old, client).await,
            (Verdict::Right | Verdict::RightButOutdated, _) => {}
        }
        let issued = match self.base().issue_session(user.clone(), sign_in.kind, client, now) {
            Err(error) if error.kind() == ErrorKind::AccountDisabled => {
                return self.refuse(Some(user), AuditDetail::AccountDisabled, client, now).await;
            }
            issued => issued?,
        };
        self.open(issued, client, now).await
    }

    async fn open(&self, issued: Issued, client: &Client, now: DateTime<Utc>) -> Result<SignInOutcome, Error> {
        let Issued { new, signed_in } = issued;
        let event = AuditEvent::new(AuditKind::SignInSuccess, client, now)?.of_session(&new.session);
        let evicted = AuditEvent::new(AuditKind::SessionRevoked, client, now)?
            .of_user(signed_in.user.id)
            .with_detail(AuditDetail::Evicted);
        let open = OpenSession {
            new,
            max_per_user: self.base().sessions.max_per_user,
            recent_since: now.checked_sub_signed(self.touch_interval()).unwrap_or(DateTime::<Utc>::MIN_UTC),
            event: event.clone(),
            evicted: evicted.clone(),
        };
        match self.store().open_session(open).await? {
            OpenSessionOutcome::MadeRoom => self.base().publish(&evicted),
            OpenSessionOutcome::Opened => {}
            // What the password proved is out of date.
            OpenSessionOutcome::Refused => {
                return self.refuse(Some(signed_in.user), AuditDetail::AccountChanged, client, now).await;
            }
        }
        self.base().publish(&event);
        Ok(SignInOutcome::SignedIn(Box::new(signed_in)))
    }

    async fn refuse(
        &self,
        user: Option<User>,
        detail: AuditDetail,
        client: &Client,
        now: DateTime<Utc>,
    ) -> Result<SignInOutcome, Error> {
        let event = AuditEvent::new(AuditKind::SignInFailed, client, now)?.with_detail(detail);
        self.base()
            .record(match user {
                Some(user) => event.of_user(user.id),
                None => event,
            })
            .await?;
        let kind = if detail == AuditDetail::AccountDisabled {
            ErrorKind::AccountDisabled
        } else {
            ErrorKind::InvalidCredentials
        };
        Err(kind.into())
    }

    /// Replaces a hash of another system or of weaker parameters, now that the password is at hand.
    ///
    /// The user is signed in whether it succeeds or not: the next sign-in tries again.
    async fn upgrade(&self, user: &User, password: &Password, old: PasswordHash, client: &Client) {
        if let Err(error) = self.try_upgrade(user, password, old, client).await {
            tracing::warn!(user = %user.id, cause = ?error, "the password hash could not be upgraded");
        }
    }

    async fn try_upgrade(
        &self,
        user: &User,
        password: &Password,
        expected: PasswordHash,
        client: &Client,
    ) -> Result<(), Error> {
        let new = self.base().passwords.hash(password).await?;
        let at = self.now();
        let event = AuditEvent::new(AuditKind::PasswordUpgraded, client, at)?.of_user(user.id);
        let replace = ReplacePassword { user_id: user.id, expected, new, at, event: event.clone() };
        match self.store().replace_password(replace).await? {
            ReplacePasswordOutcome::Replaced => self.base().publish(&event),
            // Changed by its owner or upgraded by another sign-in in the meantime: either way not ours to touch.
            ReplacePasswordOutcome::Changed => {}
        }
        Ok(())
    }
}
