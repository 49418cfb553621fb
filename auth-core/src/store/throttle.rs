//! The state of the throttle: who failed how often of late.

use async_trait::async_trait;

use crate::store::StoreError;
use crate::throttle::{Throttle, ThrottleKey};

/// Keeps the state of the throttle, which several nodes share.
#[async_trait]
pub trait ThrottleStore: Send + Sync + 'static {
    /// Reads the state under a key, expired or not.
    async fn find_throttle(&self, key: ThrottleKey) -> Result<Option<Throttle>, StoreError>;

    /// Puts a state in the place of the expected one, if that is still there.
    async fn swap_throttle(&self, swap: SwapThrottle) -> Result<SwapThrottleOutcome, StoreError>;
}

/// A change of the throttle, by compare-and-set.
#[derive(Debug, Clone, Copy)]
pub struct SwapThrottle {
    /// Whose state it is.
    pub key: ThrottleKey,
    /// The state that must still be there; `None` for no state at all.
    pub expected: Option<Throttle>,
    /// The state to put in its place; `None` to forget it.
    pub next: Option<Throttle>,
}

/// What became of a change of the throttle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SwapThrottleOutcome {
    /// Somebody was faster; nothing changed.
    Lost,
    /// The new state is in place.
    Swapped,
}
