use std::collections::HashSet;

use super::*;
use crate::clock::ManualClock;

const ASCII: &str = "correct horse battery staple";
const UNICODE: &str = "p\u{e4}ssw\u{f6}rd-\u{1f980}-\u{dc}n\u{ef}code-\u{5bc6}\u{7801}";
const LEN_72: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdefABCDEFGH";

fn start(policy: &HashPolicy) -> Passwords {
    Passwords::new(policy, PasswordPolicy::default(), Arc::new(ManualClock::new())).unwrap()
}

fn cheap() -> Passwords {
    start(&HashPolicy::insecure_for_tests())
}

async fn verdict(passwords: &Passwords, password: &str, stored: &str) -> Verdict {
    let before = passwords.hashes_run();
    let verdict = passwords.verify(&Password::new(password), Some(&PasswordHash::new(stored))).await.unwrap();
    assert_eq!(passwords.hashes_run(), before + 1, "one hash, whatever is stored: {stored}");
    verdict
}

/// Checks a hash that another library made: `right` matches it, and none of `wrong` does.
async fn known_answer(stored: &str, right: &[&str], wrong: &[&str], expected: Verdict) {
    let passwords = start(&HashPolicy { threads: 1, ..HashPolicy::default() });
    for password in right {
        assert_eq!(verdict(&passwords, password, stored).await, expected, "{stored} {password}");
    }
    for password in wrong {
        assert_eq!(verdict(&passwords, password, stored).await, Verdict::Wrong, "{stored} {password}");
    }
}

#[tokio::test]
async fn argon2id_agrees_with_the_c_reference() {
    // Made by argon2-cffi 25.1.0, which wraps the reference implementation.
    known_answer(
        "$argon2id$v=19$m=19456,t=2,p=1$QAMulvnQqeDUopPiS+mKmg$RPiLQtdz7XbkcQ+wEoNBAyKXG3p9mUt2++EvhB0lR2E",
        &[ASCII],
        &["Correct horse battery staple", "correct horse battery staple ", "correct horse battery stapl", ""],
        Verdict::Right,
    )
    .await;
    known_answer(
        "$argon2id$v=19$m=19456,t=2,p=1$d4ueqD376o9PS58IWcVfTQ$M6ySdPtwDBtHQEU5TMtHr4qahuvbxHvkZjEGMIbS5co",
        &[UNICODE],
        &["passw\u{f6}rd-\u{1f980}-\u{dc}n\u{ef}code-\u{5bc6}\u{7801}"],
        Verdict::Right,
    )
    .await;
}

#[tokio::test]
async fn argon2id_of_other_costs_is_verified_and_outdated() {
    // The defaults of argon2-cffi 25.1.0 and of PHP 8.2.
    known_answer(
        "$argon2id$v=19$m=65536,t=3,p=4$PDfS4Hj3vTc0Z55/PWLWcQ$7AjuaboXsgISx2GUKkuqAr8vsph6PudmYIL+M6K2Hg0",
        &[LEN_72],
        &[&format!("{LEN_72}x")],
        Verdict::RightButOutdated,
    )
    .await;
    known_answer(
        "$argon2id$v=19$m=65536,t=4,p=1$VHVqeFI2U0Vib0QuQXFkSw$Gk9UMb/bgoHxpGK+4aK0PDvuhFR1lRkYh2Y9jTQZqjk",
        &[ASCII],
        &[],
        Verdict::RightButOutdated,
    )
    .await;
}

#[tokio::test]
async fn a_hash_leaves_nothing_to_the_next_one_in_the_same_memory() {
    // The one thread has one block of 19456 KiB. The first hash fills it, the last does not fit into it.
    let passwords = start(&HashPolicy { threads: 1, ..HashPolicy::default() });
    let known = [
        // Made by argon2-cffi 25.1.0.
        (
            "$argon2id$v=19$m=19456,t=2,p=1$QAMulvnQqeDUopPiS+mKmg$RPiLQtdz7XbkcQ+wEoNBAyKXG3p9mUt2++EvhB0lR2E",
            ASCII,
            Verdict::Right,
        ),
        // From the tests of the reference implementation (test.c): a short block, with one lane and with two.
        (
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "password",
            Verdict::RightButOutdated,
        ),
        (
            "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
            "password",
            Verdict::RightButOutdated,
        ),
        (
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            "password",
            Verdict::RightButOutdated,
        ),
    ];
    // Each of them after each, itself included.
    for (before, password, expected) in known {
        for (stored, own, own_expected) in known {
            assert_eq!(verdict(&passwords, password, before).await, expected, "{before}");
            assert_eq!(verdict(&passwords, own, stored).await, own_expected, "{stored} after {before}");
        }
    }
}

