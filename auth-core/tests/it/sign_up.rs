use auth_core::audit::{AuditDetail, AuditKind};
use auth_core::auth::SignUp;
use auth_core::conformance::faulty::Moment;
use auth_core::store::{SessionStore, UserStore};
use auth_core::{Error, ErrorKind};
use serde_json::json;

use crate::fixture::{ADA, Fixture, GRACE, PASSWORD, email, fails, sign_up};

/// Lists what is wrong, as `field: code`.
fn problems(error: &Error) -> Vec<String> {
    error.fields().iter().map(|problem| format!("{}: {}", problem.field, problem.code)).collect()
}

/// Signs up, and expects a refusal that creates nothing.
#[track_caller]
fn refused(sign_up: SignUp, kind: ErrorKind, expected: &[&str]) {
    let fixture = Fixture::new();
    let outcome = futures_util::FutureExt::now_or_never(fixture.try_sign_up(sign_up)).expect("refused without work");
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), kind);
    assert_eq!(problems(&error), expected);
    assert_eq!(fixture.auth.password_hashes_run(), 0);
    assert_eq!(fixture.store.take_calls(), [""; 0]);
    assert_eq!(fixture.published(), []);
}

#[tokio::test]
async fn sign_up_creates_the_user_and_signs_them_in() {
    let fixture = Fixture::new();
    let asked = SignUp { name: Some("Ada Lovelace".into()), ..sign_up("Ada@Example.com", PASSWORD) };
    let signed_in = fixture.try_sign_up(asked).await.unwrap();

    let user = &signed_in.user;
    assert_eq!(user.email, Some(email("Ada@Example.com")));
    assert_eq!(user.name.as_deref(), Some("Ada Lovelace"));
    assert_eq!((user.roles.as_slice(), user.auth_epoch, user.email_verified_at), (&[][..], 0, None));
    assert_eq!((user.created_at, user.updated_at), (fixture.now(), fixture.now()));
    assert_eq!(signed_in.session.client, fixture.client);

    let current = fixture.authenticate(&signed_in).await.unwrap();
    assert_eq!((&*current.user, &*current.session), (user, &signed_in.session));
    assert!(fixture.try_sign_in(ADA, PASSWORD).await.is_ok());
}

#[tokio::test]
async fn sign_up_is_one_call_to_the_store() {
    let fixture = Fixture::new();
    fixture.sign_up(ADA).await;
    assert_eq!(fixture.store.take_calls(), ["create_user"]);
    assert_eq!(fixture.auth.password_hashes_run(), 1);
}

#[tokio::test]
async fn an_address_has_one_account_however_it_is_spelled() {
    for variant in [ADA, "ADA@EXAMPLE.COM", "Ada@example.com", "ada@EXAMPLE.com"] {
        let fixture = Fixture::new();
        let first = fixture.sign_up(ADA).await;
        fails(fixture.try_sign_up(sign_up(variant, "another long walk")).await, ErrorKind::EmailTaken);

        let event = fixture.event(AuditKind::SignUpFailed).await;
        assert_eq!(event.detail, Some(AuditDetail::EmailTaken));
        assert_eq!((event.user_id, event.session_id), (None, None));
        assert_eq!(fixture.events(AuditKind::SignUpSuccess).await.len(), 1);
        assert_eq!(fixture.auth.sessions(&fixture.authenticate(&first).await.unwrap()).await.unwrap().len(), 1);
        fails(fixture.try_sign_in(ADA, "another long walk").await, ErrorKind::InvalidCredentials);
        assert!(fixture.try_sign_in(variant, PASSWORD).await.is_ok());
    }
}

