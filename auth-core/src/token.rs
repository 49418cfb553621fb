//! Tokens: the signed access token, the rotating refresh token, the one-time token, and the keys that sign.

mod access;
mod jwt;
mod keys;
mod one_time;
mod refresh;
mod verified;

use std::fmt;

use zeroize::Zeroizing;

pub use access::Claims;
pub(crate) use access::{AccessTokens, Verified};
pub use keys::{KeyError, SigningKey, SigningKeys};
pub use one_time::{OneTimeTokenRecord, TokenPurpose};
pub use refresh::RefreshToken;
pub(crate) use refresh::{Presented, Realm, classify};

/// A signed access token, ready to be handed to its owner.
///
/// It has no `Display` and no `Serialize`, prints redacted, and is wiped from memory when dropped.
pub struct AccessToken(Zeroizing<String>);

impl AccessToken {
    pub(crate) fn new(token: String) -> Self {
        Self(Zeroizing::new(token))
    }

    /// Returns the token itself, to be sent to its owner and to nobody else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(..)")
    }
}
