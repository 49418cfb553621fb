//! Rules about the compare-and-set by which refresh tokens rotate.

use super::fixture::{
    assert_unchanged, create, created, event, event_ids, events, new_user, open, record, session, signed_up, swap,
    token_hash, user,
};
use crate::audit::AuditKind;
use crate::session::{Recoveries, RefreshState, Session};
use crate::store::{NewUser, Store, SwapRefresh, SwapRefreshOutcome, Touch};
use crate::user::{User, UserStatus};

/// Checks every rule of this module.
pub async fn run_all(store: &dyn Store) {
    a_refresh_state_takes_the_place_of_the_expected_one(store).await;
    the_family_stays_for_the_life_of_the_session(store).await;
    a_refresh_state_that_is_not_the_expected_one_stays(store).await;
    a_confirmation_in_between_is_noticed(store).await;
    a_session_that_is_over_gets_no_new_state(store).await;
}

/// State, client, expiry and last use change together, each to what was asked for, and nothing else does.
pub async fn a_refresh_state_takes_the_place_of_the_expected_one(store: &dyn Store) {
    let (user, new) = signed_up(store).await;
    let mut current = new;
    for _ in 0..3 {
        let swap = swap(&current.session, &current.refresh);
        assert_eq!(store.swap_refresh(swap.clone()).await.unwrap(), SwapRefreshOutcome::Swapped);

        let after = record(store, current.session.id).await;
        current.session =
            Session { client: swap.client, expires_at: swap.expires_at, last_seen_at: swap.seen_at, ..current.session };
        current.refresh = swap.next;
        assert_eq!(after.session, current.session);
        assert_eq!(after.refresh, current.refresh);
        assert_eq!(after.user, user);
        assert!(events(store, user.id).await.contains(&swap.event), "the event is recorded");
    }
}

/// It proves that a token was once a real one, so a new state cannot bring another.
pub async fn the_family_stays_for_the_life_of_the_session(store: &dyn Store) {
    let (_, new) = signed_up(store).await;
    let mut swap = swap(&new.session, &new.refresh);
    swap.next.family_hash = token_hash();
    assert_eq!(store.swap_refresh(swap).await.unwrap(), SwapRefreshOutcome::Swapped);
    assert_eq!(record(store, new.session.id).await.refresh.family_hash, new.refresh.family_hash);
}

/// Whoever read a state that is no longer there has lost, also if only one part of it is different.
pub async fn a_refresh_state_that_is_not_the_expected_one_stays(store: &dyn Store) {
    let user = created(store).await;
    let mut new = session(&user);
    let once = Recoveries::default().with_recovery();
    new.refresh = RefreshState { generation: 3, recoveries: once, confirmed: true, ..new.refresh };
    store.open_session(open(&new)).await.unwrap();
    let before = record(store, new.session.id).await;

    let stale = [
        RefreshState { token_hash: token_hash(), ..new.refresh.clone() },
        RefreshState { generation: 2, ..new.refresh.clone() },
        RefreshState { recoveries: Recoveries::default(), ..new.refresh.clone() },
        RefreshState { recoveries: once.with_repetition_noted(), ..new.refresh.clone() },
        RefreshState { recoveries: once.after_rotation(), ..new.refresh.clone() },
        RefreshState { confirmed: false, ..new.refresh.clone() },
    ];
    for expected in stale {
        let swap = SwapRefresh { expected, ..swap(&new.session, &new.refresh) };
        let event = swap.event.id;
        assert_eq!(store.swap_refresh(swap.clone()).await.unwrap(), SwapRefreshOutcome::Lost, "{swap:?}");
        assert_unchanged(&record(store, new.session.id).await, &before);
        assert!(!event_ids(store, user.id).await.contains(&event), "no event is recorded");
    }
}

/// Or else a recovery could pass for one of an unseen token.
pub async fn a_confirmation_in_between_is_noticed(store: &dyn Store) {
    let (_, new) = signed_up(store).await;
    let touch = Touch { session_id: new.session.id, seen_at: new.session.last_seen_at, generation: 0 };
    store.touch_session(touch).await.unwrap();
    let swap = swap(&new.session, &new.refresh);
    assert_eq!(store.swap_refresh(swap).await.unwrap(), SwapRefreshOutcome::Lost);
}

/// It was deleted, or never there, or its user is disabled or of another epoch. Nothing is written.
pub async fn a_session_that_is_over_gets_no_new_state(store: &dyn Store) {
    let (gone, deleted) = signed_up(store).await;
    let sign_out = event(AuditKind::SignOut, gone.id);
    store.delete_session(deleted.session.id, gone.id, sign_out).await.unwrap();
    let never = session(&user());
    let disabled = User { status: UserStatus::Disabled, ..user() };
    let of_disabled = session(&disabled);
    let moved_on = User { auth_epoch: 5, ..user() };
    let of_epoch_4 = session(&User { auth_epoch: 4, ..moved_on.clone() });
    for (user, new) in [(&disabled, &of_disabled), (&moved_on, &of_epoch_4)] {
        create(store, NewUser { session: Some(new.clone()), ..new_user(user) }).await;
    }

    for new in [deleted, never, of_disabled, of_epoch_4] {
        let before = store.find_session(new.session.id).await.unwrap();
        let swap = swap(&new.session, &new.refresh);
        let event = swap.event.id;
        assert_eq!(store.swap_refresh(swap).await.unwrap(), SwapRefreshOutcome::Lost, "{new:?}");
        let after = store.find_session(new.session.id).await.unwrap();
        assert_eq!(after.is_some(), before.is_some(), "no session comes or goes");
        before.zip(after).inspect(|(before, after)| assert_unchanged(after, before));
        assert!(!event_ids(store, new.session.user_id).await.contains(&event), "no event is recorded");
    }
}
