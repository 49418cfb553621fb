//! A file that is locked, read-only, missing or full: nothing is issued, nothing half done, and a retry gets there.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use auth_core::auth::{SignIn, SignOutScope};
use auth_core::clock::ManualClock;
use auth_core::store::StoreErrorKind;
use auth_core::{Client, Credential, Email, Password, SessionKind};
use auth_sqlx::SqliteStore;
use sqlx::Executor;

use crate::account::{ADA, assert_unavailable, auth, auth_at, sign_in, sign_up};
use crate::database::{SqliteFile, TestDatabase};

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_database_is_unavailable_and_then_as_it_was() {
    let database = SqliteFile::migrated().await;
    let clock = Arc::new(ManualClock::new());
    let auth = auth_at(database.store_with(|options| options).await, clock.clone());
    let ada = sign_up(&auth, ADA).await.unwrap();
    let (client, access) = (Client::default(), Credential::Access(ada.access_token.expose()));

    let locker = database.store().await;
    let before = SqliteFile::rows(locker.pool()).await;
    let mut lock = locker.pool().acquire().await.unwrap();
    lock.execute("BEGIN IMMEDIATE").await.unwrap();
    assert_unavailable(sign_up(&auth, "grace@example.com").await);
    assert_unavailable(sign_in(&auth, ADA).await);
    assert_unavailable(auth.refresh(&ada.refresh_token, &client).await);
    for scope in [SignOutScope::Session, SignOutScope::Others, SignOutScope::All] {
        assert_unavailable(auth.sign_out(&access, scope, &client).await);
    }
    // The use is due to be noted, cannot be, and the request goes on.
    clock.advance(Duration::from_mins(2));
    assert_eq!(auth.authenticate(&access).await.unwrap().user.id, ada.user.id);
    assert_eq!(SqliteFile::rows(locker.pool()).await, before, "nothing was written");

    lock.execute("ROLLBACK").await.unwrap();
    assert_eq!(auth.authenticate(&access).await.unwrap().session.id, ada.session.id);
    let refreshed = auth.refresh(&ada.refresh_token, &client).await.unwrap();
    assert_eq!(refreshed.session.id, ada.session.id, "the session and its token are as they were");
    sign_in(&auth, ADA).await.unwrap();
    sign_up(&auth, "grace@example.com").await.unwrap();
}

/// The change and the record of it go to SQLite together: where the record is refused, the change is undone, and what
/// comes next is no part of what was begun.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_fails_halfway_leaves_nothing_behind() {
    // The last one ends the transaction by itself.
    for how in ["ABORT", "FAIL", "ROLLBACK"] {
        let database = SqliteFile::migrated().await;
        let (auth, other) = (auth(database.store().await), database.store().await);
        let ada = sign_up(&auth, ADA).await.unwrap();
        let (client, access) = (Client::default(), Credential::Access(ada.access_token.expose()));
        let before = SqliteFile::rows(other.pool()).await;
        let trigger =
            format!("CREATE TRIGGER refuse BEFORE INSERT ON auth_audit_log BEGIN SELECT RAISE({how}, 'refused'); END");
        SqliteFile::execute(other.pool(), trigger.leak()).await.unwrap();
        for _ in 0..2 {
            assert_unavailable(auth.refresh(&ada.refresh_token, &client).await);
            assert_unavailable(auth.sign_out(&access, SignOutScope::Session, &client).await);
            assert_unavailable(sign_in(&auth, ADA).await);
        }
        SqliteFile::execute(other.pool(), "DROP TRIGGER refuse").await.unwrap();
        assert_eq!(SqliteFile::rows(other.pool()).await, before, "{how}");
        assert_eq!(auth.authenticate(&access).await.unwrap().session.id, ada.session.id);

        // One event by itself, in no transaction: others see it at once.
        let [users, passwords, sessions, events] = before;
        let wrong =
            SignIn { email: Email::parse(ADA).unwrap(), password: Password::new("wrong"), kind: SessionKind::Bearer };
        auth.sign_in(wrong, &client).await.unwrap_err();
        assert_eq!(SqliteFile::rows(other.pool()).await, [users, passwords, sessions, events + 1], "{how}");
        auth.refresh(&ada.refresh_token, &client).await.unwrap();
        auth.sign_out(&access, SignOutScope::Session, &client).await.unwrap();
        assert_eq!(SqliteFile::rows(other.pool()).await, [users, passwords, sessions - 1, events + 3], "{how}");
    }
}

