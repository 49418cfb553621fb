//! Rules about calls at the same time: of any number that want one thing, one gets it.

use futures_util::future::join_all;

use super::fixture::{
    created, credentials, event, events, instant, new_user, number, one_time_token, open, password_hash, record,
    session, session_ids, signed_up, swap, throttle, throttle_key, user,
};
use super::{throttle, token};
use crate::audit::AuditKind;
use crate::email::Email;
use crate::store::{
    ConsumeTokenOutcome, CreateUserOutcome, DeleteSessionOutcome, NewUser, OpenSession, OpenSessionOutcome,
    ReplacePassword, ReplacePasswordOutcome, SetRoles, SetRolesOutcome, Store, SwapRefreshOutcome, SwapThrottleOutcome,
    Touch,
};
use crate::throttle::Throttle;
use crate::token::TokenPurpose;
use crate::user::User;

/// How hard a store is pressed.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// How many calls come at the same time. Default 32.
    pub calls: usize,
    /// How often they come. Default 200.
    pub rounds: usize,
}

impl Default for Load {
    fn default() -> Self {
        Self { calls: 32, rounds: 200 }
    }
}

/// Checks every rule of this module.
pub async fn run_all(store: &dyn Store, load: Load) {
    one_of_many_gets_an_address(store, load).await;
    one_of_many_rotates_a_token(store, load).await;
    one_of_many_uses_a_one_time_token(store, load).await;
    one_of_many_one_time_tokens_is_good(store, load).await;
    one_of_many_replaces_a_password(store, load).await;
    one_of_many_sets_roles(store, load).await;
    one_of_many_ends_a_session(store, load).await;
    no_failure_is_forgotten(store, load).await;
    no_rotation_brings_a_session_back(store, load).await;
    no_rotation_outlives_the_end_of_all_sessions(store, load).await;
    no_use_brings_a_session_back(store, load).await;
    no_use_undoes_a_rotation(store, load).await;
    no_sign_in_outlives_the_end_of_all_sessions(store, load).await;
    no_crowd_of_sign_ins_exceeds_the_limit(store, load).await;
}

/// In whatever spelling: one account, one session, one event.
pub async fn one_of_many_gets_an_address(store: &dyn Store, load: Load) {
    for _ in 0..load.rounds {
        let typed = user().email.unwrap().as_str().to_owned();
        let users: Vec<_> = (0..load.calls).map(|call| user_with(&typed, call)).collect();
        let outcomes = race(users.iter().map(|user| async move {
            let new = NewUser { session: Some(session(user)), ..new_user(user) };
            (store.create_user(new).await.unwrap(), user)
        }));
        let outcomes = outcomes.await;
        let mut winners = outcomes.iter().filter(|(outcome, _)| *outcome == CreateUserOutcome::Created);
        let (Some((_, winner)), None) = (winners.next(), winners.next()) else {
            panic!("one of those who want an address gets it: {outcomes:?}")
        };
        assert_eq!(credentials(store, winner).await.user, **winner);
        for user in &users {
            let rows = usize::from(user.id == winner.id);
            assert_eq!(session_ids(store, user.id).await.len(), rows, "only the one who got it has a session");
            assert_eq!(events(store, user.id).await.len(), rows, "only the one who got it has an event");
        }
    }
}

fn user_with(typed: &str, call: usize) -> User {
    let spelling = if call.is_multiple_of(2) { typed.to_lowercase() } else { typed.to_owned() };
    User { email: Some(Email::parse(&spelling).unwrap()), ..user() }
}

/// The others learn that they lost, and the state is the winner's, whole.
pub async fn one_of_many_rotates_a_token(store: &dyn Store, load: Load) {
    let (user, mut new) = signed_up(store).await;
    for round in 1..=load.rounds {
        let swaps: Vec<_> = (0..load.calls).map(|_| swap(&new.session, &new.refresh)).collect();
        let outcomes = race(swaps.iter().map(|swap| async {
            let outcome = store.swap_refresh(swap.clone()).await.unwrap();
            (outcome == SwapRefreshOutcome::Swapped).then_some(&swap.next)
        }));
        let winner = only(outcomes.await, "rotates a token");
        let after = record(store, new.session.id).await;
        assert_eq!(&after.refresh, winner);
        assert_eq!(count(store, &user, AuditKind::Refresh).await, round, "each rotation is recorded once");
        (new.session, new.refresh) = (after.session, after.refresh);
    }
}

