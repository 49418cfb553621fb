//! How long refreshing keeps a session alive, and for whom.

use auth_core::audit::AuditKind;
use auth_core::user::UserStatus;
use auth_core::{ErrorKind, Role};

use crate::fixture::{ADA, DAY, Fixture, INSTANT, SECOND, copy, fails, just_before};
use crate::refresh::{Rotated, rotated};

#[tokio::test]
async fn refreshing_extends_the_session_by_its_own_span() {
    let fixture = Fixture::new();
    let first = fixture.sign_up(ADA).await;
    fixture.clock.advance(just_before(7 * DAY));
    let second = fixture.refresh(&first.refresh_token).await.unwrap();
    assert_eq!(second.session.expires_at, fixture.now() + 7 * DAY);
    assert_eq!(second.session.last_seen_at, fixture.now());
    assert_eq!(*fixture.authenticate(&second).await.unwrap().session, second.session);
}

#[tokio::test]
async fn repeating_a_token_extends_nothing() {
    let Rotated { fixture, first, second } = rotated().await;
    fixture.clock.advance(29 * SECOND);
    for token in [&first.refresh_token, &second.refresh_token] {
        assert_eq!(fixture.refresh(token).await.unwrap().session.expires_at, second.session.expires_at);
    }
}

#[tokio::test]
async fn no_session_is_refreshed_beyond_ninety_days() {
    let fixture = Fixture::new();
    let first = fixture.sign_up(ADA).await;
    let end = first.session.created_at + 90 * DAY;
    let mut token = copy(&first.refresh_token);
    for day in 0..89 {
        fixture.clock.advance(DAY);
        let next = fixture.refresh(&token).await.unwrap();
        assert_eq!(next.session.expires_at, end.min(fixture.now() + 7 * DAY), "day {day}");
        token = next.refresh_token;
    }
    fixture.clock.advance(just_before(DAY));
    let last = fixture.refresh(&token).await.unwrap();
    assert_eq!(last.session.expires_at, end);
    assert_eq!(last.access_expires_in, INSTANT);
    assert!(fixture.authenticate(&last).await.is_ok());

    fixture.clock.advance(INSTANT);
    fails(fixture.authenticate(&last).await, ErrorKind::Unauthenticated);
    fails(fixture.refresh(&last.refresh_token).await, ErrorKind::Unauthenticated);
    assert!(!fixture.exists(last.session.id).await);
}

#[tokio::test]
async fn an_expired_session_is_not_refreshed() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    fixture.clock.advance(7 * DAY);
    fails(fixture.refresh(&signed_in.refresh_token).await, ErrorKind::Unauthenticated);
    assert_eq!(fixture.event(AuditKind::SessionExpired).await.session_id, Some(signed_in.session.id));
    fixture.clock.step_back(DAY);
    fails(fixture.refresh(&signed_in.refresh_token).await, ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn a_disabled_user_is_not_refreshed() {
    let Rotated { fixture, first, second } = rotated().await;
    fixture.disable(&first.user);
    for token in [&first.refresh_token, &second.refresh_token] {
        fails(fixture.refresh(token).await, ErrorKind::Unauthenticated);
    }
    fixture.store.inner().set_status(first.user.id, UserStatus::Active);
    assert!(fixture.refresh(&second.refresh_token).await.is_ok());
}

#[tokio::test]
async fn nothing_issued_before_a_change_of_roles_is_refreshed() {
    let Rotated { fixture, first, second } = rotated().await;
    fixture.grant(ADA, Role::ADMIN).await;
    for token in [&first.refresh_token, &second.refresh_token] {
        fails(fixture.refresh(token).await, ErrorKind::Unauthenticated);
    }
    assert_eq!(fixture.events(AuditKind::RefreshReuseDetected).await, []);
}

#[tokio::test]
async fn a_refreshed_access_token_carries_the_roles_of_now() {
    let fixture = Fixture::new();
    fixture.sign_up(ADA).await;
    fixture.grant(ADA, Role::ADMIN).await;
    let signed_in = fixture.sign_in(ADA).await;
    let refreshed = fixture.refresh(&signed_in.refresh_token).await.unwrap();
    let claims = fixture.auth.verify_access_token(refreshed.access_token.expose()).unwrap();
    assert_eq!(claims.roles, [Role::ADMIN]);
    assert_eq!(claims.auth_time, signed_in.session.created_at);
}
