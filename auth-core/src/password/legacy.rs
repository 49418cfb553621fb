//! Hashes that other systems made: verified once, then replaced. None is ever made here.

use std::ops::RangeInclusive;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::hash_pool::Workspace;

/// Twice the passes with each step; 14 takes about a second, which is the most that one sign-in may.
const COSTS: RangeInclusive<u32> = 4..=14;

/// The bytes of a password that bcrypt looks at.
const KEY_LEN: usize = 72;

const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::BCRYPT, NO_PAD);

/// A bcrypt hash, taken apart: `$2b$12$`, then 22 characters of salt and 31 of tag.
pub(super) struct BcryptHash {
    cost: u32,
    salt: [u8; 16],
    tag: [u8; 23],
}

impl BcryptHash {
    /// Reads `$2a$`, `$2b$` and `$2y$`, which name the same computation for UTF-8 passwords.
    ///
    /// `$2x$` marks hashes of a broken implementation that collide for passwords beyond ASCII, so it is not read;
    /// nor is a cost that would stall a thread.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let rest = ["$2a$", "$2b$", "$2y$"].iter().find_map(|prefix| text.strip_prefix(prefix))?;
        let (cost, rest) = rest.split_once('$')?;
        let (salt, tag) = rest.split_at_checked(22)?;
        let two_digits = cost.len() == 2 && cost.bytes().all(|byte| byte.is_ascii_digit());
        let cost = two_digits.then(|| cost.parse().ok())??;
        COSTS.contains(&cost).then_some(())?;
        Some(Self { cost, salt: decode(salt)?, tag: decode(tag)? })
    }

    /// Returns whether this is the hash of a password, given as it was typed: the systems that used bcrypt did not
    /// normalise.
    ///
    /// Like the origin systems, it reads 72 bytes and no more, or the people with longer passwords could not sign in
    /// and have their hash replaced by one of the whole password. A NUL byte never matches: it ends the password in
    /// some of these systems, and after it bcrypt repeats the password, so that different ones would collide.
    pub(super) fn matches(&self, typed: &[u8], workspace: &mut Workspace) -> bool {
        workspace.count_hash();
        let mut key = Zeroizing::new(Vec::with_capacity(KEY_LEN));
        key.extend(typed.iter().chain(&[0]).take(KEY_LEN));
        let tag = bcrypt::bcrypt(self.cost, self.salt, &key);
        let equal = tag.first_chunk::<23>().is_some_and(|tag| tag.ct_eq(&self.tag).into());
        equal && !typed.contains(&0)
    }
}

/// Decodes bcrypt's own alphabet into exactly `N` bytes.
fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    BASE64.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn usable(hash: &str, expected: bool) {
        assert_eq!(BcryptHash::parse(hash).is_some(), expected, "{hash}");
    }

    const REST: &str = "zHGt2JJslxqPoAWabjGt3OiDU.z6EVva5AA7PVE0cqcbMG7fMdGd.";

    #[test]
    fn three_variants_are_read() {
        for variant in ["$2a$", "$2b$", "$2y$"] {
            usable(&format!("{variant}10${REST}"), true);
        }
        for variant in ["$2x$", "$2$", "$2c$", "$2B$", "2b$", "$bcrypt$"] {
            usable(&format!("{variant}10${REST}"), false);
        }
    }

    #[test]
    fn only_bearable_costs_are_read() {
        for (cost, expected) in [("04", true), ("14", true), ("03", false), ("15", false), ("31", false), ("99", false)]
        {
            usable(&format!("$2b${cost}${REST}"), expected);
        }
        for cost in ["", "4", "+4", " 4", "004", "0a"] {
            usable(&format!("$2b${cost}${REST}"), false);
        }
    }

    #[test]
    fn anything_but_sixty_characters_is_not_read() {
        usable(&format!("$2b$10${}", &REST[..52]), false);
        usable(&format!("$2b$10${REST}."), false);
        usable(&format!("$2b$10${REST}\n"), false);
        usable(&format!("$2b$10${}=", &REST[..52]), false);
        usable(&format!("$2b$10${}é", &REST[..51]), false);
        usable(&format!("$2b$10${}", "é".repeat(26)), false);
        usable("$2b$10$", false);
    }
}
