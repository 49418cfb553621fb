use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

use super::*;
use crate::clock::{Clock, ManualClock};
use crate::email::Email;
use crate::session::{Client, SessionKind};

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
    install_crypto_provider();
    let message = format!("{}.{}", encoded(header), encoded(claims));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, algorithm).unwrap();
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

fn answer(tokens: &AccessTokens, token: &str, now: DateTime<Utc>) -> Answer {
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

#[test]
fn unsigned_tokens_are_refused_however_they_spell_it() {
    for alg in [
        json!("none"),
        json!("None"),
        json!("NONE"),
        json!("nOnE"),
        json!(" none"),
        json!("none\u{0}"),
        json!(""),
        json!(null),
        json!(["HS256"]),
        json!({}),
        json!(0),
    ] {
        let token = signed(with(header(&hs256()), &json!({ "alg": alg })), claims());
        refused(&token);
        refused(&token[..=token.rfind('.').unwrap()]);
    }
    let token = signed(without(header(&hs256()), "alg"), claims());
    refused(&token);
    refused(&token[..=token.rfind('.').unwrap()]);
}

#[test]
fn an_empty_signature_is_no_signature() {
    for key in KINDS {
        let tokens = tokens_of(SigningKeys::new(key()));
        let token = issued(&tokens);
        let message = &token[..=token.rfind('.').unwrap()];
        for signature in ["", "A", "AA", "AAAA"] {
            assert_eq!(answer(&tokens, &format!("{message}{signature}"), now()), Answer::Refused);
        }
        let zeros = URL_SAFE_NO_PAD.encode([0; 64]);
        assert_eq!(answer(&tokens, &format!("{message}{zeros}"), now()), Answer::Refused);
        assert_eq!(answer(&tokens, &format!("{message}{}", &zeros[..43]), now()), Answer::Refused);
    }
}

#[test]
fn the_key_fixes_the_algorithm_and_the_token_never_does() {
    let keys = SigningKeys::new(hs256()).with_predecessor(ed25519()).unwrap().with_predecessor(es256()).unwrap();
    let tokens = tokens_of(keys);
    for (named, claimed, signing) in (0..27).map(|case| (KINDS[case / 9](), KINDS[case / 3 % 3](), KINDS[case % 3]())) {
        let header = with(header(&named), &json!({ "alg": format!("{:?}", claimed.algorithm()) }));
        let token = signed_by(signing.encoding(), signing.algorithm(), &header, claims());
        let all_agree = named.algorithm() == claimed.algorithm() && claimed.algorithm() == signing.algorithm();
        let expected = if all_agree { Answer::Live } else { Answer::Refused };
        assert_eq!(answer(&tokens, &token, now()), expected, "{header} signed by {signing:?}");
    }
}

#[test]
fn other_algorithms_of_the_same_family_are_refused() {
    let key = hs256();
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        let header = with(header(&key), &json!({ "alg": format!("{algorithm:?}") }));
        refused(&signed_by(key.encoding(), algorithm, header, claims()));
    }
    for alg in ["HS384", "RS256", "PS256", "ES384", "hs256", "HS256 ", "Ed25519", "ECDH-ES"] {
        header_is(&json!({ "alg": alg }), &Answer::Refused);
    }
}

#[test]
fn a_public_key_is_not_a_shared_secret() {
    for key in [ed25519(), es256()] {
        let jwk = serde_json::to_value(SigningKeys::new(key).jwks()).unwrap()["keys"][0].clone();
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap_or_default()).unwrap();
        let point = [bytes("x"), bytes("y")].concat();
        let uncompressed = [vec![4], point.clone()].concat();
        let kid = jwk["kid"].as_str().unwrap();
        let secrets = [point, uncompressed, bytes("x"), jwk.to_string().into_bytes(), kid.into(), Vec::new()];

        let key = if jwk["crv"] == "Ed25519" { ed25519() } else { es256() };
        let header = with(header(&key), &json!({ "alg": "HS256" }));
        let tokens = tokens_of(SigningKeys::new(key));
        for secret in secrets {
            let token = signed_by(&EncodingKey::from_secret(&secret), Algorithm::HS256, &header, claims());
            assert_eq!(answer(&tokens, &token, now()), Answer::Refused, "{jwk}");
        }
    }
}

