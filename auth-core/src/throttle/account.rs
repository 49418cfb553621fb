//! The throttle's persisted state: how often somebody failed of late, whatever node they asked.

use std::fmt;

use chrono::{DateTime, Utc};

/// Under what the state is kept: 32 bytes that tell nobody whose it is, such as a hash of an address.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ThrottleKey([u8; 32]);

impl ThrottleKey {
    /// Makes a key of its bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes to store.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for ThrottleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ThrottleKey(..)")
    }
}

/// How often somebody failed, and what follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttle {
    /// Failures in a row.
    pub failures: u32,
    /// Until when nothing more is tried.
    pub blocked_until: DateTime<Utc>,
    /// From when on all of it is forgotten.
    pub expires_at: DateTime<Utc>,
}
