//! The crypto provider that a cargo feature chose, in a process whose application has signed before.
#![cfg(test)]

use std::panic::{AssertUnwindSafe, catch_unwind};

use auth_core::{Auth, MemoryStore, SigningKeys};
use jsonwebtoken::{EncodingKey, Header};

const SECRET: &str = "a secret for tests of 32 bytes or more";

/// Signs as an application does that uses `jsonwebtoken` itself. That crate looks for a provider at the first call;
/// where two are built in and none was installed, this call panics and every later one does.
fn application_signs_first() {
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let claims = serde_json::json!({ "sub": "somebody" });
    drop(catch_unwind(AssertUnwindSafe(|| jsonwebtoken::encode(&Header::default(), &claims, &key))));
}

#[cfg(any(feature = "aws_lc_rs", feature = "rust_crypto"))]
#[tokio::test]
async fn whatever_the_process_has_every_kind_of_key_signs_and_verifies() {
    use auth_core::auth::{SignUp, SignUpOutcome};
    use auth_core::policy::HashPolicy;
    use auth_core::token::SigningKey;
    use auth_core::{Client, Credential, Email, Password, SessionKind};

    application_signs_first();
    for (key, public_keys) in [
        (SigningKey::hs256(SECRET).unwrap(), 0),
        (SigningKey::ed25519_pem(include_str!("keys/ed25519.pem")).unwrap(), 1),
        (SigningKey::es256_pem(include_str!("keys/es256.pem")).unwrap(), 1),
    ] {
        let builder = Auth::builder(MemoryStore::new(), SigningKeys::new(key));
        let auth = builder.hash_policy(HashPolicy::insecure_for_tests()).build().unwrap();
        assert_eq!(auth.jwks().keys.len(), public_keys);
        let email = Email::parse("ada@example.com").unwrap();
        let sign_up = SignUp::new(email, Password::new("a long walk in the rain"), SessionKind::Bearer);
        let SignUpOutcome::SignedIn(tokens) = auth.sign_up(sign_up, &Client::default()).await.unwrap() else {
            panic!("not signed in")
        };
        assert!(auth.authenticate(&Credential::Access(tokens.access_token.expose())).await.is_ok());
    }
}

#[cfg(not(any(feature = "aws_lc_rs", feature = "rust_crypto")))]
#[test]
fn without_a_provider_the_error_names_the_features() {
    use auth_core::token::{KeyError, SigningKey};

    application_signs_first();
    let error = Auth::builder(MemoryStore::new(), SigningKeys::hs256(SECRET).unwrap()).build().unwrap_err();
    assert_eq!(error.setting(), "keys");
    assert!(error.to_string().contains("`aws_lc_rs` or `rust_crypto`"), "{error}");
    for key in [
        SigningKey::ed25519_pem(include_str!("keys/ed25519.pem")),
        SigningKey::es256_pem(include_str!("keys/es256.pem")),
    ] {
        assert!(matches!(key, Err(KeyError::NoProvider)), "{key:?}");
    }
}
