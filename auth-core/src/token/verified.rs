//! The access tokens that were verified before: a signature is checked once, however many requests come with it.

use std::hash::BuildHasher;
use std::sync::Arc;

use quick_cache::DefaultHashBuilder;
use quick_cache::sync::Cache;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The longest token that is remembered, in bytes: about twice what ours have with all their roles.
const MAX_KEPT_BYTES: usize = 2 * 1024;

/// Tokens with what they say, a bounded number of them, as long as the keys that verified them.
///
/// A token is found by a hash with a seed of this process, and counts as found only if every byte is the same, compared
/// in constant time: who guesses learns nothing from how long that takes. Only tokens with a good signature get in, so
/// strangers can neither fill it nor push others out.
pub(super) struct VerifiedTokens<T> {
    tokens: Option<Cache<u64, Arc<Known<T>>>>,
    hasher: DefaultHashBuilder,
}

struct Known<T> {
    token: Zeroizing<String>,
    says: T,
}

impl<T: Clone> VerifiedTokens<T> {
    /// Remembers up to `capacity` tokens; none if that is zero.
    pub(super) fn new(capacity: usize) -> Self {
        let tokens = (capacity > 0).then(|| Cache::new(capacity));
        Self { tokens, hasher: DefaultHashBuilder::default() }
    }

    /// Finds what exactly this token says.
    pub(super) fn find(&self, token: &str) -> Option<T> {
        let known = self.tokens.as_ref()?.get(&self.hasher.hash_one(token))?;
        is_same(known.token.as_bytes(), token.as_bytes()).then(|| known.says.clone())
    }

    /// Remembers a token that has been verified.
    pub(super) fn keep(&self, token: &str, says: T) {
        if let Some(tokens) = &self.tokens
            && token.len() <= MAX_KEPT_BYTES
        {
            let known = Known { token: Zeroizing::new(token.to_owned()), says };
            tokens.insert(self.hasher.hash_one(token), Arc::new(known));
        }
    }
}

/// Compares in a time that depends on the lengths alone; eight bytes at a step, since every request comes by here.
fn is_same(left: &[u8], right: &[u8]) -> bool {
    let (left_words, left_rest) = left.as_chunks::<8>();
    let (right_words, right_rest) = right.as_chunks::<8>();
    let words = left_words.iter().zip(right_words);
    let difference = words.fold(0, |all, (left, right)| all | u64::from_ne_bytes(*left) ^ u64::from_ne_bytes(*right));
    left.len() == right.len() && bool::from(difference.ct_eq(&0) & left_rest.ct_eq(right_rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tokens_are_the_same_only_to_the_last_byte() {
        let token: Vec<u8> = (0..100).collect();
        for len in 0..token.len() {
            let token = &token[..len];
            assert!(is_same(token, token));
            for place in 0..len {
                let mut other = token.to_vec();
                other[place] ^= 1;
                assert!(!is_same(token, &other), "{place} of {len}");
            }
            assert!(!is_same(token, &[token, b"."].concat()) && !is_same(&[token, b"."].concat(), token));
        }
    }
}
