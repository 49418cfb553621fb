//! Deleting dead rows.

use async_trait::async_trait;
use auth_core::store::{DeadRows, Prune, PruneStore, StoreError};
use uuid::Uuid;

use crate::backend::{Backend, Holds};
use crate::error::Failure;
use crate::store::{SqlxStore, micros, to_its_end};

/// The most keys of one statement: each is an argument, of which SQLite takes 32 766.
const MOST: u32 = 10_000;

#[async_trait]
impl<DB: Backend> PruneStore for SqlxStore<DB> {
    async fn prune(&self, prune: Prune) -> Result<u64, StoreError> {
        let store = self.clone();
        let prune = Prune { limit: prune.limit.min(MOST), ..prune };
        to_its_end::<DB, _>(async move { store.change(|| store.try_prune(prune)).await }).await
    }
}

impl<DB: Backend> SqlxStore<DB> {
    async fn try_prune(&self, prune: Prune) -> Result<u64, Failure> {
        match prune.rows {
            DeadRows::AuditEvents => {
                let find = "SELECT id FROM {auth_audit_log} WHERE at <= ? ORDER BY at LIMIT ?";
                let delete = "DELETE FROM {auth_audit_log} WHERE at + 0 <= ? AND id IN (?)";
                self.delete_found::<Uuid>(prune, find, delete).await
            }
            DeadRows::OneTimeTokens => {
                let find = "SELECT token_hash AS id FROM {auth_one_time_tokens} WHERE expires_at <= ? \
                            ORDER BY expires_at LIMIT ?";
                let delete = "DELETE FROM {auth_one_time_tokens} WHERE expires_at + 0 <= ? AND token_hash IN (?)";
                self.delete_found::<Vec<u8>>(prune, find, delete).await
            }
            DeadRows::Sessions => {
                let find = "SELECT id FROM {auth_sessions} WHERE expires_at <= ? ORDER BY expires_at LIMIT ?";
                let delete = "DELETE FROM {auth_sessions} WHERE expires_at + 0 <= ? AND id IN (?)";
                self.delete_found::<Uuid>(prune, find, delete).await
            }
            DeadRows::Throttles => {
                let find = "SELECT key_hash AS id FROM {auth_throttle} WHERE expires_at <= ? \
                            ORDER BY expires_at LIMIT ?";
                let delete = "DELETE FROM {auth_throttle} WHERE expires_at + 0 <= ? AND key_hash IN (?)";
                self.delete_found::<Vec<u8>>(prune, find, delete).await
            }
        }
    }

    /// Deletes by key what was found, so that only these rows are locked. Who has come back to life or was deleted in
    /// the meantime does not count.
    ///
    /// With `+ 0` the index on the instant does not fit. A planner may take it in the place of the key, and each batch
    /// then reads, and on MySQL locks, all rows that are dead.
    async fn delete_found<K: Send>(
        &self,
        prune: Prune,
        find: &'static str,
        delete: &'static str,
    ) -> Result<u64, Failure>
    where
        DB: Holds<K>,
    {
        let until = micros(prune.until);
        let query = self.sql(find).bind(until).bind(i64::from(prune.limit));
        let rows = query.fetch_all(&mut *self.read().await?).await?;
        let keys = rows.iter().map(|row| DB::get(row, "id")).collect::<sqlx::Result<Vec<K>>>()?;
        if keys.is_empty() {
            return Ok(0);
        }
        let mut lease = self.write().await?;
        let deleted = self.sql(delete).bind(until).bind_each(keys.into_iter()).execute(&mut lease).await?;
        lease.commit().await?;
        Ok(deleted)
    }
}
