//! Rules about deleting dead rows.
//!
//! They use the years before 2001, in which no other rule has rows, and need the database for themselves.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::{join, join_all};

use super::fixture::{created, event, number, one_time_token, open, session, session_ids, throttle, throttle_key};
use super::throttle::swap;
use super::token;
use crate::audit::{AuditEvent, AuditKind};
use crate::session::Session;
use crate::store::{
    AuditQuery, ConsumeTokenOutcome, DeadRows, NewOneTimeToken, NewSession, OpenSessionOutcome, Prune, Store,
    SwapThrottleOutcome,
};
use crate::throttle::{Throttle, ThrottleKey};
use crate::token::{OneTimeTokenRecord, TokenPurpose};
use crate::user::User;

/// Checks every rule of this module.
pub async fn run_all(store: &dyn Store) {
    what_has_ended_goes_and_the_rest_stays(store).await;
    each_kind_goes_by_itself(store).await;
    a_batch_takes_the_deadest_first(store).await;
    several_nodes_count_each_row_once(store).await;
    what_comes_back_to_life_is_left(store).await;
}

/// One row of every kind that ends at this instant.
struct Rows {
    user: User,
    session: Session,
    token: OneTimeTokenRecord,
    key: ThrottleKey,
    event: AuditEvent,
}

impl Rows {
    async fn ending_at(store: &dyn Store, end: DateTime<Utc>) -> Self {
        let user = created(store).await;
        let session = session_until(store, &user, end).await;
        let token = OneTimeTokenRecord {
            created_at: end - TimeDelta::hours(1),
            expires_at: end,
            ..one_time_token(&user, TokenPurpose::PasswordReset)
        };
        let made = AuditEvent { at: end, ..event(AuditKind::RoleChanged, user.id) };
        let new = NewOneTimeToken { token: token.clone(), event: made.clone() };
        store.create_token(new).await.unwrap();
        let key = throttle_key();
        swap(store, key, None, Some(Throttle { expires_at: end, ..throttle() })).await;
        Self { user, session, token, key, event: made }
    }

    /// Which of the kinds are still there. It uses the token up.
    async fn left(&self, store: &dyn Store) -> Vec<DeadRows> {
        let query = AuditQuery { user_id: Some(self.user.id), before: None, limit: 100 };
        let token = token::consume(store, &self.token).await;
        let left = [
            (DeadRows::AuditEvents, store.list_events(query).await.unwrap().contains(&self.event)),
            (DeadRows::OneTimeTokens, token != ConsumeTokenOutcome::Refused),
            (DeadRows::Sessions, session_ids(store, self.user.id).await.contains(&self.session.id)),
            (DeadRows::Throttles, store.find_throttle(self.key).await.unwrap().is_some()),
        ];
        left.into_iter().filter_map(|(rows, is_left)| is_left.then_some(rows)).collect()
    }
}

/// To the microsecond. Users stay in any case.
pub async fn what_has_ended_goes_and_the_rest_stays(store: &dyn Store) {
    let until = dead_instant();
    let microsecond = TimeDelta::microseconds(1);
    let dead = Rows::ending_at(store, until).await;
    let live = Rows::ending_at(store, until + microsecond).await;
    for rows in DeadRows::ALL {
        while prune(store, rows, until, 1_000).await > 0 {}
        assert_eq!(prune(store, rows, until, 1_000).await, 0, "{rows:?} that are gone are not counted again");
    }
    assert_eq!(dead.left(store).await, []);
    assert_eq!(live.left(store).await, DeadRows::ALL);
    for user in [dead.user, live.user] {
        let found = store.find_credentials(user.email.as_ref().unwrap()).await.unwrap();
        assert_eq!(found.unwrap().user, user);
    }
}