#[tokio::test]
async fn bcrypt_of_other_systems_is_verified_and_outdated() {
    // Made by Python's bcrypt 5.0.0, npm's bcrypt 6.0.0, PHP 8.2 and Go's x/crypto 0.4.0.
    let (yes, wrong) = (Verdict::RightButOutdated, ["Correct horse battery staple", ""]);
    known_answer("$2b$12$QSb6Qj5IV9yFVRsP/ufsneoEXNojtvcjGToPR7sfzFLOqRRIrXeo6", &[ASCII], &wrong, yes).await;
    known_answer("$2y$12$yzQk/VUD8EHCAesuQn5c9e1JBAq9pPgof0FAPxyILxwoFfJo1IM/m", &[ASCII], &wrong, yes).await;
    known_answer("$2a$10$Lm8o5NGKf4m8kadJTmc.D..16YQOTLVNwlFpzUjKz89jVm1KfLqda", &[ASCII], &wrong, yes).await;
    let decomposed = "pa\u{308}ssw\u{f6}rd-\u{1f980}-\u{dc}n\u{ef}code-\u{5bc6}\u{7801}";
    known_answer("$2a$10$9mydpnZR6kKQ/YLf4ao.o.D.dkzyiDo6eeVh7M5r8A9zzmbRw5mBm", &[UNICODE], &[decomposed], yes).await;
}

#[tokio::test]
async fn bcrypt_reads_72_bytes_like_the_systems_that_made_it() {
    let longer = format!("{LEN_72}-the tail after byte 72 matters");
    let other = format!("{LEN_72}-another tail after byte 72 ....");
    let shorter = &LEN_72[..71];
    // Of the 72 bytes, and of 72 bytes with a tail.
    for stored in [
        "$2a$10$OgLVt/EP1JyUfo/0/zthXObLF0SnnjtNCIfXEGXBta5hU9ZbA60cC",
        "$2a$10$NeV6oIlaN0Ntt91pXSUlIOtHAtjIVVvWiA76TzrR1kKfJws8UgzJC",
    ] {
        known_answer(stored, &[LEN_72, &longer, &other], &[shorter], Verdict::RightButOutdated).await;
    }
}

#[tokio::test]
async fn after_the_upgrade_every_byte_counts() {
    let passwords = cheap();
    let upgraded = passwords.hash(&Password::new(format!("{LEN_72} and a tail"))).await.unwrap();
    assert_eq!(verdict(&passwords, &format!("{LEN_72} and a tail"), upgraded.as_str()).await, Verdict::Right);
    assert_eq!(verdict(&passwords, &format!("{LEN_72} and a tale"), upgraded.as_str()).await, Verdict::Wrong);
    assert_eq!(verdict(&passwords, LEN_72, upgraded.as_str()).await, Verdict::Wrong);
}

/// The salt and tag of bcrypt at cost 4 for a password, which only tests ever make.
fn bcrypt_of(password: &str) -> String {
    bcrypt::hash_with_salt(password, 4, [7; 16]).unwrap().format_for_version(bcrypt::Version::TwoB)
}

#[tokio::test]
async fn a_nul_byte_never_matches_bcrypt() {
    let passwords = cheap();
    assert_eq!(verdict(&passwords, "abc", &bcrypt_of("abc")).await, Verdict::RightButOutdated);
    // Without the rule these two would match: bcrypt repeats the password with a NUL between.
    assert_eq!(bcrypt_of("abc"), bcrypt_of("abc\0abc"));
    assert_eq!(verdict(&passwords, "abc\0abc", &bcrypt_of("abc")).await, Verdict::Wrong);
    assert_eq!(verdict(&passwords, "abc\0", &bcrypt_of("abc\0")).await, Verdict::Wrong);
    let hidden = format!("{LEN_72}\0");
    assert_eq!(verdict(&passwords, &hidden, &bcrypt_of(&hidden)).await, Verdict::Wrong);
}

#[tokio::test]
async fn unusable_hashes_match_nothing_at_the_cost_of_a_dummy() {
    let passwords = cheap();
    let bcrypt = bcrypt_of("password123");
    for stored in [
        "",
        "!",
        "*",
        "password123",
        "$argon2d$v=19$m=8,t=1,p=1$QAMulvnQqeDUopPiS+mKmg$RPiLQtdz7XbkcQ+wEoNBAyKXG3p9mUt2++EvhB0lR2E",
        "$argon2id$v=19$m=4294967295,t=1,p=1$QAMulvnQqeDUopPiS+mKmg$RPiLQtdz7XbkcQ+wEoNBAyKXG3p9mUt2++EvhB0lR2E",
        "$argon2id$v=19$m=8,t=1,p=1$$",
        "$md5$482c811da5d5b4bc6d497ffa98491e38",
        &bcrypt.replace("$2b$", "$2x$"),
        &bcrypt.replace("$04$", "$31$"),
        &format!("{bcrypt} "),
        &"x".repeat(100_000),
    ] {
        assert_eq!(verdict(&passwords, "password123", stored).await, Verdict::Wrong, "{stored}");
        assert_eq!(verdict(&passwords, stored, stored).await, Verdict::Wrong, "{stored}");
    }
    assert_eq!(verdict(&passwords, "password123", &bcrypt).await, Verdict::RightButOutdated);
}

