use std::time::Duration;

use auth_core::audit::AuditKind;
use auth_core::auth::{SignOutOutcome, SignOutScope, SignedIn};
use auth_core::conformance::faulty::{CAUSE, Moment};
use auth_core::policy::SessionPolicy;
use auth_core::session::SessionRecord;
use auth_core::store::{CreateUserOutcome, NewSession, NewUser, SessionStore, UserStore};
use auth_core::token::RefreshToken;
use auth_core::user::UserStatus;
use auth_core::{Credential, ErrorKind, Role, SessionKind};

use crate::fixture::{
    ADA, DAY, Fixture, GRACE, HOUR, INSTANT, MINUTE, PASSWORD, SECOND, access, fails, just_before, refresh,
};

#[tokio::test]
async fn a_request_is_authenticated_by_one_query() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    for credential in [access(&signed_in), refresh(&signed_in)] {
        fixture.store.take_calls();
        let current = fixture.auth.authenticate(&credential).await.unwrap();
        assert_eq!(fixture.store.take_calls(), ["find_session"]);
        assert_eq!((&*current.user, &*current.session), (&signed_in.user, &signed_in.session));
    }
}

#[tokio::test]
async fn access_tokens_are_checked_without_a_query() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    fixture.store.take_calls();
    let claims = fixture.auth.verify_access_token(signed_in.access_token.expose()).unwrap();
    assert_eq!((claims.user_id, claims.session_id), (signed_in.user.id, signed_in.session.id));
    fails(fixture.auth.verify_access_token("nonsense"), ErrorKind::Unauthenticated);
    fails(fixture.auth.authenticate(&Credential::Access("nonsense")).await, ErrorKind::Unauthenticated);
    assert_eq!(fixture.store.take_calls(), [""; 0]);
}

#[tokio::test]
async fn revocation_is_seen_at_once() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    fixture.auth.sign_out(&access(&signed_in), SignOutScope::Session, &fixture.client).await.unwrap();
    fails(fixture.authenticate(&signed_in).await, ErrorKind::Unauthenticated);
    fails(fixture.authenticate_by_refresh(&signed_in).await, ErrorKind::Unauthenticated);
    fails(fixture.refresh(&signed_in.refresh_token).await, ErrorKind::Unauthenticated);
    assert!(
        fixture.auth.verify_access_token(signed_in.access_token.expose()).is_ok(),
        "the check without a query lags, as documented"
    );
}

#[tokio::test]
async fn a_disabled_user_is_refused() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    fixture.disable(&signed_in.user);
    fails(fixture.authenticate(&signed_in).await, ErrorKind::Unauthenticated);
    fails(fixture.authenticate_by_refresh(&signed_in).await, ErrorKind::Unauthenticated);
    fixture.store.inner().set_status(signed_in.user.id, UserStatus::Active);
    assert!(fixture.authenticate(&signed_in).await.is_ok());
}

#[tokio::test]
async fn a_change_of_roles_ends_every_session_and_shows_at_once() {
    let fixture = Fixture::new();
    let before = fixture.sign_up(ADA).await;
    fixture.grant(ADA, Role::ADMIN).await;
    fails(fixture.authenticate(&before).await, ErrorKind::Unauthenticated);
    fails(fixture.authenticate_by_refresh(&before).await, ErrorKind::Unauthenticated);
    let after = fixture.sign_in(ADA).await;
    assert!(fixture.authenticate(&after).await.unwrap().user.has_role(&Role::ADMIN));
}

/// The same application on a database whose row of this session did not go when its user's epoch did: by so much are
/// the epochs of the user and of the session later there than what was issued says.
async fn restored(fixture: &Fixture, signed_in: &SignedIn, user_epochs: i64, session_epochs: i64) -> Fixture {
    let found = fixture.store.inner().find_session(signed_in.session.id).await.unwrap();
    let SessionRecord { mut session, refresh, mut user } = found.unwrap();
    user.auth_epoch += user_epochs;
    session.auth_epoch += session_epochs;
    let restored = Fixture::new();
    let new = NewUser {
        user,
        password_hash: fixture.password_hash(ADA).await,
        profile: None,
        session: Some(NewSession { session, refresh }),
        event: fixture.event(AuditKind::SignUpSuccess).await,
    };
    assert_eq!(restored.store.inner().create_user(new).await.unwrap(), CreateUserOutcome::Created);
    restored
}

