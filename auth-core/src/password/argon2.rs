//! argon2id hashes in PHC form, `$argon2id$v=19$m=19456,t=2,p=1$salt$tag`: the only ones that are made here.

use std::ops::RangeInclusive;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use subtle::ConstantTimeEq;

use super::PasswordHash;
use super::hash_pool::Workspace;
use crate::error::{Error, ErrorKind};
use crate::policy::{HASH_MAX_MEMORY_KIB, HASH_MAX_PARALLELISM, HASH_MAX_TIME_COST, HashPolicy};
use crate::secret;

/// Bytes of salt and tag of new hashes (RFC 9106, section 4).
const SALT_LEN: usize = 16;
const TAG_LEN: usize = 32;

/// What a stored hash may contain. It is checked before anything is allocated or computed: a hash that another system
/// left in the database is data, and the algorithm itself would take 4 TiB if told to.
const PHC_MAX_LEN: usize = 512;
const SALT_LENS: RangeInclusive<usize> = 8..=64;
const TAG_LENS: RangeInclusive<usize> = 16..=64;

/// An argon2id hash, taken apart.
#[derive(Clone)]
pub(super) struct Argon2Hash {
    cost: Cost,
    salt: Vec<u8>,
    tag: Vec<u8>,
}

impl Argon2Hash {
    /// Reads the one spelling of a PHC string; `None` for other algorithms, versions, or parameters out of bounds.
    pub(super) fn parse(phc: &str) -> Option<Self> {
        if phc.len() > PHC_MAX_LEN {
            return None;
        }
        let (cost, rest) = phc.strip_prefix("$argon2id$v=19$")?.split_once('$')?;
        let (salt, tag) = rest.split_once('$')?;
        let hash = Self { cost: Cost::parse(cost)?, salt: BASE64.decode(salt).ok()?, tag: BASE64.decode(tag).ok()? };
        (SALT_LENS.contains(&hash.salt.len()) && TAG_LENS.contains(&hash.tag.len())).then_some(hash)
    }

    /// Hashes a password under a new salt.
    pub(super) fn of(password: &[u8], cost: Cost, workspace: &mut Workspace) -> Result<Self, Error> {
        let mut hash = Self { cost, salt: secret::random::<SALT_LEN>()?.to_vec(), tag: vec![0; TAG_LEN] };
        hash.tag = hash.derive(password, workspace)?;
        Ok(hash)
    }

    /// Makes a hash that no password has, to compute where there is none to verify.
    pub(super) fn dummy(cost: Cost) -> Result<Self, Error> {
        let (salt, tag) = (secret::random::<SALT_LEN>()?, secret::random::<TAG_LEN>()?);
        Ok(Self { cost, salt: salt.to_vec(), tag: tag.to_vec() })
    }

    /// Returns whether this is the hash of a password, after the same work for every password.
    pub(super) fn matches(&self, password: &[u8], workspace: &mut Workspace) -> Result<bool, Error> {
        Ok(self.derive(password, workspace)?.ct_eq(&self.tag).into())
    }

    /// Returns whether a new hash would differ in cost, or be larger.
    ///
    /// A dearer hash is outdated too: once all hashes cost the same, the time of a sign-in says nothing about where
    /// an account came from, and nobody's password takes more of the machine than the operator chose.
    pub(super) fn is_outdated(&self, current: Cost) -> bool {
        self.cost != current || self.salt.len() < SALT_LEN || self.tag.len() < TAG_LEN
    }

    /// Writes the PHC string.
    pub(super) fn to_phc(&self) -> PasswordHash {
        let Cost { memory_kib, time, lanes } = self.cost;
        let (salt, tag) = (BASE64.encode(&self.salt), BASE64.encode(&self.tag));
        PasswordHash::new(format!("$argon2id$v=19$m={memory_kib},t={time},p={lanes}${salt}${tag}"))
    }

    fn derive(&self, password: &[u8], workspace: &mut Workspace) -> Result<Vec<u8>, Error> {
        let params = self.cost.params()?;
        let blocks = params.block_count();
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut tag = vec![0; self.tag.len()];
        workspace
            .hash_in(blocks, |memory| argon2.hash_password_into_with_memory(password, &self.salt, &mut tag, memory))?
            .map_err(internal)?;
        Ok(tag)
    }
}

/// The three numbers that say how dear an argon2id hash is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cost {
    memory_kib: u32,
    time: u32,
    lanes: u32,
}

impl Cost {
    /// The cost of new hashes.
    pub(super) fn of(policy: &HashPolicy) -> Self {
        Self { memory_kib: policy.memory_kib, time: policy.time_cost, lanes: policy.parallelism }
    }

    /// Reads `m=19456,t=2,p=1`, in this order, as every implementation writes it.
    fn parse(text: &str) -> Option<Self> {
        let (memory_kib, rest) = text.strip_prefix("m=")?.split_once(",t=")?;
        let (time, lanes) = rest.split_once(",p=")?;
        let cost = Self { memory_kib: decimal(memory_kib)?, time: decimal(time)?, lanes: decimal(lanes)? };
        let bounded = (1..=HASH_MAX_PARALLELISM).contains(&cost.lanes)
            && (1..=HASH_MAX_TIME_COST).contains(&cost.time)
            && (8 * cost.lanes..=HASH_MAX_MEMORY_KIB).contains(&cost.memory_kib);
        bounded.then_some(cost)
    }

    fn params(self) -> Result<Params, Error> {
        Params::new(self.memory_kib, self.time, self.lanes, None).map_err(internal)
    }
}

