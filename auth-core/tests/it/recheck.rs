//! The session of an earlier request, asked about while its connection is open.

use std::sync::Arc;

use auth_core::audit::AuditKind;
use auth_core::auth::{SignOutScope, SignedIn};
use auth_core::conformance::faulty::Moment;
use auth_core::policy::SessionPolicy;
use auth_core::{Authenticated, ErrorKind, Role};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::fixture::{ADA, DAY, Fixture, GRACE, HOUR, INSTANT, MINUTE, SECOND, access, fails, just_before};

struct Open {
    fixture: Fixture,
    signed_in: SignedIn,
    opened: Authenticated,
}

/// A connection that was authenticated when it opened.
async fn open(fixture: Fixture) -> Open {
    let signed_in = fixture.sign_up(ADA).await;
    let opened = fixture.authenticate(&signed_in).await.unwrap();
    Open { fixture, signed_in, opened }
}

#[tokio::test]
async fn a_recheck_is_one_query_and_finds_what_a_request_would() {
    let Open { fixture, signed_in, opened } = open(Fixture::new()).await;
    fixture.store.take_calls();
    let found = fixture.auth.recheck(&opened).await.unwrap();
    assert_eq!(fixture.store.take_calls(), ["find_session"]);
    let asked = fixture.authenticate(&signed_in).await.unwrap();
    assert_eq!((found.user, found.session), (asked.user, asked.session));
}

#[tokio::test]
async fn a_connection_goes_on_after_its_access_token_and_its_refresh_token() {
    let Open { fixture, signed_in, opened } = open(Fixture::new()).await;
    fixture.clock.advance(HOUR);
    fails(fixture.authenticate(&signed_in).await, ErrorKind::Unauthenticated);
    assert!(fixture.auth.recheck(&opened).await.is_ok());
    let refreshed = fixture.refresh(&signed_in.refresh_token).await.unwrap();
    assert_eq!(fixture.auth.recheck(&opened).await.unwrap().session.expires_at, refreshed.session.expires_at);
}

/// What ends a session.
type End = for<'o> fn(&'o Open) -> BoxFuture<'o, ()>;

const ENDS: [(&str, End); 5] = [
    ("sign-out", |open| {
        async {
            let (own, client) = (access(&open.signed_in), &open.fixture.client);
            open.fixture.auth.sign_out(&own, SignOutScope::Session, client).await.unwrap();
        }
        .boxed()
    }),
    ("sign-out everywhere, from elsewhere", |open| {
        async {
            let elsewhere = open.fixture.sign_in(ADA).await;
            open.fixture.sign_out_everywhere(&elsewhere).await;
        }
        .boxed()
    }),
    ("revocation, from elsewhere", |open| {
        async {
            let elsewhere = open.fixture.sign_in(ADA).await;
            let current = open.fixture.authenticate(&elsewhere).await.unwrap();
            open.fixture.auth.revoke_session(&current, open.opened.session.id, &open.fixture.client).await.unwrap();
        }
        .boxed()
    }),
    ("a new role", |open| async { open.fixture.grant(ADA, Role::ADMIN).await }.boxed()),
    ("a ban", |open| async { open.fixture.disable(&open.opened.user) }.boxed()),
];

#[tokio::test]
async fn whatever_ends_a_session_ends_its_connections() {
    for (name, end) in ENDS {
        let open = open(Fixture::new()).await;
        assert!(open.fixture.auth.recheck(&open.opened).await.is_ok(), "{name}");
        end(&open).await;
        let outcome = open.fixture.auth.recheck(&open.opened).await;
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Unauthenticated, "{name}");
    }
}

#[tokio::test]
async fn the_end_of_one_session_is_not_that_of_another() {
    let Open { fixture, opened, .. } = open(Fixture::new()).await;
    let another = fixture.sign_in(ADA).await;
    let grace = fixture.sign_up(GRACE).await;
    fixture.sign_out_everywhere(&grace).await;
    fixture.auth.sign_out(&access(&another), SignOutScope::Session, &fixture.client).await.unwrap();
    assert!(fixture.auth.recheck(&opened).await.is_ok());
}

#[tokio::test]
async fn a_connection_ends_with_the_time_of_its_session() {
    let Open { fixture, opened, .. } = open(Fixture::new()).await;
    fixture.clock.advance(just_before(7 * DAY));
    assert!(fixture.auth.recheck(&opened).await.is_ok());
    fixture.clock.advance(INSTANT);
    fails(fixture.auth.recheck(&opened).await, ErrorKind::Unauthenticated);
    assert_eq!(fixture.event(AuditKind::SessionExpired).await.session_id, Some(opened.session.id));
    fixture.clock.step_back(DAY);
    fails(fixture.auth.recheck(&opened).await, ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn an_open_connection_is_no_use_of_its_session() {
    let policy = SessionPolicy { idle_timeout: Some(20 * MINUTE), ..SessionPolicy::default() };
    let Open { fixture, opened, .. } = open(Fixture::with_sessions(policy)).await;
    for _ in 1..20 {
        fixture.clock.advance(MINUTE);
        assert!(fixture.auth.recheck(&opened).await.is_ok());
    }
    fixture.clock.advance(MINUTE);
    fails(fixture.auth.recheck(&opened).await, ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn requests_beside_an_open_connection_hold_off_its_idle_timeout() {
    let policy = SessionPolicy { idle_timeout: Some(20 * MINUTE), ..SessionPolicy::default() };
    let Open { fixture, signed_in, opened } = open(Fixture::with_sessions(policy)).await;
    fixture.clock.advance(14 * MINUTE);
    fixture.authenticate(&signed_in).await.unwrap();
    fixture.clock.advance(14 * MINUTE);
    assert!(fixture.auth.recheck(&opened).await.is_ok());
}

#[tokio::test]
async fn a_store_that_cannot_tell_is_not_an_end() {
    let Open { fixture, opened, .. } = open(Fixture::new()).await;
    fixture.store.fail_method("find_session", Moment::BeforeEffect);
    fixture.clock.advance(SECOND);
    fails(fixture.auth.recheck(&opened).await, ErrorKind::Unavailable);
    fixture.store.heal();
    assert!(fixture.auth.recheck(&opened).await.is_ok());
}

/// An id says nothing of whose session it is: a row that was replaced proves nothing to who knew the old one.
#[tokio::test]
async fn a_session_of_somebody_else_under_the_same_id_is_another() {
    let Open { fixture, opened, .. } = open(Fixture::new()).await;
    let grace = fixture.sign_up(GRACE).await;
    let mut mixed = opened.clone();
    mixed.session = grace.session.into();
    fails(fixture.auth.recheck(&mixed).await, ErrorKind::Unauthenticated);
    let mut older = opened;
    Arc::make_mut(&mut older.session).auth_epoch -= 1;
    fails(fixture.auth.recheck(&older).await, ErrorKind::Unauthenticated);
}