#[tokio::test]
async fn a_row_of_an_ended_epoch_opens_nothing() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    assert!(restored(&fixture, &signed_in, 0, 0).await.authenticate(&signed_in).await.is_ok());
    let restored = restored(&fixture, &signed_in, 1, 0).await;
    fails(restored.authenticate(&signed_in).await, ErrorKind::Unauthenticated);
    fails(restored.authenticate_by_refresh(&signed_in).await, ErrorKind::Unauthenticated);
    fails(restored.refresh(&signed_in.refresh_token).await, ErrorKind::Unauthenticated);
    for own in [access(&signed_in), refresh(&signed_in)] {
        let outcome = restored.auth.sign_out(&own, SignOutScope::All, &restored.client).await.unwrap();
        assert_eq!(outcome, SignOutOutcome::AlreadyOver);
    }
}

#[tokio::test]
async fn an_access_token_of_an_ended_epoch_opens_nothing_where_the_session_goes_on() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    let restored = restored(&fixture, &signed_in, 1, 1).await;
    fails(restored.authenticate(&signed_in).await, ErrorKind::Unauthenticated);
    assert!(restored.authenticate_by_refresh(&signed_in).await.is_ok());
}

#[tokio::test]
async fn a_session_is_accepted_until_just_before_its_expiry() {
    for (kind, ttl) in
        [(SessionKind::Browser, DAY), (SessionKind::Remembered, 30 * DAY), (SessionKind::Bearer, 7 * DAY)]
    {
        let fixture = Fixture::new();
        fixture.sign_up(ADA).await;
        let signed_in = fixture.sign_in_as(ADA, PASSWORD, kind).await.unwrap();
        fixture.clock.advance(just_before(ttl));
        fixture.authenticate_by_refresh(&signed_in).await.unwrap();
        fixture.clock.advance(INSTANT);
        fails(fixture.authenticate_by_refresh(&signed_in).await, ErrorKind::Unauthenticated);
        assert!(!fixture.exists(signed_in.session.id).await);
        assert_eq!(fixture.event(AuditKind::SessionExpired).await.session_id, Some(signed_in.session.id));
    }
}

#[tokio::test]
async fn an_access_token_lives_for_fifteen_minutes() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    assert_eq!(signed_in.access_expires_in, 15 * MINUTE);
    fixture.clock.advance(just_before(15 * MINUTE));
    fixture.authenticate(&signed_in).await.unwrap();
    fixture.clock.advance(INSTANT);
    fails(fixture.authenticate(&signed_in).await, ErrorKind::Unauthenticated);
    fails(fixture.auth.verify_access_token(signed_in.access_token.expose()), ErrorKind::Unauthenticated);
    assert!(fixture.exists(signed_in.session.id).await, "the session goes on");
}

#[tokio::test]
async fn expired_stays_expired_when_the_clock_steps_back() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    fixture.clock.advance(7 * DAY);
    fails(fixture.authenticate_by_refresh(&signed_in).await, ErrorKind::Unauthenticated);
    fixture.clock.step_back(7 * DAY);
    fails(fixture.authenticate_by_refresh(&signed_in).await, ErrorKind::Unauthenticated);
    fails(fixture.authenticate(&signed_in).await, ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn a_clock_that_steps_back_ends_no_session() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    fixture.clock.step_back(HOUR);
    assert!(fixture.authenticate_by_refresh(&signed_in).await.is_ok());
    fails(fixture.authenticate(&signed_in).await, ErrorKind::Unauthenticated);
    assert!(fixture.refresh(&signed_in.refresh_token).await.is_ok());
}

fn with_idle_timeout() -> Fixture {
    Fixture::with_sessions(SessionPolicy { idle_timeout: Some(20 * MINUTE), ..SessionPolicy::default() })
}

