//! Whole flows at the same time, through two pools as two processes have them.

use auth_core::token::RefreshToken;
use auth_core::{Client, ErrorKind};

use crate::account::{ADA, auth, sign_in, sign_up};
use crate::database::{TestDatabase, on_each_database};

const CALLS: usize = 50;

async fn all_who_refresh_one_token_get_the_same_successor<D: TestDatabase>() {
    let database = D::migrated().await;
    let (one, other) = (auth(database.store().await), auth(database.store().await));
    let ada = sign_up(&one, ADA).await.unwrap();
    let token = ada.refresh_token.expose();
    let calls: Vec<_> = (0..CALLS)
        .map(|call| {
            let auth = if call % 2 == 0 { one.clone() } else { other.clone() };
            let token = RefreshToken::parse(&token).unwrap();
            tokio::spawn(async move { auth.refresh(&token, &Client::default()).await })
        })
        .collect();
    let mut successors = Vec::new();
    for call in calls {
        successors.push(call.await.unwrap().unwrap().refresh_token.expose());
    }
    assert_eq!(successors.len(), CALLS);
    assert!(successors.iter().all(|successor| **successor == *successors[0]), "one successor for all");
    assert_ne!(*successors[0], *token);

    let store = database.store().await;
    assert_eq!(D::number(store.pool(), "SELECT count(*) FROM auth_audit_log WHERE kind = 'refresh'").await, 1);
    assert_eq!(D::number(store.pool(), "SELECT generation FROM auth_sessions").await, 1);
    let successor = RefreshToken::parse(&successors[0]).unwrap();
    assert_eq!(one.refresh(&successor, &Client::default()).await.unwrap().session.id, ada.session.id);
}

async fn one_of_those_who_sign_up_with_one_address_does<D: TestDatabase>() {
    let database = D::migrated().await;
    let (one, other) = (auth(database.store().await), auth(database.store().await));
    let calls: Vec<_> = (0..CALLS)
        .map(|call| {
            let auth = if call % 2 == 0 { one.clone() } else { other.clone() };
            let email = if call % 3 == 0 { ADA.to_uppercase() } else { ADA.to_owned() };
            tokio::spawn(async move { sign_up(&auth, &email).await })
        })
        .collect();
    let mut created = Vec::new();
    for call in calls {
        match call.await.unwrap() {
            Ok(signed_in) => created.push(signed_in),
            Err(error) => assert_eq!(error.kind(), ErrorKind::EmailTaken, "{error:?}"),
        }
    }
    let [winner] = created.as_slice() else { panic!("{} were created", created.len()) };

    let store = database.store().await;
    for (sql, expected) in [
        ("SELECT count(*) FROM auth_users", 1),
        ("SELECT count(*) FROM auth_passwords", 1),
        ("SELECT count(*) FROM auth_sessions", 1),
        ("SELECT count(*) FROM auth_audit_log WHERE kind = 'signup_success'", 1),
        ("SELECT count(*) FROM auth_audit_log WHERE kind = 'signup_failed'", 49),
    ] {
        assert_eq!(D::number(store.pool(), sql).await, expected, "{sql}");
    }
    assert_eq!(sign_in(&one, ADA).await.unwrap().user.id, winner.user.id);
}

/// More than the pool has connections: the queue is longer than the database is slow.
async fn a_crowd_that_signs_in_waits_its_turn<D: TestDatabase>() {
    let database = D::migrated().await;
    let auth = auth(database.store().await);
    sign_up(&auth, ADA).await.unwrap();
    let calls: Vec<_> = (0..CALLS)
        .map(|_| {
            let auth = auth.clone();
            tokio::spawn(async move { sign_in(&auth, ADA).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    let store = database.store().await;
    assert_eq!(D::number(store.pool(), "SELECT count(*) FROM auth_sessions").await, 20, "the limit of one user");
    assert_eq!(D::number(store.pool(), "SELECT count(*) FROM auth_audit_log WHERE kind = 'signin_success'").await, 50);
}

on_each_database! {
    all_who_refresh_one_token_get_the_same_successor,
    one_of_those_who_sign_up_with_one_address_does,
    a_crowd_that_signs_in_waits_its_turn,
}
