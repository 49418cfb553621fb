//! The store as the flows see it: each call measured, and marked with the sessions that it may change.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::Value;
use tracing::Instrument;

use crate::audit::AuditEvent;
use crate::clock::Clock;
use crate::email::Email;
use crate::error::FieldErrors;
use crate::id::{SessionId, UserId};
use crate::session::{Session, SessionRecord};
use crate::store::session_cache::{Owner, SessionCache};
use crate::store::{
    AuditQuery, AuditStore, ConsumeToken, ConsumeTokenOutcome, CreateTokenOutcome, CreateUserOutcome, Credentials,
    DeleteSessionOutcome, NewOneTimeToken, NewUser, OpenSession, OpenSessionOutcome, ProfileFields, Prune, PruneStore,
    ReplacePassword, ReplacePasswordOutcome, SessionStore, SetRoles, SetRolesOutcome, Store, StoreError, SwapRefresh,
    SwapRefreshOutcome, SwapThrottle, SwapThrottleOutcome, ThrottleStore, TokenStore, Touch, UserStore,
};
use crate::telemetry::{self, Stopwatch, StoreCall};
use crate::throttle::{Throttle, ThrottleKey};

/// A store around another, through which every flow goes.
///
/// Each method is one line, by [`watch`](Self::watch). The traits have no default methods, so a new method of theirs
/// does not compile until it is passed on here, with a statement of its [`Effect`]: nothing can go past unseen.
pub(crate) struct WatchedStore {
    inner: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    cache: Option<Arc<SessionCache>>,
}

/// Which sessions a call may change, in what [`SessionStore::find_session`] reads of them: their row, their refresh
/// state or their user. It tells what may happen, so that it is known also when the answer is lost.
#[derive(Debug, Clone, Copy)]
enum Effect {
    /// None that is alive.
    None,
    /// This one.
    Session(SessionId),
    /// Any of this user.
    User(UserId),
}

impl Effect {
    fn owner(self) -> Option<Owner> {
        match self {
            Self::None => None,
            Self::Session(session) => Some(Owner::Session(session)),
            Self::User(user) => Some(Owner::User(user)),
        }
    }
}

impl WatchedStore {
    pub(crate) fn new(inner: Arc<dyn Store>, clock: Arc<dyn Clock>, cache: Option<Arc<SessionCache>>) -> Self {
        Self { inner, clock, cache }
    }

    /// Awaits a call, notes how long it took and how it failed, and lets what is kept of the sessions that it may have
    /// changed be forgotten before its answer is known: the one place through which all of them pass.
    async fn watch<T>(
        &self,
        call: StoreCall,
        effect: Effect,
        answer: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let stopwatch = Stopwatch::start(self.clock.as_ref());
        let change = self.cache.as_ref().and_then(|cache| Some(cache.change(effect.owner()?)));
        let span = tracing::trace_span!(target: "auth::store", "auth.store", call = call.as_str());
        let answer = if span.is_disabled() { answer.await } else { answer.instrument(span).await };
        if let (Some(change), Ok(_)) = (change, &answer) {
            change.succeed();
        }
        let error = answer.as_ref().err().map(StoreError::kind);
        telemetry::store_call(call, stopwatch, self.clock.as_ref(), error);
        answer
    }
}

#[async_trait]
impl UserStore for WatchedStore {
    /// Touches no database.
    fn check_profile(&self, fields: &ProfileFields) -> Result<(), FieldErrors> {
        self.inner.check_profile(fields)
    }

    /// The user is new, and so is the session.
    async fn create_user(&self, new: NewUser) -> Result<CreateUserOutcome, StoreError> {
        self.watch(StoreCall::CreateUser, Effect::None, self.inner.create_user(new)).await
    }

    async fn find_credentials(&self, email: &Email) -> Result<Option<Credentials>, StoreError> {
        self.watch(StoreCall::FindCredentials, Effect::None, self.inner.find_credentials(email)).await
    }

    async fn find_profile(&self, user: UserId) -> Result<Option<Value>, StoreError> {
        self.watch(StoreCall::FindProfile, Effect::None, self.inner.find_profile(user)).await
    }

    /// No session shows the hash; but whether a change of a password ends sessions is not for this file to know.
    async fn replace_password(&self, replace: ReplacePassword) -> Result<ReplacePasswordOutcome, StoreError> {
        let effect = Effect::User(replace.user_id);
        self.watch(StoreCall::ReplacePassword, effect, self.inner.replace_password(replace)).await
    }

