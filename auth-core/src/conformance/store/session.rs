//! Rules about opening, reading and using sessions.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::fixture::{
    assert_unchanged, create, created, event, event_ids, events, instant, new_user, open, record, seconds, session,
    session_ids, signed_up, token_hash, user,
};
use crate::audit::AuditKind;
use crate::session::{Client, MAX_USER_AGENT_CHARS, Recoveries, RefreshState, Session, SessionKind};
use crate::store::{NewSession, NewUser, OpenSession, OpenSessionOutcome, Store, Touch};
use crate::user::{User, UserStatus};

/// Checks every rule of this module.
pub async fn run_all(store: &dyn Store) {
    every_field_of_a_session_is_read_back(store).await;
    an_opened_session_comes_with_its_event(store).await;
    a_session_that_was_never_opened_is_not_found(store).await;
    a_session_is_opened_only_for_an_active_user_of_its_epoch(store).await;
    the_sessions_not_used_for_longest_make_room(store).await;
    a_session_seen_just_now_outlasts_older_ones(store).await;
    of_sessions_seen_just_now_the_latest_sign_in_makes_room(store).await;
    nothing_makes_room_that_need_not(store).await;
    sessions_that_have_expired_take_no_room(store).await;
    sessions_are_listed_the_most_recently_used_first(store).await;
    a_use_moves_last_seen_forward_only(store).await;
    a_use_confirms_the_current_generation_only(store).await;
    a_use_does_not_bring_a_session_back(store).await;
}

/// Whether it was opened with its user or later: instants to the microsecond, hashes and salts to the last bit.
pub async fn every_field_of_a_session_is_read_back(store: &dyn Store) {
    let user = user();
    let mut bare = session(&user);
    bare.session.expires_at += seconds(6_000_000_000);
    create(store, NewUser { session: Some(bare.clone()), ..new_user(&user) }).await;
    let full = every_field_filled(&user);
    for new in &full {
        assert_eq!(store.open_session(open(new)).await.unwrap(), OpenSessionOutcome::Opened);
    }
    for new in full.iter().chain([&bare]) {
        let found = record(store, new.session.id).await;
        assert_eq!(found.session, new.session);
        assert_eq!(found.refresh, new.refresh);
        assert_eq!(found.user, user);
        let listed = store.list_sessions(user.id).await.unwrap();
        assert!(listed.contains(&new.session), "{:?} is listed as it was opened", new.session);
    }
}

fn every_field_filled(user: &User) -> Vec<NewSession> {
    let clients = [
        (IpAddr::V4(Ipv4Addr::new(203, 0, 113, 255)), "M\u{f6}zilla/5.0 (\u{674e}; 'x\" -- %) ?".to_owned()),
        (
            IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 1, 2, 3, 4, 0xfffe)),
            "\u{1f600}".repeat(MAX_USER_AGENT_CHARS),
        ),
        (IpAddr::V6(Ipv4Addr::LOCALHOST.to_ipv6_mapped()), String::new()),
    ];
    let kinds = [SessionKind::Bearer, SessionKind::Browser, SessionKind::Remembered];
    let filled = |((ip, user_agent), kind)| {
        let new = session(user);
        NewSession {
            session: Session {
                kind,
                client: Client { ip: Some(ip), user_agent: Some(user_agent) },
                created_at: instant(),
                // After all that is opened here, or it would be gone by then.
                expires_at: instant() + seconds(6_000_000_000),
                last_seen_at: instant(),
                ..new.session
            },
            refresh: RefreshState {
                previous_hash: Some(token_hash()),
                rotation_salt: Some(*token_hash().as_bytes()),
                rotated_at: instant(),
                generation: i64::MAX,
                confirmed: true,
                recoveries: Recoveries::try_from((1 << 18) - 1).unwrap(),
                ..new.refresh
            },
        }
    };
    clients.into_iter().zip(kinds).map(filled).collect()
}

/// The row and the record of it are one.
pub async fn an_opened_session_comes_with_its_event(store: &dyn Store) {
    let user = created(store).await;
    let opening = open(&session(&user));
    let (id, event) = (opening.new.session.id, opening.event.clone());
    assert_eq!(store.open_session(opening).await.unwrap(), OpenSessionOutcome::Opened);
    assert_eq!(session_ids(store, user.id).await, [id]);
    assert!(events(store, user.id).await.contains(&event), "the event is recorded");
}

/// An id that nobody made is no error.
pub async fn a_session_that_was_never_opened_is_not_found(store: &dyn Store) {
    let user = user();
    assert!(store.find_session(session(&user).session.id).await.unwrap().is_none());
    assert!(store.list_sessions(user.id).await.unwrap().is_empty());
}

