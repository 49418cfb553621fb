//! A store that can be switched off, and that counts what it is asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;
use auth_core::audit::AuditEvent;
use auth_core::error::FieldErrors;
use auth_core::store::{
    AuditQuery, AuditStore, CreateUserOutcome, Credentials, DeleteSessionOutcome, NewUser, OpenSession,
    OpenSessionOutcome, ProfileFields, ReplacePassword, ReplacePasswordOutcome, SessionStore, SetRoles,
    SetRolesOutcome, StoreError, StoreErrorKind, SwapRefresh, SwapRefreshOutcome, Touch, UserStore,
};
use auth_core::{Email, MemoryStore, SessionId, UserId};
use chrono::{DateTime, Utc};
use serde_json::Value;

/// What the database says when it fails; no answer may repeat it.
pub(crate) const CAUSE: &str = "connection refused at db.internal:5432";

/// A [`MemoryStore`] behind a switch. Clones share both.
#[derive(Debug, Clone, Default)]
pub(crate) struct FaultyStore {
    inner: MemoryStore,
    is_down: Arc<AtomicBool>,
    calls: Arc<AtomicU64>,
}

impl FaultyStore {
    /// From now on every call fails.
    pub(crate) fn go_down(&self) {
        self.is_down.store(true, Ordering::SeqCst);
    }

    /// From now on calls are answered again.
    pub(crate) fn come_back(&self) {
        self.is_down.store(false, Ordering::SeqCst);
    }

    /// Returns how many calls were made so far.
    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    pub(crate) fn memory(&self) -> &MemoryStore {
        &self.inner
    }

    fn answer(&self) -> Result<&MemoryStore, StoreError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if self.is_down.load(Ordering::SeqCst) {
            return Err(StoreError::new(StoreErrorKind::Unavailable, CAUSE));
        }
        Ok(&self.inner)
    }
}

#[async_trait]
impl UserStore for FaultyStore {
    fn check_profile(&self, fields: &ProfileFields) -> Result<(), FieldErrors> {
        self.inner.check_profile(fields)
    }

    async fn create_user(&self, new: NewUser) -> Result<CreateUserOutcome, StoreError> {
        self.answer()?.create_user(new).await
    }

    async fn find_credentials(&self, email: &Email) -> Result<Option<Credentials>, StoreError> {
        self.answer()?.find_credentials(email).await
    }

    async fn find_profile(&self, user: UserId) -> Result<Option<Value>, StoreError> {
        self.answer()?.find_profile(user).await
    }

    async fn replace_password(&self, replace: ReplacePassword) -> Result<ReplacePasswordOutcome, StoreError> {
        self.answer()?.replace_password(replace).await
    }

    async fn set_roles(&self, set: SetRoles) -> Result<SetRolesOutcome, StoreError> {
        self.answer()?.set_roles(set).await
    }
}

#[async_trait]
impl SessionStore for FaultyStore {
    async fn open_session(&self, open: OpenSession) -> Result<OpenSessionOutcome, StoreError> {
        self.answer()?.open_session(open).await
    }

    async fn find_session(&self, id: SessionId) -> Result<Option<auth_core::session::SessionRecord>, StoreError> {
        self.answer()?.find_session(id).await
    }

    async fn list_sessions(&self, user: UserId) -> Result<Vec<auth_core::session::Session>, StoreError> {
        self.answer()?.list_sessions(user).await
    }

    async fn touch_session(&self, touch: Touch) -> Result<(), StoreError> {
        self.answer()?.touch_session(touch).await
    }

    async fn swap_refresh(&self, swap: SwapRefresh) -> Result<SwapRefreshOutcome, StoreError> {
        self.answer()?.swap_refresh(swap).await
    }

    async fn delete_session(
        &self,
        id: SessionId,
        user: UserId,
        event: AuditEvent,
    ) -> Result<DeleteSessionOutcome, StoreError> {
        self.answer()?.delete_session(id, user, event).await
    }

    async fn delete_other_sessions(&self, user: UserId, keep: SessionId, event: AuditEvent) -> Result<(), StoreError> {
        self.answer()?.delete_other_sessions(user, keep, event).await
    }

    async fn delete_all_sessions(&self, user: UserId, at: DateTime<Utc>, event: AuditEvent) -> Result<(), StoreError> {
        self.answer()?.delete_all_sessions(user, at, event).await
    }
}

#[async_trait]
impl AuditStore for FaultyStore {
    async fn record_event(&self, event: AuditEvent) -> Result<(), StoreError> {
        self.answer()?.record_event(event).await
    }

    async fn list_events(&self, query: AuditQuery) -> Result<Vec<AuditEvent>, StoreError> {
        self.answer()?.list_events(query).await
    }
}
