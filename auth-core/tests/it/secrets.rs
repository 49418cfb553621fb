use std::fmt::Debug;

use auth_core::auth::{SignIn, SignUp, SignedIn};
use auth_core::http::{Body, Recall, Request, Transport};
use auth_core::session::RefreshState;
use auth_core::store::{NewSession, NewUser, ReplacePassword, SessionStore, UserStore};
use auth_core::token::{AccessToken, KeyError, RefreshToken, SigningKey};
use auth_core::{Auth, Credential, MemoryStore, Password, PasswordHash, SessionKind, SigningKeys, TokenHash};

use crate::fixture::{ADA, Fixture, PASSWORD, SECRET, access, email, refresh, sign_up};
use crate::keys::{ED25519, ES256};

/// Fails to compile if the type implements the trait: then two implementations of `Ambiguous` apply.
macro_rules! lacks {
    ($type:ty: $($bound:path),+) => {
        $(const _: fn() = || {
            trait Ambiguous<Marker> {
                fn check() {}
            }
            struct Implements;
            impl<T: ?Sized> Ambiguous<()> for T {}
            impl<T: ?Sized + $bound> Ambiguous<Implements> for T {}
            <$type as Ambiguous<_>>::check();
        };)+
    };
}

lacks!(AccessToken: std::fmt::Display, serde::Serialize, Clone, AsRef<str>);
lacks!(RefreshToken: std::fmt::Display, serde::Serialize, Clone, AsRef<str>, PartialEq);
lacks!(Password: std::fmt::Display, serde::Serialize, Clone, AsRef<str>, PartialEq);
lacks!(PasswordHash: std::fmt::Display, serde::Serialize, AsRef<str>);
lacks!(TokenHash: std::fmt::Display, serde::Serialize);
lacks!(SigningKey: std::fmt::Display, serde::Serialize, Clone);
lacks!(SigningKeys: std::fmt::Display, serde::Serialize, Clone);
lacks!(SignedIn: serde::Serialize, Clone);
lacks!(RefreshState: serde::Serialize);

