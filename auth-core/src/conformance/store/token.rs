//! Rules about one-time tokens.

use super::fixture::{created, event, events, one_time_token, open, seconds, session, token_hash};
use crate::audit::AuditKind;
use crate::id::UserId;
use crate::store::{ConsumeToken, ConsumeTokenOutcome, CreateTokenOutcome, NewOneTimeToken, OpenSessionOutcome, Store};
use crate::token::{OneTimeTokenRecord, TokenPurpose};
use crate::user::User;

/// Checks every rule of this module.
pub async fn run_all(store: &dyn Store) {
    a_token_is_used_once(store).await;
    every_field_of_a_token_is_read_back(store).await;
    the_newest_token_of_a_purpose_alone_is_good(store).await;
    a_token_is_good_for_its_purpose_only(store).await;
    an_expired_token_is_refused(store).await;
    what_ends_sessions_ends_tokens(store).await;
    nobody_else_gets_a_token(store).await;
}

/// The second time it is as if it had never been.
pub async fn a_token_is_used_once(store: &dyn Store) {
    let user = created(store).await;
    let token = one_time_token(&user, TokenPurpose::PasswordReset);
    create(store, &token).await;
    assert_eq!(consume(store, &token).await, consumed(&token));
    assert_eq!(consume(store, &token).await, ConsumeTokenOutcome::Refused);
    let unknown = OneTimeTokenRecord { hash: token_hash(), ..token };
    assert_eq!(consume(store, &unknown).await, ConsumeTokenOutcome::Refused, "one that never was");
}

/// With a payload and without; the making is recorded.
pub async fn every_field_of_a_token_is_read_back(store: &dyn Store) {
    let user = created(store).await;
    let purposes = [TokenPurpose::EmailChange, TokenPurpose::EmailVerification, TokenPurpose::PasswordReset];
    for (purpose, payload) in purposes.into_iter().zip([Some("Grüße@Example.com '%?\\ ".to_owned()), None, None]) {
        let token = OneTimeTokenRecord { payload, ..one_time_token(&user, purpose) };
        let making = event(AuditKind::RoleChanged, user.id);
        let new = NewOneTimeToken { token: token.clone(), event: making.clone() };
        assert_eq!(store.create_token(new).await.unwrap(), CreateTokenOutcome::Created);
        assert!(events(store, user.id).await.contains(&making), "the making is recorded");
        assert_eq!(consume(store, &token).await, consumed(&token));
    }
}

/// Whoever asks twice has two mails, of which the later one counts. Other purposes and other users are not concerned.
pub async fn the_newest_token_of_a_purpose_alone_is_good(store: &dyn Store) {
    let (user, other) = (created(store).await, created(store).await);
    let older = one_time_token(&user, TokenPurpose::PasswordReset);
    let newer = one_time_token(&user, TokenPurpose::PasswordReset);
    let of_another_purpose = one_time_token(&user, TokenPurpose::EmailVerification);
    let of_another_user = one_time_token(&other, TokenPurpose::PasswordReset);
    for token in [&of_another_purpose, &of_another_user, &older, &newer] {
        create(store, token).await;
    }
    assert_eq!(consume(store, &older).await, ConsumeTokenOutcome::Refused);
    for token in [&newer, &of_another_purpose, &of_another_user] {
        assert_eq!(consume(store, token).await, consumed(token));
    }
}

/// A link that proves an address sets no password. To present it wrongly does not use it up.
pub async fn a_token_is_good_for_its_purpose_only(store: &dyn Store) {
    let user = created(store).await;
    let token = one_time_token(&user, TokenPurpose::EmailVerification);
    create(store, &token).await;
    let misused = OneTimeTokenRecord { purpose: TokenPurpose::PasswordReset, ..token.clone() };
    assert_eq!(consume(store, &misused).await, ConsumeTokenOutcome::Refused);
    assert_eq!(consume(store, &token).await, consumed(&token));
}

/// To the microsecond: at the instant at which it expires it has expired.
pub async fn an_expired_token_is_refused(store: &dyn Store) {
    let user = created(store).await;
    let token = one_time_token(&user, TokenPurpose::PasswordReset);
    create(store, &token).await;
    let at = |now| ConsumeToken { hash: token.hash, purpose: token.purpose, now };
    let microsecond = chrono::TimeDelta::microseconds(1);
    for late in [token.expires_at, token.expires_at + microsecond, token.expires_at + seconds(86_400)] {
        assert_eq!(store.consume_token(at(late)).await.unwrap(), ConsumeTokenOutcome::Refused);
    }
    let in_time = store.consume_token(at(token.expires_at - microsecond)).await.unwrap();
    assert_eq!(in_time, consumed(&token));
}

/// After a change of the epoch nothing that was made before is good, and nothing is made for the old epoch.
pub async fn what_ends_sessions_ends_tokens(store: &dyn Store) {
    let user = created(store).await;
    let token = one_time_token(&user, TokenPurpose::PasswordReset);
    create(store, &token).await;
    store.delete_all_sessions(user.id, token.created_at, event(AuditKind::SignOut, user.id)).await.unwrap();
    assert_eq!(consume(store, &token).await, ConsumeTokenOutcome::Refused);

    let recorded = events(store, user.id).await.len();
    let new = NewOneTimeToken { token: token.clone(), event: event(AuditKind::RoleChanged, user.id) };
    assert_eq!(store.create_token(new).await.unwrap(), CreateTokenOutcome::Refused);
    assert_eq!(events(store, user.id).await.len(), recorded, "what was refused is not recorded");

    let user = User { auth_epoch: user.auth_epoch + 1, ..user };
    let token = one_time_token(&user, TokenPurpose::PasswordReset);
    create(store, &token).await;
    assert_eq!(store.open_session(open(&session(&user))).await.unwrap(), OpenSessionOutcome::Opened);
    assert_eq!(consume(store, &token).await, consumed(&token), "a sign-in does not end it");
}

/// A token belongs to a user who is there.
pub async fn nobody_else_gets_a_token(store: &dyn Store) {
    let user = created(store).await;
    let nobody = UserId::new(user.created_at).unwrap();
    let token = OneTimeTokenRecord { user_id: nobody, ..one_time_token(&user, TokenPurpose::PasswordReset) };
    let new = NewOneTimeToken { token: token.clone(), event: event(AuditKind::RoleChanged, nobody) };
    assert_eq!(store.create_token(new).await.unwrap(), CreateTokenOutcome::Refused);
    assert!(events(store, nobody).await.is_empty(), "what was refused is not recorded");
    assert_eq!(consume(store, &token).await, ConsumeTokenOutcome::Refused);
}

pub(super) async fn create(store: &dyn Store, token: &OneTimeTokenRecord) {
    let new = NewOneTimeToken { token: token.clone(), event: event(AuditKind::RoleChanged, token.user_id) };
    assert_eq!(store.create_token(new).await.unwrap(), CreateTokenOutcome::Created);
}

/// Presents the token as soon as it is made.
pub(super) async fn consume(store: &dyn Store, token: &OneTimeTokenRecord) -> ConsumeTokenOutcome {
    let consume = ConsumeToken { hash: token.hash, purpose: token.purpose, now: token.created_at };
    store.consume_token(consume).await.unwrap()
}

fn consumed(token: &OneTimeTokenRecord) -> ConsumeTokenOutcome {
    ConsumeTokenOutcome::Consumed(Box::new(token.clone()))
}