#[tokio::test]
async fn sign_up_hashes_once_for_a_free_and_for_a_taken_address() {
    let fixture = Fixture::new();
    fixture.sign_up(ADA).await;
    fails(fixture.try_sign_up(sign_up(ADA, PASSWORD)).await, ErrorKind::EmailTaken);
    assert_eq!(fixture.auth.password_hashes_run(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_concurrent_sign_ups_wins() {
    let fixture = std::sync::Arc::new(Fixture::new());
    let attempts: Vec<_> = (0..20)
        .map(|_| std::sync::Arc::clone(&fixture))
        .map(|fixture| tokio::spawn(async move { fixture.try_sign_up(sign_up(ADA, PASSWORD)).await.map(|_| ()) }))
        .collect();
    let mut winners = 0;
    for attempt in attempts {
        match attempt.await.unwrap() {
            Ok(()) => winners += 1,
            Err(error) => assert_eq!(error.kind(), ErrorKind::EmailTaken),
        }
    }
    assert_eq!(winners, 1);
    assert_eq!(fixture.events(AuditKind::SignUpSuccess).await.len(), 1);
    assert_eq!(fixture.events(AuditKind::SignUpFailed).await.len(), 19);
}

#[test]
fn passwords_that_break_the_policy_are_refused_before_any_work() {
    let long = "x".repeat(257);
    for (password, code) in [
        ("", "password: too_short"),
        ("seven77", "password: too_short"),
        (long.as_str(), "password: too_long"),
        ("password123", "password: too_common"),
        ("ada.lovelace", "password: contains_own_words"),
        ("ADA.LOVELACE@Example.com", "password: contains_own_words"),
    ] {
        refused(sign_up("ada.lovelace@example.com", password), ErrorKind::PasswordRejected, &[code]);
    }
    let named = SignUp { name: Some("Ada Lovelace".into()), ..sign_up(ADA, "ada lovelace") };
    refused(named, ErrorKind::PasswordRejected, &["password: contains_own_words"]);
}

#[test]
fn names_are_short_visible_and_of_one_line() {
    let long = "x".repeat(129);
    for (name, codes) in [
        ("", &["name: empty"][..]),
        ("  \u{3000}", &["name: empty"]),
        (long.as_str(), &["name: too_long"]),
        ("Ada\0", &["name: invalid"]),
        ("Ada\r\nLovelace", &["name: invalid"]),
        ("\u{1b}[2J", &["name: invalid"]),
        ("\u{85}", &["name: empty", "name: invalid"]),
    ] {
        let named = SignUp { name: Some(name.into()), ..sign_up(ADA, PASSWORD) };
        refused(named, ErrorKind::InvalidInput, codes);
    }
}

#[tokio::test]
async fn names_are_counted_in_code_points() {
    for name in ["x".repeat(128), "🦀".repeat(128), "Ada".into(), "Zoë Ödegård-O'Neil, 3rd".into()] {
        let named = SignUp { name: Some(name.clone()), ..sign_up(ADA, PASSWORD) };
        assert_eq!(Fixture::new().try_sign_up(named).await.unwrap().user.name, Some(name));
    }
}

#[test]
fn fields_that_no_profile_takes_are_refused() {
    let fields = json!({ "roles": ["admin"], "email_verified": true });
    let profile = fields.as_object().unwrap().clone();
    let asked = SignUp { profile, name: Some(String::new()), ..sign_up(ADA, PASSWORD) };
    let expected = ["name: empty", "email_verified: unknown_field", "roles: unknown_field"];
    refused(asked, ErrorKind::InvalidInput, &expected);
}

#[tokio::test]
async fn a_sign_up_that_fails_creates_nothing_and_can_be_repeated() {
    let fixture = Fixture::new();
    fixture.store.fail_method("create_user", Moment::BeforeEffect);
    fails(fixture.try_sign_up(sign_up(ADA, PASSWORD)).await, ErrorKind::Unavailable);
    assert!(fixture.store.inner().find_credentials(&email(ADA)).await.unwrap().is_none());
    assert_eq!(fixture.published(), []);

    fixture.store.heal();
    let signed_in = fixture.sign_up(ADA).await;
    assert_eq!(fixture.store.inner().list_sessions(signed_in.user.id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_failed_sign_up_that_cannot_be_recorded_is_no_answer() {
    let fixture = Fixture::new();
    fixture.sign_up(ADA).await;
    fixture.store.fail_method("record_event", Moment::BeforeEffect);
    fails(fixture.try_sign_up(sign_up(ADA, PASSWORD)).await, ErrorKind::Unavailable);
}

#[tokio::test]
async fn users_get_ids_and_sessions_of_their_own() {
    let fixture = Fixture::new();
    let (ada, grace) = (fixture.sign_up(ADA).await, fixture.sign_up(GRACE).await);
    assert_ne!(ada.user.id, grace.user.id);
    assert_ne!(ada.session.id, grace.session.id);
    assert_ne!(fixture.password_hash(ADA).await, fixture.password_hash(GRACE).await);
}
