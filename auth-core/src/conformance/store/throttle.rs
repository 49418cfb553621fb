//! Rules about the throttle's state.

use super::fixture::{seconds, throttle, throttle_key};
use crate::store::{Store, SwapThrottle, SwapThrottleOutcome};
use crate::throttle::{Throttle, ThrottleKey};

/// Checks every rule of this module.
pub async fn run_all(store: &dyn Store) {
    a_state_is_kept_changed_and_forgotten(store).await;
    a_state_that_is_not_the_expected_one_stays(store).await;
    states_are_kept_each_by_itself(store).await;
}

/// From nothing to nothing.
pub async fn a_state_is_kept_changed_and_forgotten(store: &dyn Store) {
    let key = throttle_key();
    let first = throttle();
    let second = Throttle { failures: u32::MAX, ..throttle() };
    assert_eq!(store.find_throttle(key).await.unwrap(), None);
    for (expected, next) in [(None, Some(first)), (Some(first), Some(second)), (Some(second), None), (None, None)] {
        assert_eq!(swap(store, key, expected, next).await, SwapThrottleOutcome::Swapped, "{expected:?} to {next:?}");
        assert_eq!(store.find_throttle(key).await.unwrap(), next);
    }
}

/// Whatever differs in it, by as little as a microsecond.
pub async fn a_state_that_is_not_the_expected_one_stays(store: &dyn Store) {
    let key = throttle_key();
    let state = throttle();
    assert_eq!(swap(store, key, Some(state), None).await, SwapThrottleOutcome::Lost, "there is none to forget");
    assert_eq!(swap(store, key, Some(state), Some(state)).await, SwapThrottleOutcome::Lost, "nor to change");
    assert_eq!(swap(store, key, None, Some(state)).await, SwapThrottleOutcome::Swapped);
    let microsecond = chrono::TimeDelta::microseconds(1);
    let others = [
        None,
        Some(Throttle { failures: state.failures + 1, ..state }),
        Some(Throttle { blocked_until: state.blocked_until + microsecond, ..state }),
        Some(Throttle { expires_at: state.expires_at - microsecond, ..state }),
    ];
    for other in others {
        for next in [None, Some(throttle())] {
            assert_eq!(swap(store, key, other, next).await, SwapThrottleOutcome::Lost, "{other:?} to {next:?}");
            assert_eq!(store.find_throttle(key).await.unwrap(), Some(state));
        }
    }
}

/// Keys are told apart by all of their bytes.
pub async fn states_are_kept_each_by_itself(store: &dyn Store) {
    let key = throttle_key();
    let mut bytes = *key.as_bytes();
    bytes[31] ^= 0x20;
    let near = ThrottleKey::from_bytes(bytes);
    let (state, other) = (throttle(), Throttle { failures: 7, ..throttle() });
    swap(store, key, None, Some(state)).await;
    assert_eq!(swap(store, near, None, Some(other)).await, SwapThrottleOutcome::Swapped);
    assert_eq!(store.find_throttle(key).await.unwrap(), Some(state));
    let later = Throttle { expires_at: other.expires_at + seconds(1), ..other };
    assert_eq!(swap(store, near, Some(other), Some(later)).await, SwapThrottleOutcome::Swapped);
    assert_eq!(store.find_throttle(near).await.unwrap(), Some(later));
    assert_eq!(store.find_throttle(key).await.unwrap(), Some(state));
}

pub(super) async fn swap(
    store: &dyn Store,
    key: ThrottleKey,
    expected: Option<Throttle>,
    next: Option<Throttle>,
) -> SwapThrottleOutcome {
    store.swap_throttle(SwapThrottle { key, expected, next }).await.unwrap()
}
