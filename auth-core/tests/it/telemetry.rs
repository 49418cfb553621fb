//! What an operator sees: spans, outcomes and metrics of every flow, and no secret in any of them.

#[cfg(feature = "metrics")]
mod metrics;
mod spans;

use auth_core::auth::{SignOutScope, SignUp, SignedIn};
use auth_core::http::{Body, Endpoint, Recall, Request, Transport};
use auth_core::{Credential, Password, Role};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use serde_json::json;

use crate::fixture::{DAY, Fixture, MINUTE, access, email, sign_up, unknown_session};

const EMAIL: &str = "canary-7d1f@example.com";
const STRANGER: &str = "canary-0b3c@example.com";
const ADMIN: &str = "canary-5e2a@example.com";
const PASSWORD: &str = "canary-91c3-password";
const WRONG: &str = "canary-44aa-password";
const FORGED: &str = "canary-2e71.canary-2e71.canary-2e71";

/// Runs every flow to each of its ends but an overload, one after the other, and returns the secrets that were
/// involved.
async fn every_flow(fixture: &Fixture) -> Vec<String> {
    let first = sign_ups(fixture).await;
    let second = sign_ins(fixture).await;
    checks(fixture, &first).await;
    let tokens = refreshes(fixture, &first).await;
    sessions(fixture, &second).await;
    roles(fixture).await;
    prunes(fixture).await;
    while_the_store_is_down(fixture, &second).await;
    rate_limit(fixture).await;
    let mut secrets = tokens;
    for signed_in in [&first, &second] {
        secrets.push(signed_in.access_token.expose().to_owned());
        secrets.push(signed_in.refresh_token.expose().to_string());
    }
    secrets.push("canary".to_owned());
    secrets
}

async fn sign_ups(fixture: &Fixture) -> SignedIn {
    let signed_in = fixture.try_sign_up(sign_up(EMAIL, PASSWORD)).await.unwrap();
    fixture.try_sign_up(sign_up(EMAIL, PASSWORD)).await.unwrap_err();
    fixture.try_sign_up(sign_up(STRANGER, "canary")).await.unwrap_err();
    let nameless = SignUp { name: Some(String::new()), ..sign_up(STRANGER, PASSWORD) };
    fixture.try_sign_up(nameless).await.unwrap_err();
    signed_in
}

async fn sign_ins(fixture: &Fixture) -> SignedIn {
    fixture.try_sign_in(EMAIL, WRONG).await.unwrap_err();
    fixture.try_sign_in(STRANGER, PASSWORD).await.unwrap_err();
    let disabled = fixture.try_sign_up(sign_up(STRANGER, PASSWORD)).await.unwrap();
    fixture.disable(&disabled.user);
    fixture.try_sign_in(STRANGER, PASSWORD).await.unwrap_err();
    fixture.try_sign_in(EMAIL, PASSWORD).await.unwrap()
}

async fn checks(fixture: &Fixture, signed_in: &SignedIn) {
    let current = fixture.authenticate(signed_in).await.unwrap();
    fixture.auth.authenticate(&Credential::Access(FORGED)).await.unwrap_err();
    fixture.auth.recheck(&current).await.unwrap();
    fixture.auth.verify_access_token(signed_in.access_token.expose()).unwrap();
    fixture.auth.verify_access_token(FORGED).unwrap_err();
    fixture.auth.profile(current.user.id).await.unwrap();
}

/// Ends with a token that was replaced twice over, and then with one whose session is gone.
async fn refreshes(fixture: &Fixture, first: &SignedIn) -> Vec<String> {
    fixture.clock.advance(MINUTE);
    let second = fixture.refresh(&first.refresh_token).await.unwrap();
    fixture.clock.advance(MINUTE);
    let third = fixture.refresh(&second.refresh_token).await.unwrap();
    fixture.refresh(&first.refresh_token).await.unwrap_err();
    fixture.refresh(&third.refresh_token).await.unwrap_err();
    [second, third].iter().map(|signed_in| signed_in.refresh_token.expose().to_string()).collect()
}

async fn sessions(fixture: &Fixture, signed_in: &SignedIn) {
    let other = fixture.try_sign_in(EMAIL, PASSWORD).await.unwrap();
    let current = fixture.auth.authenticate(&access(signed_in)).await.unwrap();
    fixture.auth.sessions(&current).await.unwrap();
    fixture.auth.revoke_session(&current, other.session.id, &fixture.client).await.unwrap();
    let missing = unknown_session(current.user.id);
    fixture.auth.revoke_session(&current, missing, &fixture.client).await.unwrap_err();
    for _ in 0..2 {
        fixture.auth.sign_out(&access(signed_in), SignOutScope::Session, &fixture.client).await.unwrap();
    }
}

async fn roles(fixture: &Fixture) {
    for (address, password) in [(ADMIN, PASSWORD), (ADMIN, PASSWORD), (EMAIL, WRONG), (EMAIL, PASSWORD)] {
        fixture.auth.ensure_role(&email(address), &Password::new(password), Role::ADMIN).await.unwrap();
    }
}

async fn prunes(fixture: &Fixture) {
    fixture.clock.advance(400 * DAY);
    let pruned = fixture.auth.prune().await.unwrap();
    assert!(pruned.sessions > 0 && pruned.audit_events > 0, "{pruned:?}");
}

async fn while_the_store_is_down(fixture: &Fixture, gone: &SignedIn) {
    fixture.store.fail_all();
    fixture.try_sign_up(sign_up(ADMIN, PASSWORD)).await.unwrap_err();
    fixture.try_sign_in(EMAIL, PASSWORD).await.unwrap_err();
    fixture.refresh(&gone.refresh_token).await.unwrap_err();
    fixture.authenticate_by_refresh(gone).await.unwrap_err();
    fixture.auth.prune().await.unwrap_err();
    fixture.store.heal();
}

/// Over HTTP, from one address, until there is no attempt left.
async fn rate_limit(fixture: &Fixture) {
    for number in 1..=6 {
        let response = fixture.auth.http().handle(Endpoint::SIGN_IN, wrong_sign_in()).await;
        assert_eq!(response.status().as_u16(), if number > 5 { 429 } else { 401 });
    }
}

fn wrong_sign_in() -> Request {
    let body = json!({ "email": EMAIL, "password": WRONG }).to_string();
    Request {
        transport: Transport::Bearer,
        method: Method::POST,
        headers: HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]),
        peer: Some([203, 0, 113, 7].into()),
        recall: Recall::default(),
        id: None,
        body: Body::from(Bytes::from(body)),
    }
}
