//! Several applications on one database.

use auth_core::audit::AuditKind;
use auth_core::auth::{AuthBuilder, SignOutOutcome, SignOutScope};
use auth_core::policy::HashPolicy;
use auth_core::store::SessionStore;
use auth_core::{Auth, ErrorKind, SigningKeys};

use crate::fixture::{ADA, Fixture, HOUR, SECRET, access, fails, refresh};

/// An application beside the fixture's, on its database, with the same signing key unless it is set otherwise.
fn beside(fixture: &Fixture, configure: impl FnOnce(AuthBuilder) -> AuthBuilder) -> Auth {
    let builder = Auth::builder(fixture.store.inner().clone(), SigningKeys::hs256(SECRET).unwrap())
        .clock(fixture.clock.clone())
        .hash_policy(HashPolicy::insecure_for_tests());
    configure(builder).build().unwrap()
}

#[tokio::test]
async fn applications_that_share_a_database_do_not_accept_each_others_tokens() {
    let fixture = Fixture::with(|builder| builder.base_url("https://one.example.com"));
    let others = [
        beside(&fixture, |builder| builder.base_url("https://two.example.com")),
        beside(&fixture, |builder| builder.issuer("two")),
        beside(&fixture, |builder| builder.base_url("https://one.example.com").audience("two")),
    ];
    let first = fixture.sign_up(ADA).await;
    let second = fixture.refresh(&first.refresh_token).await.unwrap();
    fixture.authenticate(&second).await.unwrap();
    fixture.clock.advance(HOUR / 10);
    for other in &others {
        // The current token, and one that would be theft at home.
        for foreign in [&first, &second] {
            fails(other.refresh(&foreign.refresh_token, &fixture.client).await, ErrorKind::Unauthenticated);
            fails(other.authenticate(&refresh(foreign)).await, ErrorKind::Unauthenticated);
            fails(other.authenticate(&access(foreign)).await, ErrorKind::Unauthenticated);
            for own in [refresh(foreign), access(foreign)] {
                let outcome = other.sign_out(&own, SignOutScope::All, &fixture.client).await.unwrap();
                assert_eq!(outcome, SignOutOutcome::AlreadyOver);
            }
        }
    }
    assert_eq!(fixture.events(AuditKind::RefreshReuseDetected).await, []);
    assert_eq!(fixture.events(AuditKind::SignOut).await, []);
    fixture.authenticate(&second).await.unwrap();
    fixture.refresh(&second.refresh_token).await.unwrap();
}

#[tokio::test]
async fn processes_of_one_application_accept_each_others_tokens() {
    let fixture = Fixture::with(|builder| builder.base_url("https://one.example.com"));
    let twin = beside(&fixture, |builder| builder.base_url("https://one.example.com"));
    let signed_in = fixture.sign_up(ADA).await;
    twin.authenticate(&access(&signed_in)).await.unwrap();
    twin.refresh(&signed_in.refresh_token, &fixture.client).await.unwrap();
}

#[tokio::test]
async fn an_application_that_moves_keeps_its_sessions_by_its_former_issuer() {
    let fixture = Fixture::with(|builder| builder.base_url("https://old.example.com"));
    let signed_in = fixture.sign_up(ADA).await;
    let moved = beside(&fixture, |builder| builder.base_url("https://new.example.com"));
    fails(moved.refresh(&signed_in.refresh_token, &fixture.client).await, ErrorKind::Unauthenticated);
    assert!(fixture.store.inner().find_session(signed_in.session.id).await.unwrap().is_some());

    let moved =
        beside(&fixture, |builder| builder.base_url("https://new.example.com").issuer("https://old.example.com"));
    moved.authenticate(&access(&signed_in)).await.unwrap();
    moved.refresh(&signed_in.refresh_token, &fixture.client).await.unwrap();
}
