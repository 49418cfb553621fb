//! Deleting dead rows from memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::memory::MemoryStore;
use crate::store::{DeadRows, Prune, PruneStore, StoreError};

#[async_trait]
impl PruneStore for MemoryStore {
    async fn prune(&self, prune: Prune) -> Result<u64, StoreError> {
        let mut tables = self.lock();
        Ok(match prune.rows {
            DeadRows::AuditEvents => remove(&mut tables.events, prune, |event| event.at),
            DeadRows::OneTimeTokens => {
                tables.tokens.sort_by_key(|token| token.expires_at);
                let dead = tables.tokens.partition_point(|token| token.expires_at <= prune.until);
                count(tables.tokens.drain(..dead.min(limit(prune))))
            }
            DeadRows::Sessions => remove(&mut tables.sessions, prune, |row| row.session.expires_at),
            DeadRows::Throttles => remove(&mut tables.throttles, prune, |throttle| throttle.expires_at),
        })
    }
}

/// Removes the entries that ended first, and returns how many.
fn remove<K: Ord + Copy, V>(table: &mut BTreeMap<K, V>, prune: Prune, end: fn(&V) -> DateTime<Utc>) -> u64 {
    let mut dead: Vec<_> =
        table.iter().map(|(key, value)| (end(value), *key)).filter(|(end, _)| *end <= prune.until).collect();
    dead.sort();
    count(dead.iter().take(limit(prune)).filter_map(|(_, key)| table.remove(key)))
}

fn limit(prune: Prune) -> usize {
    usize::try_from(prune.limit).unwrap_or(usize::MAX)
}

fn count(removed: impl Iterator) -> u64 {
    removed.map(|_| 1).sum()
}
