use auth_core::audit::AuditKind;
use auth_core::conformance::faulty::Moment;
use auth_core::policy::HashPolicy;
use auth_core::{ErrorKind, PasswordHash};
use bcrypt::Version;

use crate::fixture::{ADA, Fixture, GRACE, PASSWORD, fails};

pub(crate) fn bcrypt(password: &str, version: Version) -> PasswordHash {
    let parts = bcrypt::hash_with_salt(password, 4, *b"sixteen bytes ok").unwrap();
    PasswordHash::new(parts.format_for_version(version))
}

/// A user whose password another system hashed.
async fn imported(password: &str) -> Fixture {
    let fixture = Fixture::new();
    let user = fixture.sign_up(ADA).await.user;
    fixture.store.inner().import_password(user.id, bcrypt(password, Version::TwoB));
    fixture
}

#[tokio::test]
async fn a_hash_of_another_system_is_verified_and_replaced() {
    for version in [Version::TwoA, Version::TwoB, Version::TwoY] {
        let fixture = Fixture::new();
        let user = fixture.sign_up(ADA).await.user;
        fixture.store.inner().import_password(user.id, bcrypt("an imported password", version));
        fails(fixture.try_sign_in(ADA, PASSWORD).await, ErrorKind::InvalidCredentials);
        assert_eq!(fixture.events(AuditKind::PasswordUpgraded).await, []);

        let signed_in = fixture.try_sign_in(ADA, "an imported password").await.unwrap();
        assert!(fixture.password_hash(ADA).await.as_str().starts_with("$argon2id$v=19$"));
        assert_eq!(fixture.event(AuditKind::PasswordUpgraded).await.user_id, Some(user.id));
        assert_eq!(signed_in.user.auth_epoch, 0, "the password is the same, so nothing ends");
        assert!(fixture.authenticate(&signed_in).await.is_ok());

        let replaced = fixture.password_hash(ADA).await;
        assert!(fixture.try_sign_in(ADA, "an imported password").await.is_ok());
        assert_eq!(fixture.password_hash(ADA).await, replaced);
    }
}

#[tokio::test]
async fn a_sign_in_with_an_upgrade_hashes_twice_and_later_ones_once() {
    let fixture = imported("an imported password").await;
    let mut hashes = Vec::new();
    for _ in 0..2 {
        let before = fixture.auth.password_hashes_run();
        fixture.try_sign_in(ADA, "an imported password").await.unwrap();
        hashes.push(fixture.auth.password_hashes_run() - before);
    }
    assert_eq!(hashes, [2, 1]);
}

#[tokio::test]
async fn a_wrong_password_upgrades_nothing() {
    let fixture = imported("an imported password").await;
    let before = fixture.password_hash(ADA).await;
    for wrong in ["", "an imported passwor", "an imported password ", "an imported password\0"] {
        fails(fixture.try_sign_in(ADA, wrong).await, ErrorKind::InvalidCredentials);
    }
    assert_eq!(fixture.password_hash(ADA).await, before);
}

#[tokio::test]
async fn after_the_upgrade_the_whole_of_a_long_password_counts() {
    let (long, tail) = ("0123456789".repeat(8), "!");
    let fixture = imported(&long).await;
    fixture.try_sign_in(ADA, &long).await.unwrap();
    for near in [&long[..72], &long[..79], &format!("{}{tail}", &long[..72]), &format!("{long}{tail}")] {
        fails(fixture.try_sign_in(ADA, near).await, ErrorKind::InvalidCredentials);
    }
    assert!(fixture.try_sign_in(ADA, &long).await.is_ok());
}

#[tokio::test]
async fn an_upgrade_never_overwrites_a_concurrent_change() {
    let fixture = imported("an imported password").await;
    let user = fixture.sign_up(GRACE).await.user;
    let changed = fixture.password_hash(GRACE).await;
    let ada = fixture.try_sign_in(ADA, "an imported password").await.unwrap().user;
    fixture.store.inner().import_password(ada.id, bcrypt("an imported password", Version::TwoB));

    let (memory, new) = (fixture.store.inner().clone(), changed.clone());
    fixture.store.before("replace_password", async move { memory.import_password(ada.id, new) });
    fixture.try_sign_in(ADA, "an imported password").await.unwrap();
    assert_eq!(fixture.password_hash(ADA).await, changed);
    assert_eq!(fixture.events(AuditKind::PasswordUpgraded).await.len(), 1, "only the first sign-in's");
    assert!(fixture.try_sign_in(ADA, PASSWORD).await.is_ok());
    assert_ne!(user.id, ada.id);
}

#[tokio::test]
async fn an_upgrade_that_fails_does_not_fail_the_sign_in() {
    for moment in [Moment::BeforeEffect, Moment::AfterEffect] {
        let fixture = imported("an imported password").await;
        fixture.store.fail_method("replace_password", moment);
        let signed_in = fixture.try_sign_in(ADA, "an imported password").await.unwrap();
        assert!(fixture.authenticate(&signed_in).await.is_ok());

        fixture.store.heal();
        assert!(fixture.try_sign_in(ADA, "an imported password").await.is_ok());
        assert!(fixture.password_hash(ADA).await.as_str().starts_with("$argon2id$"));
        assert_eq!(fixture.events(AuditKind::PasswordUpgraded).await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_sign_ins_upgrade_once() {
    let fixture = std::sync::Arc::new(imported("an imported password").await);
    let attempts: Vec<_> = (0..15)
        .map(|_| std::sync::Arc::clone(&fixture))
        .map(|fixture| tokio::spawn(async move { fixture.try_sign_in(ADA, "an imported password").await.is_ok() }))
        .collect();
    for attempt in attempts {
        assert!(attempt.await.unwrap());
    }
    fixture.event(AuditKind::PasswordUpgraded).await;
    assert!(fixture.try_sign_in(ADA, "an imported password").await.is_ok());
}

#[tokio::test]
async fn a_hash_of_another_cost_is_brought_to_the_current_one() {
    let cheap = Fixture::new();
    cheap.sign_up(ADA).await;
    let old = cheap.password_hash(ADA).await;
    assert!(old.as_str().starts_with("$argon2id$v=19$m=8,t=1,p=1$"));

    let dearer =
        Fixture::with(|builder| builder.hash_policy(HashPolicy { memory_kib: 16, ..HashPolicy::insecure_for_tests() }));
    let user = dearer.sign_up(ADA).await.user;
    dearer.store.inner().import_password(user.id, old);
    dearer.sign_in(ADA).await;
    assert!(dearer.password_hash(ADA).await.as_str().starts_with("$argon2id$v=19$m=16,t=1,p=1$"));
    dearer.event(AuditKind::PasswordUpgraded).await;
}

#[tokio::test]
async fn a_stored_text_that_equals_the_password_is_no_hash() {
    for stored in
        ["", "!", "*", PASSWORD, "$1$salt$hash", "$2x$04$......................aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]
    {
        let fixture = Fixture::new();
        let user = fixture.sign_up(ADA).await.user;
        fixture.store.inner().import_password(user.id, PasswordHash::new(stored));
        for password in [stored, PASSWORD, ""] {
            fails(fixture.try_sign_in(ADA, password).await, ErrorKind::InvalidCredentials);
        }
        assert_eq!(fixture.password_hash(ADA).await.as_str(), stored);
    }
}
