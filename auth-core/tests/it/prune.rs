use std::time::Duration;

use auth_core::audit::{AuditEvent, AuditKind};
use auth_core::auth::Pruned;
use auth_core::conformance::faulty::{Fault, FaultKind, Moment};
use auth_core::id::AuditEventId;
use auth_core::policy::AuditPolicy;
use auth_core::store::{
    AuditStore, ConsumeToken, ConsumeTokenOutcome, NewOneTimeToken, SwapThrottle, ThrottleStore, TokenStore,
};
use auth_core::throttle::{Throttle, ThrottleKey};
use auth_core::token::{OneTimeTokenRecord, TokenPurpose};
use auth_core::{Client, ErrorKind, SessionKind, TokenHash, User};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::fixture::{ADA, DAY, Fixture, HOUR, INSTANT, PASSWORD, fails, just_before};

const TOKEN: TokenHash = TokenHash::from_bytes([7; 32]);

async fn keep_token(fixture: &Fixture, user: &User, ttl: Duration) {
    let now = fixture.now();
    let token = OneTimeTokenRecord {
        hash: TOKEN,
        purpose: TokenPurpose::PasswordReset,
        user_id: user.id,
        auth_epoch: user.auth_epoch,
        payload: None,
        created_at: now,
        expires_at: now + ttl,
    };
    let event = event(0, now);
    fixture.store.inner().create_token(NewOneTimeToken { token, event }).await.unwrap();
}

async fn keep_throttle(fixture: &Fixture, number: u128, ttl: Duration) {
    let now = fixture.now();
    let throttle = Throttle { failures: 1, blocked_until: now, expires_at: now + ttl };
    let swap = SwapThrottle { key: key(number), expected: None, next: Some(throttle) };
    fixture.store.inner().swap_throttle(swap).await.unwrap();
}

fn key(number: u128) -> ThrottleKey {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(&number.to_be_bytes());
    ThrottleKey::from_bytes(bytes)
}

/// Records as many failures as asked for, all at one instant.
async fn keep_events(fixture: &Fixture, count: u128) {
    for number in 1..=count {
        fixture.store.inner().record_event(event(number, fixture.now())).await.unwrap();
    }
}

fn event(number: u128, at: DateTime<Utc>) -> AuditEvent {
    let id = AuditEventId::from_uuid(Uuid::from_u128(number));
    let (kind, client) = (AuditKind::SignInFailed, Client::default());
    AuditEvent { id, at, kind, user_id: None, session_id: None, client, detail: None, count: 1 }
}

fn pruned(sessions: u64, one_time_tokens: u64, throttles: u64, audit_events: u64) -> Pruned {
    Pruned { audit_events, one_time_tokens, sessions, throttles }
}

#[tokio::test]
async fn expired_sessions_go_and_live_ones_stay() {
    let fixture = Fixture::new();
    let bearer = fixture.sign_up(ADA).await;
    let browser = fixture.sign_in_as(ADA, PASSWORD, SessionKind::Browser).await.unwrap();
    fixture.clock.advance(just_before(DAY));
    assert_eq!(fixture.auth.prune().await.unwrap(), Pruned::default());

    fixture.clock.advance(INSTANT);
    assert_eq!(fixture.auth.prune().await.unwrap(), pruned(1, 0, 0, 0));
    assert!(!fixture.exists(browser.session.id).await);
    assert!(fixture.authenticate_by_refresh(&bearer).await.is_ok());
    assert_eq!(fixture.auth.prune().await.unwrap(), Pruned::default());
}

#[tokio::test]
async fn a_pruned_session_is_refused_as_an_expired_one_is() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    fixture.clock.advance(7 * DAY);
    fixture.auth.prune().await.unwrap();
    fails(fixture.authenticate_by_refresh(&signed_in).await, ErrorKind::Unauthenticated);
    fails(fixture.refresh(&signed_in.refresh_token).await, ErrorKind::Unauthenticated);
    assert!(fixture.try_sign_in(ADA, PASSWORD).await.is_ok(), "the account stays");
}