#[test]
fn a_key_that_is_not_ours_signs_nothing_whatever_its_token_says() {
    let others = [
        SigningKey::hs256("another secret for tests, equally long").unwrap(),
        SigningKey::ed25519_pem(ED25519_OTHER).unwrap(),
        SigningKey::es256_pem(ES256_OTHER).unwrap(),
    ];
    for (ours, other) in KINDS.into_iter().zip(others) {
        let tokens = tokens_of(SigningKeys::new(ours()));
        let embedded = SigningKeys::new(other);
        let jwk = serde_json::to_value(embedded.jwks()).unwrap()["keys"][0].clone();
        let other = embedded.active();
        for change in [
            json!({}),
            json!({ "jwk": jwk }),
            json!({ "jku": "https://evil.test/jwks.json" }),
            json!({ "x5u": "https://evil.test/key.pem" }),
            json!({ "x5c": ["AAAA"] }),
        ] {
            for header in [header(&ours()), header(other)] {
                let header = with(header, &change);
                let token = signed_by(other.encoding(), other.algorithm(), &header, claims());
                assert_eq!(answer(&tokens, &token, now()), Answer::Refused, "{header}");
            }
        }
    }
}

#[test]
fn the_key_is_found_by_its_exact_name() {
    let kid = kid(&hs256());
    for odd in [
        json!("unknown"),
        json!(""),
        json!("../../../../dev/null"),
        json!("' OR 1=1 --"),
        json!("\u{0}"),
        json!(format!("{kid}\u{0}")),
        json!(format!("{kid} ")),
        json!(kid.to_lowercase()),
        json!(&kid[..kid.len() - 1]),
        json!("k".repeat(4_000)),
        json!(null),
        json!(0),
        json!([kid]),
        json!({ "kid": kid }),
    ] {
        header_is(&json!({ "kid": odd }), &Answer::Refused);
    }
    refused(&signed(without(header(&hs256()), "kid"), claims()));
    let twice = format!(r#"{{"typ":"at+jwt","alg":"HS256","kid":"{kid}","kid":"{kid}"}}"#);
    refused(&signed(twice, claims()));
}

#[test]
fn only_the_type_of_access_tokens_is_read() {
    for typ in ["at+jwt", "AT+JWT", "At+Jwt", "application/at+jwt", "Application/AT+JWT"] {
        header_is(&json!({ "typ": typ }), &Answer::Live);
    }
    for typ in ["JWT", "jwt", "", "at", "at+jwt ", "at-jwt", "application/jwt", "text/at+jwt", "rt+jwt", "id+jwt"] {
        header_is(&json!({ "typ": typ }), &Answer::Refused);
    }
    for typ in [json!(null), json!(1), json!(["at+jwt"])] {
        header_is(&json!({ "typ": typ }), &Answer::Refused);
    }
    refused(&signed(without(header(&hs256()), "typ"), claims()));
}

#[test]
fn extensions_that_must_be_understood_are_refused() {
    for crit in [json!([]), json!(["b64"]), json!(["exp"]), json!(["https://example.com/ext"])] {
        header_is(&json!({ "crit": crit, "b64": false }), &Answer::Refused);
    }
}

#[test]
fn no_character_of_a_token_can_be_changed() {
    for key in KINDS {
        let tokens = tokens_of(SigningKeys::new(key()));
        let token = issued(&tokens);
        let changes = (0..token.len()).map(|at| {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            String::from_utf8(bytes).unwrap()
        });
        for changed in changes {
            assert_eq!(answer(&tokens, &changed, now()), Answer::Refused, "{changed}");
        }
    }
}

#[test]
fn parts_of_two_tokens_do_not_make_a_third() {
    let tokens = tokens();
    let (one, two) = (issued(&tokens), issued(&tokens));
    let (one, two): (Vec<_>, Vec<_>) = (one.split('.').collect(), two.split('.').collect());
    refused(&[one[0], one[1], two[2]].join("."));
    refused(&[one[1], one[0], one[2]].join("."));
    let raised = encoded(with(decoded(one[1]), &json!({ "roles": ["admin"] })));
    refused(&[one[0], raised.as_str(), one[2]].join("."));
}

#[test]
fn a_token_has_one_spelling() {
    for key in KINDS {
        let tokens = tokens_of(SigningKeys::new(key()));
        let token = issued(&tokens);
        let (message, signature) = token.rsplit_once('.').unwrap();
        let (header, claims) = message.split_once('.').unwrap();
        for odd in [
            format!("{token}="),
            format!("{token}=="),
            format!("{header}=.{claims}.{signature}"),
            format!("{header}.{claims}=.{signature}"),
            format!(" {token}"),
            format!("{token} "),
            format!("{token}\n"),
            format!("{header}. {claims}.{signature}"),
            format!("{header}.\t{claims}.{signature}"),
            format!("\u{feff}{token}"),
            format!("{token}\u{0}"),
            format!("{token}A"),
            format!("{token}AAAA"),
            token[..token.len() - 1].to_owned(),
            format!("Bearer {token}"),
            next_in_alphabet(&token),
        ] {
            assert_eq!(answer(&tokens, &odd, now()), Answer::Refused, "{odd:?}");
        }
    }
}

/// Sets a bit of the last character that stands beyond the signature's last byte.
fn next_in_alphabet(token: &str) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = ALPHABET.find(token.chars().last().unwrap()).unwrap();
    format!("{}{}", &token[..token.len() - 1], &ALPHABET[last + 1..last + 2])
}