/// Two sign-ins that upgrade a hash, or an upgrade and a change of the password, do not overwrite one another.
pub async fn one_of_many_replaces_a_password(store: &dyn Store, load: Load) {
    let user = created(store).await;
    for round in 1..=load.rounds {
        let expected = credentials(store, &user).await.password_hash.unwrap();
        let outcomes = race((0..load.calls).map(|_| async {
            let (new, event) = (password_hash(), event(AuditKind::PasswordUpgraded, user.id));
            let (user_id, expected, at) = (user.id, expected.clone(), instant());
            let replace = ReplacePassword { user_id, expected, new: new.clone(), at, event };
            let outcome = store.replace_password(replace).await.unwrap();
            (outcome == ReplacePasswordOutcome::Replaced).then_some(new)
        }));
        let winner = only(outcomes.await, "replaces a password");
        assert_eq!(credentials(store, &user).await.password_hash.unwrap(), winner);
        assert_eq!(count(store, &user, AuditKind::PasswordUpgraded).await, round, "each is recorded once");
    }
}

/// The end of a session is told once.
pub async fn one_of_many_ends_a_session(store: &dyn Store, load: Load) {
    for _ in 0..load.rounds {
        let (user, new) = signed_up(store).await;
        let outcomes = race((0..load.calls).map(|_| async {
            let event = event(AuditKind::SignOut, user.id);
            let outcome = store.delete_session(new.session.id, user.id, event.clone()).await.unwrap();
            (outcome == DeleteSessionOutcome::Deleted).then_some(event)
        }));
        let winner = only(outcomes.await, "ends a session");
        assert!(events(store, user.id).await.contains(&winner), "the winner's event is recorded");
        assert_eq!(count(store, &user, AuditKind::SignOut).await, 1, "and no other");
    }
}

/// Signing out wins over a refresh that comes at the same time, whichever is first.
pub async fn no_rotation_brings_a_session_back(store: &dyn Store, load: Load) {
    for _ in 0..load.rounds {
        let (user, new) = signed_up(store).await;
        let swapped = race((0..load.calls).map(|call| {
            let new = &new;
            let user = user.id;
            async move {
                if call == 0 {
                    let event = event(AuditKind::SignOut, user);
                    let outcome = store.delete_session(new.session.id, user, event).await.unwrap();
                    assert_eq!(outcome, DeleteSessionOutcome::Deleted, "a refresh does not stop a sign-out");
                    return false;
                }
                let swap = swap(&new.session, &new.refresh);
                store.swap_refresh(swap).await.unwrap() == SwapRefreshOutcome::Swapped
            }
        }));
        let swapped = swapped.await.into_iter().filter(|swapped| *swapped).count();
        assert!(swapped <= 1, "{swapped} rotations of one token");
        assert!(store.find_session(new.session.id).await.unwrap().is_none(), "a deleted session stays deleted");
        assert!(session_ids(store, user.id).await.is_empty(), "a deleted session is not listed");
        assert_eq!(count(store, &user, AuditKind::Refresh).await, swapped, "what was rotated is recorded");
    }
}

/// The same for the mere note that a session was used.
pub async fn no_use_brings_a_session_back(store: &dyn Store, load: Load) {
    for _ in 0..load.rounds {
        let (user, new) = signed_up(store).await;
        race((0..load.calls).map(|call| {
            let session = &new.session;
            async move {
                if call == 0 {
                    let event = event(AuditKind::SignOut, session.user_id);
                    store.delete_session(session.id, session.user_id, event).await.unwrap();
                    return;
                }
                let touch = Touch { session_id: session.id, seen_at: instant(), generation: 0 };
                store.touch_session(touch).await.unwrap();
            }
        }))
        .await;
        assert!(store.find_session(new.session.id).await.unwrap().is_none(), "a deleted session stays deleted");
        assert!(session_ids(store, user.id).await.is_empty(), "a deleted session is not listed");
    }
}

