//! Which key a token is verified with, and by which algorithm.

use super::*;

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
