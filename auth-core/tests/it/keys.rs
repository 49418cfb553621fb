use auth_core::token::{KeyError, SigningKey};
use auth_core::{Auth, MemoryStore, SigningKeys};
use serde_json::Value;

use crate::fixture::SECRET;

pub(crate) const ED25519: &str = include_str!("../keys/ed25519.pem");
const ED25519_OTHER: &str = include_str!("../keys/ed25519_other.pem");
pub(crate) const ES256: &str = include_str!("../keys/es256.pem");
const P384: &str = include_str!("../keys/p384.pem");

fn hs256(number: u8) -> SigningKey {
    SigningKey::hs256(format!("secret {number} for tests of 32 bytes or more")).unwrap()
}

/// Bytes that look random and are the same in each run.
fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..bytes).map(|_| next()).collect()
}

fn ed25519() -> SigningKey {
    SigningKey::ed25519_pem(ED25519).unwrap()
}

fn es256() -> SigningKey {
    SigningKey::es256_pem(ES256).unwrap()
}

fn jwks(keys: SigningKeys) -> Vec<Value> {
    let auth = Auth::builder(MemoryStore::new(), keys).build().unwrap();
    let Value::Object(mut set) = serde_json::to_value(auth.jwks()).unwrap() else { panic!("not an object") };
    let Some(Value::Array(keys)) = set.remove("keys") else { panic!("no keys") };
    assert!(set.is_empty());
    keys
}

#[test]
fn a_shared_secret_has_at_least_32_bytes() {
    for bytes in [0, 1, 8, 31] {
        let error = SigningKey::hs256(vec![b'x'; bytes]).unwrap_err();
        assert!(matches!(error, KeyError::SecretTooShort { bytes: told } if told == bytes));
        assert!(SigningKeys::hs256(vec![b'x'; bytes]).is_err());
    }
    for bytes in [32, 33, 64, 10_000] {
        assert!(SigningKey::hs256(noise(bytes)).is_ok(), "{bytes}");
    }
    assert!(SigningKey::hs256("changeme").is_err());
}

#[test]
fn a_shared_secret_that_somebody_typed_is_refused() {
    for secret in ["a".repeat(32), "changeme".repeat(8), format!("secret{}", "0".repeat(58))] {
        let error = SigningKeys::hs256(&secret).unwrap_err();
        assert!(matches!(error, KeyError::SecretGuessable { .. }), "{secret}: {error}");
        assert!(error.to_string().contains("openssl rand -base64 48"), "the message says the next step: {error}");
        assert!(!error.to_string().contains(&secret), "and not the secret");
    }
}

#[test]
fn a_pem_that_is_not_such_a_key_is_refused() {
    let truncated = &ED25519[..ED25519.len() - 40];
    let unlike = ES256.replace("PRIVATE KEY", "PUBLIC KEY");
    let sec1 = ES256.replace("PRIVATE KEY", "EC PRIVATE KEY");
    let empty = "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n";
    let zeros = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    for junk in ["", "junk", SECRET, truncated, &unlike, &sec1, empty, zeros, P384, "-----BEGIN PRIVATE KEY-----"] {
        for parsed in [SigningKey::ed25519_pem(junk), SigningKey::es256_pem(junk)] {
            assert!(matches!(parsed, Err(KeyError::Unreadable(_))), "{junk}: {parsed:?}");
        }
    }
    assert!(matches!(SigningKey::ed25519_pem(ES256), Err(KeyError::Unreadable(_))));
    assert!(matches!(SigningKey::es256_pem(ED25519), Err(KeyError::Unreadable(_))));
    assert!(SigningKey::ed25519_pem([0xff; 100]).is_err());
}

#[test]
fn a_key_is_added_once() {
    let keys = || SigningKeys::new(hs256(1)).with_predecessor(ed25519()).unwrap();
    for again in [hs256(1), ed25519()] {
        assert!(matches!(keys().with_predecessor(again), Err(KeyError::DuplicateKey)));
    }
}

#[test]
fn there_are_at_most_two_predecessors() {
    let keys = SigningKeys::new(hs256(1)).with_predecessor(hs256(2)).unwrap().with_predecessor(hs256(3)).unwrap();
    assert!(matches!(keys.with_predecessor(hs256(4)), Err(KeyError::TooManyPredecessors)));
}

#[test]
fn a_key_has_the_same_name_on_every_node_and_each_key_another() {
    let name = |key: SigningKey| format!("{key:?}");
    assert_eq!(name(hs256(1)), name(hs256(1)));
    assert_eq!(name(ed25519()), name(ed25519()));
    let other = SigningKey::ed25519_pem(ED25519_OTHER).unwrap();
    let names = [hs256(1), hs256(2), ed25519(), other, es256()].map(name);
    let distinct: std::collections::BTreeSet<_> = names.iter().collect();
    assert_eq!(distinct.len(), names.len());
}

#[test]
fn public_keys_are_published_and_a_shared_secret_never() {
    assert_eq!(jwks(SigningKeys::new(hs256(1)).with_predecessor(hs256(2)).unwrap()), [Value::Null; 0]);

    let keys = SigningKeys::new(ed25519()).with_predecessor(hs256(1)).unwrap().with_predecessor(es256()).unwrap();
    let published = jwks(keys);
    let fields: Vec<Vec<_>> =
        published.iter().map(|key| key.as_object().unwrap().keys().map(String::as_str).collect()).collect();
    assert_eq!(fields, [&["alg", "crv", "kid", "kty", "use", "x"][..], &["alg", "crv", "kid", "kty", "use", "x", "y"]]);
    for (key, expected) in published.iter().zip([["OKP", "Ed25519", "EdDSA"], ["EC", "P-256", "ES256"]]) {
        assert_eq!([&key["kty"], &key["crv"], &key["alg"]], expected);
        assert_eq!(key["use"], "sig");
    }
}

#[test]
fn a_published_key_is_the_public_half() {
    // As `openssl pkey -in ed25519.pem -pubout -outform DER | tail -c 32 | basenc --base64url` prints it, less its
    // padding.
    let published = jwks(SigningKeys::new(ed25519()));
    assert_eq!(published[0]["x"], "wi2eonmCONLUg-c4KB4-oDm-fEwt8cSO2ACC_SP6bTo");
}
