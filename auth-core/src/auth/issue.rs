//! Opening a session: the one place where any way of signing in gets its tokens.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::auth::base::Base;
use crate::error::{Error, ErrorKind};
use crate::id::SessionId;
use crate::session::{Client, Session, SessionKind};
use crate::store::NewSession;
use crate::token::{AccessToken, RefreshToken};
use crate::user::{User, UserStatus};

/// A signed-in user, with the tokens to hand out.
#[derive(Debug)]
#[non_exhaustive]
pub struct SignedIn {
    /// The user.
    pub user: User,
    /// The session.
    pub session: Session,
    /// Opens the application's routes until it expires.
    pub access_token: AccessToken,
    /// Gets the next pair of tokens.
    pub refresh_token: RefreshToken,
    /// How long the access token lives from now.
    pub access_expires_in: Duration,
}

/// A session that is ready to be stored, and what its user gets once it is.
pub(crate) struct Issued {
    pub(crate) new: NewSession,
    pub(crate) signed_in: SignedIn,
}

impl Base {
    /// Makes a session and its tokens for a user who has proved who they are.
    ///
    /// Every way in comes through here, so what disqualifies a user stands here and nowhere else. The store refuses
    /// the session once more if the user changed since they were read.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::AccountDisabled`] for a user who may not sign in.
    pub(crate) fn issue_session(
        &self,
        user: User,
        kind: SessionKind,
        client: &Client,
        now: DateTime<Utc>,
    ) -> Result<Issued, Error> {
        match user.status {
            UserStatus::Active => {}
            UserStatus::Disabled => return Err(ErrorKind::AccountDisabled.into()),
        }
        let session = Session {
            id: SessionId::new(now)?,
            user_id: user.id,
            auth_epoch: user.auth_epoch,
            kind,
            client: client.clone(),
            created_at: now,
            expires_at: self.expiry(kind, now, now),
            last_seen_at: now,
        };
        let refresh_token = RefreshToken::issue(session.id)?;
        let refresh = refresh_token.initial_state(&self.realm, now);
        let signed_in = self.signed_in(user, session.clone(), refresh_token, refresh.generation, now)?;
        Ok(Issued { new: NewSession { session, refresh }, signed_in })
    }

    /// Puts a fresh access token beside a refresh token.
    pub(super) fn signed_in(
        &self,
        user: User,
        session: Session,
        refresh_token: RefreshToken,
        generation: i64,
        now: DateTime<Utc>,
    ) -> Result<SignedIn, Error> {
        let access_token = self.tokens.issue(&user, &session, generation, now)?;
        let remaining = (session.expires_at - now).to_std().unwrap_or_default();
        let access_expires_in = self.tokens.ttl().min(remaining);
        Ok(SignedIn { user, session, access_token, refresh_token, access_expires_in })
    }

    /// When a session that is issued or refreshed now ends: after its kind's time, and never past the absolute limit.
    pub(super) fn expiry(&self, kind: SessionKind, created_at: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
        let policy = &self.sessions;
        let span = |duration| TimeDelta::from_std(duration).unwrap_or_default();
        (now + span(policy.ttl(kind))).min(created_at + span(policy.absolute_ttl))
    }
}
