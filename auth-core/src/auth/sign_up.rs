//! Sign-up: a user, their password, their profile and their first session, all or nothing.

use chrono::{DateTime, Utc};

use crate::audit::{AuditDetail, AuditEvent, AuditKind};
use crate::auth::flow::Flow;
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

/// A sign-up that nothing is wrong about, so far as can be told without the store.
pub(crate) struct CheckedSignUp(SignUp);

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
        self.create_account(self.check_sign_up(sign_up)?, client).await
    }

    /// Creates an account for a sign-up that has been checked.
    pub(crate) async fn create_account(&self, checked: CheckedSignUp, client: &Client) -> Result<SignUpOutcome, Error> {
        Flow::SignUp.run(|_| "signed_up", self.hash_and_create(checked, client)).await
    }

    async fn hash_and_create(
        &self,
        CheckedSignUp(sign_up): CheckedSignUp,
        client: &Client,
    ) -> Result<SignUpOutcome, Error> {
        // Hashed whether the address is free or not: the work, and so the time, is the same.
        let password_hash = self.base().passwords.hash(&sign_up.password).await?;
        let now = self.now();
        let mut user = User::new(UserId::new(now)?, now);
        user.email = Some(sign_up.email);
        user.name = sign_up.name;
        let issued = self.base().issue_session(user.clone(), sign_up.kind, client, now)?;
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
                self.base().publish(&event);
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
        self.base().record(AuditEvent::new(AuditKind::SignUpFailed, client, now)?.with_detail(detail)).await
    }

    /// Checks everything that can be checked without work or a database, and tells all that is wrong at once.
    pub(crate) fn check_sign_up(&self, sign_up: SignUp) -> Result<CheckedSignUp, Error> {
        self.find_faults(&sign_up).inspect_err(|error| Flow::SignUp.refused(error))?;
        Ok(CheckedSignUp(sign_up))
    }

    fn find_faults(&self, sign_up: &SignUp) -> Result<(), Error> {
        let mut errors = self.profile_errors(sign_up.name.as_deref(), &sign_up.profile);
        let email = &sign_up.email;
        let own = [email.as_str(), email.canonical(), sign_up.name.as_deref().unwrap_or_default()];
        let password = self.base().passwords.check(&sign_up.password, &own);
        if errors.is_empty() {
            return password;
        }
        errors.extend(password.err().map(Error::into_fields).unwrap_or_default());
        Err(Error::invalid_input(errors))
    }

    /// What is wrong about a name and the application's own fields.
    pub(crate) fn profile_errors(&self, name: Option<&str>, profile: &ProfileFields) -> FieldErrors {
        let mut errors = name.map(name_errors).unwrap_or_default();
        errors.extend(self.store().check_profile(profile).err().unwrap_or_default());
        errors
    }

    /// What the policy says of a password whose account is not known yet.
    pub(crate) fn password_errors(&self, password: &Password) -> FieldErrors {
        self.base().passwords.check(password, &[]).err().map(Error::into_fields).unwrap_or_default()
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
