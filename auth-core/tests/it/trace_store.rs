//! A store that writes down which of its methods were called, and fails or waits where a test says so.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use auth_core::audit::AuditEvent;
use auth_core::error::FieldErrors;
use auth_core::session::{Session, SessionRecord};
use auth_core::store::{
    AuditQuery, AuditStore, CreateUserOutcome, Credentials, DeleteSessionOutcome, NewUser, OpenSession,
    OpenSessionOutcome, ProfileFields, ReplacePassword, ReplacePasswordOutcome, SessionStore, SetRoles,
    SetRolesOutcome, StoreError, StoreErrorKind, SwapRefresh, SwapRefreshOutcome, Touch, UserStore,
};
use auth_core::{Email, MemoryStore, SessionId, UserId};
use chrono::{DateTime, Utc};
use serde_json::Value;

/// What the store says when it fails; no stranger may ever read it.
pub(crate) const CAUSE: &str = "connection refused: db.internal:5432";

/// When a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The work was done, and the answer was lost.
    AfterCommit,
    /// Nothing was done.
    BeforeCommit,
}

type Meanwhile = Pin<Box<dyn Future<Output = ()> + Send>>;

/// `MemoryStore`, watched.
#[derive(Clone, Default)]
pub(crate) struct TraceStore {
    pub(crate) memory: MemoryStore,
    script: Arc<Mutex<Script>>,
}

#[derive(Default)]
struct Script {
    calls: Vec<&'static str>,
    faults: BTreeMap<&'static str, Fault>,
    meanwhile: BTreeMap<&'static str, Meanwhile>,
    epochs_ahead: Epochs,
}

/// By how much the epochs of a session that is read are ahead of what is stored.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Epochs {
    pub(crate) user: i64,
    pub(crate) session: i64,
}

impl TraceStore {
    /// Returns the calls since the last time that this was asked.
    pub(crate) fn take_calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.script().calls)
    }

    /// Lets every call of a method fail from now on.
    pub(crate) fn fail(&self, call: &'static str, fault: Fault) {
        self.script().faults.insert(call, fault);
    }

    /// Lets all calls succeed again.
    pub(crate) fn heal(&self) {
        self.script().faults.clear();
    }

    /// Does something else just before the next call of a method reaches the store.
    pub(crate) fn before(&self, call: &'static str, meanwhile: impl Future<Output = ()> + Send + 'static) {
        self.script().meanwhile.insert(call, Box::pin(meanwhile));
    }

    /// Lets sessions be read with later epochs: rows that a change of the account should have deleted and did not.
    pub(crate) fn read_later_epochs(&self, ahead: Epochs) {
        self.script().epochs_ahead = ahead;
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    async fn traced<T, W>(&self, call: &'static str, work: W) -> Result<T, StoreError>
    where
        W: Future<Output = Result<T, StoreError>>,
    {
        let (meanwhile, fault) = {
            let mut script = self.script();
            script.calls.push(call);
            (script.meanwhile.remove(call), script.faults.get(call).copied())
        };
        if let Some(meanwhile) = meanwhile {
            meanwhile.await;
        }
        if fault == Some(Fault::BeforeCommit) {
            return Err(down());
        }
        let outcome = work.await;
        if fault == Some(Fault::AfterCommit) { Err(down()) } else { outcome }
    }
}

fn down() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, CAUSE)
}

#[async_trait]
impl UserStore for TraceStore {
    fn check_profile(&self, fields: &ProfileFields) -> Result<(), FieldErrors> {
        self.memory.check_profile(fields)
    }

    async fn create_user(&self, new: NewUser) -> Result<CreateUserOutcome, StoreError> {
        self.traced("create_user", self.memory.create_user(new)).await
    }

    async fn find_credentials(&self, email: &Email) -> Result<Option<Credentials>, StoreError> {
        self.traced("find_credentials", self.memory.find_credentials(email)).await
    }

    async fn find_profile(&self, user: UserId) -> Result<Option<Value>, StoreError> {
        self.traced("find_profile", self.memory.find_profile(user)).await
    }

    async fn replace_password(&self, replace: ReplacePassword) -> Result<ReplacePasswordOutcome, StoreError> {
        self.traced("replace_password", self.memory.replace_password(replace)).await
    }

    async fn set_roles(&self, set: SetRoles) -> Result<SetRolesOutcome, StoreError> {
        self.traced("set_roles", self.memory.set_roles(set)).await
    }
}

#[async_trait]
impl SessionStore for TraceStore {
    async fn open_session(&self, open: OpenSession) -> Result<OpenSessionOutcome, StoreError> {
        self.traced("open_session", self.memory.open_session(open)).await
    }

    async fn find_session(&self, id: SessionId) -> Result<Option<SessionRecord>, StoreError> {
        let ahead = self.script().epochs_ahead;
        let mut found = self.traced("find_session", self.memory.find_session(id)).await?;
        if let Some(record) = &mut found {
            record.user.auth_epoch += ahead.user;
            record.session.auth_epoch += ahead.session;
        }
        Ok(found)
    }

    async fn list_sessions(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        self.traced("list_sessions", self.memory.list_sessions(user)).await
    }

    async fn touch_session(&self, touch: Touch) -> Result<(), StoreError> {
        self.traced("touch_session", self.memory.touch_session(touch)).await
    }

    async fn swap_refresh(&self, swap: SwapRefresh) -> Result<SwapRefreshOutcome, StoreError> {
        self.traced("swap_refresh", self.memory.swap_refresh(swap)).await
    }

    async fn delete_session(
        &self,
        id: SessionId,
        user: UserId,
        event: AuditEvent,
    ) -> Result<DeleteSessionOutcome, StoreError> {
        self.traced("delete_session", self.memory.delete_session(id, user, event)).await
    }

    async fn delete_other_sessions(&self, user: UserId, keep: SessionId, event: AuditEvent) -> Result<(), StoreError> {
        self.traced("delete_other_sessions", self.memory.delete_other_sessions(user, keep, event)).await
    }

    async fn delete_all_sessions(&self, user: UserId, at: DateTime<Utc>, event: AuditEvent) -> Result<(), StoreError> {
        self.traced("delete_all_sessions", self.memory.delete_all_sessions(user, at, event)).await
    }
}

#[async_trait]
impl AuditStore for TraceStore {
    async fn record_event(&self, event: AuditEvent) -> Result<(), StoreError> {
        self.traced("record_event", self.memory.record_event(event)).await
    }

    async fn list_events(&self, query: AuditQuery) -> Result<Vec<AuditEvent>, StoreError> {
        self.traced("list_events", self.memory.list_events(query)).await
    }
}
