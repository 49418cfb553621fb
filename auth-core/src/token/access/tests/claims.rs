//! What a token has to say.

use super::*;

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
