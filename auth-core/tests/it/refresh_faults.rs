use std::time::Duration;

use auth_core::ErrorKind;
use auth_core::audit::AuditKind;
use auth_core::conformance::faulty::Moment;
use auth_core::store::SessionStore;

use crate::fixture::{ADA, Fixture, HOUR, fails, same};

const MOMENTS: [Moment; 2] = [Moment::BeforeEffect, Moment::AfterEffect];

#[tokio::test]
async fn a_store_that_cannot_be_read_is_no_evidence() {
    for moment in MOMENTS {
        let fixture = Fixture::new();
        let signed_in = fixture.sign_up(ADA).await;
        let before = fixture.store.inner().find_session(signed_in.session.id).await.unwrap().unwrap();
        fixture.store.fail_method("find_session", moment);
        let error = fixture.refresh(&signed_in.refresh_token).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.retry_after().is_some());
        let after = fixture.store.inner().find_session(signed_in.session.id).await.unwrap().unwrap();
        assert_eq!((after.session, after.refresh), (before.session, before.refresh));
        assert_eq!(fixture.published().len(), 1);

        fixture.store.heal();
        assert!(fixture.refresh(&signed_in.refresh_token).await.is_ok());
    }
}

#[tokio::test]
async fn a_rotation_that_fails_leaves_the_token_as_it_was() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    fixture.store.fail_method("swap_refresh", Moment::BeforeEffect);
    for _ in 0..20 {
        fails(fixture.refresh(&signed_in.refresh_token).await, ErrorKind::Unavailable);
    }
    assert_eq!(fixture.events(AuditKind::Refresh).await, []);
    fixture.clock.advance(HOUR);

    fixture.store.heal();
    let next = fixture.refresh(&signed_in.refresh_token).await.unwrap();
    assert!(fixture.authenticate(&next).await.is_ok());
    assert_eq!(fixture.events(AuditKind::Refresh).await.len(), 1);
}

#[tokio::test]
async fn a_rotation_whose_answer_was_lost_is_finished_by_the_same_token() {
    for later in [Duration::ZERO, HOUR] {
        let fixture = Fixture::new();
        let signed_in = fixture.sign_up(ADA).await;
        fixture.store.fail_method("swap_refresh", Moment::AfterEffect);
        fails(fixture.refresh(&signed_in.refresh_token).await, ErrorKind::Unavailable);
        fixture.clock.advance(later);

        fixture.store.heal();
        let next = fixture.refresh(&signed_in.refresh_token).await.unwrap();
        same(&next.refresh_token, &fixture.refresh(&signed_in.refresh_token).await.unwrap().refresh_token);
        assert!(fixture.authenticate(&next).await.is_ok());
        assert_eq!(fixture.events(AuditKind::RefreshReuseDetected).await, []);
    }
}

#[tokio::test]
async fn a_recovery_that_fails_is_not_counted() {
    let fixture = Fixture::new();
    let first = fixture.sign_up(ADA).await;
    let second = fixture.refresh(&first.refresh_token).await.unwrap();
    fixture.clock.advance(HOUR);
    fixture.store.fail_method("swap_refresh", Moment::BeforeEffect);
    for _ in 0..10 {
        fails(fixture.refresh(&first.refresh_token).await, ErrorKind::Unavailable);
    }
    fixture.store.heal();
    for _ in 0..3 {
        same(&fixture.refresh(&first.refresh_token).await.unwrap().refresh_token, &second.refresh_token);
        fixture.clock.advance(HOUR);
    }
    assert_eq!(fixture.events(AuditKind::RefreshReuseDetected).await, []);
}

#[tokio::test]
async fn a_repetition_that_fails_can_be_repeated() {
    for moment in MOMENTS {
        let fixture = Fixture::new();
        let first = fixture.sign_up(ADA).await;
        let second = fixture.refresh(&first.refresh_token).await.unwrap();
        fixture.store.fail_method("touch_session", moment);
        fails(fixture.refresh(&second.refresh_token).await, ErrorKind::Unavailable);
        fixture.store.heal();
        same(&fixture.refresh(&second.refresh_token).await.unwrap().refresh_token, &second.refresh_token);
    }
}

#[tokio::test]
async fn a_theft_that_cannot_be_acted_upon_is_found_again() {
    let fixture = Fixture::new();
    let first = fixture.sign_up(ADA).await;
    let second = fixture.refresh(&first.refresh_token).await.unwrap();
    fixture.authenticate(&second).await.unwrap();
    fixture.clock.advance(HOUR);
    fixture.store.fail_method("delete_session", Moment::BeforeEffect);
    fails(fixture.refresh(&first.refresh_token).await, ErrorKind::Unavailable);
    assert!(fixture.exists(first.session.id).await);
    assert_eq!(fixture.events(AuditKind::RefreshReuseDetected).await, []);

    fixture.store.heal();
    fails(fixture.refresh(&first.refresh_token).await, ErrorKind::Unauthenticated);
    assert!(!fixture.exists(first.session.id).await);
    fixture.event(AuditKind::RefreshReuseDetected).await;
}

#[tokio::test]
async fn a_theft_is_recorded_once_even_if_the_answer_was_lost() {
    let fixture = Fixture::new();
    let first = fixture.sign_up(ADA).await;
    let second = fixture.refresh(&first.refresh_token).await.unwrap();
    fixture.authenticate(&second).await.unwrap();
    fixture.clock.advance(HOUR);
    fixture.store.fail_method("delete_session", Moment::AfterEffect);
    fails(fixture.refresh(&first.refresh_token).await, ErrorKind::Unavailable);

    fixture.store.heal();
    fails(fixture.refresh(&first.refresh_token).await, ErrorKind::Unauthenticated);
    fails(fixture.authenticate_by_refresh(&second).await, ErrorKind::Unauthenticated);
    fixture.event(AuditKind::RefreshReuseDetected).await;
}

#[tokio::test]
async fn an_expired_session_that_cannot_be_deleted_is_not_refreshed_either() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    fixture.clock.advance(8 * 24 * HOUR);
    fixture.store.fail_method("delete_session", Moment::BeforeEffect);
    fails(fixture.refresh(&signed_in.refresh_token).await, ErrorKind::Unauthenticated);
    fixture.store.heal();
    fails(fixture.refresh(&signed_in.refresh_token).await, ErrorKind::Unauthenticated);
}
