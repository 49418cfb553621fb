//! Pruning that nobody has to think of.

use std::sync::Arc;
use std::time::Duration;

use auth_core::Credential;
use auth_core::clock::ManualClock;
use auth_sqlx::prune_regularly;

use crate::account::{ADA, auth_at, sign_in, sign_up};
use crate::database::{TestDatabase, on_each_database};

/// Two nodes do it at once, and go on after the database failed them.
async fn what_has_expired_is_gone_after_a_while<D: TestDatabase>() {
    let database = D::migrated().await;
    let clock = Arc::new(ManualClock::new());
    let store = database.store().await;
    let (one, other) = (auth_at(store.clone(), clock.clone()), auth_at(database.store().await, clock.clone()));
    sign_up(&one, ADA).await.unwrap();
    clock.advance(Duration::from_hours(24 * 400));
    let ada = sign_in(&other, ADA).await.unwrap();
    assert_eq!(D::rows(store.pool()).await, [1, 1, 1, 2], "the sign-in has deleted the session that had expired");

    D::execute(store.pool(), "ALTER TABLE auth_audit_log RENAME TO elsewhere").await.unwrap();
    let interval = Duration::from_millis(20);
    let nodes = [one.clone(), other].map(|auth| tokio::spawn(prune_regularly(auth, interval)));
    tokio::time::sleep(interval * 5).await;
    D::execute(store.pool(), "ALTER TABLE elsewhere RENAME TO auth_audit_log").await.unwrap();
    for _ in 0..500 {
        if D::rows(store.pool()).await == [1, 1, 1, 1] {
            break;
        }
        tokio::time::sleep(interval).await;
    }
    assert_eq!(D::rows(store.pool()).await, [1, 1, 1, 1], "the event of the sign-up is past its retention");
    let access = Credential::Access(ada.access_token.expose());
    assert_eq!(one.authenticate(&access).await.unwrap().session.id, ada.session.id, "what lives stays");
    for node in nodes {
        assert!(!node.is_finished());
        node.abort();
    }
}

on_each_database! { what_has_expired_is_gone_after_a_while }
