//! Rules about ending sessions.

use super::fixture::{
    assert_unchanged, credentials, event, event_ids, events, instant, open, record, session, session_ids, signed_up,
};
use crate::audit::AuditKind;
use crate::store::{DeleteSessionOutcome, OpenSessionOutcome, Store};
use crate::user::User;

/// Checks every rule of this module.
pub async fn run_all(store: &dyn Store) {
    a_session_ends_once(store).await;
    only_its_user_ends_a_session(store).await;
    the_other_sessions_end_and_this_one_stays(store).await;
    all_sessions_end_and_the_epoch_moves_on(store).await;
}

/// The second time there is nothing to end, and so nothing to record.
pub async fn a_session_ends_once(store: &dyn Store) {
    let (user, new) = signed_up(store).await;
    let (first, second) = (event(AuditKind::SignOut, user.id), event(AuditKind::SignOut, user.id));
    let outcome = store.delete_session(new.session.id, user.id, first.clone()).await.unwrap();
    assert_eq!(outcome, DeleteSessionOutcome::Deleted);
    assert!(store.find_session(new.session.id).await.unwrap().is_none(), "the session is gone");
    assert!(session_ids(store, user.id).await.is_empty(), "the session is not listed");
    assert_eq!(credentials(store, &user).await.user, user, "the user is as they were, the epoch too");

    let outcome = store.delete_session(new.session.id, user.id, second.clone()).await.unwrap();
    assert_eq!(outcome, DeleteSessionOutcome::Missing);
    let recorded = events(store, user.id).await;
    assert!(recorded.contains(&first) && !recorded.contains(&second), "the end is recorded once");
}

/// Knowing the id of somebody else's session ends nothing.
pub async fn only_its_user_ends_a_session(store: &dyn Store) {
    let (victim, new) = signed_up(store).await;
    let (other, _) = signed_up(store).await;
    let before = record(store, new.session.id).await;
    let event = event(AuditKind::SessionRevoked, other.id);
    let outcome = store.delete_session(new.session.id, other.id, event.clone()).await.unwrap();
    assert_eq!(outcome, DeleteSessionOutcome::Missing);
    assert_unchanged(&record(store, new.session.id).await, &before);
    assert_eq!(session_ids(store, victim.id).await, [new.session.id]);
    assert!(!event_ids(store, other.id).await.contains(&event.id), "no event is recorded");
}

/// Only the user's others, and the epoch stays, or this one would end as well.
pub async fn the_other_sessions_end_and_this_one_stays(store: &dyn Store) {
    let (user, new) = signed_up(store).await;
    let (bystander, bystanders) = signed_up(store).await;
    for _ in 0..3 {
        store.open_session(open(&session(&user))).await.unwrap();
    }
    let before = record(store, new.session.id).await;
    let event = event(AuditKind::SignOut, user.id);
    store.delete_other_sessions(user.id, new.session.id, event.clone()).await.unwrap();

    assert_eq!(session_ids(store, user.id).await, [new.session.id]);
    assert_unchanged(&record(store, new.session.id).await, &before);
    assert!(events(store, user.id).await.contains(&event), "the event is recorded");
    assert_eq!(session_ids(store, bystander.id).await, [bystanders.session.id], "another user's session stays");
}

/// Whoever was signed in with the old epoch, or is about to be, is out. The new one opens sessions again.
pub async fn all_sessions_end_and_the_epoch_moves_on(store: &dyn Store) {
    let (user, new) = signed_up(store).await;
    let (bystander, bystanders) = signed_up(store).await;
    store.open_session(open(&session(&user))).await.unwrap();
    let (at, event) = (instant(), event(AuditKind::SignOut, user.id));
    store.delete_all_sessions(user.id, at, event.clone()).await.unwrap();

    assert!(store.find_session(new.session.id).await.unwrap().is_none(), "the session is gone");
    assert!(session_ids(store, user.id).await.is_empty(), "every session is gone");
    let now = credentials(store, &user).await.user;
    assert_eq!(now, User { auth_epoch: user.auth_epoch + 1, updated_at: at, ..user.clone() });
    assert!(events(store, user.id).await.contains(&event), "the event is recorded");
    assert_eq!(store.open_session(open(&session(&user))).await.unwrap(), OpenSessionOutcome::Refused);
    assert_eq!(store.open_session(open(&session(&now))).await.unwrap(), OpenSessionOutcome::Opened);
    assert_eq!(record(store, bystanders.session.id).await.user, bystander, "another user stays signed in");
}
