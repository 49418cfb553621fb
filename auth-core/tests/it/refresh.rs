use std::time::Duration;

use auth_core::ErrorKind;
use auth_core::audit::{AuditDetail, AuditKind};
use auth_core::auth::SignedIn;
use auth_core::policy::SessionPolicy;
use auth_core::token::RefreshToken;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::fixture::{ADA, Fixture, GRACE, HOUR, INSTANT, SECOND, copy, differ, fails, just_before, same};

/// A signed-in user whose refresh token was exchanged once, this instant.
pub(crate) struct Rotated {
    pub(crate) fixture: Fixture,
    pub(crate) first: SignedIn,
    pub(crate) second: SignedIn,
}

pub(crate) async fn rotated() -> Rotated {
    rotated_in(Fixture::new()).await
}

async fn rotated_in(fixture: Fixture) -> Rotated {
    let first = fixture.sign_up(ADA).await;
    let second = fixture.refresh(&first.refresh_token).await.unwrap();
    Rotated { fixture, first, second }
}

impl Rotated {
    /// The predecessor yields the current token.
    async fn repeats_the_successor(&self) {
        let again = self.fixture.refresh(&self.first.refresh_token).await.unwrap();
        same(&again.refresh_token, &self.second.refresh_token);
        assert!(self.fixture.auth.verify_access_token(again.access_token.expose()).is_ok());
    }

    async fn is_theft(&self, token: &RefreshToken) {
        is_theft(&self.fixture, token).await;
    }
}

/// The token ends its session.
async fn is_theft(fixture: &Fixture, token: &RefreshToken) {
    assert!(fixture.exists(token.session_id()).await);
    fails(fixture.refresh(token).await, ErrorKind::Unauthenticated);
    assert!(!fixture.exists(token.session_id()).await);
    let event = fixture.event(AuditKind::RefreshReuseDetected).await;
    assert_eq!(event.session_id, Some(token.session_id()));
    assert_eq!(fixture.published().last(), Some(&event));
    assert_eq!(fixture.events(AuditKind::SessionExpired).await, []);
}

#[tokio::test]
async fn the_current_token_rotates() {
    let Rotated { fixture, first, second } = rotated().await;
    differ(&first.refresh_token, &second.refresh_token);
    assert_ne!(first.access_token.expose(), second.access_token.expose());
    assert_eq!((first.session.id, &first.user), (second.session.id, &second.user));
    for signed_in in [&first, &second] {
        assert!(fixture.authenticate(signed_in).await.is_ok(), "access tokens live on, up to their time");
    }
    assert_eq!(fixture.event(AuditKind::Refresh).await.detail, None);
}