#[test]
fn the_standard_alphabet_is_not_read() {
    let tokens = tokens();
    let special = (0..100).map(|_| issued(&tokens)).find(|token| token.contains(['-', '_'])).unwrap();
    refused(&special.replace('-', "+").replace('_', "/"));
}

#[test]
fn a_signature_is_not_read_modulo_the_order_of_the_curve() {
    // The order of the group of Ed25519, little-endian.
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let tokens = tokens_of(SigningKeys::new(ed25519()));
    let token = issued(&tokens);
    let (message, signature) = token.rsplit_once('.').unwrap();
    let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let mut carry = 0;
    for (byte, order) in bytes[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        (*byte, carry) = (sum.to_le_bytes()[0], sum >> 8);
    }
    let shifted = format!("{message}.{}", URL_SAFE_NO_PAD.encode(bytes));
    assert_eq!(answer(&tokens, &shifted, now()), Answer::Refused);
}

#[test]
fn only_the_compact_form_of_three_parts_is_read() {
    let token = issued(&tokens());
    let parts: Vec<_> = token.split('.').collect();
    for odd in ["", ".", "..", "...", "a.b.c", "null", "{}"] {
        refused(odd);
    }
    refused(parts[0]);
    refused(&parts[..2].join("."));
    refused(&format!("{token}."));
    refused(&format!(".{token}"));
    refused(&format!("{token}.{}", parts[2]));
    refused(&format!("{token}.{}.{}", parts[1], parts[2]));
    refused(&json!({ "protected": parts[0], "payload": parts[1], "signature": parts[2] }).to_string());
    refused(
        &json!({ "payload": parts[1], "signatures": [{ "protected": parts[0], "signature": parts[2] }] }).to_string(),
    );
}

#[test]
fn a_token_in_a_token_is_refused() {
    let header = with(header(&hs256()), &json!({ "cty": "JWT" }));
    refused(&signed(&header, issued(&tokens())));
    refused(&signed(&header, json!(issued(&tokens()))));
}

#[test]
fn claims_are_one_object_without_repetitions() {
    for odd in ["", "null", "[]", "0", "\"\"", "{}", "{", "\u{feff}{}"] {
        refused(&signed(header(&hs256()), odd));
    }
    let text = claims().to_string();
    let twice = text.replacen('{', "{\"sub\":\"01890a5d-ac96-774b-bcce-b302099a8050\",", 1);
    refused(&signed(header(&hs256()), twice));
    let deep = text.replacen('{', &format!("{{\"x\":{}{},", "[".repeat(3_000), "]".repeat(3_000)), 1);
    refused(&signed(header(&hs256()), deep));
}

