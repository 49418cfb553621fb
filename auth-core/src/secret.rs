//! Where randomness comes from, and how secrets are hashed for storage.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The operating system has no randomness to give: nothing is ever issued with less.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub(crate) struct NoRandomness(#[source] getrandom::Error);

/// Fills an array from the operating system's generator.
///
/// # Errors
///
/// [`NoRandomness`].
pub(crate) fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(NoRandomness)?;
    Ok(bytes)
}

/// Returns HMAC-SHA-256 of `message` under `key`.
pub(crate) fn hmac_sha256(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    // HMAC takes a key of any length, so the error of this constructor cannot occur for 32 bytes.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// What a store keeps of a token: its SHA-256, useless to whoever reads the database.
///
/// Tokens carry 256 random bits, so a fast hash without a salt is enough: there is nothing to guess.
/// Comparison takes the same time wherever the first difference stands.
#[derive(Clone, Copy)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Hashes the bytes of a token; `label` keeps hashes of one kind from being taken for another.
    pub(crate) fn of(label: &str, token: &[u8]) -> Self {
        Self(Sha256::new().chain_update(label).chain_update([0]).chain_update(token).finalize().into())
    }

    /// Takes a hash back from where a store kept it.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the 32 bytes to store.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for TokenHash {}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_separates_hashes_of_the_same_bytes() {
        assert_ne!(TokenHash::of("token", b"x"), TokenHash::of("family", b"x"));
        assert_eq!(TokenHash::of("token", b"x"), TokenHash::of("token", b"x"));
    }

    #[test]
    fn hmac_agrees_with_another_implementation() {
        // Computed with Python's `hmac` module.
        let tag = hmac_sha256(&[0x0b; 32], b"Hi There");
        assert_eq!(tag[..8], [0x19, 0x8a, 0x60, 0x7e, 0xb4, 0x4b, 0xfb, 0xc6]);
    }
}
