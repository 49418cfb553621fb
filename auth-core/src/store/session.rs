//! Sessions and the state of their refresh tokens.

use std::cmp::Reverse;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::audit::AuditEvent;
use crate::id::{SessionId, UserId};
use crate::session::{Client, RefreshState, Session, SessionRecord};
use crate::store::StoreError;

/// Keeps sessions.
///
/// A session that was deleted never comes back: every method but [`open_session`](SessionStore::open_session) changes
/// rows that are there, and adds none.
#[async_trait]
pub trait SessionStore: Send + Sync + 'static {
    /// Opens a session for a user who is active and still of the session's epoch, and makes room for it.
    ///
    /// Those of the user that have expired by the new one's `created_at` are deleted first, and count no more.
    async fn open_session(&self, open: OpenSession) -> Result<OpenSessionOutcome, StoreError>;

    /// Reads a session with its user, expired or not.
    async fn find_session(&self, id: SessionId) -> Result<Option<SessionRecord>, StoreError>;

    /// Reads the sessions of a user, expired or not, the most recently used first.
    async fn list_sessions(&self, user: UserId) -> Result<Vec<Session>, StoreError>;

    /// Notes that a session was used. Does nothing to one that is gone.
    async fn touch_session(&self, touch: Touch) -> Result<(), StoreError>;

    /// Puts a refresh state in the place of the expected one, if that is still there, and the user is still active
    /// and of the session's epoch.
    async fn swap_refresh(&self, swap: SwapRefresh) -> Result<SwapRefreshOutcome, StoreError>;

    /// Deletes a session of this user. The event is recorded only if there was one.
    async fn delete_session(
        &self,
        id: SessionId,
        user: UserId,
        event: AuditEvent,
    ) -> Result<DeleteSessionOutcome, StoreError>;

    /// Deletes every session of the user but one.
    async fn delete_other_sessions(&self, user: UserId, keep: SessionId, event: AuditEvent) -> Result<(), StoreError>;

    /// Deletes every session of the user and increments the epoch, so that access tokens end as well.
    async fn delete_all_sessions(&self, user: UserId, at: DateTime<Utc>, event: AuditEvent) -> Result<(), StoreError>;
}

/// A session to be opened, with its refresh token's first state.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// The session.
    pub session: Session,
    /// The state of its refresh token.
    pub refresh: RefreshState,
}

/// A session to be opened for a user who exists.
#[derive(Debug, Clone)]
pub struct OpenSession {
    /// The session.
    pub new: NewSession,
    /// How many sessions the user may have with it; [`surplus`](Self::surplus) tells which are deleted to make room.
    pub max_per_user: u32,
    /// Sessions seen after this instant count as used at the same time: uses are noted at an interval only.
    pub recent_since: DateTime<Utc>,
    /// The record of the opening.
    pub event: AuditEvent,
    /// The record of sessions that made room, written only if there were any.
    pub evicted: AuditEvent,
}

impl OpenSession {
    /// Returns which of the user's live sessions are deleted to make room.
    ///
    /// Those not used for longest go first. Of the sessions that were seen after `recent_since` nobody knows which is
    /// in use; they go last, and among them the one whose user signed in last goes first, so that no series of sign-ins
    /// pushes out a session that was there before.
    pub fn surplus(&self, live: &[Session]) -> Vec<SessionId> {
        let room = usize::try_from(self.max_per_user.saturating_sub(1)).unwrap_or(usize::MAX);
        let (mut recent, mut order): (Vec<_>, Vec<_>) =
            live.iter().partition(|session| session.last_seen_at > self.recent_since);
        order.sort_by_key(|session| (session.last_seen_at, session.id));
        recent.sort_by_key(|session| Reverse((session.created_at, session.id)));
        order.append(&mut recent);
        order.iter().take(live.len().saturating_sub(room)).map(|session| session.id).collect()
    }
}

/// What became of a session to be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenSessionOutcome {
    /// It is open, and others were deleted to make room for it.
    MadeRoom,
    /// It is open, and there was room.
    Opened,
    /// The user is gone, disabled, or of another epoch by now; nothing changed.
    Refused,
}

/// The use of a session.
#[derive(Debug, Clone, Copy)]
pub struct Touch {
    /// The session.
    pub session_id: SessionId,
    /// When it was used.
    pub seen_at: DateTime<Utc>,
    /// The generation of the token it was used with; if it is the current one, it is confirmed.
    pub generation: i64,
}

/// A change of a refresh state, by compare-and-set.
#[derive(Debug, Clone)]
pub struct SwapRefresh {
    /// The session.
    pub session_id: SessionId,
    /// The state that must still be there: token hash, generation, recoveries and confirmation.
    pub expected: RefreshState,
    /// The state to put in its place. The family stays.
    pub next: RefreshState,
    /// The client to keep in the session.
    pub client: Client,
    /// When the session ends from now on.
    pub expires_at: DateTime<Utc>,
    /// When it was used.
    pub seen_at: DateTime<Utc>,
    /// The record of it.
    pub event: AuditEvent,
}

/// What became of a change of a refresh state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SwapRefreshOutcome {
    /// Somebody was faster, or the session is over; nothing changed.
    Lost,
    /// The new state is in place.
    Swapped,
}

/// What became of a session to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeleteSessionOutcome {
    /// It is gone.
    Deleted,
    /// The user has no such session.
    Missing,
}