/// With the settings of `connect`: the wait ends before a user's patience does.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_is_waited_for_and_not_for_ever() {
    let database = SqliteFile::migrated().await;
    let auth = auth(database.store().await);
    let locker = database.store().await;
    let mut lock = locker.pool().acquire().await.unwrap();

    lock.execute("BEGIN IMMEDIATE").await.unwrap();
    let (signed_up, ()) = tokio::join!(sign_up(&auth, ADA), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        lock.execute("COMMIT").await.unwrap();
    });
    signed_up.unwrap();

    lock.execute("BEGIN IMMEDIATE").await.unwrap();
    let waited = tokio::time::timeout(Duration::from_secs(8), sign_in(&auth, ADA)).await;
    assert_unavailable(waited.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_be_written_to_is_still_read() {
    let database = SqliteFile::migrated().await;
    let clock = Arc::new(ManualClock::new());
    let ada = sign_up(&auth_at(database.store().await, clock.clone()), ADA).await.unwrap();
    clock.advance(Duration::from_mins(2));

    let read_only = SqliteStore::connect(&database.url_with("ro")).await.unwrap();
    read_only.migrate().await.unwrap();
    let auth = auth_at(read_only.clone(), clock);
    let before = SqliteFile::rows(read_only.pool()).await;
    let access = Credential::Access(ada.access_token.expose());
    assert_eq!(auth.authenticate(&access).await.unwrap().user.id, ada.user.id);
    assert_eq!(auth.sessions(&auth.authenticate(&access).await.unwrap()).await.unwrap().len(), 1);
    assert_unavailable(sign_in(&auth, ADA).await);
    assert_unavailable(sign_up(&auth, "grace@example.com").await);
    assert_unavailable(auth.refresh(&ada.refresh_token, &Client::default()).await);
    assert_unavailable(auth.sign_out(&access, SignOutScope::Session, &Client::default()).await);
    assert_eq!(SqliteFile::rows(read_only.pool()).await, before, "nothing was written");
}

#[tokio::test]
async fn a_file_that_is_not_there_is_named_as_the_problem() {
    let database = SqliteFile::none().await;
    let error = SqliteStore::connect(&database.url_with("rw")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(error.source().unwrap().to_string().contains("unable to open database file"), "{error:?}");
    assert!(!database.path().exists(), "no file was created");

    let error = SqliteStore::connect("sqlite://auth.db?mode=maybe").await.unwrap_err();
    assert!(error.source().unwrap().to_string().contains("maybe"), "{error:?}");
}

/// Wherever in the transaction the disk is full.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_unavailable_and_leaves_nothing_half_done() {
    let database = SqliteFile::migrated().await;
    // Every sign-up fills a little more, so that in the end each of its statements has been the one that failed.
    let store = database.store_with(|options| options.pragma("max_page_count", "24")).await;
    let auth = auth(store.clone());
    let mut created = 0;
    let mut refused = 0;
    for attempt in 0..200 {
        let before = SqliteFile::rows(store.pool()).await;
        match sign_up(&auth, &format!("user-{attempt}@example.com")).await {
            Ok(_) => created += 1,
            Err(error) => {
                refused += 1;
                assert_unavailable(Err::<(), _>(error));
                assert_eq!(SqliteFile::rows(store.pool()).await, before, "all of a sign-up or nothing");
            }
        }
    }
    assert!(created > 0 && refused > 0, "{created} created, {refused} refused");
    let [users, passwords, sessions, events] = SqliteFile::rows(store.pool()).await;
    assert_eq!([users, passwords, sessions, events], [created; 4]);

    store.pool().execute("DELETE FROM auth_users; DELETE FROM auth_audit_log").await.unwrap();
    sign_up(&auth, "late@example.com").await.unwrap();
}
