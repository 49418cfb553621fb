//! Calls in any order: whatever they are, the store answers as [`MemoryStore`] does.

use super::fixture::{
    email, event, instant, number, one_time_token, open, password_hash, seconds, session, swap, throttle, throttle_key,
    user,
};
use crate::MemoryStore;
use crate::audit::AuditKind;
use crate::password::PasswordHash;
use crate::role::Role;
use crate::store::{
    AuditQuery, AuditStore, ConsumeToken, NewOneTimeToken, NewSession, NewUser, OpenSession, ReplacePassword,
    SessionStore, SetRoles, Store, SwapThrottle, ThrottleStore, TokenStore, Touch, UserStore,
};
use crate::throttle::{Throttle, ThrottleKey};
use crate::token::{OneTimeTokenRecord, TokenPurpose};
use crate::user::User;

const SEQUENCES: usize = 5;

const CALLS: usize = 100;

/// Checks every rule of this module.
pub async fn run_all(store: &dyn Store) {
    any_sequence_of_calls_is_answered_as_in_memory(store).await;
}

/// Few users, sessions, tokens and keys, so that calls meet what others left behind.
pub async fn any_sequence_of_calls_is_answered_as_in_memory(store: &dyn Store) {
    for _ in 0..SEQUENCES {
        let mut life = Life::new();
        for _ in 0..CALLS {
            life.call(store).await;
            life.compare(store).await;
        }
    }
}

/// Everything that the calls of a sequence are about, and the store that knows the answers.
struct Life {
    model: MemoryStore,
    users: Vec<User>,
    hashes: Vec<PasswordHash>,
    sessions: Vec<NewSession>,
    tokens: Vec<OneTimeTokenRecord>,
    keys: Vec<ThrottleKey>,
    throttles: Vec<Option<Throttle>>,
    told: Vec<String>,
}

impl Life {
    fn new() -> Self {
        let mut users: Vec<_> = (0..4).map(|_| user()).collect();
        // Two want one address.
        let shared = users[2].email.clone();
        users[3].email = shared;
        let sessions: Vec<_> = (0..10).map(|place| near(session(&users[place % 4]), place)).collect();
        let purposes = [TokenPurpose::PasswordReset, TokenPurpose::EmailChange];
        let tokens = (0..8).map(|place| one_time_token(&users[place % 3], purposes[place % 2])).collect();
        Self {
            model: MemoryStore::new(),
            users,
            hashes: (0..3).map(|_| password_hash()).collect(),
            sessions,
            tokens,
            keys: (0..2).map(|_| throttle_key()).collect(),
            throttles: vec![None, Some(throttle()), Some(throttle())],
            told: Vec::new(),
        }
    }

