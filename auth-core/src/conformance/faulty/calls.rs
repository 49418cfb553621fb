//! The methods of a store, each passed on by the one function that may fail it.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::FaultyStore;
use crate::audit::AuditEvent;
use crate::email::Email;
use crate::error::FieldErrors;
use crate::id::{SessionId, UserId};
use crate::session::{Session, SessionRecord};
use crate::store::{
    AuditQuery, AuditStore, ConsumeToken, ConsumeTokenOutcome, CreateTokenOutcome, CreateUserOutcome, Credentials,
    DeleteSessionOutcome, NewOneTimeToken, NewUser, OpenSession, OpenSessionOutcome, ProfileFields, Prune, PruneStore,
    ReplacePassword, ReplacePasswordOutcome, SessionStore, SetRoles, SetRolesOutcome, StoreError, SwapRefresh,
    SwapRefreshOutcome, SwapThrottle, SwapThrottleOutcome, ThrottleStore, TokenStore, Touch, UserStore,
};
use crate::throttle::{Throttle, ThrottleKey};

#[async_trait]
impl<S: UserStore> UserStore for FaultyStore<S> {
    /// Touches no database, so it neither fails nor counts.
    fn check_profile(&self, fields: &ProfileFields) -> Result<(), FieldErrors> {
        self.inner().check_profile(fields)
    }

    async fn create_user(&self, new: NewUser) -> Result<CreateUserOutcome, StoreError> {
        self.run("create_user", self.inner().create_user(new)).await
    }

    async fn find_credentials(&self, email: &Email) -> Result<Option<Credentials>, StoreError> {
        self.run("find_credentials", self.inner().find_credentials(email)).await
    }

    async fn find_profile(&self, user: UserId) -> Result<Option<Value>, StoreError> {
        self.run("find_profile", self.inner().find_profile(user)).await
    }

    async fn replace_password(&self, replace: ReplacePassword) -> Result<ReplacePasswordOutcome, StoreError> {
        self.run("replace_password", self.inner().replace_password(replace)).await
    }

    async fn set_roles(&self, set: SetRoles) -> Result<SetRolesOutcome, StoreError> {
        self.run("set_roles", self.inner().set_roles(set)).await
    }
}

#[async_trait]
impl<S: SessionStore> SessionStore for FaultyStore<S> {
    async fn open_session(&self, open: OpenSession) -> Result<OpenSessionOutcome, StoreError> {
        self.run("open_session", self.inner().open_session(open)).await
    }

    async fn find_session(&self, id: SessionId) -> Result<Option<SessionRecord>, StoreError> {
        self.run("find_session", self.inner().find_session(id)).await
    }

    async fn list_sessions(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        self.run("list_sessions", self.inner().list_sessions(user)).await
    }

    async fn touch_session(&self, touch: Touch) -> Result<(), StoreError> {
        self.run("touch_session", self.inner().touch_session(touch)).await
    }

    async fn swap_refresh(&self, swap: SwapRefresh) -> Result<SwapRefreshOutcome, StoreError> {
        self.run("swap_refresh", self.inner().swap_refresh(swap)).await
    }

    async fn delete_session(
        &self,
        id: SessionId,
        user: UserId,
        event: AuditEvent,
    ) -> Result<DeleteSessionOutcome, StoreError> {
        self.run("delete_session", self.inner().delete_session(id, user, event)).await
    }

    async fn delete_other_sessions(&self, user: UserId, keep: SessionId, event: AuditEvent) -> Result<(), StoreError> {
        self.run("delete_other_sessions", self.inner().delete_other_sessions(user, keep, event)).await
    }

    async fn delete_all_sessions(&self, user: UserId, at: DateTime<Utc>, event: AuditEvent) -> Result<(), StoreError> {
        self.run("delete_all_sessions", self.inner().delete_all_sessions(user, at, event)).await
    }
}

#[async_trait]
impl<S: TokenStore> TokenStore for FaultyStore<S> {
    async fn create_token(&self, new: NewOneTimeToken) -> Result<CreateTokenOutcome, StoreError> {
        self.run("create_token", self.inner().create_token(new)).await
    }

    async fn consume_token(&self, consume: ConsumeToken) -> Result<ConsumeTokenOutcome, StoreError> {
        self.run("consume_token", self.inner().consume_token(consume)).await
    }
}

#[async_trait]
impl<S: ThrottleStore> ThrottleStore for FaultyStore<S> {
    async fn find_throttle(&self, key: ThrottleKey) -> Result<Option<Throttle>, StoreError> {
        self.run("find_throttle", self.inner().find_throttle(key)).await
    }

    async fn swap_throttle(&self, swap: SwapThrottle) -> Result<SwapThrottleOutcome, StoreError> {
        self.run("swap_throttle", self.inner().swap_throttle(swap)).await
    }
}

#[async_trait]
impl<S: AuditStore> AuditStore for FaultyStore<S> {
    async fn record_event(&self, event: AuditEvent) -> Result<(), StoreError> {
        self.run("record_event", self.inner().record_event(event)).await
    }

    async fn list_events(&self, query: AuditQuery) -> Result<Vec<AuditEvent>, StoreError> {
        self.run("list_events", self.inner().list_events(query)).await
    }
}

#[async_trait]
impl<S: PruneStore> PruneStore for FaultyStore<S> {
    async fn prune(&self, prune: Prune) -> Result<u64, StoreError> {
        self.run("prune", self.inner().prune(prune)).await
    }
}
