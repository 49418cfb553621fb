//! The session: what a sign-in opens, and the state by which its refresh token rotates.

mod recoveries;

use std::fmt;
use std::net::IpAddr;

use chrono::{DateTime, Utc};

pub use recoveries::{InvalidRecoveries, Recoveries};

use crate::id::{SessionId, UserId};
use crate::secret::TokenHash;
use crate::user::User;

/// The longest part of a `User-Agent` header that is kept, in code points.
pub const MAX_USER_AGENT_CHARS: usize = 256;

/// What a sign-in opened, on one device, until it expires or is revoked.
///
/// A session is accepted exactly while its row exists, is not expired, and its user is active and of the same epoch.
/// Revoking deletes the row, so that nothing can bring a session back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Names the session. Not a secret.
    pub id: SessionId,
    /// Whose session it is.
    pub user_id: UserId,
    /// The user's epoch when the session was opened.
    pub auth_epoch: i64,
    /// How it is used, which decides how long it lives.
    pub kind: SessionKind,
    /// The client that got the session's current tokens: at the sign-in, then at each rotation. A repetition of the
    /// same tokens does not change it.
    pub client: Client,
    /// When the user signed in.
    pub created_at: DateTime<Utc>,
    /// When it ends unless it is refreshed; the first instant at which it is no longer accepted.
    pub expires_at: DateTime<Utc>,
    /// When it was last used, to about a minute.
    pub last_seen_at: DateTime<Utc>,
}

/// How a session is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionKind {
    /// By an API client that keeps its tokens itself.
    Bearer,
    /// By a browser, until it is closed.
    Browser,
    /// By a browser, also after it was closed ("remember me").
    Remembered,
}

impl SessionKind {
    /// Returns the word that stores keep.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "bearer",
            Self::Browser => "browser",
            Self::Remembered => "remembered",
        }
    }

    /// Reads the word that stores keep; `None` for any other.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "bearer" => Some(Self::Bearer),
            "browser" => Some(Self::Browser),
            "remembered" => Some(Self::Remembered),
            _ => None,
        }
    }
}

/// Where a request came from, as far as it is known: for the user's list of devices and for the audit log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Client {
    /// The client's address, with trusted proxies taken away.
    pub ip: Option<IpAddr>,
    /// What the client calls itself: at most [`MAX_USER_AGENT_CHARS`], without control characters.
    pub user_agent: Option<String>,
}

/// The state by which a session's refresh token rotates. It holds nothing that could be presented.
///
/// It prints without hashes and salt: whoever kept a replaced token could compute its successor with the salt.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshState {
    /// Hash of the secret that all tokens of the session share: who presents it once held a real one.
    pub family_hash: TokenHash,
    /// Hash of the current token.
    pub token_hash: TokenHash,
    /// Hash of the token that the current one replaced.
    pub previous_hash: Option<TokenHash>,
    /// From which, with the replaced token, the current one is computed again.
    pub rotation_salt: Option<[u8; 32]>,
    /// When the current token was last handed out: its issue, or the latest repetition of a lost answer.
    pub rotated_at: DateTime<Utc>,
    /// Counts the rotations.
    pub generation: i64,
    /// Whether the current token, or an access token issued with it, was seen in use.
    pub confirmed: bool,
    /// The late repetitions of lost answers, and what else is remembered of the current token's repetitions.
    pub recoveries: Recoveries,
}

impl fmt::Debug for RefreshState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshState")
            .field("rotated_at", &self.rotated_at)
            .field("generation", &self.generation)
            .field("confirmed", &self.confirmed)
            .field("recoveries", &self.recoveries)
            .finish_non_exhaustive()
    }
}

/// A session with all that is needed to judge a request: one row joined with its user's.
#[derive(Debug, Clone)]
pub struct SessionRecord {
    /// The session.
    pub session: Session,
    /// Its refresh token's state.
    pub refresh: RefreshState,
    /// Its user, as of now.
    pub user: User,
}