/// Sessions are pruned often, the audit log is kept for long.
pub async fn each_kind_goes_by_itself(store: &dyn Store) {
    for rows in DeadRows::ALL {
        let until = dead_instant();
        let dead = Rows::ending_at(store, until).await;
        while prune(store, rows, until, 1_000).await > 0 {}
        let expected: Vec<_> = DeadRows::ALL.into_iter().filter(|other| *other != rows).collect();
        assert_eq!(dead.left(store).await, expected);
    }
}

/// No call deletes more than it was told to, so that none takes long.
pub async fn a_batch_takes_the_deadest_first(store: &dyn Store) {
    let until = dead_instant();
    while prune(store, DeadRows::Sessions, until, 1_000).await > 0 {}
    let user = created(store).await;
    let mut sessions = Vec::new();
    for age in [3, 1, 2, 0] {
        sessions.push((age, session_until(store, &user, until - TimeDelta::seconds(age)).await.id));
    }
    sessions.sort_unstable();
    for (deleted, limit) in [(1, 1), (2, 2), (1, 5), (0, 5)] {
        assert_eq!(prune(store, DeadRows::Sessions, until, limit).await, deleted);
        sessions.truncate(sessions.len() - usize::try_from(deleted).unwrap());
        let mut left = session_ids(store, user.id).await;
        left.sort_unstable();
        let mut expected: Vec<_> = sessions.iter().map(|(_, id)| *id).collect();
        expected.sort_unstable();
        assert_eq!(left, expected, "those that ended last are left");
    }
}

/// All of them at once, in batches: nobody fails, and nothing is counted twice.
pub async fn several_nodes_count_each_row_once(store: &dyn Store) {
    let until = dead_instant();
    while prune(store, DeadRows::Sessions, until, 1_000).await > 0 {}
    let mut rows = 0;
    for _ in 0..5 {
        let user = created(store).await;
        for age in 0..20 {
            session_until(store, &user, until - TimeDelta::seconds(age)).await;
            rows += 1;
        }
    }
    let nodes = join_all((0..8).map(|_| async {
        let mut deleted = 0;
        // One that finds nothing may have been overtaken, so each tries for longer than it takes.
        for _ in 0..40 {
            deleted += prune(store, DeadRows::Sessions, until, 7).await;
        }
        deleted
    }));
    assert_eq!(nodes.await.iter().sum::<u64>(), rows);
}

/// A throttle that is renewed while it is being pruned holds on: otherwise pruning would let a guesser start anew.
pub async fn what_comes_back_to_life_is_left(store: &dyn Store) {
    for _ in 0..50 {
        let until = dead_instant();
        let key = throttle_key();
        let dead = Throttle { expires_at: until, ..throttle() };
        let live = Throttle { expires_at: until + TimeDelta::days(1), ..dead };
        swap(store, key, None, Some(dead)).await;
        let (renewed, _) = join(
            swap(store, key, Some(dead), Some(live)),
            join_all((0..8).map(|_| prune(store, DeadRows::Throttles, until, 1_000))),
        )
        .await;
        let expected = (renewed == SwapThrottleOutcome::Swapped).then_some(live);
        assert_eq!(store.find_throttle(key).await.unwrap(), expected);
        swap(store, key, expected, None).await;
    }
}

/// An instant in the years from 1971 to 2000.
fn dead_instant() -> DateTime<Utc> {
    let micros = 50_000_000_000_000 + number() % 900_000_000_000_000;
    DateTime::from_timestamp_micros(micros.try_into().unwrap()).unwrap()
}

async fn session_until(store: &dyn Store, user: &User, end: DateTime<Utc>) -> Session {
    let mut new = session(user);
    // Opening one deletes the expired ones of the user, by its own time.
    new.session.created_at = end - TimeDelta::days(365);
    new.session.expires_at = end;
    let NewSession { session, .. } = new.clone();
    assert_eq!(store.open_session(open(&new)).await.unwrap(), OpenSessionOutcome::Opened);
    session
}

async fn prune(store: &dyn Store, rows: DeadRows, until: DateTime<Utc>, limit: u32) -> u64 {
    store.prune(Prune { rows, until, limit }).await.unwrap()
}
