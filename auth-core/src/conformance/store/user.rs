//! Rules about users and their passwords.

use serde_json::json;

use super::fixture::{
    create, created, credentials, email, event, event_ids, events, instant, new_user, number, password_hash, record,
    seconds, session, session_ids, signed_up, user, user_without_email,
};
use crate::audit::AuditKind;
use crate::email::{Email, MAX_EMAIL_BYTES};
use crate::password::PasswordHash;
use crate::role::Role;
use crate::store::{
    CreateUserOutcome, NewUser, ProfileFields, ReplacePassword, ReplacePasswordOutcome, SetRoles, SetRolesOutcome,
    Store,
};
use crate::user::{MAX_NAME_CHARS, MAX_ROLES, User, UserStatus};

/// Checks every rule of this module.
pub async fn run_all(store: &dyn Store) {
    a_user_comes_with_password_session_and_event(store).await;
    every_field_of_a_user_is_read_back(store).await;
    names_are_kept_to_the_last_code_point(store).await;
    a_taken_address_creates_nothing(store).await;
    users_without_an_address_may_be_many(store).await;
    an_address_is_found_in_any_spelling_and_comes_back_as_str(store).await;
    addresses_are_told_apart_byte_by_byte(store).await;
    the_longest_address_is_kept(store).await;
    an_unknown_address_has_no_credentials(store).await;
    without_a_profile_every_field_is_unknown(store).await;
    a_password_is_replaced_where_the_expected_one_is(store).await;
    a_password_that_is_not_the_expected_one_stays(store).await;
    new_roles_end_every_session_of_the_user(store).await;
    an_unknown_or_changed_user_is_given_no_roles(store).await;
    more_roles_than_a_token_holds_are_refused(store).await;
}

/// The password, the first session and the event are there as soon as the user is.
pub async fn a_user_comes_with_password_session_and_event(store: &dyn Store) {
    let user = user();
    let new = session(&user);
    let new_user = NewUser { session: Some(new.clone()), ..new_user(&user) };
    let (hash, event) = (new_user.password_hash.clone(), new_user.event.clone());
    create(store, new_user).await;

    let found = credentials(store, &user).await;
    assert_eq!(found.user, user);
    assert_eq!(found.password_hash.unwrap().as_str(), hash.as_str());
    assert_eq!(record(store, new.session.id).await.session, new.session);
    assert_eq!(events(store, user.id).await, [event]);
}

/// Instants keep their microseconds, roles their order, and nothing stays nothing.
pub async fn every_field_of_a_user_is_read_back(store: &dyn Store) {
    let mut full = user();
    full.email_verified_at = Some(instant());
    full.name = Some("Ada Lovelace".to_owned());
    full.roles = vec![Role::new("editor").unwrap(), Role::ADMIN, Role::new("a".repeat(32)).unwrap()];
    full.status = UserStatus::Disabled;
    full.auth_epoch = i64::MAX - 1;
    full.updated_at = instant();
    for user in [full, user()] {
        create(store, new_user(&user)).await;
        assert_eq!(credentials(store, &user).await.user, user);
    }
}

/// A name is stored as it is: not cut, trimmed, folded, composed or escaped.
pub async fn names_are_kept_to_the_last_code_point(store: &dyn Store) {
    let names = [
        "\u{1d54f}".repeat(MAX_NAME_CHARS),
        "\u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{200d}\u{1f466} \u{1f1ea}\u{1f1fa}".to_owned(),
        "Ame\u{301}lie".to_owned(),
        "Am\u{e9}lie".to_owned(),
        "\u{645}\u{62d}\u{645}\u{62f} \u{5d0} \u{674e}".to_owned(),
        " Ada  ".to_owned(),
        r#"O'Neil"; DROP TABLE users; -- %_\x00 ? $1 :a"#.to_owned(),
    ];
    for name in names {
        let user = User { name: Some(name.clone()), ..user() };
        create(store, new_user(&user)).await;
        assert_eq!(credentials(store, &user).await.user.name, Some(name));
    }
}

/// Neither the user nor anything beside them is written, and the owner of the address notices nothing.
pub async fn a_taken_address_creates_nothing(store: &dyn Store) {
    let (owner, owners) = signed_up(store).await;
    let before = credentials(store, &owner).await;

    let mut other = user();
    let shouted = owner.email.as_ref().unwrap().as_str().to_uppercase();
    other.email = Some(Email::parse(&shouted).unwrap());
    let new = session(&other);
    let outcome = store.create_user(NewUser { session: Some(new.clone()), ..new_user(&other) }).await.unwrap();

    assert_eq!(outcome, CreateUserOutcome::EmailTaken, "addresses are one if their canonical forms are");
    assert!(store.find_session(new.session.id).await.unwrap().is_none(), "no session was opened");
    assert!(session_ids(store, other.id).await.is_empty(), "no session is listed");
    assert!(events(store, other.id).await.is_empty(), "no event was recorded");
    let after = credentials(store, &owner).await;
    assert_eq!(after.user, before.user, "the owner is as they were");
    assert_eq!(after.password_hash, before.password_hash, "the owner's password is as it was");
    assert_eq!(session_ids(store, owner.id).await, [owners.session.id], "the owner's session is open");
}

