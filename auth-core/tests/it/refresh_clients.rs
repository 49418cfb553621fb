//! What is remembered of the clients that refresh.

use auth_core::audit::{AuditDetail, AuditEvent, AuditKind};
use auth_core::auth::SignedIn;
use auth_core::token::RefreshToken;
use auth_core::{Client, Error};

use crate::fixture::{ADA, Fixture, HOUR, SECOND, copy, same};
use crate::refresh::{Rotated, rotated};

fn elsewhere() -> Client {
    Client { ip: Some([198, 51, 100, 9].into()), user_agent: Some("test/1".to_owned()) }
}

async fn refresh_from(fixture: &Fixture, token: &RefreshToken, client: &Client) -> Result<SignedIn, Error> {
    fixture.auth.refresh(token, client).await
}

async fn repetitions(fixture: &Fixture) -> Vec<AuditEvent> {
    let mut events = fixture.events(AuditKind::Refresh).await;
    events.retain(|event| event.detail == Some(AuditDetail::Repeated));
    events
}

#[tokio::test]
async fn tokens_that_another_client_gets_within_the_grace_window_are_on_record() {
    let other_program = |fixture: &Fixture| Client { user_agent: Some("curl/8".to_owned()), ..fixture.client.clone() };
    for is_predecessor in [true, false] {
        for place in [|_: &Fixture| elsewhere(), other_program] {
            let Rotated { fixture, first, second } = rotated().await;
            let presented = if is_predecessor { &first } else { &second };
            let stranger = place(&fixture);
            fixture.clock.advance(10 * SECOND);
            let given = refresh_from(&fixture, &presented.refresh_token, &stranger).await.unwrap();
            same(&given.refresh_token, &second.refresh_token);
            let events = repetitions(&fixture).await;
            assert_eq!(events.len(), 1);
            assert_eq!((&events[0].client, events[0].session_id), (&stranger, Some(second.session.id)));
            assert_eq!(fixture.published().last(), Some(&events[0]));
        }
    }
}

#[tokio::test]
async fn a_repetition_to_the_client_that_refreshed_is_no_event() {
    let Rotated { fixture, first, second } = rotated().await;
    for token in [&first.refresh_token, &second.refresh_token] {
        fixture.refresh(token).await.unwrap();
    }
    assert_eq!(repetitions(&fixture).await, []);
}

#[tokio::test]
async fn a_repetition_is_on_record_once_for_each_rotation() {
    let Rotated { fixture, first, second } = rotated().await;
    for last in 1..10 {
        let stranger = Client { ip: Some([198, 51, 100, last].into()), user_agent: None };
        refresh_from(&fixture, &first.refresh_token, &stranger).await.unwrap();
    }
    assert_eq!(repetitions(&fixture).await.len(), 1);
    fixture.clock.advance(HOUR);
    refresh_from(&fixture, &first.refresh_token, &elsewhere()).await.unwrap();
    refresh_from(&fixture, &first.refresh_token, &elsewhere()).await.unwrap();
    assert_eq!(repetitions(&fixture).await.len(), 1, "nor again after a recovery");

    fixture.clock.advance(HOUR);
    fixture.refresh(&second.refresh_token).await.unwrap();
    refresh_from(&fixture, &second.refresh_token, &elsewhere()).await.unwrap();
    assert_eq!(repetitions(&fixture).await.len(), 2);
}

#[tokio::test]
async fn the_note_of_a_repetition_extends_nothing_and_counts_as_no_recovery() {
    let Rotated { fixture, first, second } = rotated().await;
    fixture.clock.advance(29 * SECOND);
    let given = refresh_from(&fixture, &first.refresh_token, &elsewhere()).await.unwrap();
    assert_eq!(given.session.expires_at, second.session.expires_at);
    for _ in 0..3 {
        fixture.clock.advance(30 * SECOND);
        fixture.refresh(&first.refresh_token).await.unwrap();
    }
}

#[tokio::test]
async fn of_repetitions_at_the_same_time_one_is_on_record() {
    let Rotated { fixture, first, .. } = rotated().await;
    let (auth, token) = (fixture.auth.clone(), copy(&first.refresh_token));
    fixture.store.before("swap_refresh", async move { drop(auth.refresh(&token, &elsewhere()).await.unwrap()) });
    refresh_from(&fixture, &first.refresh_token, &elsewhere()).await.unwrap();
    assert_eq!(repetitions(&fixture).await.len(), 1);
}

#[tokio::test]
async fn the_list_of_devices_shows_the_client_of_the_latest_rotation() {
    let fixture = Fixture::new();
    let first = fixture.sign_up(ADA).await;
    let client = async |signed_in: &SignedIn| {
        let current = fixture.authenticate(signed_in).await.unwrap();
        fixture.auth.sessions(&current).await.unwrap()[0].client.clone()
    };
    assert_eq!(client(&first).await, fixture.client);

    let second = refresh_from(&fixture, &first.refresh_token, &elsewhere()).await.unwrap();
    assert_eq!(second.session.client, elsewhere());
    assert_eq!(client(&second).await, elsewhere());
    fixture.refresh(&first.refresh_token).await.unwrap();
    assert_eq!(client(&second).await, elsewhere(), "a repetition changes nothing");
}
