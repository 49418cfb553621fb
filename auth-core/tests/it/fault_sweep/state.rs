//! What a store holds, in a form in which two runs with other ids and other secrets can be compared.

use std::collections::BTreeMap;

use auth_core::audit::AuditEvent;
use auth_core::session::{RefreshState, Session};
use auth_core::store::{AuditQuery, AuditStore, SessionStore, ThrottleStore, UserStore};
use auth_core::throttle::ThrottleKey;
use auth_core::{MemoryStore, PasswordHash, SessionId, User, UserId};

use crate::fixture::{ADA, GRACE, email};

/// The one key under which a flow of the sweep finds a throttle.
pub(super) const THROTTLE: ThrottleKey = ThrottleKey::from_bytes([7; 32]);

/// All that a store holds at an instant.
#[derive(Debug, Clone)]
pub(super) struct State {
    /// One line for each row, without ids and secrets, in order.
    pub(super) lines: Vec<String>,
    pub(super) rows: Rows,
}

/// The rows themselves, byte for byte.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Rows {
    pub(super) accounts: Vec<(User, Option<PasswordHash>)>,
    pub(super) sessions: Vec<(Session, RefreshState)>,
    pub(super) events: Vec<AuditEvent>,
}

/// A store, seen by somebody who knows some of its sessions by name.
#[derive(Clone)]
pub(super) struct View {
    pub(super) store: MemoryStore,
    /// Those that were there before the flow ran, in the order of their opening.
    pub(super) known: Vec<SessionId>,
}

impl View {
    /// Reads everything. It asks the store inside, so no fault concerns it.
    pub(super) async fn read(&self) -> State {
        let mut rows = Rows::default();
        for address in [ADA, GRACE] {
            let Some(found) = self.store.find_credentials(&email(address)).await.unwrap() else { continue };
            for session in self.store.list_sessions(found.user.id).await.unwrap() {
                let record = self.store.find_session(session.id).await.unwrap().unwrap();
                rows.sessions.push((record.session, record.refresh));
            }
            rows.accounts.push((found.user, found.password_hash));
        }
        let query = AuditQuery { user_id: None, before: None, limit: u32::MAX };
        rows.events = self.store.list_events(query).await.unwrap();
        let mut lines = self.lines(&rows);
        lines.extend(self.store.find_throttle(THROTTLE).await.unwrap().map(|throttle| format!("{throttle:?}")));
        // No method lists the tokens.
        let tokens = format!("{:?}", self.store).matches("OneTimeTokenRecord").count();
        lines.extend((0..tokens).map(|_| "one-time token".to_owned()));
        lines.sort();
        State { lines, rows }
    }

    fn lines(&self, rows: &Rows) -> Vec<String> {
        let accounts = rows.accounts.iter().map(|(user, hash)| account_line(user, hash.as_ref()));
        let sessions = rows.sessions.iter().map(|(session, refresh)| self.session_line(rows, session, refresh));
        let events = rows.events.iter().map(|event| self.event_line(rows, event));
        accounts.chain(sessions).chain(events).collect()
    }

    fn session_line(&self, rows: &Rows, session: &Session, refresh: &RefreshState) -> String {
        let Session { id, user_id, auth_epoch, kind, client, created_at, expires_at, last_seen_at } = session;
        let (name, user) = (self.name(Some(*id)), user_name(rows, Some(*user_id)));
        let replaced = (refresh.previous_hash.is_some(), refresh.rotation_salt.is_some());
        format!(
            "session {name} of {user}: {kind:?} of epoch {auth_epoch} by {client:?}, opened {created_at}, ends \
             {expires_at}, seen {last_seen_at}; {refresh:?}, replaced one {replaced:?}"
        )
    }

    fn event_line(&self, rows: &Rows, event: &AuditEvent) -> String {
        let AuditEvent { id: _, at, kind, user_id, session_id, client, detail, count } = event;
        let (name, user) = (self.name(*session_id), user_name(rows, *user_id));
        format!("event {kind} at {at} of {user} in session {name} by {client:?}: {detail:?}, {count} times")
    }

    fn name(&self, session: Option<SessionId>) -> String {
        let Some(id) = session else { return "-".to_owned() };
        let known = self.known.iter().position(|known| *known == id);
        known.map_or_else(|| "new".to_owned(), |place| place.to_string())
    }
}

fn account_line(user: &User, hash: Option<&PasswordHash>) -> String {
    let address = user.email.as_ref().unwrap().canonical();
    let scheme = hash.map(|hash| hash.as_str().split('$').nth(1).unwrap_or_default());
    let (status, roles, epoch) = (user.status, &user.roles, user.auth_epoch);
    let (created, updated) = (user.created_at, user.updated_at);
    format!("account {address}: {status:?}, {roles:?}, epoch {epoch}, {scheme:?}, created {created}, changed {updated}")
}

fn user_name(rows: &Rows, id: Option<UserId>) -> &str {
    let Some(id) = id else { return "-" };
    let owner = rows.accounts.iter().find(|(user, _)| user.id == id);
    owner.and_then(|(user, _)| user.email.as_ref()).map_or("nobody", |email| email.canonical())
}

/// What `last` would be if one step on the way, from `before` to `after`, had not been made.
pub(super) fn without_step(last: &State, before: &State, after: &State) -> Vec<String> {
    let mut counts = BTreeMap::<&String, i32>::new();
    for (lines, count) in [(&last.lines, 1), (&after.lines, -1), (&before.lines, 1)] {
        for line in lines {
            *counts.entry(line).or_default() += count;
        }
    }
    let repeat = |(line, count): (&String, i32)| (0..count).map(|_| line.clone()).collect::<Vec<_>>();
    counts.into_iter().flat_map(repeat).collect()
}
