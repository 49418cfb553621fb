//! What one question about a request finds, the next one need not ask.

use auth_core::conformance::faulty::Moment;
use auth_core::http::Recall;
use auth_core::{Auth, ErrorKind, MemoryStore, SigningKeys};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Method};

use crate::fixture::{ADA, Fixture, GRACE, SECRET, fails};

fn bearer(token: &str) -> HeaderMap {
    HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {token}")).unwrap())])
}

fn evidence(auth: &Auth, headers: &HeaderMap, recall: &Recall) -> auth_core::http::Evidence {
    auth.http().evidence(&Method::GET, headers).recalling(recall)
}

#[tokio::test]
async fn the_second_question_about_a_request_is_answered_without_the_store() {
    let fixture = Fixture::new();
    let headers = bearer(fixture.sign_up(ADA).await.access_token.expose());
    let recall = Recall::new();
    fixture.store.take_calls();
    let first = evidence(&fixture.auth, &headers, &recall).current_user().await.unwrap();
    let second = evidence(&fixture.auth, &headers, &recall).maybe_user().await.unwrap().unwrap();
    assert_eq!((first.user.id, first.session.id), (second.user.id, second.session.id));
    assert_eq!(fixture.store.take_calls(), ["find_session"]);
}

#[tokio::test]
async fn a_store_that_could_not_tell_is_asked_again() {
    let fixture = Fixture::new();
    let headers = bearer(fixture.sign_up(ADA).await.access_token.expose());
    let recall = Recall::new();
    fixture.store.fail_method("find_session", Moment::BeforeEffect);
    fails(evidence(&fixture.auth, &headers, &recall).maybe_user().await, ErrorKind::Unavailable);
    fixture.store.heal();
    assert!(evidence(&fixture.auth, &headers, &recall).maybe_user().await.unwrap().is_some());
}

#[tokio::test]
async fn what_was_found_is_the_answer_for_its_credential_alone() {
    let fixture = Fixture::new();
    let ada = bearer(fixture.sign_up(ADA).await.access_token.expose());
    let grace = fixture.sign_up(GRACE).await;
    let recall = Recall::new();
    evidence(&fixture.auth, &ada, &recall).current_user().await.unwrap();
    let headers = bearer(grace.access_token.expose());
    let found = evidence(&fixture.auth, &headers, &recall).current_user().await.unwrap();
    assert_eq!(found.user.id, grace.user.id);
    fails(evidence(&fixture.auth, &HeaderMap::new(), &recall).current_user().await, ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn two_auths_do_not_answer_for_each_other() {
    let fixture = Fixture::new();
    let headers = bearer(fixture.sign_up(ADA).await.access_token.expose());
    // Its keys verify the token, and its store knows no session.
    let keys = SigningKeys::hs256(SECRET).unwrap();
    let clock = std::sync::Arc::<auth_core::clock::ManualClock>::clone(&fixture.clock);
    let other = Auth::builder(MemoryStore::new(), keys).clock(clock).build().unwrap();
    let recall = Recall::new();
    evidence(&fixture.auth, &headers, &recall).current_user().await.unwrap();
    fails(evidence(&other, &headers, &recall).current_user().await, ErrorKind::Unauthenticated);
    evidence(&fixture.auth.clone(), &headers, &recall).current_user().await.unwrap();

    let recall = Recall::new();
    fails(evidence(&other, &headers, &recall).current_user().await, ErrorKind::Unauthenticated);
    evidence(&fixture.auth, &headers, &recall).current_user().await.unwrap();
}
