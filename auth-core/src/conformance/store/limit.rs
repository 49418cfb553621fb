//! Rules about values at the limits of what can be kept.

use chrono::DateTime;

use super::fixture::{create, created, credentials, events, new_user, open, record, session, user};
use crate::audit::{AuditEvent, AuditKind};
use crate::secret::TokenHash;
use crate::session::Client;
use crate::store::{CreateUserOutcome, NewUser, OpenSessionOutcome, Store};
use crate::user::User;

/// Checks every rule of this module.
pub async fn run_all(store: &dyn Store) {
    hashes_of_any_bytes_are_kept(store).await;
    instants_are_kept_to_the_microsecond(store).await;
    what_cannot_be_kept_whole_is_refused_whole(store).await;
}

/// Zeros do not end them, and they are not text.
pub async fn hashes_of_any_bytes_are_kept(store: &dyn Store) {
    let user = created(store).await;
    let mut all = [0; 32];
    for (place, byte) in all.iter_mut().enumerate() {
        *byte = u8::try_from(place * 8).unwrap();
    }
    for bytes in [[0; 32], [0xff; 32], [b' '; 32], all] {
        let mut new = session(&user);
        new.refresh.family_hash = TokenHash::from_bytes(bytes);
        new.refresh.token_hash = TokenHash::from_bytes(bytes);
        new.refresh.previous_hash = Some(TokenHash::from_bytes(bytes));
        new.refresh.rotation_salt = Some(bytes);
        assert_eq!(store.open_session(open(&new)).await.unwrap(), OpenSessionOutcome::Opened);
        assert_eq!(record(store, new.session.id).await.refresh, new.refresh);
    }
}

/// From the beginning of the epoch to the end of the year 9999.
pub async fn instants_are_kept_to_the_microsecond(store: &dyn Store) {
    for micros in [0, 1, 999_999, 2_147_483_647_999_999, 4_294_967_296_000_001, 253_402_300_799_999_999] {
        let at = DateTime::from_timestamp_micros(micros).unwrap();
        let user = User { created_at: at, updated_at: at, email_verified_at: Some(at), ..user() };
        create(store, new_user(&user)).await;
        assert_eq!(credentials(store, &user).await.user, user);
    }
}

/// Text with a NUL, or longer than the database has room for: it comes back as it went in, or nothing was written.
pub async fn what_cannot_be_kept_whole_is_refused_whole(store: &dyn Store) {
    for text in ["nu\0l".to_owned(), "\0".to_owned(), "long ".repeat(200_000)] {
        let user = User { name: Some(text.clone()), ..user() };
        let kept = store.create_user(NewUser { session: Some(session(&user)), ..new_user(&user) }).await;
        let found = store.find_credentials(user.email.as_ref().unwrap()).await.unwrap();
        match kept {
            Ok(outcome) => {
                assert_eq!(outcome, CreateUserOutcome::Created);
                assert_eq!(found.unwrap().user, user);
            }
            Err(_) => assert!(found.is_none(), "a user that was refused is there"),
        }
        let client = Client { ip: None, user_agent: Some(text) };
        let event = AuditEvent::new(AuditKind::SignInFailed, &client, user.created_at).unwrap().of_user(user.id);
        let recorded = store.record_event(event.clone()).await.is_ok();
        assert_eq!(events(store, user.id).await.contains(&event), recorded, "an event is kept whole or not at all");
    }
}