#[test]
fn a_token_that_is_too_long_is_not_looked_at() {
    let padded = |bytes: usize| signed(header(&hs256()), with(claims(), &json!({ "padding": "x".repeat(bytes) })));
    let fits = (5_000..7_000).rev().map(padded).find(|token| token.len() <= MAX_TOKEN_BYTES).unwrap();
    assert!(fits.len() > MAX_TOKEN_BYTES - 4);
    assert_eq!(answer(&tokens(), &fits, now()), Answer::Live);
    refused(&padded(7_000));
    refused(&"a".repeat(1_000_000));
    refused(&".".repeat(1_000_000));
}

#[test]
fn every_claim_is_required_and_never_null() {
    for name in claims().as_object().unwrap().keys() {
        refused(&signed(header(&hs256()), without(claims(), name)));
        claims_are(&json!({ name: null }), &Answer::Refused);
        claims_are(&json!({ name: {} }), &Answer::Refused);
        claims_are(&json!({ name: true }), &Answer::Refused);
    }
}

#[test]
fn numbers_are_whole_numbers_and_nothing_else() {
    for name in ["iat", "nbf", "exp", "epoch", "gen", "auth_time"] {
        let number = claims()[name].as_i64().unwrap();
        for odd in [json!(number.to_string()), json!(""), json!([number]), json!(1e300), json!(u64::MAX)] {
            claims_are(&json!({ name: odd }), &Answer::Refused);
        }
        let text = claims().to_string();
        for odd in [format!("{number}.0"), format!("{number}.5"), format!("{number}e0"), "1e99999".into(), "NaN".into()]
        {
            let bent = text.replacen(&format!("\"{name}\":{number}"), &format!("\"{name}\":{odd}"), 1);
            assert_ne!(bent, text);
            refused(&signed(header(&hs256()), bent));
        }
    }
}

#[test]
fn a_token_lives_from_its_issue_until_just_before_its_expiry() {
    let tokens = tokens();
    let token = issued(&tokens);
    let after = |span: TimeDelta| answer(&tokens, &token, now() + span);
    let expiry = TimeDelta::minutes(15);
    assert_eq!(after(TimeDelta::zero()), Answer::Live);
    assert_eq!(after(expiry - TimeDelta::seconds(1)), Answer::Live);
    assert_eq!(after(expiry - TimeDelta::microseconds(1)), Answer::Live);
    assert_eq!(after(expiry), Answer::Expired);
    assert_eq!(after(expiry + TimeDelta::microseconds(1)), Answer::Expired);
    assert_eq!(after(expiry + TimeDelta::seconds(30)), Answer::Expired, "leeway forgives no expiry");
    assert_eq!(after(TimeDelta::days(36_500)), Answer::Expired);
}

#[test]
fn another_nodes_clock_may_run_ahead_by_the_leeway_and_no_more() {
    let iat = now().timestamp();
    claims_are(&json!({ "nbf": iat + 30 }), &Answer::Live);
    claims_are(&json!({ "nbf": iat + 31 }), &Answer::Refused);
    claims_are(&json!({ "iat": iat + 30 }), &Answer::Live);
    claims_are(&json!({ "iat": iat + 31 }), &Answer::Refused);
    claims_are(&json!({ "iat": iat + 30, "nbf": iat + 30, "exp": iat + 930 }), &Answer::Live);

    let policy = TokenPolicy { leeway: Duration::ZERO, ..TokenPolicy::default() };
    let strict = AccessTokens::new(SigningKeys::new(hs256()), ISSUER.into(), AUDIENCE.into(), policy);
    for claim in ["iat", "nbf"] {
        let token = signed(header(&hs256()), with(claims(), &json!({ claim: iat + 1 })));
        assert_eq!(answer(&strict, &token, now()), Answer::Refused);
        assert_eq!(answer(&strict, &token, now() + TimeDelta::seconds(1)), Answer::Live);
    }
}

#[test]
fn no_token_lives_longer_than_the_policy_says() {
    let iat = now().timestamp();
    claims_are(&json!({ "exp": iat + 901 }), &Answer::Refused);
    claims_are(&json!({ "exp": i64::MAX }), &Answer::Refused);
    claims_are(&json!({ "iat": iat - 1 }), &Answer::Refused);
    claims_are(&json!({ "iat": iat - 900, "exp": iat }), &Answer::Expired);
    claims_are(&json!({ "iat": iat - 899, "exp": iat + 1 }), &Answer::Live);
}

