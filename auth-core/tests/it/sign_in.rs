use auth_core::audit::{AuditDetail, AuditKind};
use auth_core::conformance::faulty::{CAUSE, Moment};
use auth_core::policy::HashPolicy;
use auth_core::user::UserStatus;
use auth_core::{Auth, ErrorKind, Password, PasswordHash, Role, SigningKeys};

use crate::fixture::{ADA, Fixture, PASSWORD, SECRET, access, email, fails, sign_up};

#[tokio::test]
async fn sign_in_opens_a_session_of_its_own_each_time() {
    let fixture = Fixture::new();
    let first = fixture.sign_up(ADA).await;
    let second = fixture.sign_in("ADA@example.com").await;
    assert_eq!(first.user, second.user);
    assert_ne!(first.session.id, second.session.id);
    for signed_in in [&first, &second] {
        assert_eq!(fixture.authenticate(signed_in).await.unwrap().session.id, signed_in.session.id);
    }
}

/// What a failed sign-in shows to whoever watches: the answer, the calls to the store, and the hashes.
#[derive(Debug, PartialEq)]
struct Seen {
    kind: ErrorKind,
    text: String,
    calls: Vec<&'static str>,
    hashes: u64,
}

async fn seen(fixture: &Fixture, address: &str, password: &str) -> Seen {
    let before = fixture.auth.password_hashes_run();
    fixture.store.take_calls();
    let error = fixture.try_sign_in(address, password).await.unwrap_err();
    assert!(error.fields().is_empty() && error.retry_after().is_none());
    assert!(std::error::Error::source(&error).is_none());
    Seen {
        kind: error.kind(),
        text: error.to_string(),
        calls: fixture.store.take_calls(),
        hashes: fixture.auth.password_hashes_run() - before,
    }
}

#[tokio::test]
async fn sign_in_does_the_same_work_for_an_unknown_user() {
    let expected = || Seen {
        kind: ErrorKind::InvalidCredentials,
        text: "the e-mail address or the password is wrong".into(),
        calls: vec!["find_credentials", "record_event"],
        hashes: 1,
    };
    let long = "x".repeat(100_000);
    for password in ["wrong password", "", "x", long.as_str()] {
        let fixture = Fixture::new();
        let user = fixture.sign_up(ADA).await.user;
        assert_eq!(seen(&fixture, "nobody@example.com", password).await, expected());
        assert_eq!(seen(&fixture, ADA, password).await, expected());

        fixture.disable(&user);
        assert_eq!(seen(&fixture, ADA, password).await, expected());

        fixture.store.inner().set_status(user.id, UserStatus::Active);
        for hash in [
            "",
            "!",
            "$argon2d$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
            "$2b$04$......................aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "$2b$31$......................aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "$md5$5f4dcc3b5aa765d61d8327deb882cf99",
            "wrong password",
        ] {
            fixture.store.inner().import_password(user.id, PasswordHash::new(hash));
            assert_eq!(seen(&fixture, ADA, password).await, expected(), "{hash}");
        }
    }
}

#[tokio::test]
async fn a_disabled_account_is_told_only_after_the_right_password() {
    let fixture = Fixture::new();
    let user = fixture.sign_up(ADA).await.user;
    fixture.disable(&user);
    fails(fixture.try_sign_in(ADA, "wrong password").await, ErrorKind::InvalidCredentials);
    fails(fixture.try_sign_in(ADA, PASSWORD).await, ErrorKind::AccountDisabled);

    let mut details: Vec<_> =
        fixture.events(AuditKind::SignInFailed).await.into_iter().map(|event| event.detail).collect();
    details.sort_by_key(|detail| detail.map(AuditDetail::as_str));
    assert_eq!(details, [Some(AuditDetail::AccountDisabled), Some(AuditDetail::WrongPassword)]);

    fixture.store.inner().set_status(user.id, UserStatus::Active);
    assert!(fixture.try_sign_in(ADA, PASSWORD).await.is_ok());
}

#[tokio::test]
async fn passwords_are_not_trimmed_folded_or_cut() {
    let fixture = Fixture::new();
    fixture.sign_up(ADA).await;
    for near in [
        "A long walk in the rain",
        " a long walk in the rain",
        "a long walk in the rain ",
        "a long walk in the rai",
        "a long walk in the rain\0",
        "a\u{a0}long walk in the rain",
        "ａ long walk in the rain",
    ] {
        fails(fixture.try_sign_in(ADA, near).await, ErrorKind::InvalidCredentials);
    }
}

#[tokio::test]
async fn a_password_is_the_same_from_every_keyboard() {
    let fixture = Fixture::new();
    let (composed, decomposed) = ("caf\u{e9} au lait \u{ac00}", "cafe\u{301} au lait \u{1100}\u{1161}");
    fixture.try_sign_up(sign_up(ADA, decomposed)).await.unwrap();
    assert!(fixture.try_sign_in(ADA, composed).await.is_ok());
    assert!(fixture.try_sign_in(ADA, decomposed).await.is_ok());
}

#[tokio::test]
async fn a_store_that_fails_is_not_a_wrong_password() {
    for (call, password) in
        [("find_credentials", PASSWORD), ("open_session", PASSWORD), ("record_event", "wrong password")]
    {
        let fixture = Fixture::new();
        fixture.sign_up(ADA).await;
        fixture.store.fail_method(call, Moment::BeforeEffect);
        let error = fixture.try_sign_in(ADA, password).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{call}");
        assert!(error.retry_after().is_some());
        assert!(!error.to_string().contains(CAUSE));
        assert!(format!("{error:?}").contains(CAUSE), "the operator's log has the cause");
        assert_eq!(fixture.events(AuditKind::SignInSuccess).await, []);

        fixture.store.heal();
        assert!(fixture.try_sign_in(ADA, PASSWORD).await.is_ok());
    }
}

#[tokio::test]
async fn a_sign_in_that_a_change_of_the_account_overtakes_opens_nothing() {
    let fixture = Fixture::new();
    let user = fixture.sign_up(ADA).await.user;
    let auth = fixture.auth.clone();
    fixture.store.before("open_session", async move {
        let password = Password::new(PASSWORD);
        auth.ensure_role(&email(ADA), &password, Role::ADMIN).await.unwrap();
    });
    fails(fixture.try_sign_in(ADA, PASSWORD).await, ErrorKind::InvalidCredentials);
    assert_eq!(fixture.events(AuditKind::SignInSuccess).await, []);
    assert_eq!(fixture.event(AuditKind::SignInFailed).await.user_id, Some(user.id));

    let memory = fixture.store.inner().clone();
    fixture.store.before("open_session", async move { memory.set_status(user.id, UserStatus::Disabled) });
    fails(fixture.try_sign_in(ADA, PASSWORD).await, ErrorKind::InvalidCredentials);
    assert_eq!(fixture.events(AuditKind::SignInSuccess).await, []);
}

#[tokio::test]
async fn any_node_of_the_application_accepts_what_another_issued() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    let clock = std::sync::Arc::clone(&fixture.clock);
    let other = Auth::builder(fixture.store.clone(), SigningKeys::hs256(SECRET).unwrap())
        .clock(clock)
        .hash_policy(HashPolicy::insecure_for_tests())
        .build()
        .unwrap();
    assert!(other.authenticate(&access(&signed_in)).await.is_ok());
    assert!(other.refresh(&signed_in.refresh_token, &fixture.client).await.is_ok());
}
