//! Sign-out: of this session, of the others, or of all.

use chrono::{DateTime, Utc};

use crate::audit::{AuditDetail, AuditEvent, AuditKind};
use crate::auth::authenticate::{Found, Proof};
use crate::auth::flow::Flow;
use crate::auth::{Auth, Credential};
use crate::error::{Error, ErrorKind};
use crate::id::{SessionId, UserId};
use crate::session::{Client, Session};
use crate::store::DeleteSessionOutcome;
use crate::token::Verified;

/// Which sessions to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignOutScope {
    /// Every session of the user; access tokens issued before are refused from then on.
    All,
    /// Every session but this one.
    Others,
    /// This one.
    #[default]
    Session,
}

/// How a sign-out ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignOutOutcome {
    /// There was nothing to end: the session is over already.
    AlreadyOver,
    /// The sessions are ended.
    SignedOut,
}

/// How a sign-out ended, with what its caller is not told.
enum Ended {
    AlreadyOver,
    SignedOut,
    /// The token had been replaced for good, and its session was ended.
    Stolen,
}

impl Ended {
    fn as_str(&self) -> &'static str {
        match self {
            Self::AlreadyOver => "already_over",
            Self::SignedOut => "signed_out",
            Self::Stolen => "reuse_detected",
        }
    }
}

impl Auth {
    /// Ends sessions of the credential's user.
    ///
    /// A session that is over already is no error, so signing out twice is harmless. An access token that has
    /// expired still ends its own session, for the client may hold nothing better; ending more takes a live one.
    ///
    /// A live access token ends its own session without a look at it: also when its user has been disabled meanwhile,
    /// and that is a sign-out like any other.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unauthenticated`] for an expired access token with a scope beyond its session,
    /// [`ErrorKind::Unavailable`] when the store fails.
    pub async fn sign_out(
        &self,
        credential: &Credential<'_>,
        scope: SignOutScope,
        client: &Client,
    ) -> Result<SignOutOutcome, Error> {
        Ok(match Flow::SignOut.run(Ended::as_str, self.find_and_end(credential, scope, client)).await? {
            Ended::AlreadyOver | Ended::Stolen => SignOutOutcome::AlreadyOver,
            Ended::SignedOut => SignOutOutcome::SignedOut,
        })
    }

    async fn find_and_end(
        &self,
        credential: &Credential<'_>,
        scope: SignOutScope,
        client: &Client,
    ) -> Result<Ended, Error> {
        let now = self.now();
        let (proof, live) = match credential {
            Credential::Refresh(token) => (Proof::Refresh(token.duplicate()), true),
            Credential::Access(token) => match self.base().tokens.verify(token, now) {
                // It says whose session it is, and a session's epoch never changes: what is deleted need not be read.
                Ok(Verified::Live(claims)) if scope == SignOutScope::Session => {
                    return self.end_one(claims.session_id, claims.user_id, client, now).await;
                }
                Ok(Verified::Live(claims)) => (Proof::Access(claims), true),
                Ok(Verified::Expired(claims)) => (Proof::Access(claims), false),
                Err(_) => return Ok(Ended::AlreadyOver),
            },
        };
        let record = match self.find_proven(&proof, now).await? {
            Found::Nothing => return Ok(Ended::AlreadyOver),
            Found::Proven(record, _) => record,
            Found::Stolen(record) => {
                // The owner's, who leaves, or the thief's: either way the session must not go on.
                self.end_stolen(&record, client, now).await?;
                return Ok(Ended::Stolen);
            }
        };
        match self.end_if_over(&record.user, &record.session, now).await {
            Err(error) if error.kind() == ErrorKind::Unauthenticated => return Ok(Ended::AlreadyOver),
            checked => checked?,
        }
        let session = &record.session;
        match scope {
            SignOutScope::Session => self.end_one(session.id, session.user_id, client, now).await,
            SignOutScope::All | SignOutScope::Others if !live => Err(ErrorKind::Unauthenticated.into()),
            SignOutScope::All | SignOutScope::Others => self.end_several(session, scope, client, now).await,
        }
    }

    async fn end_several(
        &self,
        session: &Session,
        scope: SignOutScope,
        client: &Client,
        now: DateTime<Utc>,
    ) -> Result<Ended, Error> {
        let (id, user) = (session.id, session.user_id);
        let mut event = AuditEvent::new(AuditKind::SignOut, client, now)?.of_session(session);
        if scope == SignOutScope::All {
            event = event.with_detail(AuditDetail::AllSessions);
            self.store().delete_all_sessions(user, now, event.clone()).await?;
        } else {
            event = event.with_detail(AuditDetail::OtherSessions);
            self.store().delete_other_sessions(user, id, event.clone()).await?;
        }
        self.base().publish(&event);
        Ok(Ended::SignedOut)
    }

    async fn end_one(
        &self,
        session: SessionId,
        user: UserId,
        client: &Client,
        now: DateTime<Utc>,
    ) -> Result<Ended, Error> {
        let event = AuditEvent::new(AuditKind::SignOut, client, now)?.of_session_id(session, user);
        Ok(match self.base().delete_session(session, user, event).await? {
            DeleteSessionOutcome::Deleted => Ended::SignedOut,
            DeleteSessionOutcome::Missing => Ended::AlreadyOver,
        })
    }
}