/// No address is not an address that two users could share.
pub async fn users_without_an_address_may_be_many(store: &dyn Store) {
    for _ in 0..3 {
        let user = user_without_email();
        let new = session(&user);
        create(store, NewUser { session: Some(new.clone()), ..new_user(&user) }).await;
        assert_eq!(record(store, new.session.id).await.user, user);
    }
}

/// Identity is the canonical form's, the spelling is the owner's.
pub async fn an_address_is_found_in_any_spelling_and_comes_back_as_str(store: &dyn Store) {
    let typed = format!("Rule.{:016X}@B\u{fc}cher.Example", number());
    let user = User { email: Some(Email::parse(&typed).unwrap()), ..user() };
    create(store, new_user(&user)).await;

    let ascii = typed.to_lowercase().replace("b\u{fc}cher", "xn--bcher-kva");
    for spelling in [typed.clone(), typed.to_lowercase(), ascii] {
        let asked = Email::parse(&spelling).unwrap();
        let found = store.find_credentials(&asked).await.unwrap();
        let found = found.unwrap_or_else(|| panic!("{spelling} names the account of {typed}"));
        assert_eq!(found.user.email.unwrap().as_str(), typed);
    }
}

/// What a collation may take for the same are accounts of their own, for new users and for look-ups.
///
/// Most of these are no addresses that [`Email::parse`] makes. They stand for what a later release may accept.
pub async fn addresses_are_told_apart_byte_by_byte(store: &dyn Store) {
    let tag = format!("{:016x}", number());
    let spellings = [
        "rule",
        "RULE",
        "rul\u{e9}",
        "rule\u{301}",
        "r\u{fc}le",
        "rule ",
        " rule",
        "r\u{ff55}le",
        "ru\u{200b}le",
        "ru\u{131}e",
        "russ",
        "ru\u{df}",
        "r.ule",
        "rule+a",
        "r_le",
        "r%le",
        "rule\u{1f600}",
    ];
    let mut users = Vec::new();
    for spelling in spellings {
        // The part in question stands at either end, for databases that ignore trailing blanks.
        for address in [format!("{spelling}-{tag}@example.com"), format!("a-{tag}@example.{spelling}")] {
            let user = User { email: Some(Email::from_stored(address.clone(), address)), ..user() };
            create(store, new_user(&user)).await;
            users.push(user);
        }
    }
    for user in users {
        assert_eq!(credentials(store, &user).await.user, user);
    }
}

/// Both forms are kept at their greatest length, and so is the last byte of it.
pub async fn the_longest_address_is_kept(store: &dyn Store) {
    let domain = format!("{}.{}.{}", "a".repeat(63), "b".repeat(63), "c".repeat(60));
    let local = format!("{:016x}{}", number(), "d".repeat(48));
    for end in ["e", "f"] {
        let address = format!("{local}@{domain}{end}");
        assert_eq!(address.len(), MAX_EMAIL_BYTES);
        let user = User { email: Some(Email::parse(&address).unwrap()), ..user() };
        create(store, new_user(&user)).await;
        assert_eq!(credentials(store, &user).await.user, user);
    }
}

/// An address that nobody has is no error.
pub async fn an_unknown_address_has_no_credentials(store: &dyn Store) {
    assert!(store.find_credentials(&email()).await.unwrap().is_none());
}

/// Nothing that a sign-up brings beside our own fields gets past the store by accident, the user's own least of all.
pub async fn without_a_profile_every_field_is_unknown(store: &dyn Store) {
    assert!(store.check_profile(&ProfileFields::new()).is_ok(), "no field is no error");
    for name in ["roles", "id", "status", "auth_epoch", "nickname", ""] {
        let fields = ProfileFields::from_iter([(name.to_owned(), json!(["admin"]))]);
        let Err(errors) = store.check_profile(&fields) else { panic!("the field {name:?} is refused") };
        assert!(errors.as_slice().iter().all(|error| error.code == "unknown_field"), "{errors:?}");
    }
    let user = created(store).await;
    assert!(store.find_profile(user.id).await.unwrap().is_none(), "no profile is shown");
}

/// Only the hash changes: the password is the same, so sessions and epoch stay.
pub async fn a_password_is_replaced_where_the_expected_one_is(store: &dyn Store) {
    let (user, new) = signed_up(store).await;
    let expected = credentials(store, &user).await.password_hash.unwrap();
    let better = PasswordHash::new(format!("$test${}", "Aa/+=,$9".repeat(63)));
    let event = event(AuditKind::PasswordUpgraded, user.id);
    let at = user.created_at + seconds(9);
    let replace = ReplacePassword { user_id: user.id, expected, new: better.clone(), at, event: event.clone() };
    assert_eq!(store.replace_password(replace).await.unwrap(), ReplacePasswordOutcome::Replaced);

    let after = credentials(store, &user).await;
    assert_eq!(after.password_hash.unwrap().as_str(), better.as_str());
    assert_eq!(after.user.auth_epoch, user.auth_epoch, "the epoch stays");
    assert_eq!(session_ids(store, user.id).await, [new.session.id], "the session stays");
    assert!(event_ids(store, user.id).await.contains(&event.id), "the event is recorded");
}

