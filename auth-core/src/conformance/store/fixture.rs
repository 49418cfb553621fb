//! Users, sessions and events that no database has seen before.

use chrono::{DateTime, TimeDelta, Utc};

use crate::audit::{AuditDetail, AuditEvent, AuditKind};
use crate::email::Email;
use crate::id::{AuditEventId, SessionId, UserId};
use crate::password::PasswordHash;
use crate::secret::{TokenHash, random};
use crate::session::{Client, Recoveries, RefreshState, Session, SessionKind, SessionRecord};
use crate::store::{AuditQuery, CreateUserOutcome, Credentials, NewSession, NewUser, OpenSession, Store, SwapRefresh};
use crate::throttle::{Throttle, ThrottleKey};
use crate::token::{OneTimeTokenRecord, TokenPurpose};
use crate::user::User;

/// More events than any rule makes for one user.
const ALL: u32 = 1_000;

pub(super) fn number() -> u64 {
    u64::from_be_bytes(random().unwrap())
}

/// An instant between 2001 and 2096, to the microsecond.
pub(super) fn instant() -> DateTime<Utc> {
    let micros = 1_000_000_000_000_000 + number() % 3_000_000_000_000_000;
    DateTime::from_timestamp_micros(micros.try_into().unwrap()).unwrap()
}

pub(super) fn seconds(count: i64) -> TimeDelta {
    TimeDelta::seconds(count)
}

pub(super) fn email() -> Email {
    Email::parse(&format!("Rule.{:016x}@Example.com", number())).unwrap()
}

pub(super) fn user() -> User {
    let mut user = user_without_email();
    user.email = Some(email());
    user
}

pub(super) fn user_without_email() -> User {
    let at = instant();
    User::new(UserId::new(at).unwrap(), at)
}

pub(super) fn password_hash() -> PasswordHash {
    PasswordHash::new(format!("$test$v=1${:016x}Aa", number()))
}

pub(super) fn token_hash() -> TokenHash {
    TokenHash::from_bytes(random().unwrap())
}

/// A session that the user opens an hour after they were created.
pub(super) fn session(user: &User) -> NewSession {
    let at = user.created_at + seconds(3_600);
    let session = Session {
        id: SessionId::new(at).unwrap(),
        user_id: user.id,
        auth_epoch: user.auth_epoch,
        kind: SessionKind::Browser,
        client: Client::default(),
        created_at: at,
        expires_at: at + seconds(86_400),
        last_seen_at: at,
    };
    let refresh = RefreshState {
        family_hash: token_hash(),
        token_hash: token_hash(),
        previous_hash: None,
        rotation_salt: None,
        rotated_at: at,
        generation: 0,
        confirmed: false,
        recoveries: Recoveries::default(),
    };
    NewSession { session, refresh }
}

pub(super) fn event(kind: AuditKind, user: UserId) -> AuditEvent {
    AuditEvent::new(kind, &Client::default(), instant()).unwrap().of_user(user)
}

pub(super) fn new_user(user: &User) -> NewUser {
    NewUser {
        user: user.clone(),
        password_hash: password_hash(),
        profile: None,
        session: None,
        event: event(AuditKind::SignUpSuccess, user.id),
    }
}

/// The opening of a session, with room for many. No other session counts as seen just now.
pub(super) fn open(new: &NewSession) -> OpenSession {
    OpenSession {
        new: new.clone(),
        max_per_user: 100,
        recent_since: DateTime::<Utc>::MAX_UTC,
        event: event(AuditKind::SignInSuccess, new.session.user_id),
        evicted: event(AuditKind::SessionRevoked, new.session.user_id).with_detail(AuditDetail::Evicted),
    }
}

/// The next rotation of a session's refresh token.
pub(super) fn swap(session: &Session, refresh: &RefreshState) -> SwapRefresh {
    let seen_at = session.last_seen_at + seconds(60);
    let next = RefreshState {
        family_hash: refresh.family_hash,
        token_hash: token_hash(),
        previous_hash: Some(refresh.token_hash),
        rotation_salt: Some(random().unwrap()),
        rotated_at: seen_at,
        generation: refresh.generation + 1,
        confirmed: false,
        recoveries: Recoveries::default(),
    };
    SwapRefresh {
        session_id: session.id,
        expected: refresh.clone(),
        next,
        client: Client { ip: Some(std::net::Ipv4Addr::LOCALHOST.into()), user_agent: Some("rule/1".to_owned()) },
        expires_at: session.expires_at + seconds(60),
        seen_at,
        event: event(AuditKind::Refresh, session.user_id),
    }
}

/// A token of the user's that is good for an hour.
pub(super) fn one_time_token(user: &User, purpose: TokenPurpose) -> OneTimeTokenRecord {
    let created_at = instant();
    OneTimeTokenRecord {
        hash: token_hash(),
        purpose,
        user_id: user.id,
        auth_epoch: user.auth_epoch,
        payload: None,
        created_at,
        expires_at: created_at + seconds(3_600),
    }
}

pub(super) fn throttle_key() -> ThrottleKey {
    ThrottleKey::from_bytes(random().unwrap())
}

pub(super) fn throttle() -> Throttle {
    let blocked_until = instant();
    Throttle { failures: 3, blocked_until, expires_at: blocked_until + seconds(86_400) }
}

/// Creates the user, who must be new.
pub(super) async fn create(store: &dyn Store, new: NewUser) {
    let email = new.user.email.clone();
    let outcome = store.create_user(new).await.unwrap();
    assert_eq!(outcome, CreateUserOutcome::Created, "nobody has the address {email:?}");
}

pub(super) async fn created(store: &dyn Store) -> User {
    let user = user();
    create(store, new_user(&user)).await;
    user
}

/// A user with a first session.
pub(super) async fn signed_up(store: &dyn Store) -> (User, NewSession) {
    let user = user();
    let new = session(&user);
    create(store, NewUser { session: Some(new.clone()), ..new_user(&user) }).await;
    (user, new)
}

pub(super) async fn credentials(store: &dyn Store, user: &User) -> Credentials {
    let email = user.email.as_ref().unwrap();
    let found = store.find_credentials(email).await.unwrap();
    found.unwrap_or_else(|| panic!("the user with the address {email:?} is there"))
}

pub(super) async fn record(store: &dyn Store, id: SessionId) -> SessionRecord {
    store.find_session(id).await.unwrap().unwrap_or_else(|| panic!("the session {id} is there"))
}

pub(super) async fn session_ids(store: &dyn Store, user: UserId) -> Vec<SessionId> {
    store.list_sessions(user).await.unwrap().iter().map(|session| session.id).collect()
}

/// The user's events, the newest first.
pub(super) async fn events(store: &dyn Store, user: UserId) -> Vec<AuditEvent> {
    store.list_events(AuditQuery { user_id: Some(user), before: None, limit: ALL }).await.unwrap()
}

pub(super) async fn event_ids(store: &dyn Store, user: UserId) -> Vec<AuditEventId> {
    events(store, user).await.iter().map(|event| event.id).collect()
}

#[track_caller]
pub(super) fn assert_unchanged(now: &SessionRecord, before: &SessionRecord) {
    assert_eq!(now.session, before.session, "the session is as it was");
    assert_eq!(now.refresh, before.refresh, "the refresh state is as it was");
    assert_eq!(now.user, before.user, "the user is as they were");
}
