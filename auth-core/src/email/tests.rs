use super::*;

#[track_caller]
fn accepts(typed: &str, canonical: &str) {
    let email = Email::parse(typed).unwrap_or_else(|_| panic!("{typed:?} was refused"));
    assert_eq!(email.canonical(), canonical);
    assert_eq!(email.as_str(), typed);
    assert_eq!(Email::parse(canonical).unwrap().canonical(), canonical, "the canonical form is its own");
}

#[track_caller]
fn refuses(typed: &[&str]) {
    for typed in typed {
        assert_eq!(Email::parse(typed), Err(InvalidEmail), "{typed:?} was accepted");
    }
}

#[test]
fn case_does_not_make_another_address() {
    accepts("Victim@Example.COM", "victim@example.com");
    accepts("VICTIM@EXAMPLE.com", "victim@example.com");
}

#[test]
fn dots_and_tags_make_another_address() {
    accepts("v.ictim@gmail.com", "v.ictim@gmail.com");
    accepts("victim+tag@gmail.com", "victim+tag@gmail.com");
}

#[test]
fn plain_addresses_are_accepted() {
    accepts("a@b.co", "a@b.co");
    accepts("o'brien_{x}|~#$&*/=?^`@1.example", "o'brien_{x}|~#$&*/=?^`@1.example");
    accepts("x@r3---sn-apo3.example", "x@r3---sn-apo3.example");
}

#[test]
fn a_domain_has_one_canonical_form_in_any_script() {
    let canonical = "user@xn--bcher-kva.example";
    for typed in [
        "user@bücher.example",
        "user@BÜCHER.example",
        "user@bu\u{308}cher.example",
        "user@xn--bcher-kva.example",
        "user@XN--BCHER-KVA.EXAMPLE",
    ] {
        accepts(typed, canonical);
    }
    accepts("user@faß.example", "user@xn--fa-hia.example");
    accepts("user@ΣΑΣ.example", "user@xn--mxa9ab.example");
    accepts("user@例え.テスト", "user@xn--r8jz45g.xn--zckzah");
}

#[test]
fn letters_of_other_scripts_are_other_letters() {
    // Cyrillic а: shown alike, yet never the same account.
    let email = Email::parse("user@pаypal.example").unwrap();
    assert_ne!(email.domain(), "paypal.example");
}

#[test]
fn mail_goes_to_ascii_in_the_typed_case() {
    let email = Email::parse("User@Faß.example").unwrap();
    assert_eq!(email.to_delivery(), "User@xn--fa-hia.example");
    assert_eq!(email.domain(), "xn--fa-hia.example");
}

#[test]
fn invalid_domains_are_refused() {
    refuses(&[
        "user@xn--a.example",
        "user@xn--bcher-kv.example",
        "user@xn--.example",
        "user@xn--example-.com",
        "user@a\u{5d0}.example",
        "user@localhost",
        "user@example.com.",
        "user@.example.com",
        "user@example..com",
        "user@-example.com",
        "user@example-.com",
        "user@exa_mple.com",
        "user@127.0.0.1",
        "user@example.123",
        "user@example.0x7f",
        "user@[127.0.0.1]",
        "user@[IPv6:::1]",
        "user@example.com:25",
        "user@",
    ]);
}

#[test]
fn what_becomes_another_character_is_refused() {
    refuses(&[
        "victim@example.com＠evil.test",
        "victim＠example.com",
        "victim@example.com﹫evil.test",
        "victim﹫evil.test",
        "victim@example。com",
        "victim@example．com",
        "victim@bücher。example.com",
        "victim@ℂ.example",
        "victim@ｅxample.com",
        "victim@ﬀ.example",
        "victim@\u{212a}.example",
        "victim@ex\u{ad}ample.com",
        "victim@büch\u{ad}er.example",
    ]);
}

#[test]
fn local_parts_are_ascii() {
    refuses(&["víctim@example.com", "victım@example.com", "ﬅ@example.com", "ß@example.com", "\u{212a}@example.com"]);
}

#[test]
fn exactly_one_recipient_is_accepted() {
    refuses(&[
        "",
        "@",
        "user",
        "@example.com",
        "v@x.example,a@evil.test",
        "v@x.example;a@evil.test",
        "v@x.example a@evil.test",
        "\"a@evil.test\"<v@x.example>",
        "V <v@x.example>",
        "<v@x.example>",
        "@evil.test:v@x.example",
        "a%x@evil.test",
        "evil.test!a@x.example",
        "v@x.example(a@evil.test)",
        "v(a)@x.example",
        "v@x@evil.test",
        "\"v\"@x.example",
        "v\\@x.example",
        "mailto:v@x.example",
        ".v@x.example",
        "v.@x.example",
        "v..v@x.example",
        "-oQ/tmp@x.example",
        "a@b.example\r\nBcc: x@y.example",
        "a%0d%0a@b.example",
    ]);
}

#[test]
fn blanks_and_unseen_characters_are_refused() {
    for odd in [
        ' ', '\t', '\r', '\n', '\0', '\x0b', '\x7f', '\u{85}', '\u{a0}', '\u{200b}', '\u{200c}', '\u{200d}',
        '\u{200e}', '\u{202e}', '\u{2028}', '\u{2029}', '\u{2060}', '\u{2066}', '\u{3000}', '\u{fe0f}', '\u{feff}',
        '\u{fffd}',
    ] {
        refuses(&[
            &format!("{odd}user@example.com"),
            &format!("us{odd}er@example.com"),
            &format!("user{odd}@example.com"),
            &format!("user@{odd}example.com"),
            &format!("user@exa{odd}mple.com"),
            &format!("user@bü{odd}cher.example"),
            &format!("user@example.com{odd}"),
        ]);
    }
    refuses(&["user@\u{646}\u{627}\u{645}\u{647}\u{200c}\u{627}\u{6cc}.example"]);
}

#[test]
fn lengths_are_bounded() {
    let local = "l".repeat(64);
    let label = "d".repeat(63);
    accepts(&format!("{local}@b.co"), &format!("{local}@b.co"));
    refuses(&[&format!("{local}l@b.co")]);
    accepts(&format!("a@{label}.co"), &format!("a@{label}.co"));
    refuses(&[&format!("a@{label}d.co")]);

    let longest = format!("{local}@{label}.{label}.{}", "d".repeat(61));
    assert_eq!(longest.len(), 254);
    accepts(&longest, &longest);
    refuses(&[&format!("{longest}d"), &"a".repeat(100_000), &format!("a@{}.co", "ü".repeat(50_000))]);

    // Short as typed, too long in A-labels: each `aü` becomes `xn--a-eha`.
    for typed in [format!("a@{}example", "aü.".repeat(40)), format!("{local}@{}example", "aü.".repeat(20))] {
        assert!(typed.len() <= 254);
        refuses(&[&typed]);
    }
    assert!(Email::parse(&format!("a@{}example", "aü.".repeat(20))).is_ok());
}

#[test]
fn stored_addresses_come_back_as_they_were() {
    let email = Email::parse("Ada@Example.com").unwrap();
    let stored = Email::from_stored(email.as_str().to_owned(), email.canonical().to_owned());
    assert_eq!(stored, email);
    assert_eq!(stored.domain(), "example.com");
}

#[test]
fn serializes_as_str() {
    let email = Email::parse("Ada@Bücher.example").unwrap();
    assert_eq!(serde_json::to_string(&email).unwrap(), "\"Ada@Bücher.example\"");
}