#[tokio::test]
async fn a_session_ends_after_the_idle_timeout() {
    for (idle, accepted) in [(just_before(20 * MINUTE), true), (20 * MINUTE, false), (20 * MINUTE + INSTANT, false)] {
        let fixture = with_idle_timeout();
        let signed_in = fixture.sign_up(ADA).await;
        fixture.clock.advance(idle);
        assert_eq!(fixture.authenticate_by_refresh(&signed_in).await.is_ok(), accepted);
        assert_eq!(fixture.exists(signed_in.session.id).await, accepted);
        assert_eq!(fixture.events(AuditKind::SessionExpired).await.len(), usize::from(!accepted));
        fixture.clock.step_back(idle);
        assert_eq!(fixture.authenticate_by_refresh(&signed_in).await.is_ok(), accepted);
    }
}

#[tokio::test]
async fn use_holds_off_the_idle_timeout_but_not_the_expiry() {
    let fixture = with_idle_timeout();
    let signed_in = fixture.sign_up(ADA).await;
    for _ in 1..(7 * 24 * 60 / 18) {
        fixture.clock.advance(18 * MINUTE);
        fixture.authenticate_by_refresh(&signed_in).await.unwrap();
    }
    fixture.clock.advance(18 * MINUTE);
    fails(fixture.authenticate_by_refresh(&signed_in).await, ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn the_use_of_a_session_is_noted_once_a_minute() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    fixture.store.take_calls();
    let mut touches = Vec::new();
    for span in [Duration::ZERO, just_before(MINUTE), INSTANT, Duration::ZERO, just_before(MINUTE), INSTANT] {
        fixture.clock.advance(span);
        fixture.authenticate(&signed_in).await.unwrap();
        touches.push(fixture.store.take_calls().contains(&"touch_session"));
    }
    assert_eq!(touches, [false, false, true, false, false, true]);
    assert_eq!(fixture.authenticate(&signed_in).await.unwrap().session.last_seen_at, fixture.now());
}

#[tokio::test]
async fn an_idle_timeout_asks_for_notes_of_a_tenth_of_it() {
    let policy =
        SessionPolicy { idle_timeout: Some(20 * MINUTE), touch_interval: 10 * MINUTE, ..SessionPolicy::default() };
    let fixture = Fixture::with_sessions(policy);
    let signed_in = fixture.sign_up(ADA).await;
    for (span, expected) in [(just_before(2 * MINUTE), false), (INSTANT, true)] {
        fixture.clock.advance(span);
        fixture.store.take_calls();
        fixture.authenticate(&signed_in).await.unwrap();
        assert_eq!(fixture.store.take_calls().contains(&"touch_session"), expected);
    }
}

#[tokio::test]
async fn the_first_use_of_new_tokens_is_noted_at_once_and_only_once() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    let refreshed = fixture.refresh(&signed_in.refresh_token).await.unwrap();
    fixture.store.take_calls();
    for expected in [&["find_session", "touch_session"][..], &["find_session"]] {
        fixture.authenticate(&refreshed).await.unwrap();
        assert_eq!(fixture.store.take_calls(), expected);
    }
}

#[tokio::test]
async fn last_seen_never_goes_back() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    let refreshed = fixture.refresh(&signed_in.refresh_token).await.unwrap();
    let seen_at = refreshed.session.last_seen_at;
    fixture.clock.step_back(10 * SECOND);
    fixture.authenticate(&refreshed).await.unwrap();
    assert_eq!(fixture.store.inner().list_sessions(signed_in.user.id).await.unwrap()[0].last_seen_at, seen_at);
}

#[tokio::test]
async fn a_store_that_cannot_tell_is_not_a_missing_session() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    fixture.store.fail_method("find_session", Moment::BeforeEffect);
    for credential in [access(&signed_in), refresh(&signed_in)] {
        let error = fixture.auth.authenticate(&credential).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(!error.to_string().contains(CAUSE));
    }
    fixture.store.heal();
    assert!(fixture.authenticate(&signed_in).await.is_ok());
}

#[tokio::test]
async fn a_request_goes_on_when_its_use_cannot_be_noted() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    fixture.store.fail_method("touch_session", Moment::BeforeEffect);
    fixture.clock.advance(MINUTE);
    assert!(fixture.authenticate(&signed_in).await.is_ok());
    assert_eq!(fixture.store.take_calls().last(), Some(&"touch_session"));
}