/// A note that a session was used writes what it notes, and nothing that it has read before.
pub async fn no_use_undoes_a_rotation(store: &dyn Store, load: Load) {
    for _ in 0..load.rounds {
        let (_, new) = signed_up(store).await;
        let rotation = swap(&new.session, &new.refresh);
        race((0..load.calls).map(|call| {
            let (rotation, session) = (&rotation, &new.session);
            async move {
                if call == 0 {
                    assert_eq!(store.swap_refresh(rotation.clone()).await.unwrap(), SwapRefreshOutcome::Swapped);
                } else {
                    // Of a generation that is not this one, so that the uses are no reason to lose.
                    let touch = Touch { session_id: session.id, seen_at: session.created_at, generation: 7 };
                    store.touch_session(touch).await.unwrap();
                }
            }
        }))
        .await;
        let after = record(store, new.session.id).await;
        assert_eq!(after.refresh, rotation.next, "the new token is the one that counts");
        assert_eq!(after.session.expires_at, rotation.expires_at);
    }
}

/// A sign-in that checked the password before everything was ended is ended too, or refused.
pub async fn no_sign_in_outlives_the_end_of_all_sessions(store: &dyn Store, load: Load) {
    for _ in 0..load.rounds {
        let (user, _) = signed_up(store).await;
        let opened = race((0..load.calls).map(|call| {
            let user = &user;
            async move {
                if call == 0 {
                    let event = event(AuditKind::SignOut, user.id);
                    store.delete_all_sessions(user.id, instant(), event).await.unwrap();
                    return false;
                }
                store.open_session(open(&session(user))).await.unwrap() == OpenSessionOutcome::Opened
            }
        }));
        let opened = opened.await.into_iter().filter(|opened| *opened).count();
        assert!(session_ids(store, user.id).await.is_empty(), "no session of the old epoch is left");
        assert_eq!(credentials(store, &user).await.user.auth_epoch, user.auth_epoch + 1);
        assert_eq!(count(store, &user, AuditKind::SignInSuccess).await, opened, "what was opened is recorded");
    }
}

/// The rows of a user stay bounded.
pub async fn no_crowd_of_sign_ins_exceeds_the_limit(store: &dyn Store, load: Load) {
    let user = created(store).await;
    let outcomes = race((0..load.calls).map(|_| async {
        let opening = OpenSession { max_per_user: 5, ..open(&session(&user)) };
        store.open_session(opening).await.unwrap()
    }));
    let made_room = outcomes.await.into_iter().filter(|outcome| *outcome == OpenSessionOutcome::MadeRoom).count();
    assert_eq!(made_room, load.calls - 5, "each that made another end says so");
    assert_eq!(session_ids(store, user.id).await.len(), 5);
    assert_eq!(count(store, &user, AuditKind::SignInSuccess).await, load.calls, "each sign-in is recorded");
    assert_eq!(count(store, &user, AuditKind::SessionRevoked).await, load.calls - 5, "and each that made another end");
}

/// Of all who present it, on any number of nodes.
pub async fn one_of_many_uses_a_one_time_token(store: &dyn Store, load: Load) {
    let user = created(store).await;
    for _ in 0..load.rounds {
        let one_time = one_time_token(&user, TokenPurpose::PasswordReset);
        token::create(store, &one_time).await;
        let outcomes = race((0..load.calls).map(|_| async {
            match token::consume(store, &one_time).await {
                ConsumeTokenOutcome::Consumed(consumed) => Some(*consumed),
                ConsumeTokenOutcome::Refused => None,
            }
        }));
        assert_eq!(only(outcomes.await, "uses a one-time token"), one_time);
    }
}

