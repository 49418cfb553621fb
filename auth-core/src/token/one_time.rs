//! One-time tokens: good once, for one purpose, for a short time.

use chrono::{DateTime, Utc};

use crate::id::UserId;
use crate::secret::TokenHash;

/// What a one-time token is good for. One for a purpose is refused for every other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenPurpose {
    /// To take over another e-mail address.
    EmailChange,
    /// To show that the e-mail address is the user's.
    EmailVerification,
    /// To set a password without knowing the old one.
    PasswordReset,
}

impl TokenPurpose {
    /// Returns the stable word that stores use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EmailChange => "email_change",
            Self::EmailVerification => "email_verification",
            Self::PasswordReset => "password_reset",
        }
    }

    /// Reads the stable word; `None` for any other.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::EmailChange, Self::EmailVerification, Self::PasswordReset]
            .into_iter()
            .find(|purpose| purpose.as_str() == word)
    }
}

/// What is kept of a one-time token: all but the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneTimeTokenRecord {
    /// The hash of it.
    pub hash: TokenHash,
    /// What it is good for.
    pub purpose: TokenPurpose,
    /// Whose it is.
    pub user_id: UserId,
    /// The user's epoch when it was made: whatever ends sessions ends it too.
    pub auth_epoch: i64,
    /// What its use is about, such as the new e-mail address.
    pub payload: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From when on it is good for nothing.
    pub expires_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_keep_their_words() {
        for (purpose, word) in [
            (TokenPurpose::EmailChange, "email_change"),
            (TokenPurpose::EmailVerification, "email_verification"),
            (TokenPurpose::PasswordReset, "password_reset"),
        ] {
            assert_eq!(purpose.as_str(), word);
            assert_eq!(TokenPurpose::from_word(word), Some(purpose));
        }
        assert_eq!(TokenPurpose::from_word("Password_Reset"), None);
    }
}
