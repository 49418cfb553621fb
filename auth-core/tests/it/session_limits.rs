use auth_core::audit::{AuditDetail, AuditKind};
use auth_core::auth::SignedIn;
use auth_core::policy::SessionPolicy;
use auth_core::store::SessionStore;
use auth_core::{ErrorKind, SessionKind};

use crate::fixture::{ADA, DAY, Fixture, GRACE, HOUR, MINUTE, PASSWORD, SECOND, fails, just_before};

#[tokio::test]
async fn each_kind_of_session_has_its_lifetime() {
    for (kind, ttl) in
        [(SessionKind::Browser, 24 * HOUR), (SessionKind::Remembered, 30 * DAY), (SessionKind::Bearer, 7 * DAY)]
    {
        let fixture = Fixture::new();
        fixture.sign_up(ADA).await;
        let session = fixture.sign_in_as(ADA, PASSWORD, kind).await.unwrap().session;
        assert_eq!((session.kind, session.created_at, session.last_seen_at), (kind, fixture.now(), fixture.now()));
        assert_eq!(session.expires_at, fixture.now() + ttl);
    }
}

#[tokio::test]
async fn the_policy_sets_the_lifetimes() {
    let policy = SessionPolicy {
        browser_ttl: HOUR,
        remembered_ttl: 2 * HOUR,
        bearer_ttl: 3 * HOUR,
        absolute_ttl: 4 * HOUR,
        ..SessionPolicy::default()
    };
    let fixture = Fixture::with_sessions(policy);
    fixture.sign_up(ADA).await;
    for (kind, ttl) in
        [(SessionKind::Browser, HOUR), (SessionKind::Remembered, 2 * HOUR), (SessionKind::Bearer, 3 * HOUR)]
    {
        let signed_in = fixture.sign_in_as(ADA, PASSWORD, kind).await.unwrap();
        assert_eq!(signed_in.session.expires_at, fixture.now() + ttl);
        fixture.clock.advance(just_before(ttl));
        let end = signed_in.session.created_at + 4 * HOUR;
        let refreshed = fixture.refresh(&signed_in.refresh_token).await.unwrap();
        assert_eq!(refreshed.session.expires_at, end.min(fixture.now() + ttl));
    }
}

#[tokio::test]
async fn an_access_token_ends_with_its_session() {
    let policy = SessionPolicy { bearer_ttl: MINUTE, ..SessionPolicy::default() };
    let fixture = Fixture::with_sessions(policy);
    let signed_in = fixture.sign_up(ADA).await;
    assert_eq!(signed_in.access_expires_in, MINUTE);
    let claims = fixture.auth.verify_access_token(signed_in.access_token.expose()).unwrap();
    assert_eq!(claims.expires_at, signed_in.session.expires_at);
}

async fn accepted(fixture: &Fixture, sessions: &[SignedIn]) -> Vec<bool> {
    let mut accepted = Vec::new();
    for signed_in in sessions {
        accepted.push(fixture.authenticate_by_refresh(signed_in).await.is_ok());
    }
    accepted
}

#[tokio::test]
async fn one_session_too_many_ends_the_least_recently_used() {
    let fixture = Fixture::new();
    let other = fixture.sign_up(GRACE).await;
    let mut sessions = vec![fixture.sign_up(ADA).await];
    for _ in 1..20 {
        fixture.clock.advance(SECOND);
        sessions.push(fixture.sign_in(ADA).await);
    }
    fixture.clock.advance(MINUTE);
    fixture.authenticate(&sessions[0]).await.unwrap();
    assert_eq!(fixture.events(AuditKind::SessionRevoked).await, []);

    sessions.push(fixture.sign_in(ADA).await);
    let evicted = fixture.event(AuditKind::SessionRevoked).await;
    assert_eq!(evicted.detail, Some(AuditDetail::Evicted));
    assert!(fixture.published().contains(&evicted));
    assert_eq!((evicted.user_id, &evicted.client), (Some(sessions[0].user.id), &fixture.client));

    let expected: Vec<_> = (0..=20).map(|number| number != 1).collect();
    assert_eq!(accepted(&fixture, &sessions).await, expected);
    fails(fixture.refresh(&sessions[1].refresh_token).await, ErrorKind::Unauthenticated);
    assert!(fixture.authenticate(&other).await.is_ok());
}

#[tokio::test]
async fn no_series_of_sign_ins_pushes_out_a_session_in_use() {
    let fixture = Fixture::new();
    let in_use = fixture.sign_up(ADA).await;
    for _ in 0..40 {
        for _ in 0..10 {
            fixture.clock.advance(SECOND / 10);
            fixture.authenticate(&in_use).await.unwrap();
        }
        fixture.sign_in(ADA).await;
    }
    fixture.authenticate(&in_use).await.unwrap();
}

#[tokio::test]
async fn a_user_never_has_more_sessions_than_the_policy_allows() {
    for max_per_user in [1, 2, 3] {
        let fixture = Fixture::with_sessions(SessionPolicy { max_per_user, ..SessionPolicy::default() });
        let user = fixture.sign_up(ADA).await.user;
        for opened in 2..8 {
            fixture.sign_in(ADA).await;
            let sessions = fixture.store.inner().list_sessions(user.id).await.unwrap();
            assert_eq!(sessions.len(), opened.min(usize::try_from(max_per_user).unwrap()));
        }
    }
}
