//! The throttle's state in memory.

use async_trait::async_trait;

use crate::memory::MemoryStore;
use crate::store::{StoreError, SwapThrottle, SwapThrottleOutcome, ThrottleStore};
use crate::throttle::{Throttle, ThrottleKey};

#[async_trait]
impl ThrottleStore for MemoryStore {
    async fn find_throttle(&self, key: ThrottleKey) -> Result<Option<Throttle>, StoreError> {
        Ok(self.lock().throttles.get(&key).copied())
    }

    async fn swap_throttle(&self, swap: SwapThrottle) -> Result<SwapThrottleOutcome, StoreError> {
        let mut tables = self.lock();
        if tables.throttles.get(&swap.key).copied() != swap.expected {
            return Ok(SwapThrottleOutcome::Lost);
        }
        match swap.next {
            Some(next) => tables.throttles.insert(swap.key, next),
            None => tables.throttles.remove(&swap.key),
        };
        Ok(SwapThrottleOutcome::Swapped)
    }
}