/// Checks that neither form of `{:?}` shows any of the texts.
#[track_caller]
fn hides(value: &impl Debug, secrets: &[&str]) {
    for text in [format!("{value:?}"), format!("{value:#?}")] {
        for secret in secrets {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

/// The bytes as the derived `Debug` of an array writes them.
fn as_list(bytes: &[u8]) -> String {
    let list = format!("{bytes:?}");
    list[1..list.len() - 1].to_owned()
}

#[tokio::test]
async fn tokens_and_what_holds_them_print_redacted() {
    let signed_in = Fixture::new().sign_up(ADA).await;
    let (token, text) = (signed_in.access_token.expose(), signed_in.refresh_token.expose());
    let signature = token.rsplit('.').next().unwrap();
    let secrets = [signature, &text[22..], &text[43..]];
    hides(&signed_in.access_token, &secrets);
    hides(&signed_in.refresh_token, &secrets);
    hides(&access(&signed_in), &secrets);
    hides(&refresh(&signed_in), &secrets);
    hides(&Credential::Access(token), &[token]);
    hides(&signed_in, &secrets);
}

#[tokio::test]
async fn passwords_and_what_holds_them_print_redacted() {
    let fixture = Fixture::new();
    let new = || Password::new(PASSWORD);
    hides(&new(), &[PASSWORD]);
    hides(&SignUp::new(email(ADA), new(), SessionKind::Bearer), &[PASSWORD]);
    hides(&SignIn { email: email(ADA), password: new(), kind: SessionKind::Bearer }, &[PASSWORD]);

    let user = fixture.sign_up(ADA).await.user;
    let hash = fixture.password_hash(ADA).await;
    hides(&hash, &["argon2", hash.as_str()]);
    let found = fixture.store.inner().find_credentials(&email(ADA)).await.unwrap();
    hides(&found, &["argon2"]);
    let event = fixture.published().remove(0);
    let new = NewUser { user: user.clone(), password_hash: hash.clone(), profile: None, session: None, event };
    hides(&new, &["argon2"]);
    let (at, event) = (fixture.now(), fixture.published().remove(0));
    let replace = ReplacePassword { user_id: user.id, expected: hash.clone(), new: hash, at, event };
    hides(&replace, &["argon2"]);
    hides(&fixture.store.inner(), &["argon2"]);
}

#[tokio::test]
async fn the_state_of_a_refresh_token_prints_redacted() {
    let fixture = Fixture::new();
    let first = fixture.sign_up(ADA).await;
    fixture.refresh(&first.refresh_token).await.unwrap();
    let record = fixture.store.inner().find_session(first.session.id).await.unwrap().unwrap();
    let state = &record.refresh;
    let hashes =
        [state.family_hash, state.token_hash, state.previous_hash.unwrap()].map(|hash| as_list(hash.as_bytes()));
    let salt = as_list(&state.rotation_salt.unwrap());
    let compact = |text: String| text.split_whitespace().collect::<String>();
    let new = NewSession { session: record.session.clone(), refresh: state.clone() };
    for text in [format!("{record:?}"), format!("{new:?}"), format!("{:?}", fixture.store.inner())] {
        for secret in hashes.iter().chain([&salt]) {
            assert!(!compact(text.clone()).contains(&compact(secret.clone())), "{text}");
        }
    }
}

#[test]
fn keys_and_what_holds_them_print_redacted() {
    let inner = |pem: &str| pem.lines().nth(3).unwrap()[20..60].to_owned();
    let (ed25519, es256) = (inner(ED25519), inner(ES256));
    let secrets = [SECRET, &as_list(SECRET.as_bytes()), &ed25519, &es256];
    let key = || SigningKey::hs256(SECRET).unwrap();
    let keys = || {
        let keys = SigningKeys::new(key()).with_predecessor(SigningKey::ed25519_pem(ED25519).unwrap()).unwrap();
        keys.with_predecessor(SigningKey::es256_pem(ES256).unwrap()).unwrap()
    };
    hides(&key(), &secrets);
    hides(&keys(), &secrets);
    let builder = Auth::builder(MemoryStore::new(), keys());
    hides(&builder, &secrets);
    hides(&builder.build().unwrap(), &secrets);
}

#[test]
fn a_key_that_cannot_be_read_is_not_repeated() {
    let broken = ES256.replacen("BHkwa", "BHkwb", 1).replacen("MIGH", "MIGG", 1);
    let shown = |error: KeyError| {
        let source = std::error::Error::source(&error).map(ToString::to_string);
        format!("{error} {error:?} {source:?}")
    };
    let inner = &ES256.lines().nth(3).unwrap()[20..60];
    assert!(!shown(SigningKey::es256_pem(broken).unwrap_err()).contains(inner));
    let short = "a short secret";
    assert!(!shown(SigningKey::hs256(short).unwrap_err()).contains(short));
    let error = SigningKeys::new(SigningKey::hs256(SECRET).unwrap());
    let error = error.with_predecessor(SigningKey::hs256(SECRET).unwrap()).unwrap_err();
    assert!(!shown(error).contains(SECRET));
}

#[tokio::test]
async fn errors_repeat_nothing_that_was_str() {
    let fixture = Fixture::new();
    fixture.sign_up(ADA).await;
    let wrong = "canary-wrong-password";
    let refused = fixture.try_sign_in("canary@example.com", wrong).await.unwrap_err();
    let weak = sign_up("canary@example.com", "canary");
    let rejected = fixture.try_sign_up(weak).await.unwrap_err();
    let named = SignUp { name: Some("canary\0".into()), ..sign_up(ADA, wrong) };
    let invalid = fixture.try_sign_up(named).await.unwrap_err();
    let forged = fixture.auth.verify_access_token("canary.canary.canary").unwrap_err();
    for error in [refused, rejected, invalid, forged] {
        hides(&error, &["canary"]);
        assert!(!error.to_string().contains("canary"));
    }
}

#[test]
fn requests_print_without_headers_and_body() {
    let mut headers = http::HeaderMap::new();
    headers.insert("authorization", http::HeaderValue::from_static("Bearer canary"));
    headers.insert("cookie", http::HeaderValue::from_static("__Host-refresh=canary"));
    let request = Request {
        transport: Transport::Bearer,
        method: http::Method::POST,
        headers,
        peer: None,
        recall: Recall::default(),
        id: None,
        body: Body::from(bytes::Bytes::from_static(br#"{"password":"canary"}"#)),
    };
    hides(&request, &["canary"]);
    hides(&request.head(), &["canary"]);
    hides(&request.body, &["canary"]);
    assert!(format!("{request:?}").contains("POST"));
}
