//! The audit log: what happened to accounts, in typed events with stable names.

mod refusals;
pub(crate) mod words;

use chrono::{DateTime, Utc};

use crate::error::Error;
use crate::id::{AuditEventId, SessionId, UserId};
use crate::session::{Client, Session};

pub(crate) use refusals::{DueRefusal, Refusal, Refusals};
pub use words::{AuditDetail, AuditKind};

/// Something that happened to an account.
///
/// A change and its event are committed together. Failures are written before the response leaves. Of refusals that
/// cost whoever is refused nothing ([`AuditKind::is_counted`]) one event stands for all of a minute, and the first has
/// one of its own, so that a flood of them writes few rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// Names the event; later events have greater ids, to the millisecond.
    pub id: AuditEventId,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What happened.
    pub kind: AuditKind,
    /// The user it happened to, where one is known.
    pub user_id: Option<UserId>,
    /// The session it happened in or to.
    pub session_id: Option<SessionId>,
    /// Where the request came from.
    pub client: Client,
    /// More about it. It holds no secret, and no address that somebody merely typed.
    pub detail: Option<AuditDetail>,
    /// How many requests the event stands for, at least 1; the client is that of the last of them.
    pub count: u32,
}

impl AuditEvent {
    pub(crate) fn new(kind: AuditKind, client: &Client, at: DateTime<Utc>) -> Result<Self, Error> {
        let id = AuditEventId::new(at)?;
        Ok(Self { id, at, kind, user_id: None, session_id: None, client: client.clone(), detail: None, count: 1 })
    }

    #[must_use]
    pub(crate) fn of_user(mut self, user: UserId) -> Self {
        self.user_id = Some(user);
        self
    }

    #[must_use]
    pub(crate) fn of_session(self, session: &Session) -> Self {
        self.of_session_id(session.id, session.user_id)
    }

    #[must_use]
    pub(crate) fn of_session_id(mut self, session: SessionId, user: UserId) -> Self {
        self.session_id = Some(session);
        self.of_user(user)
    }

    #[must_use]
    pub(crate) fn with_detail(mut self, detail: AuditDetail) -> Self {
        self.detail = Some(detail);
        self
    }

    /// Returns detail and count as one text, for a store that keeps both in one column: `sign_in`, or `sign_in*37` for
    /// an event that stands for 37 requests. [`read_detail`](Self::read_detail) reads it back.
    pub fn detail_text(&self) -> Option<String> {
        let word = self.detail.map(AuditDetail::as_str);
        if self.count == 1 {
            word.map(str::to_owned)
        } else {
            Some(format!("{}*{}", word.unwrap_or_default(), self.count))
        }
    }

    /// Reads the text that [`detail_text`](Self::detail_text) returned; `None` for any other.
    pub fn read_detail(text: Option<&str>) -> Option<(Option<AuditDetail>, u32)> {
        let Some(text) = text else { return Some((None, 1)) };
        let (word, count) = text.split_once('*').unwrap_or((text, "1"));
        let detail = if word.is_empty() { None } else { Some(AuditDetail::from_word(word)?) };
        Some((detail, count.parse().ok()?))
    }
}

/// Receives each event after it was committed, for the application's own monitoring.
///
/// It is called on the request's path: hand the event on and return.
pub trait AuditSink: Send + Sync + 'static {
    /// Takes one event.
    fn accept(&self, event: &AuditEvent);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_kept_beside_the_detail() {
        let event = AuditEvent::new(AuditKind::RateLimited, &Client::default(), DateTime::UNIX_EPOCH).unwrap();
        for (detail, count, text) in [
            (None, 1, None),
            (Some(AuditDetail::SignIn), 1, Some("sign_in")),
            (Some(AuditDetail::SignIn), 37, Some("sign_in*37")),
            (None, u32::MAX, Some("*4294967295")),
        ] {
            let written = AuditEvent { detail, count, ..event.clone() }.detail_text();
            assert_eq!(written.as_deref(), text);
            assert_eq!(AuditEvent::read_detail(text), Some((detail, count)));
        }
        for odd in ["no_such_word", "sign_in*", "sign_in*x", "sign_in*1*2", "sign_in*-1", "37"] {
            assert_eq!(AuditEvent::read_detail(Some(odd)), None, "{odd}");
        }
    }
}
