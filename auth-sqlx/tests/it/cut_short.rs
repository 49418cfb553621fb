//! Faults that are the same on every database: nothing is issued, nothing half done.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use auth_core::auth::SignIn;
use auth_core::store::{StoreErrorKind, UserStore};
use auth_core::{Client, Credential, Email, ErrorKind, Password, SessionKind};

use crate::account::{ADA, assert_unavailable, auth, sign_in, sign_up};
use crate::database::{TestDatabase, on_each_database};

async fn a_database_without_tables_is_unavailable<D: TestDatabase>() {
    let database = D::none().await;
    let auth = auth(database.store().await);
    assert_unavailable(sign_in(&auth, ADA).await);
    assert_unavailable(sign_up(&auth, ADA).await);
}

async fn a_pool_that_the_application_closed_is_unavailable<D: TestDatabase>() {
    let database = D::migrated().await;
    let store = database.store().await;
    let auth = auth(store.clone());
    let ada = sign_up(&auth, ADA).await.unwrap();
    store.pool().close().await;
    assert_unavailable(auth.authenticate(&Credential::Access(ada.access_token.expose())).await);
    assert_unavailable(sign_up(&auth, "grace@example.com").await);
}

/// A client that hangs up drops the future of its request, between any two steps.
async fn a_request_that_is_dropped_leaves_all_or_nothing<D: TestDatabase>() {
    let database = D::migrated().await;
    let store = database.store().await;
    let auth = auth(store.clone());
    let mut finished = 0;
    for polls in 1..=40 {
        let email = format!("user-{polls}@example.com");
        let mut left = polls;
        let mut call = pin!(sign_up(&auth, &email));
        let outcome = poll_fn(|context| {
            if left == 0 {
                return Poll::Ready(None);
            }
            left -= 1;
            call.as_mut().poll(context).map(Some)
        });
        finished += usize::from(outcome.await.is_some());
    }
    assert!((1..40).contains(&finished), "{finished} of 40 requests got to their end");

    // The next one waits for the connection, and so for whatever the last one left to be undone.
    sign_up(&auth, ADA).await.unwrap();
    let [users, passwords, sessions, events] = D::rows(store.pool()).await;
    assert_eq!([passwords, sessions, events], [users; 3]);
    let whole = "SELECT count(*) FROM auth_users u JOIN auth_passwords p ON p.user_id = u.id \
                 JOIN auth_sessions s ON s.user_id = u.id JOIN auth_audit_log a ON a.session_id = s.id";
    assert_eq!(D::number(store.pool(), whole).await, users, "no user without all that comes with one");
}

async fn a_value_that_was_never_written_is_corrupt<D: TestDatabase>() {
    let database = D::migrated().await;
    let store = database.store().await;
    let ada = sign_up(&auth(store.clone()), ADA).await.unwrap();
    let email = Email::parse(ADA).unwrap();
    for damage in [
        "UPDATE auth_users SET roles = 'Chief! Editor'",
        "UPDATE auth_users SET roles = '', created_at = 9223372036854775807",
    ] {
        D::execute(store.pool(), damage).await.unwrap();
        let error = store.find_credentials(&email).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{damage}");
        // Whoever asks is not told, and is neither let in nor taken for signed out.
        let error = auth(store.clone()).authenticate(&Credential::Access(ada.access_token.expose())).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    }
}

/// One role more than an access token holds, written by hand: the user is read, and nothing tells a stranger of them.
async fn a_user_with_too_many_roles_gets_no_token<D: TestDatabase>() {
    let database = D::migrated().await;
    let store = database.store().await;
    let auth = auth(store.clone());
    let ada = sign_up(&auth, ADA).await.unwrap();
    D::execute(store.pool(), "UPDATE auth_users SET roles = 'a b c d e f g h i j k l m n o p q'").await.unwrap();
    let found = auth.authenticate(&Credential::Access(ada.access_token.expose())).await.unwrap();
    assert_eq!(found.user.roles.len(), 17);
    let (email, kind) = (Email::parse(ADA).unwrap(), SessionKind::Bearer);
    let wrong = SignIn { email, password: Password::new("another walk in the rain"), kind };
    let error = auth.sign_in(wrong, &Client::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidCredentials);
    assert_eq!(sign_in(&auth, ADA).await.unwrap_err().kind(), ErrorKind::Internal);
}

on_each_database! {
    a_database_without_tables_is_unavailable,
    a_pool_that_the_application_closed_is_unavailable,
    a_request_that_is_dropped_leaves_all_or_nothing,
    a_value_that_was_never_written_is_corrupt,
    a_user_with_too_many_roles_gets_no_token,
}