/// Whoever was disabled, deleted or given a new epoch since the password was checked gets in no more. Nothing is
/// written then, and no other session makes room.
pub async fn a_session_is_opened_only_for_an_active_user_of_its_epoch(store: &dyn Store) {
    let (active, kept) = signed_up(store).await;
    let disabled = User { status: UserStatus::Disabled, ..user() };
    create(store, new_user(&disabled)).await;
    let of_epoch = |epoch| User { auth_epoch: epoch, ..active.clone() };

    for user in [user(), disabled, of_epoch(active.auth_epoch + 1), of_epoch(active.auth_epoch - 1)] {
        let before = event_ids(store, user.id).await;
        let opening = OpenSession { max_per_user: 1, ..open(&session(&user)) };
        let id = opening.new.session.id;
        assert_eq!(store.open_session(opening).await.unwrap(), OpenSessionOutcome::Refused, "{user:?}");
        assert!(store.find_session(id).await.unwrap().is_none(), "no session was opened");
        assert_eq!(event_ids(store, user.id).await, before, "no event was recorded");
    }
    assert_eq!(session_ids(store, active.id).await, [kept.session.id], "no session made room");
}

/// With the new one the user has as many as they may have. Other users' sessions are not counted.
pub async fn the_sessions_not_used_for_longest_make_room(store: &dyn Store) {
    let (other, others) = signed_up(store).await;
    let user = created(store).await;
    let mut sessions: Vec<_> = (0..5).map(|_| session(&user)).collect();
    for (age, new) in (0..).zip(&mut sessions) {
        new.session.last_seen_at -= seconds(age);
        store.open_session(open(new)).await.unwrap();
    }
    let [first, second, third, fourth, fifth] = [0, 1, 2, 3, 4].map(|age: usize| sessions.get(age).unwrap().session.id);
    // The one that would go first is used, and so becomes the last to go.
    let touch = Touch { session_id: fifth, seen_at: user.created_at + seconds(7_200), generation: -1 };
    store.touch_session(touch).await.unwrap();

    // A new session takes a place of its own, however long ago it claims to have been used.
    let mut new = session(&user);
    new.session.last_seen_at = user.created_at;
    let opening = OpenSession { max_per_user: 3, ..open(&new) };
    let (event, evicted) = (opening.event.clone(), opening.evicted.clone());
    assert_eq!(store.open_session(opening).await.unwrap(), OpenSessionOutcome::MadeRoom);

    assert_eq!(session_ids(store, user.id).await, [fifth, first, new.session.id]);
    for gone in [second, third, fourth] {
        assert!(store.find_session(gone).await.unwrap().is_none(), "{gone} made room");
    }
    let recorded = events(store, user.id).await;
    assert!(recorded.contains(&event), "the opening is recorded");
    assert!(recorded.contains(&evicted), "the end of those that made room is recorded");
    assert_eq!(session_ids(store, other.id).await, [others.session.id], "another user's session stays");
}

/// A use is noted at an interval only, so of two sessions seen within it nobody knows which is in use: older ones go.
pub async fn a_session_seen_just_now_outlasts_older_ones(store: &dyn Store) {
    let user = created(store).await;
    let at = session(&user).session.created_at;
    let [old, recent] = [60, 59].map(|age| {
        let mut new = session(&user);
        (new.session.created_at, new.session.last_seen_at) = (at - seconds(100 - age), at - seconds(age));
        new
    });
    for new in [&recent, &old] {
        store.open_session(open(new)).await.unwrap();
    }
    let new = session(&user);
    let opening = OpenSession { max_per_user: 2, recent_since: at - seconds(60), ..open(&new) };
    assert_eq!(store.open_session(opening).await.unwrap(), OpenSessionOutcome::MadeRoom);
    assert_eq!(session_ids(store, user.id).await, [new.session.id, recent.session.id]);
}

/// The first that was there outlasts any number of sign-ins at the same time; each of them makes room for the next.
pub async fn of_sessions_seen_just_now_the_latest_sign_in_makes_room(store: &dyn Store) {
    let user = created(store).await;
    let mut opened = Vec::new();
    for place in 0..6 {
        let mut new = session(&user);
        new.session.created_at += seconds(place);
        // The order of their uses is the other way round.
        new.session.last_seen_at -= seconds(place);
        let recent_since = new.session.created_at - seconds(60);
        store.open_session(OpenSession { max_per_user: 3, recent_since, ..open(&new) }).await.unwrap();
        opened.push(new.session.id);
    }
    assert_eq!(session_ids(store, user.id).await, [opened[0], opened[1], opened[5]]);
}