#[tokio::test]
async fn every_token_of_a_chain_is_another() {
    let fixture = Fixture::new();
    let mut chain = vec![fixture.sign_up(ADA).await];
    for _ in 0..10 {
        fixture.clock.advance(HOUR);
        let next = fixture.refresh(&chain.last().unwrap().refresh_token).await.unwrap();
        assert!(chain.iter().all(|earlier| *earlier.refresh_token.expose() != *next.refresh_token.expose()));
        chain.push(next);
    }
    assert_eq!(fixture.events(AuditKind::Refresh).await.len(), 10);
    is_theft(&fixture, &chain[3].refresh_token).await;
    fails(fixture.refresh(&chain[10].refresh_token).await, ErrorKind::Unauthenticated);
    fails(fixture.authenticate(&chain[10]).await, ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn a_token_that_was_just_handed_out_is_repeated() {
    let Rotated { fixture, second, .. } = rotated().await;
    fixture.clock.advance(just_before(30 * SECOND));
    let again = fixture.refresh(&second.refresh_token).await.unwrap();
    same(&again.refresh_token, &second.refresh_token);
    assert_ne!(again.access_token.expose(), second.access_token.expose());
    assert_eq!(fixture.events(AuditKind::Refresh).await.len(), 1);

    fixture.clock.advance(INSTANT);
    let third = fixture.refresh(&second.refresh_token).await.unwrap();
    differ(&third.refresh_token, &second.refresh_token);
}

#[tokio::test]
async fn the_first_token_of_a_session_rotates_at_once() {
    let Rotated { first, second, .. } = rotated().await;
    differ(&first.refresh_token, &second.refresh_token);
}

#[tokio::test]
async fn racing_tabs_get_the_same_successor() {
    let rotated = rotated().await;
    rotated.repeats_the_successor().await;
    rotated.fixture.authenticate(&rotated.second).await.unwrap();
    rotated.fixture.clock.advance(just_before(30 * SECOND));
    rotated.repeats_the_successor().await;
    assert_eq!(rotated.fixture.events(AuditKind::Refresh).await.len(), 1);
}

#[tokio::test]
async fn the_predecessor_of_a_lost_answer_yields_the_same_successor() {
    let rotated = rotated().await;
    rotated.fixture.clock.advance(30 * SECOND);
    rotated.repeats_the_successor().await;
    let events = rotated.fixture.events(AuditKind::Refresh).await;
    assert_eq!(events.iter().filter(|event| event.detail == Some(AuditDetail::Recovered)).count(), 1);
    assert_eq!(events.len(), 2);
}

#[tokio::test]
async fn the_fourth_recovery_in_a_row_is_theft() {
    let rotated = rotated().await;
    for _ in 0..3 {
        rotated.fixture.clock.advance(HOUR);
        rotated.repeats_the_successor().await;
    }
    rotated.fixture.clock.advance(HOUR);
    rotated.is_theft(&rotated.first.refresh_token).await;
}

#[tokio::test]
async fn a_recovery_begins_a_new_grace_window() {
    let rotated = rotated().await;
    rotated.fixture.clock.advance(HOUR);
    for _ in 0..10 {
        rotated.repeats_the_successor().await;
    }
    rotated.fixture.clock.advance(just_before(30 * SECOND));
    rotated.repeats_the_successor().await;
    assert_eq!(rotated.fixture.events(AuditKind::Refresh).await.len(), 2, "tabs that wake together count once");
}

#[tokio::test]
async fn a_thief_who_recovers_each_rotation_is_found_at_the_fourth() {
    for uses_the_tokens in [false, true] {
        let fixture = Fixture::new();
        let mut owner = fixture.sign_up(ADA).await.refresh_token;
        let mut stolen = copy(&owner);
        for _ in 0..3 {
            fixture.clock.advance(HOUR);
            owner = fixture.refresh(&owner).await.unwrap().refresh_token;
            fixture.clock.advance(31 * SECOND);
            let recovered = fixture.refresh(&stolen).await.unwrap();
            same(&recovered.refresh_token, &owner);
            if uses_the_tokens {
                fixture.authenticate(&recovered).await.unwrap();
            }
            stolen = recovered.refresh_token;
        }
        fixture.clock.advance(HOUR);
        fixture.refresh(&owner).await.unwrap();
        fixture.clock.advance(31 * SECOND);
        is_theft(&fixture, &stolen).await;
    }
}

#[tokio::test]
async fn a_token_that_needed_no_recovery_forgets_those_before_it() {
    let Rotated { fixture, first, second } = rotated().await;
    for _ in 0..3 {
        fixture.clock.advance(HOUR);
        fixture.refresh(&first.refresh_token).await.unwrap();
    }
    fixture.clock.advance(HOUR);
    let third = fixture.refresh(&second.refresh_token).await.unwrap();
    fixture.clock.advance(HOUR);
    let fourth = fixture.refresh(&third.refresh_token).await.unwrap();
    for _ in 0..3 {
        fixture.clock.advance(HOUR);
        same(&fixture.refresh(&third.refresh_token).await.unwrap().refresh_token, &fourth.refresh_token);
    }
    fixture.clock.advance(HOUR);
    is_theft(&fixture, &third.refresh_token).await;
}

#[tokio::test]
async fn neither_a_rotation_nor_a_use_forgets_the_recoveries_of_its_own_token() {
    let Rotated { fixture, first, second } = rotated().await;
    for _ in 0..3 {
        fixture.clock.advance(HOUR);
        fixture.refresh(&first.refresh_token).await.unwrap();
    }
    fixture.authenticate_by_refresh(&second).await.unwrap();
    fixture.clock.advance(HOUR);
    fixture.refresh(&second.refresh_token).await.unwrap();
    fixture.clock.advance(HOUR);
    is_theft(&fixture, &second.refresh_token).await;
}

#[tokio::test]
async fn a_predecessor_is_theft_once_its_successors_access_token_was_used() {
    let rotated = rotated().await;
    rotated.fixture.authenticate(&rotated.second).await.unwrap();
    rotated.fixture.clock.advance(30 * SECOND);
    rotated.is_theft(&rotated.first.refresh_token).await;
}

#[tokio::test]
async fn a_predecessor_is_theft_once_its_successor_was_used_as_a_cookie() {
    let rotated = rotated().await;
    rotated.fixture.authenticate_by_refresh(&rotated.second).await.unwrap();
    rotated.fixture.clock.advance(30 * SECOND);
    rotated.is_theft(&rotated.first.refresh_token).await;
}

#[tokio::test]
async fn a_predecessor_is_theft_once_its_successor_was_presented_for_refresh() {
    let rotated = rotated().await;
    rotated.fixture.refresh(&rotated.second.refresh_token).await.unwrap();
    rotated.fixture.clock.advance(30 * SECOND);
    rotated.is_theft(&rotated.first.refresh_token).await;
}

#[tokio::test]
async fn the_use_of_older_tokens_confirms_nothing() {
    let rotated = rotated().await;
    rotated.fixture.authenticate(&rotated.first).await.unwrap();
    rotated.fixture.authenticate_by_refresh(&rotated.first).await.unwrap();
    rotated.fixture.clock.advance(61 * SECOND);
    rotated.fixture.authenticate(&rotated.first).await.unwrap();
    rotated.fixture.authenticate_by_refresh(&rotated.first).await.unwrap();
    rotated.repeats_the_successor().await;
}

#[tokio::test]
async fn a_check_without_the_database_confirms_nothing() {
    let rotated = rotated().await;
    rotated.fixture.auth.verify_access_token(rotated.second.access_token.expose()).unwrap();
    rotated.fixture.clock.advance(HOUR);
    rotated.repeats_the_successor().await;
}

#[tokio::test]
async fn a_grandparent_is_theft_even_within_the_grace_window() {
    let Rotated { fixture, first, second } = rotated().await;
    fixture.clock.advance(30 * SECOND);
    let third = fixture.refresh(&second.refresh_token).await.unwrap();
    is_theft(&fixture, &first.refresh_token).await;
    for dead in [&second, &third] {
        fails(fixture.refresh(&dead.refresh_token).await, ErrorKind::Unauthenticated);
        fails(fixture.authenticate(dead).await, ErrorKind::Unauthenticated);
    }
}

#[tokio::test]
async fn whoever_comes_second_after_a_theft_ends_the_session() {
    let Rotated { fixture, first, second: owners } = rotated().await;
    let stolen = copy(&first.refresh_token);
    fixture.authenticate(&owners).await.unwrap();
    fixture.clock.advance(HOUR);
    fixture.refresh(&owners.refresh_token).await.unwrap();
    is_theft(&fixture, &stolen).await;
}

#[tokio::test]
async fn theft_ends_one_session_and_no_other() {
    let Rotated { fixture, first, second } = rotated().await;
    let other = fixture.sign_in(ADA).await;
    fixture.authenticate(&second).await.unwrap();
    fixture.clock.advance(30 * SECOND);
    is_theft(&fixture, &first.refresh_token).await;
    assert!(fixture.authenticate(&other).await.is_ok());
    assert!(fixture.refresh(&other.refresh_token).await.is_ok());
}

#[tokio::test]
async fn a_clock_that_steps_back_does_not_stretch_the_grace_window() {
    let rotated = rotated().await;
    rotated.fixture.authenticate(&rotated.second).await.unwrap();
    rotated.fixture.clock.step_back(29 * SECOND);
    rotated.repeats_the_successor().await;
    rotated.fixture.clock.step_back(SECOND);
    rotated.is_theft(&rotated.first.refresh_token).await;
}

#[tokio::test]
async fn the_strict_policy_takes_every_token_once() {
    let strict = SessionPolicy { refresh_grace: Duration::ZERO, refresh_recoveries: 0, ..SessionPolicy::default() };
    let Rotated { fixture, first, second } = rotated_in(Fixture::with_sessions(strict)).await;
    let third = fixture.refresh(&second.refresh_token).await.unwrap();
    differ(&second.refresh_token, &third.refresh_token);
    is_theft(&fixture, &second.refresh_token).await;
    fails(fixture.refresh(&first.refresh_token).await, ErrorKind::Unauthenticated);
    fails(fixture.refresh(&third.refresh_token).await, ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn without_recoveries_a_lost_answer_is_theft_after_the_grace_window() {
    let policy = SessionPolicy { refresh_recoveries: 0, ..SessionPolicy::default() };
    let rotated = rotated_in(Fixture::with_sessions(policy)).await;
    rotated.fixture.clock.advance(just_before(30 * SECOND));
    rotated.repeats_the_successor().await;
    rotated.fixture.clock.advance(INSTANT);
    rotated.is_theft(&rotated.first.refresh_token).await;
}

#[tokio::test]
async fn without_a_grace_window_lost_answers_are_counted_at_once() {
    let policy = SessionPolicy { refresh_grace: Duration::ZERO, ..SessionPolicy::default() };
    let rotated = rotated_in(Fixture::with_sessions(policy)).await;
    for _ in 0..3 {
        let again = rotated.fixture.refresh(&rotated.first.refresh_token).await.unwrap();
        same(&again.refresh_token, &rotated.second.refresh_token);
    }
    rotated.is_theft(&rotated.first.refresh_token).await;
}

/// Bends the bytes of a token: session id, family, secret.
fn bent(token: &RefreshToken, bend: impl FnOnce(&mut [u8])) -> RefreshToken {
    let mut bytes = URL_SAFE_NO_PAD.decode(token.expose().as_bytes()).unwrap();
    bend(&mut bytes);
    RefreshToken::parse(&URL_SAFE_NO_PAD.encode(bytes)).unwrap()
}

#[tokio::test]
async fn a_guess_proves_nothing_and_ends_nothing() {
    let fixture = Fixture::new();
    let (ada, grace) = (fixture.sign_up(ADA).await, fixture.sign_up(GRACE).await);
    let foreign = URL_SAFE_NO_PAD.decode(grace.refresh_token.expose().as_bytes()).unwrap();
    let token = &ada.refresh_token;
    let guesses = [
        bent(token, |bytes| bytes[16..].fill(0)),
        bent(token, |bytes| bytes[16] ^= 1),
        bent(token, |bytes| bytes[31] ^= 0x80),
        bent(token, |bytes| bytes[16..].copy_from_slice(&foreign[16..])),
        bent(token, |bytes| bytes[16..32].copy_from_slice(&foreign[16..32])),
        bent(token, |bytes| bytes[..16].copy_from_slice(&foreign[..16])),
        bent(token, |bytes| bytes[..16].fill(0)),
        bent(token, |bytes| bytes.fill(0xff)),
    ];
    fixture.store.take_calls();
    for guess in guesses {
        fails(fixture.refresh(&guess).await, ErrorKind::Unauthenticated);
        assert_eq!(fixture.store.take_calls(), ["find_session"], "the same work for every guess");
    }
    assert_eq!(fixture.events(AuditKind::RefreshReuseDetected).await, []);
    for signed_in in [&ada, &grace] {
        assert!(fixture.refresh(&signed_in.refresh_token).await.is_ok());
    }
}

#[tokio::test]
async fn the_family_secret_with_a_wrong_rest_is_theft() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    is_theft(&fixture, &bent(&signed_in.refresh_token, |bytes| bytes[63] ^= 1)).await;
}

#[tokio::test]
async fn text_that_is_no_refresh_token_is_not_read() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    let text = signed_in.refresh_token.expose();
    for odd in [
        signed_in.access_token.expose(),
        &signed_in.session.id.to_string(),
        "",
        &text[..85],
        &format!("{}A", *text),
        &format!("{}==", *text),
        &format!(" {}", *text),
        &text.replace(['-', '_'], "+"),
        &"A".repeat(1_000_000),
        "\u{1f980}",
    ] {
        assert!(RefreshToken::parse(odd).is_none() || *odd == **text, "{odd}");
    }
}
