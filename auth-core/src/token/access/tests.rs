mod claims;
mod form;
mod keys;
mod known;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

use super::*;
use crate::clock::{Clock, ManualClock};
use crate::email::Email;
use crate::session::{Client, SessionKind};
use crate::user::MAX_ROLES;

const ISSUER: &str = "https://app.example.com";
const AUDIENCE: &str = "https://api.example.com";
const USER: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
const SESSION: &str = "01890a5d-ac96-774b-bcce-b302099a8058";

const SECRET: &str = "a secret for tests of 32 bytes or more";
const ED25519: &str = include_str!("../../../tests/keys/ed25519.pem");
const ED25519_OTHER: &str = include_str!("../../../tests/keys/ed25519_other.pem");
const ES256: &str = include_str!("../../../tests/keys/es256.pem");
const ES256_OTHER: &str = include_str!("../../../tests/keys/es256_other.pem");

fn hs256() -> SigningKey {
    SigningKey::hs256(SECRET).unwrap()
}

fn ed25519() -> SigningKey {
    SigningKey::ed25519_pem(ED25519).unwrap()
}

fn es256() -> SigningKey {
    SigningKey::es256_pem(ES256).unwrap()
}

/// One constructor of each kind of key.
const KINDS: [fn() -> SigningKey; 3] = [hs256, ed25519, es256];

fn now() -> DateTime<Utc> {
    ManualClock::new().now()
}

fn tokens_of(keys: SigningKeys) -> AccessTokens {
    AccessTokens::new(keys, ISSUER.into(), AUDIENCE.into(), TokenPolicy::default())
}

fn tokens() -> AccessTokens {
    tokens_of(SigningKeys::new(hs256()))
}

fn kid(key: &SigningKey) -> String {
    key.header().kid.clone().unwrap()
}

/// The header of a token of ours.
fn header(key: &SigningKey) -> Value {
    json!({ "typ": "at+jwt", "alg": format!("{:?}", key.algorithm()), "kid": kid(key) })
}

/// The claims of a token of ours, issued now.
fn claims() -> Value {
    let iat = now().timestamp();
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": USER, "sid": SESSION, "iat": iat, "nbf": iat, "exp": iat + 900,
        "jti": "01890a5d-ac96-774b-bcce-b302099a8059", "epoch": 0, "gen": 0, "roles": ["editor"], "amr": ["pwd"],
        "auth_time": iat,
    })
}

/// Bends an object: each field of the change replaces the one of that name.
fn with(mut object: Value, change: &Value) -> Value {
    for (name, value) in change.as_object().unwrap() {
        object[name] = value.clone();
    }
    object
}

fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name).unwrap();
    object
}

#[expect(clippy::needless_pass_by_value, reason = "the cases read better without a reference before each value")]
fn encoded(part: impl ToString) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// Signs any two texts as header and claims.
fn signed_by(key: &EncodingKey, algorithm: Algorithm, header: impl ToString, claims: impl ToString) -> String {
    let message = format!("{}.{}", encoded(header), encoded(claims));
    let signature = jwt::sign(&message, key, algorithm).unwrap();
    format!("{message}.{signature}")
}

fn signed(header: impl ToString, claims: impl ToString) -> String {
    let key = hs256();
    signed_by(key.encoding(), key.algorithm(), header, claims)
}

#[derive(Debug, PartialEq)]
enum Answer {
    Expired,
    Live,
    Refused,
}

/// Judges a token twice, since the second time it may be known: that must make no difference.
fn answer(tokens: &AccessTokens, token: &str, now: DateTime<Utc>) -> Answer {
    let first = answer_once(tokens, token, now);
    assert_eq!(answer_once(tokens, token, now), first);
    first
}

fn answer_once(tokens: &AccessTokens, token: &str, now: DateTime<Utc>) -> Answer {
    match tokens.verify(token, now) {
        Ok(Verified::Live(_)) => Answer::Live,
        Ok(Verified::Expired(_)) => Answer::Expired,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Unauthenticated);
            assert!(std::error::Error::source(&error).is_none(), "every refusal is the same");
            Answer::Refused
        }
    }
}

#[track_caller]
fn refused(token: &str) {
    assert_eq!(answer(&tokens(), token, now()), Answer::Refused, "{token:?}");
}

/// Judges a token of ours whose header was changed before it was signed.
#[track_caller]
fn header_is(change: &Value, expected: &Answer) {
    let token = signed(with(header(&hs256()), change), claims());
    assert_eq!(&answer(&tokens(), &token, now()), expected, "{change}");
}

/// Judges a token of ours whose claims were changed before they were signed.
#[track_caller]
fn claims_are(change: &Value, expected: &Answer) {
    let token = signed(header(&hs256()), with(claims(), change));
    assert_eq!(&answer(&tokens(), &token, now()), expected, "{change}");
}

