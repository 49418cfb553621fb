//! The audit log: what happened to accounts, in typed events with stable names.

mod refusals;

use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::error::Error;
use crate::id::{AuditEventId, SessionId, UserId};
use crate::session::{Client, Session};

pub(crate) use refusals::{DueRefusal, Refusal, Refusals};

/// Something that happened to an account.
///
/// A change and its event are committed together. Failures are written before the response leaves. Of refusals that cost
/// whoever is refused nothing ([`AuditKind::is_counted`]) one event stands for all of a minute, and the first has one of
/// its own, so that a flood of them writes few rows.
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

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Returns the stable word that stores and logs use.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// Reads the stable word; `None` for any other.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// What happened.
    AuditKind {
        /// A request was refused because a page of another origin sent it.
        CrossOrigin = "cross_origin",
        /// A user asked for what is not theirs: a role's route, or somebody's session.
        Forbidden = "forbidden",
        /// A password of another system's format was replaced by one of ours after a right sign-in.
        PasswordUpgraded = "password_upgraded",
        /// A request was refused because too many came before it.
        RateLimited = "rate_limited",
        /// A session got new tokens.
        Refresh = "refresh",
        /// A refresh token was presented that no session has.
        RefreshFailed = "refresh_failed",
        /// A refresh token that had been replaced was presented again: the session was revoked.
        RefreshReuseDetected = "refresh_reuse_detected",
        /// The user's roles changed, and with them everything issued before ended.
        RoleChanged = "role_changed",
        /// A session was found to have expired, and ended for good.
        SessionExpired = "session_expired",
        /// A session was ended by its user from another one, or made room for a new one.
        SessionRevoked = "session_revoked",
        /// A sign-in failed.
        SignInFailed = "signin_failed",
        /// A sign-in opened a session.
        SignInSuccess = "signin_success",
        /// A user signed out.
        SignOut = "signout",
        /// A sign-up failed.
        SignUpFailed = "signup_failed",
        /// A user was created.
        SignUpSuccess = "signup_success",
    }
}

words! {
    /// More about what happened.
    AuditDetail {
        /// The account was changed or disabled while its password was being verified.
        AccountChanged = "account_changed",
        /// The account is disabled.
        AccountDisabled = "account_disabled",
        /// All sessions of the user.
        AllSessions = "all_sessions",
        /// The e-mail address has an account already.
        EmailTaken = "email_taken",
        /// The user has as many sessions as are allowed, so another one ended to make room.
        Evicted = "evicted",
        /// All sessions of the user but the one that asked.
        OtherSessions = "other_sessions",
        /// A value of the application's rows is in use already.
        ProfileTaken = "profile_taken",
        /// The lost answer to a refresh was given again, after the grace window.
        Recovered = "recovered",
        /// The request was to refresh a session.
        Refresh = "refresh",
        /// The answer to a refresh was given again within the grace window, to another address or user agent than the one
        /// that refreshed. Written once for each refresh.
        Repeated = "repeated",
        /// The request was to sign in.
        SignIn = "sign_in",
        /// The request was to sign up.
        SignUp = "sign_up",
        /// The user has no session of that id, or nobody has.
        UnknownSession = "unknown_session",
        /// No session has had the token.
        UnknownToken = "unknown_token",
        /// No account has the e-mail address.
        UnknownUser = "unknown_user",
        /// The password is wrong, or the account has none.
        WrongPassword = "wrong_password",
    }
}

impl AuditKind {
    /// The kinds of refusals, of which one event may stand for many.
    pub(crate) const COUNTED: [Self; 4] = [Self::CrossOrigin, Self::Forbidden, Self::RateLimited, Self::RefreshFailed];

    /// Returns whether one event of the kind may stand for several requests, by its [`count`](AuditEvent::count).
    pub fn is_counted(self) -> bool {
        Self::COUNTED.contains(&self)
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
    fn words_are_read_back() {
        assert_eq!(AuditKind::from_word("refresh_reuse_detected"), Some(AuditKind::RefreshReuseDetected));
        assert_eq!(AuditKind::from_word("Refresh"), None);
        assert_eq!(AuditDetail::from_word(AuditDetail::Evicted.as_str()), Some(AuditDetail::Evicted));
    }

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
