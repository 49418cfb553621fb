//! Whether a shared secret was typed by somebody and not drawn at random, as far as that can be told.

use zeroize::Zeroizing;

/// Of 32 random bytes more are different, also in hexadecimal: fewer are once in 28 million secrets. Of 32 random
/// decimal digits they are once in 800, and that secret is refused.
const MIN_DIFFERENT: usize = 8;

/// What has to be left without placeholders: half of the shortest secret.
const MIN_REST: usize = 16;

/// Words that stand in the place of a secret, in examples and in files that were meant to be edited.
const PLACEHOLDERS: [&str; 30] = [
    "secret", "password", "passwd", "changeme", "change", "replace", "insert", "example", "default", "signing",
    "access", "please", "random", "string", "super", "token", "your", "auth", "test", "this", "with", "here", "dev",
    "jwt", "key", "hs256", "the", "my", "me", "it",
];

/// Returns what shows that the secret was not drawn at random, if anything does.
///
/// Placeholders are taken out first, so that they cannot be padded: what is left has to look random by itself.
pub(super) fn problem(secret: &[u8]) -> Option<&'static str> {
    let rest = without_placeholders(secret);
    if rest.len() < MIN_REST {
        Some("is made of words such as `secret` and `changeme`")
    } else if different_bytes(&rest) < MIN_DIFFERENT {
        Some("has fewer than 8 different characters, beside words such as `secret` and `changeme`")
    } else if repeats(&rest) {
        Some("repeats itself")
    } else if is_sequence(&rest) {
        Some("is a sequence such as 123456789")
    } else {
        None
    }
}

fn without_placeholders(secret: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut rest = Zeroizing::new(Vec::with_capacity(secret.len()));
    let mut ahead = secret;
    while let Some((first, others)) = ahead.split_first() {
        if let Some(word) = placeholder_at_start(ahead) {
            ahead = ahead.get(word.len()..).unwrap_or_default();
        } else {
            rest.push(*first);
            ahead = others;
        }
    }
    rest
}

fn placeholder_at_start(text: &[u8]) -> Option<&'static str> {
    let stands_there =
        |word: &str| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()));
    PLACEHOLDERS.into_iter().find(|word| stands_there(word))
}

fn different_bytes(bytes: &[u8]) -> usize {
    (u8::MIN..=u8::MAX).filter(|byte| bytes.contains(byte)).count()
}

/// Whether three of four bytes are those of one period before.
fn repeats(bytes: &[u8]) -> bool {
    (1..=bytes.len() / 2).any(|period| {
        let pairs = bytes.iter().zip(bytes.iter().skip(period));
        pairs.filter(|(one, next)| one == next).count() * 4 >= bytes.len().saturating_sub(period) * 3
    })
}

/// Whether three of four steps go to the same or to a neighbouring byte.
fn is_sequence(bytes: &[u8]) -> bool {
    let steps = bytes.iter().zip(bytes.iter().skip(1));
    let short = steps.filter(|(one, next)| one.abs_diff(**next) <= 1).count();
    short * 4 >= bytes.len().saturating_sub(1) * 3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::random;

    #[test]
    fn a_secret_that_somebody_typed_is_told() {
        for typed in [
            "a".repeat(32),
            "abcdefgh".repeat(4),
            "0123456789abcdef".repeat(2),
            format!("{}!", "k3vR9xQp".repeat(5)),
            "changeme".repeat(4),
            format!("changeme{}", "0".repeat(24)),
            format!("secret{}", "_".repeat(58)),
            "secret12345678901234567890123456".to_owned(),
            "my-super-secret-jwt-signing-key-please-change-me".to_owned(),
            "YOUR_SECRET_KEY_HERE_YOUR_SECRET_KEY_HERE".to_owned(),
            "abcdefghijklmnopqrstuvwxyz0123456789".to_owned(),
            "9876543210zyxwvutsrqponmlkjihgfedcba".to_owned(),
            "xyxyxyxyxyxyxyxyxyxyxyxyxyxyxyxyxyxyz".to_owned(),
        ] {
            assert!(problem(typed.as_bytes()).is_some(), "{typed}");
        }
        for bytes in [[0; 32], [0xff; 32], std::array::from_fn(|place| u8::try_from(place).unwrap())] {
            assert!(problem(&bytes).is_some(), "{bytes:?}");
        }
    }

    #[test]
    fn a_random_secret_is_none_in_any_spelling() {
        for _ in 0..2_000 {
            let bytes: [u8; 32] = random().unwrap();
            let hex: String = bytes.map(|byte| format!("{byte:02x}")).concat();
            let digits: String = bytes.map(|byte| format!("{:02}", byte % 100)).concat();
            for secret in [&bytes[..], hex.as_bytes(), &hex.as_bytes()[..32], digits.as_bytes()] {
                assert_eq!(problem(secret), None, "{secret:?}");
            }
        }
    }

    #[test]
    fn a_phrase_is_as_good_as_its_words() {
        assert_eq!(problem(b"an example secret of 32 bytes or more"), None);
        assert_eq!(problem(b"correct horse battery staple and then some"), None);
    }
}
