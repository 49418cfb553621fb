use std::sync::Arc;

use auth_core::audit::AuditKind;
use auth_core::conformance::faulty::Moment;
use auth_core::policy::SessionPolicy;
use auth_core::session::Session;
use auth_core::{ErrorKind, SessionKind};

use crate::fixture::{ADA, DAY, Fixture, GRACE, MINUTE, PASSWORD, SECOND, fails, unknown_session};

#[tokio::test]
async fn a_user_sees_their_own_sessions_the_latest_first() {
    let fixture = Fixture::new();
    let first = fixture.sign_up(ADA).await;
    fixture.clock.advance(SECOND);
    fixture.sign_up(GRACE).await;
    let second = fixture.sign_in(ADA).await;
    let current = fixture.authenticate(&first).await.unwrap();
    let listed = |sessions: Vec<Session>| sessions.into_iter().map(|one| one.id).collect::<Vec<_>>();
    assert_eq!(listed(fixture.auth.sessions(&current).await.unwrap()), [second.session.id, first.session.id]);

    fixture.clock.advance(MINUTE);
    fixture.authenticate(&first).await.unwrap();
    assert_eq!(listed(fixture.auth.sessions(&current).await.unwrap()), [first.session.id, second.session.id]);
}

#[tokio::test]
async fn expired_sessions_are_not_listed() {
    let fixture = Fixture::new();
    let long = fixture.sign_up(ADA).await;
    fixture.sign_in_as(ADA, PASSWORD, SessionKind::Browser).await.unwrap();
    let current = fixture.authenticate(&long).await.unwrap();
    assert_eq!(fixture.auth.sessions(&current).await.unwrap().len(), 2);
    fixture.clock.advance(DAY);
    assert_eq!(fixture.auth.sessions(&current).await.unwrap(), [long.session]);
}

#[tokio::test]
async fn sessions_of_an_ended_epoch_are_not_listed() {
    let fixture = Fixture::new();
    let mut current = fixture.authenticate(&fixture.sign_up(ADA).await).await.unwrap();
    Arc::make_mut(&mut current.user).auth_epoch += 1;
    assert_eq!(fixture.auth.sessions(&current).await.unwrap(), []);
}

#[tokio::test]
async fn idle_sessions_are_not_listed() {
    let policy = SessionPolicy { idle_timeout: Some(20 * MINUTE), ..SessionPolicy::default() };
    let fixture = Fixture::with_sessions(policy);
    let used = fixture.sign_up(ADA).await;
    fixture.sign_in(ADA).await;
    fixture.clock.advance(14 * MINUTE);
    let current = fixture.authenticate(&used).await.unwrap();
    fixture.clock.advance(6 * MINUTE);
    let listed = fixture.auth.sessions(&current).await.unwrap();
    assert_eq!(listed.iter().map(|session| session.id).collect::<Vec<_>>(), [used.session.id]);
}

#[tokio::test]
async fn a_user_ends_one_of_their_sessions() {
    let fixture = Fixture::new();
    let (here, there) = (fixture.sign_up(ADA).await, fixture.sign_in(ADA).await);
    let current = fixture.authenticate(&here).await.unwrap();
    fixture.auth.revoke_session(&current, there.session.id, &fixture.client).await.unwrap();
    fails(fixture.authenticate(&there).await, ErrorKind::Unauthenticated);
    fails(fixture.refresh(&there.refresh_token).await, ErrorKind::Unauthenticated);
    assert!(fixture.authenticate(&here).await.is_ok());

    let event = fixture.event(AuditKind::SessionRevoked).await;
    assert_eq!((event.user_id, event.session_id), (Some(here.user.id), Some(there.session.id)));
    assert_eq!(fixture.published().last(), Some(&event));
}

#[tokio::test]
async fn a_user_may_end_the_current_session() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    let current = fixture.authenticate(&signed_in).await.unwrap();
    fixture.auth.revoke_session(&current, signed_in.session.id, &fixture.client).await.unwrap();
    fails(fixture.authenticate(&signed_in).await, ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn somebody_elses_session_is_as_unknown_as_none() {
    let fixture = Fixture::new();
    let (ada, grace) = (fixture.sign_up(ADA).await, fixture.sign_up(GRACE).await);
    let current = fixture.authenticate(&ada).await.unwrap();
    let mut seen = Vec::new();
    for id in [grace.session.id, unknown_session(ada.user.id)] {
        fixture.store.take_calls();
        let error = fixture.auth.revoke_session(&current, id, &fixture.client).await.unwrap_err();
        seen.push((error.kind(), error.to_string(), format!("{error:?}"), fixture.store.take_calls()));
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0].0, ErrorKind::NotFound);
    assert!(fixture.authenticate(&grace).await.is_ok());
    assert_eq!(fixture.events(AuditKind::SessionRevoked).await, []);
}

#[tokio::test]
async fn a_session_is_revoked_once() {
    let fixture = Fixture::new();
    let (here, there) = (fixture.sign_up(ADA).await, fixture.sign_in(ADA).await);
    let current = fixture.authenticate(&here).await.unwrap();
    let revoke = || fixture.auth.revoke_session(&current, there.session.id, &fixture.client);
    revoke().await.unwrap();
    fails(revoke().await, ErrorKind::NotFound);
    fixture.event(AuditKind::SessionRevoked).await;
}

#[tokio::test]
async fn a_store_that_fails_lists_and_revokes_nothing() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    let current = fixture.authenticate(&signed_in).await.unwrap();
    for call in ["list_sessions", "delete_session", "find_profile"] {
        fixture.store.fail_method(call, Moment::BeforeEffect);
    }
    fails(fixture.auth.sessions(&current).await, ErrorKind::Unavailable);
    let revoked = fixture.auth.revoke_session(&current, signed_in.session.id, &fixture.client).await;
    fails(revoked, ErrorKind::Unavailable);
    fails(fixture.auth.profile(signed_in.user.id).await, ErrorKind::Unavailable);
    fixture.store.heal();
    assert!(fixture.authenticate(&signed_in).await.is_ok());
}