    /// Makes the same call to both, and expects the same answer.
    async fn call(&mut self, store: &dyn Store) {
        let (user, other) = (pick(&self.users).clone(), pick(&self.users).clone());
        let mut new = pick(&self.sessions).clone();
        // Of this epoch, or of another one.
        new.session.auth_epoch = i64::try_from(number() % 3).unwrap();
        let made = event(AuditKind::SignInSuccess, user.id);
        let model = &self.model;
        macro_rules! both {
            ($call:ident($($argument:expr),*)) => {{
                self.told.push(format!("{}: {made:?}", stringify!($call($($argument),*))));
                let expected = model.$call($($argument),*).await.unwrap();
                assert_eq!(store.$call($($argument),*).await.unwrap(), expected, "{}", self.told.join("\n"));
            }};
        }
        match number() % 12 {
            0 => both!(create_user(NewUser {
                user: user.clone(),
                password_hash: self.hashes[0].clone(),
                profile: None,
                session: None,
                event: made.clone(),
            })),
            1 => {
                let (expected, hash) = (pick(&self.hashes).clone(), pick(&self.hashes).clone());
                both!(replace_password(ReplacePassword {
                    user_id: user.id,
                    expected: expected.clone(),
                    new: hash.clone(),
                    at: user.created_at,
                    event: made.clone(),
                }));
            }
            2 => {
                let expected_epoch = i64::try_from(number() % 3).unwrap();
                let roles = pick(&[Vec::new(), vec![Role::ADMIN]]).clone();
                both!(set_roles(SetRoles {
                    user_id: user.id,
                    expected_epoch,
                    roles: roles.clone(),
                    at: user.created_at,
                    event: made.clone(),
                }));
            }
            3 | 4 => {
                if model.find_session(new.session.id).await.unwrap().is_none() {
                    let recent_since = new.session.created_at - seconds(i64::try_from(number() % 4).unwrap());
                    let opening = OpenSession { max_per_user: 2, recent_since, event: made.clone(), ..open(&new) };
                    both!(open_session(opening.clone()));
                }
            }
            5 => {
                let generation = i64::try_from(number() % 3).unwrap();
                let seen_at = new.session.last_seen_at + seconds(i64::try_from(number() % 100).unwrap() - 50);
                both!(touch_session(Touch { session_id: new.session.id, seen_at, generation }));
            }
            6 => {
                let found = model.find_session(new.session.id).await.unwrap();
                let refresh = found.map_or(new.refresh, |found| found.refresh);
                let swap = swap(&new.session, pick(&[refresh, pick(&self.sessions).refresh.clone()]));
                both!(swap_refresh(swap.clone()));
            }
            7 => both!(delete_session(new.session.id, user.id, made.clone())),
            8 => both!(delete_other_sessions(user.id, new.session.id, made.clone())),
            9 => both!(delete_all_sessions(other.id, user.created_at, made.clone())),
            10 => {
                let token = OneTimeTokenRecord { auth_epoch: new.session.auth_epoch, ..pick(&self.tokens).clone() };
                if number().is_multiple_of(2) {
                    both!(create_token(NewOneTimeToken { token: token.clone(), event: made.clone() }));
                } else {
                    let now = token.expires_at - seconds(i64::try_from(number() % 3).unwrap());
                    both!(consume_token(ConsumeToken { hash: token.hash, purpose: token.purpose, now }));
                }
            }
            _ => {
                let (expected, next) = (*pick(&self.throttles), *pick(&self.throttles));
                let key = *pick(&self.keys);
                both!(swap_throttle(SwapThrottle { key, expected, next }));
            }
        }
    }

    /// Reads all that there is, from both.
    async fn compare(&self, store: &dyn Store) {
        let told = || self.told.join("\n");
        for user in &self.users {
            let email = user.email.clone().unwrap_or_else(email);
            let (expected, found) =
                (self.model.find_credentials(&email).await.unwrap(), store.find_credentials(&email).await.unwrap());
            assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{}", told());
            let expected = self.model.list_sessions(user.id).await.unwrap();
            assert_eq!(store.list_sessions(user.id).await.unwrap(), expected, "{}", told());
            let query = AuditQuery { user_id: Some(user.id), before: None, limit: 1_000 };
            assert_eq!(
                store.list_events(query).await.unwrap(),
                self.model.list_events(query).await.unwrap(),
                "{}",
                told()
            );
        }
        for new in &self.sessions {
            let expected = self.model.find_session(new.session.id).await.unwrap();
            let found = store.find_session(new.session.id).await.unwrap();
            assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{}", told());
        }
        for key in &self.keys {
            let expected = self.model.find_throttle(*key).await.unwrap();
            assert_eq!(store.find_throttle(*key).await.unwrap(), expected, "{}", told());
        }
    }
}

/// Sessions that end and were used a little apart, some of them at the same instant.
fn near(mut new: NewSession, place: usize) -> NewSession {
    let place = i64::try_from(place).unwrap();
    new.session.expires_at = new.session.created_at + seconds(place % 3);
    new.session.last_seen_at = new.session.created_at + seconds(place % 2);
    new.session.created_at += seconds(place % 4);
    new.refresh.rotated_at = instant();
    new
}

fn pick<T>(of: &[T]) -> &T {
    &of[usize::try_from(number()).unwrap() % of.len()]
}
