//! Refusals, counted so that a flood of them becomes one audit event a minute and not a flood of events.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::audit::{AuditDetail, AuditKind};
use crate::http::client_ip::ClientKey;
use crate::id::UserId;
use crate::session::Client;

/// The least time between two audit events of the same refusal.
const INTERVAL: Duration = Duration::from_mins(1);

/// The most refusals that are counted apart, which takes about 1 MiB. Further ones are counted without user and client.
const MAX_COUNTS: usize = 1_000;

/// A request that was refused, and whose it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) kind: AuditKind,
    pub(crate) detail: Option<AuditDetail>,
    /// The user who was refused, where one is known.
    pub(crate) user_id: Option<UserId>,
    pub(crate) client: Client,
}

/// A number of refusals for which an audit event is due. Dropped before it was [told](Self::told), it goes back to
/// those that are told of with the next.
#[derive(Debug)]
pub(crate) struct DueRefusal<'r> {
    /// The last of them.
    pub(crate) refusal: Refusal,
    pub(crate) count: u32,
    key: Key,
    refusals: &'r Refusals,
}

impl DueRefusal<'_> {
    /// Forgets them, once the audit event is recorded.
    pub(crate) fn told(mut self) {
        self.count = 0;
    }
}

impl Drop for DueRefusal<'_> {
    fn drop(&mut self) {
        if let Some(count) = self.refusals.lock().get_mut(&self.key) {
            count.pending = count.pending.saturating_add(self.count);
        }
    }
}

/// The refusals since the last audit event of each: the first of a kind, user and client is due at once, those of the
/// next minute together after it.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    counts: Mutex<HashMap<Key, Count>>,
    is_recording: AtomicBool,
}

/// Refusals of one key are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    kind: AuditKind,
    detail: Option<AuditDetail>,
    user_id: Option<UserId>,
    client: ClientKey,
}

#[derive(Debug)]
struct Count {
    client: Client,
    /// Refusals that no audit event tells of yet.
    pending: u32,
    /// When the next audit event may be recorded, by [`Clock::elapsed`](crate::clock::Clock::elapsed).
    due_at: Duration,
}

impl Refusals {
    /// Counts a refusal. Returns whether an audit event is due for it.
    #[must_use]
    pub(crate) fn count(&self, refusal: Refusal, now: Duration) -> bool {
        let mut counts = self.lock();
        let mut key = Key::of(&refusal);
        let mut client = refusal.client;
        if !counts.contains_key(&key) && !make_room(&mut counts, now) {
            (key, client) = (key.without_client(), Client::default());
        }
        let count = counts.entry(key).or_insert_with(|| Count { client: Client::default(), pending: 0, due_at: now });
        count.client = client;
        count.pending = count.pending.saturating_add(1);
        count.due_at <= now
    }

    /// Begins to record what is due, unless somebody else is at it: a slow store holds up one refused request and not
    /// all of them, and takes one connection.
    pub(crate) fn recorder(&self) -> Option<Recorder<'_>> {
        let was_recording = self.is_recording.swap(true, Ordering::AcqRel);
        (!was_recording).then_some(Recorder { refusals: self })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The only one who takes refusals out of their counts, until it is dropped.
pub(crate) struct Recorder<'a> {
    refusals: &'a Refusals,
}

impl<'r> Recorder<'r> {
    /// Takes the refusals of some key for which an audit event is due.
    pub(crate) fn next_due(&self, now: Duration) -> Option<DueRefusal<'r>> {
        let mut counts = self.refusals.lock();
        let is_due = |count: &Count| count.pending > 0 && count.due_at <= now;
        let (key, count) = counts.iter_mut().find(|(_, count)| is_due(count))?;
        let Key { kind, detail, user_id, .. } = *key;
        let refusal = Refusal { kind, detail, user_id, client: count.client.clone() };
        let due = DueRefusal { refusal, count: std::mem::take(&mut count.pending), key: *key, refusals: self.refusals };
        count.due_at = now.saturating_add(INTERVAL);
        Some(due)
    }
}

impl Drop for Recorder<'_> {
    fn drop(&mut self) {
        self.refusals.is_recording.store(false, Ordering::Release);
    }
}

impl Key {
    fn of(refusal: &Refusal) -> Self {
        let Refusal { kind, detail, user_id, ref client } = *refusal;
        Self { kind, detail, user_id, client: ClientKey::from(client.ip) }
    }

    fn without_client(self) -> Self {
        Self { user_id: None, client: ClientKey::from(None), ..self }
    }
}

/// Forgets what a new count would say as well, if there is no room. Returns whether there is now.
fn make_room(counts: &mut HashMap<Key, Count>, now: Duration) -> bool {
    if counts.len() >= MAX_COUNTS {
        counts.retain(|_, count| count.pending > 0 || count.due_at > now);
    }
    counts.len() < MAX_COUNTS
}

#[cfg(test)]
mod tests;
