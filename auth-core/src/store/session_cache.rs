//! Sessions that were read a moment ago, so that not every request asks the store.
//!
//! What is kept may be behind the store, so two rules hold. It only ever says yes: what it would refuse, the store
//! decides. And what a change through this process touched is forgotten before the change is answered: each session and
//! each user has a mark, which a change replaces, and what was read under another mark counts for nothing. A mark is
//! read before the store is, so that an answer which was overtaken on its way back is not kept either.

use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use quick_cache::DefaultHashBuilder;
use quick_cache::sync::Cache;

use crate::auth::{Authenticated, FoundSession};
use crate::clock::Clock;
use crate::id::{SessionId, UserId};
use crate::policy::SessionCachePolicy;

/// How many marks there are. Sessions and users share them: a collision costs a query.
const MARKS: usize = 4_096;

/// For how long nothing is kept under a mark whose change was given up by whoever waited for it, or failed: it may
/// still take effect, within the time that a store gives a call.
const DOUBT: Duration = Duration::from_mins(1);

/// A bounded number of sessions, each for a short time.
pub(crate) struct SessionCache {
    sessions: Cache<SessionId, Kept>,
    marks: Box<[Mark]>,
    hasher: DefaultHashBuilder,
    ttl: Duration,
    clock: Arc<dyn Clock>,
}

/// A session as the store had it.
#[derive(Clone)]
struct Kept {
    session: FoundSession,
    seen: Seen,
}

/// A look at the marks of one session, before the store is asked.
pub(crate) struct Look<'c> {
    cache: &'c SessionCache,
    session: SessionId,
    seen: Seen,
}

/// What stood on the marks of a session and of its user before the store was asked, and when that was.
#[derive(Clone, Copy)]
struct Seen {
    session: u64,
    user: u64,
    at: Duration,
    /// The same by the wall clock, which goes on while the machine sleeps.
    now: DateTime<Utc>,
}

/// What a change replaces.
#[derive(Default)]
struct Mark {
    number: AtomicU64,
    /// Until when, in milliseconds of the clock's `elapsed`, nothing counts that is read under it.
    doubted_until: AtomicU64,
}

/// Whose sessions a change touches.
#[derive(Debug, Clone, Copy, Hash)]
pub(super) enum Owner {
    Session(SessionId),
    User(UserId),
}

impl SessionCache {
    pub(crate) fn new(policy: &SessionCachePolicy, clock: Arc<dyn Clock>) -> Self {
        Self {
            sessions: Cache::new(policy.capacity),
            marks: std::iter::repeat_with(Mark::default).take(MARKS).collect(),
            hasher: DefaultHashBuilder::default(),
            ttl: policy.ttl,
            clock,
        }
    }

    /// Looks at the marks of a session and its user; `None` while a change is in doubt.
    pub(crate) fn look(&self, session: SessionId, user: UserId) -> Option<Look<'_>> {
        let at = self.clock.elapsed();
        let marks = (self.mark(Owner::Session(session)).read(at)?, self.mark(Owner::User(user)).read(at)?);
        let seen = Seen { session: marks.0, user: marks.1, at, now: self.clock.now() };
        Some(Look { cache: self, session, seen })
    }

    /// Announces a change. What was kept of its sessions counts for nothing once this is dropped.
    pub(super) fn change(&self, owner: Owner) -> Change<'_> {
        Change { mark: self.mark(owner), clock: self.clock.as_ref(), is_certain: false }
    }

    #[expect(clippy::indexing_slicing, reason = "a remainder lies within what it was divided by")]
    fn mark(&self, owner: Owner) -> &Mark {
        let hash = usize::try_from(self.hasher.hash_one(owner) >> 32).unwrap_or_default();
        &self.marks[hash % self.marks.len()]
    }
}

impl Look<'_> {
    /// Returns when it was.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.seen.now
    }

    /// Finds the session, if it was read within the time to live and no change has touched it since.
    pub(crate) fn find(&self, accept: impl FnOnce(&FoundSession) -> bool) -> Option<Authenticated> {
        let (Kept { session, seen }, now) = (self.cache.sessions.get(&self.session)?, self.seen);
        let is_untouched = seen.session == now.session && seen.user == now.user;
        let by_wall_clock = (now.now - seen.now).to_std().is_ok_and(|age| age < self.cache.ttl);
        let is_recent = by_wall_clock && now.at.saturating_sub(seen.at) < self.cache.ttl;
        (is_untouched && is_recent && accept(&session)).then_some(session.current)
    }

    /// Keeps what the store answered since.
    pub(crate) fn keep(self, session: FoundSession) {
        self.cache.sessions.insert(self.session, Kept { session, seen: self.seen });
    }
}

impl Mark {
    fn read(&self, now: Duration) -> Option<u64> {
        let number = self.number.load(Ordering::Acquire);
        (millis(now) >= self.doubted_until.load(Ordering::Acquire)).then_some(number)
    }
}

/// A change under way. Dropped before its success is known, it leaves its mark in doubt.
pub(super) struct Change<'c> {
    mark: &'c Mark,
    clock: &'c dyn Clock,
    is_certain: bool,
}

impl Change<'_> {
    /// The store has answered, so the change has taken effect by now, or never will.
    pub(super) fn succeed(mut self) {
        self.is_certain = true;
    }
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        if !self.is_certain {
            let until = millis(self.clock.elapsed() + DOUBT);
            self.mark.doubted_until.fetch_max(until, Ordering::AcqRel);
        }
        self.mark.number.fetch_add(1, Ordering::AcqRel);
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
