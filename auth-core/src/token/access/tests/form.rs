//! Which texts are a token at all.

use super::*;

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
