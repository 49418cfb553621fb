//! Users, sessions and the rest, as the flows of `auth-core` hand them to a store.

use auth_core::audit::{AuditEvent, AuditKind};
use auth_core::clock::{Clock, SystemClock};
use auth_core::id::{AuditEventId, SessionId, UserId};
use auth_core::session::{Client, Recoveries, RefreshState, Session, SessionKind, SessionRecord};
use auth_core::store::{NewOneTimeToken, NewSession, NewUser, OpenSession, SwapRefresh, SwapThrottle};
use auth_core::throttle::{Throttle, ThrottleKey};
use auth_core::token::{OneTimeTokenRecord, TokenPurpose};
use auth_core::user::User;
use auth_core::{Email, PasswordHash, TokenHash};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

pub(crate) fn now() -> DateTime<Utc> {
    SystemClock::new().now()
}

/// An id of the library's form: the time, and then random bits.
fn id() -> Uuid {
    let millis = u64::try_from(now().timestamp_millis()).unwrap();
    let random = bytes();
    uuid::Builder::from_unix_timestamp_millis(millis, random[..10].try_into().unwrap()).into_uuid()
}

/// Random, but for a few bits that say so.
pub(crate) fn bytes() -> [u8; 32] {
    let halves = [*Uuid::new_v4().as_bytes(), *Uuid::new_v4().as_bytes()];
    halves.concat().try_into().unwrap()
}

pub(crate) fn token_hash() -> TokenHash {
    TokenHash::from_bytes(bytes())
}

pub(crate) fn event(kind: AuditKind, user: UserId) -> AuditEvent {
    AuditEvent {
        id: AuditEventId::from_uuid(id()),
        at: now(),
        kind,
        user_id: Some(user),
        session_id: None,
        client: client(),
        detail: None,
        count: 1,
    }
}

fn client() -> Client {
    let user_agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    Client { ip: Some([203, 0, 113, 7].into()), user_agent: Some(user_agent.to_owned()) }
}

/// A user who is new, with a first session.
pub(crate) fn new_user() -> NewUser {
    let mut user = User::new(UserId::from_uuid(id()), now());
    user.email = Some(Email::parse(&format!("new-{}@example.com", Uuid::new_v4().simple())).unwrap());
    NewUser {
        password_hash: PasswordHash::new("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2E$aGFzaGhhc2g".to_owned()),
        profile: None,
        session: Some(new_session(&user)),
        event: event(AuditKind::SignUpSuccess, user.id),
        user,
    }
}

fn new_session(user: &User) -> NewSession {
    let at = now();
    let session = Session {
        id: SessionId::from_uuid(id()),
        user_id: user.id,
        auth_epoch: user.auth_epoch,
        kind: SessionKind::Browser,
        client: client(),
        created_at: at,
        expires_at: at + TimeDelta::days(30),
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

/// A sign-in of the user's that finds room.
pub(crate) fn open(user: &User) -> OpenSession {
    OpenSession {
        new: new_session(user),
        max_per_user: 1_000,
        recent_since: now(),
        event: event(AuditKind::SignInSuccess, user.id),
        evicted: event(AuditKind::SessionRevoked, user.id),
    }
}

/// The next rotation of a session's refresh token.
pub(crate) fn swap(found: &SessionRecord) -> SwapRefresh {
    let next = RefreshState {
        token_hash: token_hash(),
        previous_hash: Some(found.refresh.token_hash),
        rotation_salt: Some(bytes()),
        rotated_at: now(),
        generation: found.refresh.generation + 1,
        confirmed: false,
        ..found.refresh.clone()
    };
    SwapRefresh {
        session_id: found.session.id,
        expected: found.refresh.clone(),
        next,
        client: client(),
        expires_at: now() + TimeDelta::days(30),
        seen_at: now(),
        event: event(AuditKind::Refresh, found.user.id),
    }
}

/// A token that is good for an hour.
pub(crate) fn new_token(user: &User) -> NewOneTimeToken {
    let token = OneTimeTokenRecord {
        hash: token_hash(),
        purpose: TokenPurpose::EmailVerification,
        user_id: user.id,
        auth_epoch: user.auth_epoch,
        payload: None,
        created_at: now(),
        expires_at: now() + TimeDelta::hours(1),
    };
    NewOneTimeToken { token, event: event(AuditKind::RoleChanged, user.id) }
}

/// The first failure under a key, which is forgotten at this instant.
pub(crate) fn first_failure(expires_at: DateTime<Utc>) -> SwapThrottle {
    let next = Throttle { failures: 1, blocked_until: now(), expires_at };
    SwapThrottle { key: ThrottleKey::from_bytes(bytes()), expected: None, next: Some(next) }
}