/// Reads digits only: the standard parser also takes `+2` and `02`, which would be second spellings.
fn decimal(text: &str) -> Option<u32> {
    let canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    canonical.then(|| text.parse().ok())?
}

/// The algorithm's errors are all about lengths and costs, which are checked here: they mean a mistake in this file.
fn internal(cause: argon2::Error) -> Error {
    Error::new(ErrorKind::Internal).with_source(cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost { memory_kib: 8, time: 1, lanes: 1 };
    const SALT: &str = "QAMulvnQqeDUopPiS+mKmg";
    const TAG: &str = "RPiLQtdz7XbkcQ+wEoNBAyKXG3p9mUt2++EvhB0lR2E";

    #[track_caller]
    fn usable(phc: &str, expected: bool) {
        assert_eq!(Argon2Hash::parse(phc).is_some(), expected, "{phc}");
    }

    #[test]
    fn what_is_parsed_is_written_the_same() {
        let phc = format!("$argon2id$v=19$m=19456,t=2,p=1${SALT}${TAG}");
        assert_eq!(Argon2Hash::parse(&phc).unwrap().to_phc().as_str(), phc);
    }

    #[test]
    fn only_argon2id_version_19_is_read() {
        usable(&format!("$argon2id$v=19$m=8,t=1,p=1${SALT}${TAG}"), true);
        for prefix in
            ["$argon2d$v=19$", "$argon2i$v=19$", "$argon2id$v=16$", "$argon2id$", "argon2id$v=19$", "$ARGON2ID$v=19$"]
        {
            usable(&format!("{prefix}m=8,t=1,p=1${SALT}${TAG}"), false);
        }
    }

    #[test]
    fn costs_out_of_bounds_are_not_read() {
        for cost in ["m=262144,t=16,p=16", "m=128,t=1,p=16", "m=65536,t=3,p=4"] {
            usable(&format!("$argon2id$v=19${cost}${SALT}${TAG}"), true);
        }
        for cost in [
            "m=262145,t=1,p=1",
            "m=4294967295,t=1,p=1",
            "m=4294967304,t=1,p=1",
            "m=7,t=1,p=1",
            "m=127,t=1,p=16",
            "m=8,t=0,p=1",
            "m=8,t=17,p=1",
            "m=8,t=1,p=0",
            "m=256,t=1,p=17",
        ] {
            usable(&format!("$argon2id$v=19${cost}${SALT}${TAG}"), false);
        }
    }

    #[test]
    fn a_cost_has_one_spelling() {
        for cost in [
            "",
            "m=8",
            "m=8,t=1",
            "t=1,m=8,p=1",
            "m=8,t=1,p=1,keyid=AA",
            "m=+8,t=1,p=1",
            "m=08,t=1,p=1",
            "m=8,t=1,p=",
            "m=8, t=1,p=1",
            "m=8,t=1,p=1 ",
        ] {
            usable(&format!("$argon2id$v=19${cost}${SALT}${TAG}"), false);
        }
    }

    #[test]
    fn salt_and_tag_have_bounded_lengths() {
        let of = |len: usize| BASE64.encode(vec![7; len]);
        for (salt, tag, expected) in [
            (8, 16, true),
            (64, 64, true),
            (7, 32, false),
            (65, 32, false),
            (16, 15, false),
            (16, 65, false),
            (0, 32, false),
        ] {
            usable(&format!("$argon2id$v=19$m=8,t=1,p=1${}${}", of(salt), of(tag)), expected);
        }
    }

    #[test]
    fn malformed_strings_are_not_read() {
        for rest in [
            String::new(),
            SALT.into(),
            format!("{SALT}$"),
            format!("{SALT}${TAG}$"),
            format!("{SALT}${TAG}="),
            format!("{SALT}${TAG}\n"),
            format!("{SALT}$é{TAG}"),
            // The same bits with other padding bits: a second spelling.
            format!("QAMulvnQqeDUopPiS+mKmh${TAG}"),
            format!("{SALT}${}", "A".repeat(512)),
        ] {
            usable(&format!("$argon2id$v=19$m=8,t=1,p=1${rest}"), false);
        }
    }

    #[track_caller]
    fn outdated(phc: &str, expected: bool) {
        let hash = Argon2Hash::parse(phc).unwrap();
        assert_eq!(hash.is_outdated(Cost::of(&HashPolicy::default())), expected, "{phc}");
    }

    #[test]
    fn a_hash_of_another_cost_is_outdated() {
        outdated(&format!("$argon2id$v=19$m=19456,t=2,p=1${SALT}${TAG}"), false);
        outdated(&format!("$argon2id$v=19$m=12288,t=2,p=1${SALT}${TAG}"), true);
        outdated(&format!("$argon2id$v=19$m=19456,t=1,p=1${SALT}${TAG}"), true);
        outdated(&format!("$argon2id$v=19$m=65536,t=3,p=4${SALT}${TAG}"), true);
        outdated(&format!("$argon2id$v=19$m=19456,t=2,p=1$QAMulvnQqeA${TAG}"), true);
        outdated(&format!("$argon2id$v=19$m=19456,t=2,p=1${SALT}$QAMulvnQqeDUopPiS+mKmg"), true);
    }

    #[test]
    fn dummies_are_random() {
        let phcs = [Argon2Hash::dummy(CHEAP), Argon2Hash::dummy(CHEAP)].map(|dummy| dummy.unwrap().to_phc());
        assert_ne!(phcs[0], phcs[1]);
    }
}