/// A hash that differs in as little as the case of a letter is another one. Of an unknown user there is none.
pub async fn a_password_that_is_not_the_expected_one_stays(store: &dyn Store) {
    let user = created(store).await;
    let current = credentials(store, &user).await.password_hash.unwrap();
    let folded = PasswordHash::new(current.as_str().to_lowercase());
    let padded = PasswordHash::new(format!("{} ", current.as_str()));
    for (user_id, expected) in
        [(user.id, password_hash()), (user.id, folded), (user.id, padded), (super::fixture::user().id, current.clone())]
    {
        let event = event(AuditKind::PasswordUpgraded, user_id);
        let replace = ReplacePassword { user_id, expected, new: password_hash(), at: instant(), event };
        assert_eq!(store.replace_password(replace).await.unwrap(), ReplacePasswordOutcome::Changed);
    }
    assert_eq!(credentials(store, &user).await.password_hash.unwrap(), current, "the password is as it was");
    assert_eq!(events(store, user.id).await.len(), 1, "no event is recorded");
}

/// Roles are copied into access tokens, so whatever was issued with the old ones ends: rows go, the epoch moves on.
pub async fn new_roles_end_every_session_of_the_user(store: &dyn Store) {
    let (user, new) = signed_up(store).await;
    let (other, others) = signed_up(store).await;
    let b = Role::new("b_2").unwrap();
    for (epoch, roles) in (user.auth_epoch + 1..).zip([vec![Role::ADMIN, b.clone()], vec![b], Vec::new()]) {
        let event = event(AuditKind::RoleChanged, user.id);
        let at = instant();
        let set =
            SetRoles { user_id: user.id, expected_epoch: epoch - 1, roles: roles.clone(), at, event: event.clone() };
        assert_eq!(store.set_roles(set).await.unwrap(), SetRolesOutcome::Set);

        let after = credentials(store, &user).await.user;
        assert_eq!(after, User { roles, auth_epoch: epoch, updated_at: at, ..user.clone() });
        assert!(store.find_session(new.session.id).await.unwrap().is_none(), "the session is gone");
        assert!(event_ids(store, user.id).await.contains(&event.id), "the event is recorded");
    }
    assert_eq!(record(store, others.session.id).await.user, other, "other users keep roles, epoch and sessions");
}

/// Roles are copied into access tokens, which have room for so many.
pub async fn more_roles_than_a_token_holds_are_refused(store: &dyn Store) {
    let roles = |count: usize| (0..count).map(|place| Role::new(format!("role-{place}")).unwrap()).collect::<Vec<_>>();
    let full = User { roles: roles(MAX_ROLES), ..user() };
    create(store, new_user(&full)).await;
    assert_eq!(credentials(store, &full).await.user, full, "as many as fit are kept");

    let event = event(AuditKind::RoleChanged, full.id);
    let (user_id, expected_epoch, roles) = (full.id, full.auth_epoch, roles(MAX_ROLES + 1));
    let set = SetRoles { user_id, expected_epoch, roles: roles.clone(), at: instant(), event: event.clone() };
    assert!(store.set_roles(set).await.is_err(), "one more is refused");
    assert_eq!(credentials(store, &full).await.user, full, "and changes nothing");
    assert!(!event_ids(store, full.id).await.contains(&event.id), "no event is recorded");

    let overfull = User { roles, ..user() };
    assert!(store.create_user(new_user(&overfull)).await.is_err(), "nobody is created with more");
    assert!(store.find_credentials(overfull.email.as_ref().unwrap()).await.unwrap().is_none());
}

/// Who is not there, or has changed since their roles were read, is given none, and nothing is recorded of it.
pub async fn an_unknown_or_changed_user_is_given_no_roles(store: &dyn Store) {
    let (known, new) = signed_up(store).await;
    let of_epoch = |auth_epoch| User { auth_epoch, ..known.clone() };
    for user in [user(), of_epoch(known.auth_epoch + 1), of_epoch(known.auth_epoch - 1)] {
        let before = event_ids(store, user.id).await;
        let event = event(AuditKind::RoleChanged, user.id);
        let (user_id, expected_epoch) = (user.id, user.auth_epoch);
        let set = SetRoles { user_id, expected_epoch, roles: vec![Role::ADMIN], at: instant(), event };
        assert_eq!(store.set_roles(set).await.unwrap(), SetRolesOutcome::Changed);
        assert_eq!(event_ids(store, user.id).await, before, "no event is recorded");
    }
    assert_eq!(record(store, new.session.id).await.user, known, "roles, epoch and session are as they were");
}
