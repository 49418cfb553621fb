//! Rows to call for: drawn before anything is measured, all over the tables, each of them once.

use std::collections::BTreeSet;

use auth_core::session::SessionRecord;
use auth_core::store::{SessionStore, UserStore};
use auth_core::throttle::ThrottleKey;
use auth_core::user::User;
use auth_core::{Email, TokenHash};
use auth_sqlx::SqlxStore;

use crate::place::Place;
use crate::rows;

/// What belongs to one user.
pub(crate) struct Sample {
    pub(crate) user: User,
    /// A session to read, use and refresh.
    pub(crate) session: SessionRecord,
    /// A session to delete.
    pub(crate) last_session: SessionRecord,
    pub(crate) token: TokenHash,
    /// Not the user's, but one of as many.
    pub(crate) throttle: ThrottleKey,
}

/// So many that no write calls for one twice, of the small database's 909 whose tokens are alive.
pub(crate) const SAMPLES: usize = 900;

/// Draws users of a crowd.
pub(crate) async fn draw<P: Place>(store: &SqlxStore<P::Driver>, users: u64) -> Vec<Sample> {
    let mut drawn = BTreeSet::new();
    while drawn.len() < SAMPLES {
        let number = random() % users;
        // The tokens of the others have expired.
        if !number.is_multiple_of(11) {
            drawn.insert(number);
        }
    }
    // Not in the order of age, nor of anything else.
    let mut drawn: Vec<_> = drawn.into_iter().collect();
    drawn.sort_by_cached_key(|_| random());
    let mut samples = Vec::new();
    for number in drawn {
        samples.push(read::<P>(store, number).await);
    }
    samples
}

async fn read<P: Place>(store: &SqlxStore<P::Driver>, number: u64) -> Sample {
    let email = Email::parse(&format!("user{number}@example.com")).unwrap();
    let user = store.find_credentials(&email).await.unwrap().unwrap().user;
    let sessions = store.list_sessions(user.id).await.unwrap();
    let mut live = sessions.iter().filter(|session| session.expires_at > rows::now());
    let (session, last) = (live.next().unwrap().id, live.next_back().unwrap().id);
    let token = P::token_hash(store.pool(), user.id.as_uuid()).await;
    let throttle = P::throttle_key(store.pool(), rows::bytes()).await;
    Sample {
        session: store.find_session(session).await.unwrap().unwrap(),
        last_session: store.find_session(last).await.unwrap().unwrap(),
        token: TokenHash::from_bytes(token.try_into().unwrap()),
        throttle: ThrottleKey::from_bytes(throttle.try_into().unwrap()),
        user,
    }
}

fn random() -> u64 {
    u64::from_be_bytes(rows::bytes()[..8].try_into().unwrap()) >> 8
}