#[test]
fn a_token_is_not_issued_after_its_expiry() {
    let iat = now().timestamp();
    claims_are(&json!({ "exp": iat }), &Answer::Expired);
    claims_are(&json!({ "exp": iat - 1 }), &Answer::Refused);
    claims_are(&json!({ "exp": -1 }), &Answer::Refused);
    claims_are(&json!({ "iat": 0, "nbf": 0, "exp": 900 }), &Answer::Expired);
}

#[test]
fn no_instant_overflows() {
    let extremes = [i64::MIN, i64::MIN + 1, -62_135_596_801, 0, 253_402_300_800, i64::MAX - 1, i64::MAX];
    for (iat, exp) in extremes.iter().flat_map(|iat| extremes.iter().map(move |exp| (iat, exp))) {
        for (nbf, auth_time) in extremes.iter().flat_map(|nbf| extremes.iter().map(move |time| (nbf, time))) {
            let change = json!({ "iat": iat, "exp": exp, "nbf": nbf, "auth_time": auth_time });
            let token = signed(header(&hs256()), with(claims(), &change));
            assert_ne!(answer(&tokens(), &token, now()), Answer::Live, "{change}");
        }
    }
    for extreme in extremes {
        claims_are(&json!({ "epoch": extreme, "gen": extreme }), &Answer::Live);
    }
}

#[test]
fn the_issuer_is_compared_as_it_stands() {
    for odd in [
        json!("https://app.example.com/"),
        json!("https://APP.example.com"),
        json!("http://app.example.com"),
        json!("app.example.com"),
        json!(""),
        json!("*"),
        json!([ISSUER]),
        json!(1),
    ] {
        claims_are(&json!({ "iss": odd }), &Answer::Refused);
    }
}

#[test]
fn the_audience_is_compared_as_it_stands() {
    for odd in [json!("https://api.example.com/"), json!(ISSUER), json!(""), json!([AUDIENCE]), json!([]), json!(1)] {
        claims_are(&json!({ "aud": odd }), &Answer::Refused);
    }
    claims_are(&json!({ "aud": [AUDIENCE, "https://evil.test"] }), &Answer::Refused);
}

#[test]
fn user_session_and_roles_are_of_their_own_form() {
    for name in ["sub", "sid", "jti"] {
        for odd in [json!(1), json!(""), json!("ada@example.com"), json!([USER]), json!(USER.replace('0', "x"))] {
            claims_are(&json!({ name: odd }), &Answer::Refused);
        }
    }
    for odd in [json!("admin"), json!({ "admin": true }), json!([1]), json!(["Admin"]), json!([""]), json!([["admin"]])]
    {
        claims_are(&json!({ "roles": odd }), &Answer::Refused);
    }
    claims_are(&json!({ "roles": [] }), &Answer::Live);
}

#[test]
fn a_retired_key_verifies_until_it_is_removed() {
    let old = tokens();
    let before = issued(&old);

    let rotated = tokens_of(SigningKeys::new(ed25519()).with_predecessor(hs256()).unwrap());
    assert_eq!(answer(&rotated, &before, now()), Answer::Live);
    let after = issued(&rotated);
    assert_eq!(decoded(after.split('.').next().unwrap())["kid"], json!(kid(&ed25519())));
    assert_eq!(answer(&old, &after, now()), Answer::Refused);

    let removed = tokens_of(SigningKeys::new(ed25519()));
    assert_eq!(answer(&removed, &before, now()), Answer::Refused);
    assert_eq!(answer(&removed, &after, now()), Answer::Live);
}

#[test]
fn nodes_that_rotate_one_after_the_other_understand_each_other() {
    let first = tokens_of(SigningKeys::new(ed25519()).with_predecessor(es256()).unwrap());
    let second = tokens_of(SigningKeys::new(es256()).with_predecessor(ed25519()).unwrap());
    assert_eq!(answer(&second, &issued(&first), now()), Answer::Live);
    assert_eq!(answer(&first, &issued(&second), now()), Answer::Live);
}