#[tokio::test]
async fn a_store_that_could_not_note_a_use_is_left_alone_for_a_while() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    fixture.store.fail_method("touch_session", Moment::BeforeEffect);
    fixture.clock.advance(MINUTE);
    fixture.authenticate(&signed_in).await.unwrap();
    fixture.store.heal();
    fixture.store.take_calls();
    fixture.clock.advance(4 * SECOND);
    fixture.authenticate(&signed_in).await.unwrap();
    assert_eq!(fixture.store.take_calls(), ["find_session"]);
    fixture.clock.advance(SECOND);
    fixture.authenticate(&signed_in).await.unwrap();
    assert_eq!(fixture.store.take_calls(), ["find_session", "touch_session"]);
}

#[tokio::test]
async fn an_expired_session_that_cannot_be_deleted_is_not_accepted() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    fixture.clock.advance(7 * DAY);
    fixture.store.fail_method("delete_session", Moment::BeforeEffect);
    fails(fixture.authenticate_by_refresh(&signed_in).await, ErrorKind::Unauthenticated);
    fixture.store.heal();
    fails(fixture.authenticate_by_refresh(&signed_in).await, ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn an_expiry_is_recorded_once() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    fixture.clock.advance(7 * DAY);
    let (auth, own) = (fixture.auth.clone(), refresh(&signed_in));
    fixture.store.before("delete_session", async move {
        fails(auth.authenticate(&own).await, ErrorKind::Unauthenticated);
    });
    fails(fixture.authenticate_by_refresh(&signed_in).await, ErrorKind::Unauthenticated);
    let event = fixture.event(AuditKind::SessionExpired).await;
    let published = fixture.published();
    assert_eq!(published.iter().filter(|told| told.kind == AuditKind::SessionExpired).collect::<Vec<_>>(), [&event]);
}

#[tokio::test]
async fn neither_token_is_taken_for_the_other() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    let text = signed_in.refresh_token.expose();
    fails(fixture.auth.authenticate(&Credential::Access(&text)).await, ErrorKind::Unauthenticated);
    fails(fixture.auth.verify_access_token(&text), ErrorKind::Unauthenticated);
    assert!(RefreshToken::parse(signed_in.access_token.expose()).is_none());
    let id = signed_in.session.id.to_string();
    fails(fixture.auth.authenticate(&Credential::Access(&id)).await, ErrorKind::Unauthenticated);
    assert!(RefreshToken::parse(&id).is_none());
}

#[tokio::test]
async fn a_replaced_refresh_token_authenticates_while_it_could_be_exchanged() {
    let fixture = Fixture::new();
    let first = fixture.sign_up(ADA).await;
    let second = fixture.refresh(&first.refresh_token).await.unwrap();
    fixture.clock.advance(HOUR);
    assert!(fixture.authenticate_by_refresh(&first).await.is_ok(), "the answer may have been lost");
    fixture.authenticate_by_refresh(&second).await.unwrap();
    fails(fixture.authenticate_by_refresh(&first).await, ErrorKind::Unauthenticated);
    assert!(fixture.exists(first.session.id).await, "a page that is read acts upon no theft");
    assert_eq!(fixture.events(AuditKind::RefreshReuseDetected).await, []);
}

#[tokio::test]
async fn identities_are_never_mixed() {
    let fixture = Fixture::new();
    let (ada, grace) = (fixture.sign_up(ADA).await, fixture.sign_up(GRACE).await);
    for signed_in in [&ada, &grace] {
        for credential in [access(signed_in), refresh(signed_in)] {
            let current = fixture.auth.authenticate(&credential).await.unwrap();
            assert_eq!((current.user.id, current.session.id), (signed_in.user.id, signed_in.session.id));
        }
    }
}

#[tokio::test]
async fn tokens_of_another_application_are_refused() {
    let here = Fixture::with(|builder| builder.base_url("https://one.example.com"));
    let there = Fixture::with(|builder| builder.base_url("https://two.example.com"));
    let signed_in = there.sign_up(ADA).await;
    fails(here.auth.verify_access_token(signed_in.access_token.expose()), ErrorKind::Unauthenticated);
    let narrow = Fixture::with(|builder| builder.base_url("https://two.example.com").audience("reports"));
    fails(narrow.auth.verify_access_token(signed_in.access_token.expose()), ErrorKind::Unauthenticated);
}
