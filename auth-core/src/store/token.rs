//! One-time tokens: what a mail carries, to prove that somebody reads it.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::audit::AuditEvent;
use crate::secret::TokenHash;
use crate::store::StoreError;
use crate::token::{OneTimeTokenRecord, TokenPurpose};

/// Keeps one-time tokens, by their hashes.
#[async_trait]
pub trait TokenStore: Send + Sync + 'static {
    /// Keeps a token for a user who is still of the token's epoch, in the place of any other that they have for the
    /// same purpose: the newest alone is good.
    async fn create_token(&self, new: NewOneTimeToken) -> Result<CreateTokenOutcome, StoreError>;

    /// Uses a token up: of any number of concurrent calls with one hash, at most one consumes.
    ///
    /// A token that has expired, serves another purpose, or whose user is of another epoch by now, is left alone.
    async fn consume_token(&self, consume: ConsumeToken) -> Result<ConsumeTokenOutcome, StoreError>;
}

/// A one-time token to be kept.
#[derive(Debug, Clone)]
pub struct NewOneTimeToken {
    /// The token.
    pub token: OneTimeTokenRecord,
    /// The record of it.
    pub event: AuditEvent,
}

/// What became of a token to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreateTokenOutcome {
    /// It is good from now on, and no other of its kind.
    Created,
    /// The user is gone, or of another epoch by now; nothing changed.
    Refused,
}

/// The use of a one-time token.
#[derive(Debug, Clone, Copy)]
pub struct ConsumeToken {
    /// The hash of what was presented.
    pub hash: TokenHash,
    /// What it is presented for.
    pub purpose: TokenPurpose,
    /// When: a token that expires at this instant has expired.
    pub now: DateTime<Utc>,
}

/// What became of a one-time token to be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConsumeTokenOutcome {
    /// This call used it up, and no other did or will.
    Consumed(Box<OneTimeTokenRecord>),
    /// There is no such token, or there was; nothing changed.
    Refused,
}
