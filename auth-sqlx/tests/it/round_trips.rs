//! What a call costs in statements: a line of this table that grows is a request that got slower.

use auth_core::audit::AuditKind;
use auth_core::store::{
    AuditQuery, AuditStore, ConsumeToken, DeadRows, OpenSession, Prune, PruneStore, SessionStore, ThrottleStore,
    TokenStore, Touch, UserStore,
};
use sqlx::{Executor, Pool};

use crate::database::{Isolation, Recording, TestDatabase, on_each_database};
use crate::recording::record;
use crate::rows;

/// Asserts the first words of the statements that a call sends.
macro_rules! assert_sent {
    ($store:ident.$call:ident($($argument:expr),*), $expected:expr) => {
        let (done, statements) = record($store.pool(), $store.$call($($argument),*)).await;
        done.unwrap();
        let words: Vec<_> = statements.iter().map(|sql| sql.split(' ').next().unwrap()).collect();
        assert_eq!(words, $expected, "{}", stringify!($call));
    };
}

/// Beside these, a transaction of more than one statement is begun and committed.
async fn a_call_sends_no_more_than_it_must<D: TestDatabase>()
where
    for<'c> &'c Pool<D::Driver>: Executor<'c, Database = D::Driver>,
{
    let database = D::migrated().await;
    let store = database.patient_store(1, Isolation::Default).await;

    let new = rows::new_user();
    let (user, id) = (new.user.clone(), new.session.as_ref().unwrap().session.id);
    // A change, and the record of it.
    let within = |change: &'static str| match D::RECORDING {
        Recording::InSteps | Recording::OneCall => vec![change, "INSERT"],
        Recording::OneStatement => vec!["WITH"],
    };
    // By itself, one call ends with whether there was something to change.
    let alone = |change: &'static str| match D::RECORDING {
        Recording::InSteps => vec![change, "INSERT"],
        Recording::OneCall => vec![change, "INSERT", "SELECT"],
        Recording::OneStatement => vec!["WITH"],
    };
    // The user, the password; the session.
    assert_sent!(store.create_user(new), [vec!["INSERT"; 2], within("INSERT")].concat());
    assert_sent!(store.find_credentials(user.email.as_ref().unwrap()), ["SELECT"]);
    assert_sent!(store.find_profile(user.id), [""; 0]);

    assert_sent!(store.find_session(id), ["SELECT"]);
    assert_sent!(store.list_sessions(user.id), ["SELECT"]);
    let touch = Touch { session_id: id, seen_at: rows::now(), generation: 0 };
    assert_sent!(store.touch_session(touch), ["UPDATE"]);
    let found = store.find_session(id).await.unwrap().unwrap();
    assert_sent!(store.swap_refresh(rows::swap(&found)), alone("UPDATE"));
    // The user, locked; their sessions; and when there is no room, those that make it and the record of that.
    assert_sent!(store.open_session(rows::open(&user)), [vec!["SELECT"; 2], within("INSERT")].concat());
    let full = OpenSession { max_per_user: 1, ..rows::open(&user) };
    let make_room = vec!["SELECT", "SELECT", "DELETE", "INSERT"];
    assert_sent!(store.open_session(full), [make_room, within("INSERT")].concat());
    let [last] = store.list_sessions(user.id).await.unwrap().try_into().unwrap();
    let sign_out = rows::event(AuditKind::SignOut, user.id);
    assert_sent!(store.delete_session(last.id, user.id, sign_out.clone()), alone("DELETE"));
    // Where a connection may be lost, who finds nothing to change looks whether that was their own doing.
    let in_vain = match D::RECORDING {
        Recording::InSteps => vec!["DELETE"],
        Recording::OneCall => vec!["DELETE", "INSERT", "SELECT"],
        Recording::OneStatement => vec!["WITH", "SELECT"],
    };
    let sign_out = rows::event(AuditKind::SignOut, user.id);
    assert_sent!(store.delete_session(last.id, user.id, sign_out), in_vain);

    let token = rows::new_token(&user);
    let consume = ConsumeToken { hash: token.token.hash, purpose: token.token.purpose, now: rows::now() };
    assert_sent!(store.create_token(token), ["SELECT", "SELECT", "INSERT", "INSERT"]);
    assert_sent!(store.consume_token(consume), ["SELECT", "DELETE"]);

    let failure = rows::first_failure(rows::now());
    assert_sent!(store.swap_throttle(failure), ["INSERT"]);
    assert_sent!(store.find_throttle(failure.key), ["SELECT"]);
    assert_sent!(store.record_event(rows::event(AuditKind::SignInFailed, user.id)), ["INSERT"]);
    assert_sent!(store.list_events(AuditQuery { user_id: Some(user.id), before: None, limit: 20 }), ["SELECT"]);
    let prune = Prune { rows: DeadRows::Throttles, until: rows::now(), limit: 1_000 };
    assert_sent!(store.prune(prune), ["SELECT", "DELETE"]);
}

on_each_database! { a_call_sends_no_more_than_it_must }