#[tokio::test]
async fn an_unknown_account_costs_one_hash() {
    let passwords = cheap();
    assert_eq!(passwords.verify(&Password::new("password123"), None).await.unwrap(), Verdict::Wrong);
    assert_eq!(passwords.hashes_run(), 1);
    passwords.hash(&Password::new("password123")).await.unwrap();
    assert_eq!(passwords.hashes_run(), 2);
}

#[tokio::test]
async fn equal_passwords_never_have_equal_hashes() {
    let passwords = cheap();
    let mut seen = HashSet::new();
    for _ in 0..1_000 {
        let hash = passwords.hash(&Password::new(ASCII)).await.unwrap();
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{}", hash.as_str());
        assert!(seen.insert(hash.as_str().rsplit('$').nth(1).unwrap().to_owned()), "a salt came twice");
    }
}

#[tokio::test]
async fn default_hashes_are_what_owasp_recommends() {
    let passwords = start(&HashPolicy::default());
    let hash = passwords.hash(&Password::new(ASCII)).await.unwrap();
    assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.as_str());
    assert_eq!(hash.as_str().len(), "$argon2id$v=19$m=19456,t=2,p=1$".len() + 22 + 1 + 43);
    assert_eq!(verdict(&passwords, ASCII, hash.as_str()).await, Verdict::Right);
}

/// Signs in with `typed` after `set` was chosen.
async fn sign_in(set: &str, typed: &str, expected: Verdict) {
    let passwords = cheap();
    let hash = passwords.hash(&Password::new(set)).await.unwrap();
    assert_eq!(verdict(&passwords, typed, hash.as_str()).await, expected, "{set:?} {typed:?}");
    assert_eq!(verdict(&passwords, set, hash.as_str()).await, Verdict::Right, "{set:?}");
}

#[tokio::test]
async fn canonically_equivalent_passwords_are_the_same() {
    for (composed, decomposed) in [
        ("\u{e9}t\u{e9} \u{e0} la mer", "e\u{301}te\u{301} a\u{300} la mer"),
        ("\u{d55c}\u{ad6d}\u{c5b4} pass", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}\u{110b}\u{1165} pass"),
        ("ti\u{1ebf}ng Vi\u{1ec7}t", "tie\u{302}\u{301}ng Vie\u{323}\u{302}t"),
        ("\u{212b}ngstr\u{f6}m", "A\u{30a}ngstro\u{308}m"),
    ] {
        sign_in(composed, decomposed, Verdict::Right).await;
        sign_in(decomposed, composed, Verdict::Right).await;
    }
}

#[tokio::test]
async fn nothing_else_about_a_password_is_folded() {
    for (set, typed) in [
        ("\u{fb01}rst password", "first password"),
        ("\u{ff21}lpha password", "Alpha password"),
        ("x\u{b2} password", "x2 password"),
        ("password ", "password"),
        (" password", "password"),
        ("Password", "password"),
        ("pass\u{a0}word", "pass word"),
        ("password\0", "password"),
        ("\u{feff}password", "password"),
        // What is composed on the way is not folded either.
        ("cafe\u{301} \u{fb01}rst", "cafe\u{301} first"),
    ] {
        sign_in(set, typed, Verdict::Wrong).await;
        sign_in(typed, set, Verdict::Wrong).await;
    }
}

#[test]
fn a_policy_out_of_bounds_starts_nothing() {
    let weak = HashPolicy { memory_kib: 8, ..HashPolicy::default() };
    let outcome = Passwords::new(&weak, PasswordPolicy::default(), Arc::new(ManualClock::new()));
    let error = outcome.err().expect("refused");
    assert_eq!(error.kind(), ErrorKind::Internal);
}

#[test]
fn a_refusal_names_the_field_and_why() {
    let error = cheap().check(&Password::new("password123"), &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PasswordRejected);
    let [field] = error.fields() else { panic!("{error:?}") };
    assert_eq!((field.field.as_ref(), field.code.as_ref()), ("password", "too_common"));
    assert!(!format!("{error:?}").contains("password123"));
}

#[test]
fn neither_passwords_nor_hashes_can_be_printed() {
    let text = format!("{:?} {:?}", Password::new("hunter2"), PasswordHash::new("$2b$12$hunter2"));
    assert_eq!(text, "Password(..) PasswordHash(..)");
}

#[test]
fn hashes_are_equal_when_every_byte_is() {
    assert_eq!(PasswordHash::new("$2b$12$abc"), PasswordHash::new("$2b$12$abc"));
    assert_ne!(PasswordHash::new("$2b$12$abc"), PasswordHash::new("$2b$12$abd"));
    assert_ne!(PasswordHash::new("$2b$12$abc"), PasswordHash::new("$2b$12$ab"));
}
