//! The user's own view of their sessions, and of themselves.

use serde_json::Value;

use crate::audit::{AuditDetail, AuditEvent, AuditKind};
use crate::auth::flow::Flow;
use crate::auth::{Auth, Authenticated};
use crate::error::{Error, ErrorKind, Refused};
use crate::id::{SessionId, UserId};
use crate::session::{Client, Session};
use crate::store::DeleteSessionOutcome;

impl Auth {
    /// Lists the user's sessions that are accepted, the most recently used first.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] when the store fails.
    pub async fn sessions(&self, current: &Authenticated) -> Result<Vec<Session>, Error> {
        Flow::ListSessions.run(|_| "listed", self.accepted_sessions(current)).await
    }

    async fn accepted_sessions(&self, current: &Authenticated) -> Result<Vec<Session>, Error> {
        let now = self.now();
        let mut sessions = self.store().list_sessions(current.user.id).await?;
        sessions.retain(|session| session.auth_epoch == current.user.auth_epoch && !self.has_expired(session, now));
        Ok(sessions)
    }

    /// Ends one of the user's sessions, the current one included.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] for a session that is not there and for somebody else's alike,
    /// [`ErrorKind::Unavailable`] when the store fails.
    pub async fn revoke_session(&self, current: &Authenticated, id: SessionId, client: &Client) -> Result<(), Error> {
        Flow::RevokeSession.run(|()| "revoked", self.end_session(current, id, client)).await
    }

    async fn end_session(&self, current: &Authenticated, id: SessionId, client: &Client) -> Result<(), Error> {
        let user = current.user.id;
        let event = AuditEvent::new(AuditKind::SessionRevoked, client, self.now())?.of_session_id(id, user);
        match self.base().delete_session(id, user, event).await? {
            DeleteSessionOutcome::Deleted => Ok(()),
            DeleteSessionOutcome::Missing => {
                let detail = Some(AuditDetail::UnknownSession);
                let refused = Refused { kind: AuditKind::Forbidden, detail, user_id: Some(user) };
                Err(Error::new(ErrorKind::NotFound).with_refused(refused))
            }
        }
    }

    /// Reads the application's rows of a user, as its profile serialises them; `None` without a profile.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] when the store fails.
    pub async fn profile(&self, user: UserId) -> Result<Option<Value>, Error> {
        Flow::Profile.run(|_| "read", async { Ok(self.store().find_profile(user).await?) }).await
    }
}
