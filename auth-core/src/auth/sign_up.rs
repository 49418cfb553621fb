//! Sign-up: a user, their password, their profile and their first session, all or nothing.

use chrono::{DateTime, Utc};

use crate::audit::{AuditDetail, AuditEvent, AuditKind};
use crate::auth::{Auth, SignedIn};
use crate::email::Email;
use crate::error::{Error, ErrorKind, FieldErrors};
use crate::id::UserId;
use crate::password::Password;
use crate::session::{Client, SessionKind};
use crate::store::{CreateUserOutcome, NewUser, ProfileFields};
use crate::text::{is_control, is_invisible};
use crate::user::{MAX_NAME_CHARS, User};

/// What a stranger says of themselves to get an account.
#[derive(Debug)]
pub struct SignUp {
    /// The address.
    pub email: Email,
    /// The password they choose.
    pub password: Password,
    /// What they want to be called.
    pub name: Option<String>,
    /// The application's own fields.
    pub profile: ProfileFields,
    /// The kind of session to open.
    pub kind: SessionKind,
}

impl SignUp {
    /// Creates a sign-up without a name and a profile.
    pub fn new(email: Email, password: Password, kind: SessionKind) -> Self {
        Self { email, password, name: None, profile: ProfileFields::new(), kind }
    }
}

/// How a sign-up ended well.
#[derive(Debug)]
#[non_exhaustive]
pub enum SignUpOutcome {
    /// The account exists and its owner is signed in.
    SignedIn(Box<SignedIn>),
}

impl Auth {
    /// Creates an account and signs its owner in.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`], [`ErrorKind::PasswordRejected`], [`ErrorKind::EmailTaken`],
    /// [`ErrorKind::Overloaded`], [`ErrorKind::Unavailable`]. After any of them nothing was created.
    pub async fn sign_up(&self, sign_up: SignUp, client: &Client) -> Result<SignUpOutcome, Error> {
        self.check_sign_up(&sign_up)?;
        // Hashed whether the address is free or not: the work, and so the time, is the same.
        let password_hash = self.0.passwords.hash(&sign_up.password).await?;
        let now = self.now();
        let mut user = User::new(UserId::new(now)?, now);
        user.email = Some(sign_up.email);
        user.name = sign_up.name;
        let issued = self.issue_session(user.clone(), sign_up.kind, client, now)?;
        let event = AuditEvent::new(AuditKind::SignUpSuccess, client, now)?.of_session(&issued.new.session);
        let new = NewUser {
            user,
            password_hash,
            profile: Some(sign_up.profile),
            session: Some(issued.new),
            event: event.clone(),
        };
        match self.store().create_user(new).await? {
            CreateUserOutcome::Created => {
                self.publish(&event);
                Ok(SignUpOutcome::SignedIn(Box::new(issued.signed_in)))
            }
            CreateUserOutcome::EmailTaken => {
                self.note_failure(AuditDetail::EmailTaken, client, now).await?;
                Err(ErrorKind::EmailTaken.into())
            }
            CreateUserOutcome::ProfileTaken => {
                self.note_failure(AuditDetail::ProfileTaken, client, now).await?;
                let taken = FieldErrors::one("", "taken", "A value of the profile is in use already.");
                Err(Error::invalid_input(taken))
            }
        }
    }

    async fn note_failure(&self, detail: AuditDetail, client: &Client, now: DateTime<Utc>) -> Result<(), Error> {
        self.record(AuditEvent::new(AuditKind::SignUpFailed, client, now)?.with_detail(detail)).await
    }

    /// Checks everything that can be checked without work or a database.
    pub(crate) fn check_sign_up(&self, sign_up: &SignUp) -> Result<(), Error> {
        let mut errors = FieldErrors::default();
        if let Some(name) = &sign_up.name {
            errors.extend(name_errors(name));
        }
        if let Err(profile) = self.store().check_profile(&sign_up.profile) {
            errors.extend(profile);
        }
        errors.or_ok(()).map_err(Error::invalid_input)?;
        let email = &sign_up.email;
        let local_part = email.canonical().split('@').next().unwrap_or_default();
        let own = [email.as_typed(), email.canonical(), local_part, sign_up.name.as_deref().unwrap_or_default()];
        self.0.passwords.check(&sign_up.password, &own)
    }
}

fn name_errors(name: &str) -> FieldErrors {
    let mut errors = FieldErrors::default();
    if name.chars().count() > MAX_NAME_CHARS {
        errors.push("name", "too_long", "A name has at most 128 characters.");
    }
    if name.chars().all(is_invisible) {
        errors.push("name", "empty", "A name has at least one visible character; leave it out to have none.");
    }
    // Among them NUL, which PostgreSQL's text cannot hold, and line breaks, which forge log lines.
    if name.chars().any(is_control) {
        errors.push("name", "invalid", "A name has no control characters.");
    }
    errors
}