#[tokio::test]
async fn expired_one_time_tokens_go_and_live_ones_stay() {
    let fixture = Fixture::new();
    let user = fixture.sign_up(ADA).await.user;
    keep_token(&fixture, &user, HOUR).await;
    let consume = ConsumeToken { hash: TOKEN, purpose: TokenPurpose::PasswordReset, now: fixture.now() };
    fixture.clock.advance(just_before(HOUR));
    assert_eq!(fixture.auth.prune().await.unwrap(), Pruned::default());
    let outcome = fixture.store.inner().consume_token(consume).await.unwrap();
    assert!(matches!(outcome, ConsumeTokenOutcome::Consumed(_)));

    keep_token(&fixture, &user, HOUR).await;
    fixture.clock.advance(HOUR);
    assert_eq!(fixture.auth.prune().await.unwrap(), pruned(0, 1, 0, 0));
    assert_eq!(fixture.store.inner().consume_token(consume).await.unwrap(), ConsumeTokenOutcome::Refused);
}

#[tokio::test]
async fn forgotten_throttles_go_and_live_ones_stay() {
    let fixture = Fixture::new();
    keep_throttle(&fixture, 1, HOUR).await;
    keep_throttle(&fixture, 2, HOUR + INSTANT).await;
    fixture.clock.advance(HOUR);
    assert_eq!(fixture.auth.prune().await.unwrap(), pruned(0, 0, 1, 0));
    assert!(fixture.store.inner().find_throttle(key(1)).await.unwrap().is_none());
    assert!(fixture.store.inner().find_throttle(key(2)).await.unwrap().is_some());
}

#[tokio::test]
async fn audit_events_go_when_their_retention_is_over() {
    let longer = AuditPolicy { retention: 400 * DAY };
    for (fixture, retention) in [
        (Fixture::new(), AuditPolicy::default().retention),
        (Fixture::with(|builder| builder.audit_policy(longer.clone())), longer.retention),
    ] {
        keep_events(&fixture, 2).await;
        fixture.clock.advance(just_before(retention));
        assert_eq!(fixture.auth.prune().await.unwrap(), Pruned::default());
        fixture.store.inner().record_event(event(3, fixture.now())).await.unwrap();

        fixture.clock.advance(INSTANT);
        assert_eq!(fixture.auth.prune().await.unwrap(), pruned(0, 0, 0, 2));
        assert_eq!(fixture.event(AuditKind::SignInFailed).await.id, event(3, fixture.now()).id, "{retention:?}");
    }
}

#[tokio::test]
async fn more_than_one_batch_is_pruned_in_one_call_and_no_transaction_deletes_more_than_a_thousand() {
    for (count, batches) in [(999, 1), (1_000, 2), (2_500, 3)] {
        let fixture = Fixture::new();
        keep_events(&fixture, count).await;
        fixture.clock.advance(365 * DAY);
        let before = fixture.events(AuditKind::SignInFailed).await.len();
        fixture.store.take_calls();
        let done = fixture.auth.prune().await.unwrap();
        assert_eq!((usize::try_from(done.audit_events).unwrap(), before), (before, usize::try_from(count).unwrap()));
        assert_eq!(fixture.store.take_calls(), vec!["prune"; 3 + batches], "{count}");
        assert_eq!(fixture.events(AuditKind::SignInFailed).await, []);
    }
}

#[tokio::test]
async fn a_failure_in_the_middle_keeps_what_was_done_and_the_next_call_goes_on() {
    for (moment, left) in [(Moment::BeforeEffect, 1_500), (Moment::AfterEffect, 500)] {
        let fixture = Fixture::new();
        keep_throttle(&fixture, 1, HOUR).await;
        keep_events(&fixture, 2_500).await;
        fixture.clock.advance(365 * DAY);
        let live = fixture.sign_up(ADA).await;
        // Sessions, tokens and throttles take a call each; the second batch of events is the fifth.
        fixture.store.fault_at(5, Fault { kind: FaultKind::Fail, moment });
        fails(fixture.auth.prune().await, ErrorKind::Unavailable);
        assert_eq!(fixture.events(AuditKind::SignInFailed).await.len(), left);
        assert!(fixture.store.inner().find_throttle(key(1)).await.unwrap().is_none());

        assert_eq!(fixture.auth.prune().await.unwrap(), pruned(0, 0, 0, u64::try_from(left).unwrap()));
        assert_eq!(fixture.events(AuditKind::SignInFailed).await, []);
        assert!(fixture.authenticate(&live).await.is_ok());
    }
}