    async fn set_roles(&self, set: SetRoles) -> Result<SetRolesOutcome, StoreError> {
        self.watch(StoreCall::SetRoles, Effect::User(set.user_id), self.inner.set_roles(set)).await
    }
}

#[async_trait]
impl SessionStore for WatchedStore {
    /// Others of the user may have to make room.
    async fn open_session(&self, open: OpenSession) -> Result<OpenSessionOutcome, StoreError> {
        let effect = Effect::User(open.new.session.user_id);
        self.watch(StoreCall::OpenSession, effect, self.inner.open_session(open)).await
    }

    async fn find_session(&self, id: SessionId) -> Result<Option<SessionRecord>, StoreError> {
        self.watch(StoreCall::FindSession, Effect::None, self.inner.find_session(id)).await
    }

    async fn list_sessions(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        self.watch(StoreCall::ListSessions, Effect::None, self.inner.list_sessions(user)).await
    }

    async fn touch_session(&self, touch: Touch) -> Result<(), StoreError> {
        let effect = Effect::Session(touch.session_id);
        self.watch(StoreCall::TouchSession, effect, self.inner.touch_session(touch)).await
    }

    async fn swap_refresh(&self, swap: SwapRefresh) -> Result<SwapRefreshOutcome, StoreError> {
        let effect = Effect::Session(swap.session_id);
        self.watch(StoreCall::SwapRefresh, effect, self.inner.swap_refresh(swap)).await
    }

    async fn delete_session(
        &self,
        id: SessionId,
        user: UserId,
        event: AuditEvent,
    ) -> Result<DeleteSessionOutcome, StoreError> {
        self.watch(StoreCall::DeleteSession, Effect::Session(id), self.inner.delete_session(id, user, event)).await
    }

    async fn delete_other_sessions(&self, user: UserId, keep: SessionId, event: AuditEvent) -> Result<(), StoreError> {
        let answer = self.inner.delete_other_sessions(user, keep, event);
        self.watch(StoreCall::DeleteOtherSessions, Effect::User(user), answer).await
    }

    async fn delete_all_sessions(&self, user: UserId, at: DateTime<Utc>, event: AuditEvent) -> Result<(), StoreError> {
        let answer = self.inner.delete_all_sessions(user, at, event);
        self.watch(StoreCall::DeleteAllSessions, Effect::User(user), answer).await
    }
}

/// A token by itself changes nothing of a user: what it is good for does, by another call.
#[async_trait]
impl TokenStore for WatchedStore {
    async fn create_token(&self, new: NewOneTimeToken) -> Result<CreateTokenOutcome, StoreError> {
        self.watch(StoreCall::CreateToken, Effect::None, self.inner.create_token(new)).await
    }

    async fn consume_token(&self, consume: ConsumeToken) -> Result<ConsumeTokenOutcome, StoreError> {
        self.watch(StoreCall::ConsumeToken, Effect::None, self.inner.consume_token(consume)).await
    }
}

#[async_trait]
impl ThrottleStore for WatchedStore {
    async fn find_throttle(&self, key: ThrottleKey) -> Result<Option<Throttle>, StoreError> {
        self.watch(StoreCall::FindThrottle, Effect::None, self.inner.find_throttle(key)).await
    }

    async fn swap_throttle(&self, swap: SwapThrottle) -> Result<SwapThrottleOutcome, StoreError> {
        self.watch(StoreCall::SwapThrottle, Effect::None, self.inner.swap_throttle(swap)).await
    }
}

#[async_trait]
impl AuditStore for WatchedStore {
    async fn record_event(&self, event: AuditEvent) -> Result<(), StoreError> {
        self.watch(StoreCall::RecordEvent, Effect::None, self.inner.record_event(event)).await
    }

    async fn list_events(&self, query: AuditQuery) -> Result<Vec<AuditEvent>, StoreError> {
        self.watch(StoreCall::ListEvents, Effect::None, self.inner.list_events(query)).await
    }
}

#[async_trait]
impl PruneStore for WatchedStore {
    /// Whoever shows a session that has expired is refused, whether its row is still there or not.
    async fn prune(&self, prune: Prune) -> Result<u64, StoreError> {
        self.watch(StoreCall::Prune, Effect::None, self.inner.prune(prune)).await
    }
}
