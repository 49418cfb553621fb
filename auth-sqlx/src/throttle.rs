//! The state of the throttle.

use async_trait::async_trait;
use auth_core::store::{StoreError, SwapThrottle, SwapThrottleOutcome, ThrottleStore};
use auth_core::throttle::{Throttle, ThrottleKey};

use crate::backend::Backend;
use crate::columns::Columns;
use crate::error::Failure;
use crate::statement::Statement;
use crate::store::{SqlxStore, micros, to_its_end};

const INSERT: &str = "INSERT INTO {auth_throttle} (failures, blocked_until, expires_at, key_hash) VALUES (?, ?, ?, ?)";

/// `+ 0` keeps planners to the key, for the reason that `CONSUME` has in `token.rs`.
const UPDATE: &str = "UPDATE {auth_throttle} SET failures = ?, blocked_until = ?, expires_at = ? \
                      WHERE key_hash = ? AND failures = ? AND blocked_until = ? AND expires_at + 0 = ?";

const DELETE: &str = "DELETE FROM {auth_throttle} \
                      WHERE key_hash = ? AND failures = ? AND blocked_until = ? AND expires_at + 0 = ?";

#[async_trait]
impl<DB: Backend> ThrottleStore for SqlxStore<DB> {
    async fn find_throttle(&self, key: ThrottleKey) -> Result<Option<Throttle>, StoreError> {
        let store = self.clone();
        to_its_end::<DB, _>(async move { store.repeat(|| store.try_find_throttle(key)).await }).await
    }

    async fn swap_throttle(&self, swap: SwapThrottle) -> Result<SwapThrottleOutcome, StoreError> {
        let store = self.clone();
        to_its_end::<DB, _>(async move { store.change(|| store.try_swap_throttle(swap)).await }).await
    }
}

impl<DB: Backend> SqlxStore<DB> {
    async fn try_find_throttle(&self, key: ThrottleKey) -> Result<Option<Throttle>, Failure> {
        self.select_throttle(&mut *self.read().await?, key).await
    }

    async fn select_throttle(
        &self,
        connection: &mut DB::Connection,
        key: ThrottleKey,
    ) -> Result<Option<Throttle>, Failure> {
        let query = self.sql("SELECT failures, blocked_until, expires_at FROM {auth_throttle} WHERE key_hash = ?");
        let row = query.bind(key.as_bytes().to_vec()).fetch_optional(connection).await?;
        row.map(|row| {
            let mut columns = Columns::<DB>::of(&row);
            let failures: i64 = columns.get("failures")?;
            Ok(Throttle {
                failures: u32::try_from(failures).map_err(|_| Failure::corrupt("failures"))?,
                blocked_until: columns.instant("blocked_until")?,
                expires_at: columns.instant("expires_at")?,
            })
        })
        .transpose()
    }

    async fn try_swap_throttle(&self, swap: SwapThrottle) -> Result<SwapThrottleOutcome, Failure> {
        let mut lease = self.write().await?;
        let key = swap.key.as_bytes().to_vec();
        let matched = match (swap.expected, swap.next) {
            (None, None) => u64::from(self.select_throttle(&mut lease, swap.key).await?.is_none()),
            (None, Some(next)) => {
                match bind(self.sql(INSERT), next).bind(key).execute(&mut lease).await.map_err(Failure::from) {
                    Err(failure) if failure.is_unique_violation() => return Ok(SwapThrottleOutcome::Lost),
                    inserted => inserted?,
                }
            }
            (Some(expected), Some(next)) => {
                bind(bind(self.sql(UPDATE), next).bind(key), expected).execute(&mut lease).await?
            }
            (Some(expected), None) => bind(self.sql(DELETE).bind(key), expected).execute(&mut lease).await?,
        };
        lease.commit().await?;
        Ok(if matched == 0 { SwapThrottleOutcome::Lost } else { SwapThrottleOutcome::Swapped })
    }
}

fn bind<DB: Backend>(statement: Statement<'_, DB>, throttle: Throttle) -> Statement<'_, DB> {
    statement.bind(i64::from(throttle.failures)).bind(micros(throttle.blocked_until)).bind(micros(throttle.expires_at))
}
