//! Tokens that were verified before.

use super::*;

fn is_known(tokens: &AccessTokens, token: &str) -> bool {
    tokens.known.find(token).is_some()
}

fn remembering(verified_tokens: usize) -> AccessTokens {
    let policy = TokenPolicy { verified_tokens, ..TokenPolicy::default() };
    AccessTokens::new(SigningKeys::new(hs256()), ISSUER.into(), AUDIENCE.into(), policy)
}

#[test]
fn a_signature_is_checked_once() {
    for kind in KINDS {
        let tokens = tokens_of(SigningKeys::new(kind()));
        let token = issued(&tokens);
        assert!(!is_known(&tokens, &token));
        assert_eq!(answer(&tokens, &token, now()), Answer::Live);
        assert!(is_known(&tokens, &token));
    }
}

#[test]
fn a_known_token_says_what_it_said() {
    let tokens = tokens();
    let token = issued(&tokens);
    let Ok(Verified::Live(first)) = tokens.verify(&token, now()) else { panic!("ours") };
    let Ok(Verified::Live(second)) = tokens.verify(&token, now()) else { panic!("ours") };
    assert_eq!(first, second);
}

#[test]
fn a_known_token_vouches_for_no_other_bytes() {
    let tokens = tokens();
    let token = issued(&tokens);
    assert_eq!(answer(&tokens, &token, now()), Answer::Live);
    for place in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        assert_eq!(answer(&tokens, &String::from_utf8(bytes).unwrap(), now()), Answer::Refused, "byte {place}");
    }
    for near in [&token[1..], &token[..token.len() - 1], &format!("{token} "), &format!("{token}="), ""] {
        assert_eq!(answer(&tokens, near, now()), Answer::Refused, "{near:?}");
    }
}

#[test]
fn a_known_token_expires_and_begins_with_the_clock() {
    let tokens = tokens();
    let token = issued(&tokens);
    assert_eq!(answer(&tokens, &token, now()), Answer::Live);
    assert_eq!(answer(&tokens, &token, now() + TimeDelta::minutes(15)), Answer::Expired);
    assert_eq!(answer(&tokens, &token, now() - TimeDelta::seconds(30)), Answer::Live);
    assert_eq!(answer(&tokens, &token, now() - TimeDelta::seconds(31)), Answer::Refused, "the clock was set back");
}

#[test]
fn only_live_tokens_of_ours_are_kept() {
    let tokens = tokens();
    let old = issued(&tokens);
    assert_eq!(answer(&tokens, &old, now() + TimeDelta::days(1)), Answer::Expired);
    let foreign =
        issued(&tokens_of(SigningKeys::new(SigningKey::hs256("another secret of 32 bytes or more").unwrap())));
    assert_eq!(answer(&tokens, &foreign, now()), Answer::Refused);
    assert!(!is_known(&tokens, &old) && !is_known(&tokens, &foreign));
}

#[test]
fn what_old_keys_verified_is_forgotten_with_them() {
    let old = tokens();
    let token = issued(&old);
    assert_eq!(answer(&old, &token, now()), Answer::Live);

    let successor = || SigningKey::hs256("another secret of 32 bytes or more").unwrap();
    let rotating = tokens_of(SigningKeys::new(successor()).with_predecessor(hs256()).unwrap());
    assert_eq!(answer(&rotating, &token, now()), Answer::Live);
    assert_eq!(answer(&tokens_of(SigningKeys::new(successor())), &token, now()), Answer::Refused);
}

#[test]
fn no_more_tokens_are_kept_than_the_policy_says() {
    let tokens = remembering(100);
    let issued: Vec<_> = std::iter::repeat_with(|| issued(&tokens)).take(1_000).collect();
    for token in &issued {
        assert_eq!(answer(&tokens, token, now()), Answer::Live);
    }
    let known = issued.iter().filter(|token| is_known(&tokens, token)).count();
    assert!((1..=100).contains(&known), "{known}");
    assert!(issued.iter().all(|token| answer(&tokens, token, now()) == Answer::Live));
}

#[test]
fn none_is_kept_where_the_policy_says_none() {
    let tokens = remembering(0);
    let token = issued(&tokens);
    assert_eq!(answer(&tokens, &token, now()), Answer::Live);
    assert!(!is_known(&tokens, &token));
}

#[test]
fn a_token_of_unusual_length_is_accepted_and_not_kept() {
    let tokens = tokens();
    let roles: Vec<_> = (0..100).map(|number| format!("a-role-of-some-length-{number}")).collect();
    let token = signed(header(&hs256()), with(claims(), &json!({ "roles": roles })));
    assert!(token.len() > 2 * 1024);
    assert_eq!(answer(&tokens, &token, now()), Answer::Live);
    assert!(!is_known(&tokens, &token));
}