/// The record of sessions that made room is written only if there were any.
pub async fn nothing_makes_room_that_need_not(store: &dyn Store) {
    let user = created(store).await;
    for count in 1..=3 {
        let opening = OpenSession { max_per_user: 3, ..open(&session(&user)) };
        let evicted = opening.evicted.id;
        assert_eq!(store.open_session(opening).await.unwrap(), OpenSessionOutcome::Opened);
        assert_eq!(session_ids(store, user.id).await.len(), count);
        assert!(!event_ids(store, user.id).await.contains(&evicted), "nothing made room");
    }
}

/// Otherwise the dead would push the living out. The expiry is half-open, and another user's sessions are not touched.
pub async fn sessions_that_have_expired_take_no_room(store: &dyn Store) {
    let (other, _) = signed_up(store).await;
    let user = created(store).await;
    let now = session(&user).session.created_at;
    let expiring = |user: &User, at| {
        let mut new = session(user);
        new.session.expires_at = at;
        new
    };
    let (kept, dead) = (expiring(&user, now + seconds(60)), expiring(&user, now));
    let others = expiring(&other, now);
    for new in [&kept, &dead, &others] {
        store.open_session(open(new)).await.unwrap();
    }
    let new = session(&user);
    let opening = OpenSession { max_per_user: 2, ..open(&new) };
    assert_eq!(store.open_session(opening).await.unwrap(), OpenSessionOutcome::Opened);
    let mut expected = [kept.session.id, new.session.id];
    expected.sort_unstable();
    let mut left = session_ids(store, user.id).await;
    left.sort_unstable();
    assert_eq!(left, expected);
    assert!(store.find_session(others.session.id).await.unwrap().is_some(), "another user's session stays");
}

/// Only the user's own.
pub async fn sessions_are_listed_the_most_recently_used_first(store: &dyn Store) {
    let user = created(store).await;
    signed_up(store).await;
    let mut expected = Vec::new();
    for age in [3, 0, 4, 1, 2] {
        let mut new = session(&user);
        new.session.last_seen_at -= seconds(age);
        store.open_session(open(&new)).await.unwrap();
        expected.push((age, new.session.id));
    }
    expected.sort_unstable();
    let expected: Vec<_> = expected.into_iter().map(|(_, id)| id).collect();
    assert_eq!(session_ids(store, user.id).await, expected);
}

/// Uses may be noted late and out of order.
pub async fn a_use_moves_last_seen_forward_only(store: &dyn Store) {
    let (user, new) = signed_up(store).await;
    let other = session(&user);
    store.open_session(open(&other)).await.unwrap();
    let latest = new.session.last_seen_at + seconds(120);
    for seen_at in [new.session.last_seen_at + seconds(60), latest, new.session.last_seen_at + seconds(90)] {
        let touch = Touch { session_id: new.session.id, seen_at, generation: -1 };
        store.touch_session(touch).await.unwrap();
    }
    let after = record(store, new.session.id).await;
    assert_eq!(after.session, Session { last_seen_at: latest, ..new.session });
    assert_eq!(after.refresh, new.refresh, "a token of no generation confirms none");
    assert_eq!(record(store, other.session.id).await.session, other.session, "the other session was not used");
}

/// An access token of an earlier generation shows nothing of the present one; and what was seen stays seen.
pub async fn a_use_confirms_the_current_generation_only(store: &dyn Store) {
    let user = created(store).await;
    let mut new = session(&user);
    new.refresh.generation = 7;
    store.open_session(open(&new)).await.unwrap();
    let touch = |generation| Touch { session_id: new.session.id, seen_at: new.session.last_seen_at, generation };

    for (generation, confirmed) in [(6, false), (8, false), (-1, false), (7, true), (6, true)] {
        store.touch_session(touch(generation)).await.unwrap();
        let after = record(store, new.session.id).await;
        assert_eq!(after.refresh.confirmed, confirmed, "after the use of generation {generation}");
        assert_eq!(after.refresh.generation, 7);
    }
}

/// An update that inserts what it does not find would undo a sign-out.
pub async fn a_use_does_not_bring_a_session_back(store: &dyn Store) {
    let (user, new) = signed_up(store).await;
    let (_, other) = signed_up(store).await;
    let before = record(store, other.session.id).await;
    let event = event(AuditKind::SignOut, user.id);
    store.delete_session(new.session.id, user.id, event).await.unwrap();

    let touch = Touch { session_id: new.session.id, seen_at: new.session.last_seen_at + seconds(60), generation: 0 };
    store.touch_session(touch).await.unwrap();
    assert!(store.find_session(new.session.id).await.unwrap().is_none(), "the session stays deleted");
    assert!(session_ids(store, user.id).await.is_empty());
    assert_unchanged(&record(store, other.session.id).await, &before);
}