/// Of many mails that are asked for at the same time one counts.
pub async fn one_of_many_one_time_tokens_is_good(store: &dyn Store, load: Load) {
    let user = created(store).await;
    // Each round makes a token with every call and presents all of them.
    for _ in 0..load.rounds.div_ceil(8) {
        let tokens: Vec<_> = (0..load.calls).map(|_| one_time_token(&user, TokenPurpose::PasswordReset)).collect();
        race(tokens.iter().map(|one_time| token::create(store, one_time))).await;
        let outcomes = race(tokens.iter().map(|one_time| async {
            (token::consume(store, one_time).await != ConsumeTokenOutcome::Refused).then_some(())
        }));
        only(outcomes.await, "is the newest token");
    }
}

/// A count that several nodes keep together: with everybody trying until they have counted, all are counted.
pub async fn no_failure_is_forgotten(store: &dyn Store, load: Load) {
    // Everybody in turn wins against all others, so a round takes as many swaps as there are pairs.
    for _ in 0..load.rounds.div_ceil(20) {
        let key = throttle_key();
        let first = Throttle { failures: 1, ..throttle() };
        race((0..load.calls).map(|_| async {
            loop {
                let found = store.find_throttle(key).await.unwrap();
                let next = found.map_or(first, |found| Throttle { failures: found.failures + 1, ..found });
                if throttle::swap(store, key, found, Some(next)).await == SwapThrottleOutcome::Swapped {
                    return;
                }
            }
        }))
        .await;
        let counted = store.find_throttle(key).await.unwrap().unwrap().failures;
        assert_eq!(usize::try_from(counted).unwrap(), load.calls);
    }
}

/// Two administrators who grant a role each do not take the other's away.
pub async fn one_of_many_sets_roles(store: &dyn Store, load: Load) {
    let user = created(store).await;
    for round in 1..=load.rounds {
        let expected_epoch = credentials(store, &user).await.user.auth_epoch;
        let outcomes = race((0..load.calls).map(|_| async {
            let event = event(AuditKind::RoleChanged, user.id);
            let set = SetRoles { user_id: user.id, expected_epoch, roles: Vec::new(), at: instant(), event };
            (store.set_roles(set).await.unwrap() == SetRolesOutcome::Set).then_some(())
        }));
        only(outcomes.await, "sets roles");
        assert_eq!(credentials(store, &user).await.user.auth_epoch, expected_epoch + 1);
        assert_eq!(count(store, &user, AuditKind::RoleChanged).await, round, "each is recorded once");
    }
}

/// Whoever signs out everywhere also ends what is being refreshed at the time.
pub async fn no_rotation_outlives_the_end_of_all_sessions(store: &dyn Store, load: Load) {
    for _ in 0..load.rounds {
        let (user, new) = signed_up(store).await;
        race((0..load.calls).map(|call| {
            let (user, new) = (&user, &new);
            async move {
                if call == 0 {
                    let event = event(AuditKind::SignOut, user.id);
                    store.delete_all_sessions(user.id, instant(), event).await.unwrap();
                } else {
                    store.swap_refresh(swap(&new.session, &new.refresh)).await.unwrap();
                }
            }
        }))
        .await;
        assert!(store.find_session(new.session.id).await.unwrap().is_none(), "a deleted session stays deleted");
        assert_eq!(credentials(store, &user).await.user.auth_epoch, user.auth_epoch + 1);
    }
}

/// Runs the calls side by side, begun in an order that is drawn anew, and returns their results.
async fn race<C: Future>(calls: impl Iterator<Item = C>) -> Vec<C::Output> {
    let mut calls: Vec<_> = calls.map(|call| (number(), call)).collect();
    calls.sort_by_key(|(place, _)| *place);
    join_all(calls.into_iter().map(|(_, call)| call)).await
}

fn only<T>(results: Vec<Option<T>>, what: &str) -> T {
    let mut winners: Vec<T> = results.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1, "one of those who come at the same time {what}");
    winners.remove(0)
}

async fn count(store: &dyn Store, user: &User, kind: AuditKind) -> usize {
    events(store, user.id).await.iter().filter(|event| event.kind == kind).count()
}
