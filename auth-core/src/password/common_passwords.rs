//! The list of passwords that everybody uses, kept as short hashes.
//!
//! Where it comes from, under which licences, and how to make it again: see `common_passwords/NOTICE.md`.

use sha2::{Digest, Sha256};

/// The first bytes of the SHA-256 of every entry, sorted.
static DIGESTS: &[u8] = include_bytes!("common_passwords/sha256_40.bin");

/// Bytes kept of each digest. With some 16 000 entries, one in 67 million other passwords is refused by accident.
const DIGEST_LEN: usize = 5;

/// Returns whether a password, given in lower case, is on the list.
pub(super) fn contains(lower_case: &str) -> bool {
    let digest = Sha256::digest(lower_case);
    let (entries, _) = DIGESTS.as_chunks::<DIGEST_LEN>();
    digest.first_chunk().is_some_and(|wanted| entries.binary_search(wanted).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_whole_and_long_enough() {
        let (entries, rest) = DIGESTS.as_chunks::<DIGEST_LEN>();
        assert!(rest.is_empty());
        assert!(entries.is_sorted_by(|a, b| a < b));
        assert_eq!(entries.len(), 16_285);
    }

    #[test]
    fn the_list_is_the_one_that_its_notice_names() {
        let notice = include_str!("common_passwords/NOTICE.md");
        let digest = Sha256::digest(DIGESTS).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        assert!(notice.contains(&digest), "{digest}");
    }

    #[track_caller]
    fn listed(password: &str, expected: bool) {
        assert_eq!(contains(password), expected, "{password}");
    }

    #[test]
    fn it_holds_what_people_type() {
        for common in ["password123", "qwertyuiop", "12345678", "password", "iloveyou", "1q2w3e4r", "trustno1"] {
            listed(common, true);
        }
        for rare in ["", "correct horse battery staple", "password123 ", "PASSWORD123", "zmxjfgwq"] {
            listed(rare, false);
        }
    }
}
