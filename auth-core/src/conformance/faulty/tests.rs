use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use super::*;
use crate::clock::{Clock, ManualClock};
use crate::memory::MemoryStore;
use crate::store::{SwapThrottle, ThrottleStore};
use crate::throttle::{Throttle, ThrottleKey};

const KEY: ThrottleKey = ThrottleKey::from_bytes([7; 32]);

fn store() -> FaultyStore<MemoryStore> {
    FaultyStore::default()
}

/// What became of a call that should leave a mark in the store.
#[derive(Debug, PartialEq)]
enum End {
    Answered,
    Failed,
    Hung,
    Panicked,
}

fn mark(store: &FaultyStore<MemoryStore>) -> End {
    let now = ManualClock::new().now();
    let next = Some(Throttle { failures: 1, blocked_until: now, expires_at: now });
    let call = store.swap_throttle(SwapThrottle { key: KEY, expected: None, next });
    match AssertUnwindSafe(call).catch_unwind().now_or_never() {
        None => End::Hung,
        Some(Err(_)) => End::Panicked,
        Some(Ok(Ok(_))) => End::Answered,
        Some(Ok(Err(error))) => {
            assert_eq!(error.kind(), StoreErrorKind::Unavailable);
            assert_eq!(std::error::Error::source(&error).unwrap().to_string(), CAUSE);
            End::Failed
        }
    }
}

fn is_marked(store: &FaultyStore<MemoryStore>) -> bool {
    store.inner().find_throttle(KEY).now_or_never().unwrap().unwrap().is_some()
}

#[test]
fn a_fault_strikes_at_its_moment_and_once() {
    for fault in Fault::ALL {
        let store = store();
        store.fault_at(1, fault);
        let expected = match fault.kind {
            FaultKind::Fail => End::Failed,
            FaultKind::Hang => End::Hung,
            FaultKind::Panic => End::Panicked,
        };
        assert_eq!(mark(&store), expected, "{fault:?}");
        assert_eq!(is_marked(&store), fault.moment == Moment::AfterEffect, "{fault:?}");
        assert_eq!(store.hanging(), usize::from(fault.kind == FaultKind::Hang), "{fault:?}");
        assert_eq!(mark(&store), End::Answered, "{fault:?}");
    }
}

#[test]
fn calls_are_counted_from_where_the_fault_is_ordered() {
    let store = store();
    mark(&store);
    store.fault_at(2, Fault::ALL[0]);
    store.take_calls();
    assert_eq!([mark(&store), mark(&store), mark(&store)], [End::Answered, End::Failed, End::Answered]);
}

#[test]
fn a_method_fails_until_it_is_healed_and_others_go_on() {
    let store = store();
    store.fail_method("find_throttle", Moment::BeforeEffect);
    assert_eq!(mark(&store), End::Answered);
    store.fail_method("swap_throttle", Moment::BeforeEffect);
    assert_eq!([mark(&store), mark(&store)], [End::Failed, End::Failed]);
    store.heal();
    assert_eq!(mark(&store), End::Answered);
}

#[test]
fn a_store_that_is_down_does_nothing_until_it_is_healed() {
    let store = store();
    store.fail_all();
    assert_eq!([mark(&store), mark(&store)], [End::Failed, End::Failed]);
    assert!(!is_marked(&store));
    store.fault_at(1, Fault::ALL[0]);
    store.heal();
    assert_eq!(mark(&store), End::Answered);
}

#[test]
fn clones_share_what_is_stored_what_was_called_and_what_fails() {
    let store = store();
    let clone = store.clone();
    clone.fault_at(2, Fault::ALL[0]);
    assert_eq!([mark(&store), mark(&store)], [End::Answered, End::Failed]);
    assert!(is_marked(&clone));
    assert_eq!(clone.calls(), ["swap_throttle", "swap_throttle"]);
    assert_eq!(clone.take_calls().len(), 2);
    assert_eq!(store.calls(), [""; 0]);
}

#[test]
fn what_happens_meanwhile_comes_before_one_call_each() {
    let store = store();
    for _ in 0..2 {
        let inner = store.inner().clone();
        store.before("swap_throttle", async move {
            let now = inner.find_throttle(KEY).await.unwrap();
            inner.swap_throttle(SwapThrottle { key: KEY, expected: now, next: None }).await.unwrap();
        });
    }
    store.fail_method("swap_throttle", Moment::BeforeEffect);
    for expected in [false, false, true] {
        store.inner().swap_throttle(mark_of_another()).now_or_never().unwrap().unwrap();
        mark(&store);
        assert_eq!(is_marked(&store), expected);
    }
}

fn mark_of_another() -> SwapThrottle {
    let now = ManualClock::new().now();
    SwapThrottle { key: KEY, expected: None, next: Some(Throttle { failures: 2, blocked_until: now, expires_at: now }) }
}
