use http::HeaderMap;

use super::*;

const PREFIXED: CookiePolicy =
    CookiePolicy { form: CookieForm::Prefixed, same_site: SameSite::Lax, elsewhere: Vec::new() };
const PLAIN: CookiePolicy =
    CookiePolicy { form: CookieForm::PlainForLoopback, same_site: SameSite::Strict, elsewhere: Vec::new() };

fn shared() -> CookiePolicy {
    let form = CookieForm::Shared(CookieDomain::parse("example.com").unwrap());
    CookiePolicy { form, ..CookiePolicy::default() }
}

#[track_caller]
fn sends(cookies: &[&[u8]], expected: Lookup<'_>) {
    let mut headers = HeaderMap::new();
    for cookie in cookies {
        headers.append(COOKIE, HeaderValue::from_bytes(cookie).unwrap());
    }
    assert_eq!(PREFIXED.find(&headers, CookieName::Access), expected);
}

#[test]
fn a_cookie_is_found_among_others() {
    sends(&[b"__Host-access=A"], Lookup::One("A"));
    sends(&[b"a=b; __Host-access=A; c=d"], Lookup::One("A"));
    sends(&[b"a=b;__Host-access=A;c=d;"], Lookup::One("A"));
    sends(&[b"a=b; \t __Host-access=A"], Lookup::One("A"));
    sends(&[b"a=b", b"__Host-access=A", b"c=d"], Lookup::One("A"));
    sends(&[b"__Host-access=A; __Host-refresh=R"], Lookup::One("A"));
    sends(&[b"caf\xc3\xa9=\xff; __Host-access=A"], Lookup::One("A"));
}

#[test]
fn values_are_left_as_they_are() {
    sends(&[b"__Host-access=a=b"], Lookup::One("a=b"));
    sends(&[b"__Host-access=\"quoted\""], Lookup::One("\"quoted\""));
    sends(&[b"__Host-access=%41"], Lookup::One("%41"));
    sends(&[b"__Host-access="], Lookup::One(""));
    sends(&[b"__Host-access=A,__Host-access=B"], Lookup::One("A,__Host-access=B"));
}

#[test]
fn other_names_are_other_cookies() {
    for cookie in [
        b"".as_slice(),
        b";",
        b"; ;\t;",
        b"=",
        b"__Host-access",
        b"access=A",
        b"__host-access=A",
        b"__HOST-ACCESS=A",
        b"%5F%5FHost-access=A",
        b"%5f_Host-access=A",
        b"__Host-access2=A",
        b"x__Host-access=A",
        b"=__Host-access=A",
        b"__Host-access =A",
        b"\"__Host-access\"=A",
        b"$Version=1, __Host-access=A",
        b"a=b, __Host-access=A",
        b"\xe2\x80\x80__Host-access=A",
        b"\xc2\xa0__Host-access=A",
        b"\xc2\x85__Host-access=A",
        b"a=b; \xe2\x80\x80__Host-access=A",
        b"__Host-access\xc2\xa0=A",
    ] {
        sends(&[cookie], Lookup::Absent);
    }
}

#[test]
fn two_of_a_name_are_ambiguous() {
    sends(&[b"__Host-access=A; __Host-access=B"], Lookup::Ambiguous);
    sends(&[b"__Host-access=A; __Host-access=A"], Lookup::Ambiguous);
    sends(&[b"__Host-access=A; __Host-access="], Lookup::Ambiguous);
    sends(&[b"__Host-access=A", b"__Host-access=A"], Lookup::Ambiguous);
    sends(&[b"__Host-access=A; __Host-access=\xff"], Lookup::Ambiguous);
}

#[test]
fn odd_bytes_in_the_value_are_ambiguous() {
    sends(&[b"__Host-access=A\xc3\xa9"], Lookup::Ambiguous);
    sends(&[b"__Host-access=A\xff"], Lookup::Ambiguous);
    sends(&[b"__Host-access=A B"], Lookup::Ambiguous);
    sends(&[b"__Host-access=A ; a=b"], Lookup::Ambiguous);
    sends(&[b"__Host-access=\xe2\x80\x80A"], Lookup::Ambiguous);
}

#[test]
fn vertical_tabs_never_arrive() {
    assert!(HeaderValue::from_bytes(b"\x0b__Host-access=A").is_err());
}

#[test]
fn only_the_form_in_use_is_read() {
    let mut headers = HeaderMap::new();
    headers.append(COOKIE, HeaderValue::from_static("__Host-access=A; refresh=R"));
    assert_eq!(PLAIN.find(&headers, CookieName::Access), Lookup::Absent);
    assert_eq!(PLAIN.find(&headers, CookieName::Refresh), Lookup::One("R"));
    assert_eq!(PREFIXED.find(&headers, CookieName::Refresh), Lookup::Absent);
    assert_eq!(shared().find(&headers, CookieName::Access), Lookup::Absent);
    headers.append(COOKIE, HeaderValue::from_static("__Secure-access=S"));
    assert_eq!(shared().find(&headers, CookieName::Access), Lookup::One("S"));
    assert_eq!(PREFIXED.find(&headers, CookieName::Access), Lookup::One("A"));
}

#[test]
fn cookies_are_set_as_the_policy_says() {
    let set = |policy: CookiePolicy, max_age| policy.set(CookieName::Refresh, "a-_.Z9", max_age).unwrap();
    let month = Some(Duration::from_millis(2_592_000_999));
    assert_eq!(set(PREFIXED, None), "__Host-refresh=a-_.Z9; Path=/; HttpOnly; SameSite=Lax; Secure");
    assert_eq!(set(PREFIXED, month), "__Host-refresh=a-_.Z9; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=2592000");
    assert_eq!(set(PLAIN, None), "refresh=a-_.Z9; Path=/; HttpOnly; SameSite=Strict");
    assert_eq!(
        set(shared(), month),
        "__Secure-refresh=a-_.Z9; Path=/; HttpOnly; SameSite=Lax; Domain=example.com; Secure; Max-Age=2592000",
    );
    assert!(set(PREFIXED, None).is_sensitive());
}

#[test]
fn a_cookie_is_cleared_with_the_attributes_it_was_set_with() {
    for form in [CookieForm::PlainForLoopback, CookieForm::Prefixed, shared().form] {
        for same_site in [SameSite::Lax, SameSite::Strict] {
            for name in [CookieName::Access, CookieName::Refresh] {
                let policy = CookiePolicy { form: form.clone(), same_site, elsewhere: Vec::new() };
                let set = policy.set(name, "v", Some(Duration::from_secs(9))).unwrap();
                let expected = set.to_str().unwrap().replace("=v;", "=;").replace("Max-Age=9", "Max-Age=0");
                assert_eq!(policy.clear(name).unwrap(), expected);
            }
        }
    }
}

#[test]
fn a_value_cannot_add_attributes() {
    for value in ["", "a;b", "a; Domain=evil.test", "a b", "a\r\nSet-Cookie: b=c", "a\"", "a,b", "é", "a=b", "a\0"] {
        let error = PREFIXED.set(CookieName::Access, value, None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal, "{value:?}");
    }
}
