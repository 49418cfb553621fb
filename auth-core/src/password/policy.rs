//! Whether a new password is acceptable. Stored ones are never asked: a stricter policy locks nobody out.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::{Password, common_passwords};
use crate::error::FieldErrors;
use crate::policy::{CommonPasswords, OwnWords, PASSWORD_MAX_BYTES, PasswordPolicy};

/// Checks a new password, with the words that are easy to guess for this account: its e-mail address, its name.
///
/// Length is counted after NFC, as the password is hashed, so that it does not depend on the keyboard.
///
/// # Errors
///
/// `too_short` or `too_long` alone; otherwise `too_common`, `contains_own_words` or both.
pub(super) fn check(policy: &PasswordPolicy, password: &Password, own_words: &[&str]) -> Result<(), FieldErrors> {
    let text = password.normalized();
    check_length(policy, &text)?;
    check_guessable(policy, &text, own_words)
}

fn check_length(policy: &PasswordPolicy, text: &str) -> Result<(), FieldErrors> {
    let (chars, min, max) = (text.chars().count(), policy.min_chars, policy.max_chars);
    if chars < min {
        Err(refusal("too_short", format!("A password has at least {min} characters.")))
    } else if chars > max {
        Err(refusal("too_long", format!("A password has at most {max} characters.")))
    } else if text.len() > PASSWORD_MAX_BYTES {
        Err(refusal("too_long", format!("A password has at most {PASSWORD_MAX_BYTES} bytes.")))
    } else {
        Ok(())
    }
}

fn check_guessable(policy: &PasswordPolicy, text: &str, own_words: &[&str]) -> Result<(), FieldErrors> {
    let folded = Zeroizing::new(text.to_lowercase());
    let mut errors = FieldErrors::default();
    if policy.common == CommonPasswords::Refuse && common_passwords::contains(&folded) {
        errors.extend(refusal("too_common", "Too many people use this password."));
    }
    let is_own = || own_words.iter().flat_map(|word| guesses(word)).any(|guess| fold(guess) == *folded);
    if policy.own_words == OwnWords::Refuse && is_own() {
        errors.extend(refusal("contains_own_words", "A password must not be your name or e-mail address."));
    }
    errors.or_ok(())
}

/// What a stranger who knows the word tries: the word itself and, of an e-mail address, each of its parts.
fn guesses(word: &str) -> impl Iterator<Item = &str> {
    let (local, domain) = word.rsplit_once('@').unzip();
    let site = domain.and_then(|domain| domain.split('.').next());
    [Some(word), local, domain, site].into_iter().flatten()
}

fn fold(word: &str) -> String {
    word.nfc().collect::<String>().to_lowercase()
}

fn refusal(code: &'static str, message: impl Into<Cow<'static, str>>) -> FieldErrors {
    FieldErrors::one("password", code, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: [&str; 2] = ["Grace.Hopper@flowmatic.example", "Amazing Grace Hopper"];

    #[track_caller]
    fn codes_under(policy: &PasswordPolicy, password: &str, expected: &[&str]) {
        let outcome = check(policy, &Password::new(password), &OWN);
        let errors = outcome.err().unwrap_or_default();
        let codes: Vec<_> = errors.as_slice().iter().map(|error| error.code.as_ref()).collect();
        assert_eq!(codes, expected, "{password}");
        for error in errors.as_slice() {
            assert_eq!(error.field, "password");
            assert!(password.is_empty() || !error.message.contains(password), "{}", error.message);
        }
    }

    #[track_caller]
    fn codes(password: &str, expected: &[&str]) {
        codes_under(&PasswordPolicy::default(), password, expected);
    }

    #[test]
    fn length_is_counted_in_code_points() {
        for unit in ["x", "é", "密", "🦀"] {
            codes(&unit.repeat(7), &["too_short"]);
            codes(&unit.repeat(9), &[]);
            codes(&unit.repeat(64), &[]);
            codes(&unit.repeat(256), &[]);
            codes(&unit.repeat(257), &["too_long"]);
        }
    }

    #[test]
    fn length_is_counted_after_nfc() {
        codes(&"e\u{301}".repeat(7), &["too_short"]);
        codes(&"e\u{301}".repeat(256), &[]);
        codes(&"e\u{301}".repeat(257), &["too_long"]);
        // Decomposed Hangul: 2 304 bytes typed, 768 after NFC.
        codes(&"\u{1112}\u{1161}\u{11ab}".repeat(256), &[]);
        // Combining marks that compose with nothing count one each.
        codes(&format!("q{}", "\u{307}\u{323}".repeat(3)), &["too_short"]);
    }

    #[test]
    fn no_password_is_longer_than_1024_bytes() {
        let wide = PasswordPolicy { max_chars: 1_024, ..PasswordPolicy::default() };
        codes_under(&wide, &"x".repeat(1_024), &[]);
        codes_under(&wide, &"🦀".repeat(256), &[]);
        codes_under(&wide, &"🦀".repeat(257), &["too_long"]);
    }

    #[test]
    fn length_messages_name_the_bound() {
        let errors = check(&PasswordPolicy::nist(), &Password::new("fourteen chars"), &[]).unwrap_err();
        assert_eq!(errors.as_slice()[0].message, "A password has at least 15 characters.");
    }

    #[test]
    fn common_passwords_are_refused_in_any_case() {
        codes("password123", &["too_common"]);
        codes("PassWord123", &["too_common"]);
        codes("QWERTYUIOP", &["too_common"]);
        codes("password123!x", &[]);
    }

    #[test]
    fn own_words_are_refused_when_they_are_the_whole_password() {
        for own in ["grace.hopper", "GRACE.HOPPER@FLOWMATIC.EXAMPLE", "flowmatic", "flowmatic.example"] {
            codes(own, &["contains_own_words"]);
        }
        codes("amazing grace hopper", &["contains_own_words"]);
        codes("grace.hopper invented flow-matic", &[]);
    }

    #[test]
    fn own_words_are_compared_after_nfc() {
        let own = ["Ame\u{301}lie Durand"];
        assert!(check(&PasswordPolicy::default(), &Password::new("am\u{e9}lie durand"), &own).is_err());
    }

    #[test]
    fn a_password_may_be_both_common_and_own() {
        let outcome = check(&PasswordPolicy::default(), &Password::new("password"), &["password@example.com"]);
        assert_eq!(outcome.unwrap_err().as_slice().len(), 2);
    }

    #[test]
    fn common_passwords_and_own_words_are_allowed_by_two_settings() {
        let common = PasswordPolicy { common: CommonPasswords::Allow, ..PasswordPolicy::default() };
        codes_under(&common, "password123", &[]);
        codes_under(&common, "grace.hopper", &["contains_own_words"]);
        codes_under(&common, "qwerty1", &["too_short"]);
        let own = PasswordPolicy { own_words: OwnWords::Allow, ..PasswordPolicy::default() };
        codes_under(&own, "password123", &["too_common"]);
        codes_under(&own, "grace.hopper", &[]);
        let both = PasswordPolicy { own_words: OwnWords::Allow, ..common };
        codes_under(&both, "password123", &[]);
        codes_under(&both, "grace.hopper", &[]);
        codes_under(&both, "qwerty1", &["too_short"]);
    }
}