fn user() -> User {
    let mut user = User::new(USER.parse().unwrap(), now());
    user.email = Some(Email::parse("ada@example.com").unwrap());
    user.name = Some("Ada Lovelace".to_owned());
    user.roles = vec![Role::new("editor").unwrap()];
    user
}

fn session() -> Session {
    Session {
        id: SESSION.parse().unwrap(),
        user_id: USER.parse().unwrap(),
        auth_epoch: 7,
        kind: SessionKind::Bearer,
        client: Client::default(),
        created_at: now() - TimeDelta::hours(1),
        expires_at: now() + TimeDelta::days(7),
        last_seen_at: now(),
    }
}

fn issued(tokens: &AccessTokens) -> String {
    tokens.issue(&user(), &session(), 3, now()).unwrap().expose().to_owned()
}

fn with_roles(count: usize) -> User {
    User { roles: (0..count).map(|place| Role::new(format!("{place:0>32}")).unwrap()).collect(), ..user() }
}

#[test]
fn the_longest_token_fits_into_a_cookie_and_is_accepted() {
    let name = "x".repeat(256);
    let keys = SigningKeys::new(hs256());
    let tokens = AccessTokens::new(keys, name.clone(), name, TokenPolicy::default());
    let token = tokens.issue(&with_roles(MAX_ROLES), &session(), i64::MAX, now()).unwrap();
    assert!(token.expose().len() < 4_000, "{} bytes", token.expose().len());
    assert_eq!(answer(&tokens, token.expose(), now()), Answer::Live);
}

#[test]
fn no_token_is_issued_that_holds_too_many_roles() {
    for count in [MAX_ROLES + 1, 400] {
        let error = tokens().issue(&with_roles(count), &session(), 0, now()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal);
        assert!(std::error::Error::source(&error).unwrap().to_string().contains("too many"), "{error:?}");
    }
}

#[test]
fn every_kind_of_key_verifies_what_it_signed() {
    for key in KINDS {
        let tokens = tokens_of(SigningKeys::new(key()));
        assert_eq!(answer(&tokens, &issued(&tokens), now()), Answer::Live);
        let bent = signed_by(key().encoding(), key().algorithm(), header(&key()), claims());
        assert_eq!(answer(&tokens, &bent, now()), Answer::Live, "the tokens that the other tests bend are good");
    }
}

#[test]
fn an_issued_token_says_what_rfc_9068_asks_and_nothing_about_the_person() {
    for key in KINDS {
        let token = issued(&tokens_of(SigningKeys::new(key())));
        let parts: Vec<_> = token.split('.').collect();
        assert_eq!(parts.len(), 3);
        assert_eq!(decoded(parts[0]), header(&key()));

        let mut said = decoded(parts[1]);
        let jti = said.as_object_mut().unwrap().remove("jti").unwrap();
        assert_eq!(jti.as_str().unwrap().parse::<Uuid>().unwrap().get_version_num(), 7);
        let iat = now().timestamp();
        let expected = json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": USER, "sid": SESSION, "iat": iat, "nbf": iat, "exp": iat + 900,
            "epoch": 7, "gen": 3, "roles": ["editor"], "amr": ["pwd"], "auth_time": iat - 3_600,
        });
        assert_eq!(said, expected);
    }
}

#[test]
fn the_claims_come_back_as_they_were_issued() {
    let tokens = tokens();
    let Ok(Verified::Live(claims)) = tokens.verify(&issued(&tokens), now()) else { panic!("not accepted") };
    assert_eq!(claims.user_id, user().id);
    assert_eq!(claims.session_id, session().id);
    assert!(claims.has_role(&Role::new("editor").unwrap()));
    assert!(!claims.has_role(&Role::ADMIN));
    assert_eq!((claims.auth_time, claims.issued_at), (session().created_at, now()));
    assert_eq!(claims.expires_at, now() + TimeDelta::minutes(15));
    assert_eq!((claims.auth_epoch, claims.generation), (7, 3));
}

#[test]
fn no_two_tokens_are_the_same() {
    let tokens = tokens();
    assert_ne!(issued(&tokens), issued(&tokens));
}

#[test]
fn a_token_never_outlives_its_session() {
    let tokens = tokens();
    let session = Session { expires_at: now() + TimeDelta::milliseconds(60_999), ..session() };
    let token = tokens.issue(&user(), &session, 0, now()).unwrap();
    assert_eq!(answer(&tokens, token.expose(), now() + TimeDelta::seconds(59)), Answer::Live);
    assert_eq!(answer(&tokens, token.expose(), now() + TimeDelta::seconds(60)), Answer::Expired);
}
