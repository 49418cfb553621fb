//! Targets in every spelling.

use super::Request;

const TARGETS: [&[u8]; 56] = [
    b"//",
    b"//auth/me",
    b"/auth//me",
    b"/auth/./me",
    b"/auth/../auth/me",
    b"/x/../auth/me",
    b"/auth/me?x=1",
    b"/auth/me?",
    b"/auth/me#fragment",
    b"/auth/m%65",
    b"/auth/me%00",
    b"/auth/me%",
    b"/auth/me%zz",
    b"/auth%2Fme",
    b"/auth/me/",
    b"/auth/me;x=1",
    b"/AUTH/me",
    b"/private/",
    b"/private%2f",
    b"/private?x",
    b"/priv%61te",
    b"/page%2Ecss",
    b"/.",
    b"http://app.test/auth/me",
    b"http://evil.test/auth/me",
    b"https://app.test/private",
    b"http://app.test",
    b"ftp://app.test/auth/me",
    b"*",
    b"app.test:443",
    b"auth/me",
    b"me",
    b"?x",
    b"",
    b"/auth/m\xc3\xa9",
    b"/auth/\xff",
    b"/auth/me\0",
    b"/auth/me\t",
    b"/auth/me\x7f",
    b"/a\"b",
    b"/a<b",
    b"/a>b",
    b"/a\\b",
    b"/a^b",
    b"/a`b",
    b"/a{b}",
    b"/a|b",
    b"/a b",
    b"/auth/sessions/a%2Fb",
    b"/auth/sessions/%ff",
    b"/auth/sessions/%252e",
    b"/auth/sessions/a+b",
    b"/auth/sessions/",
    b"/auth/sessions/x/y",
    b"/{id}",
    b"/auth/{id}",
];

pub(super) fn all(user: &str) -> Vec<Request> {
    let of = |method: &str, target: &[u8], shown: &str| {
        let line = [method.as_bytes(), b" ", target, b" HTTP/1.1"].concat();
        Request::of(format!("{method} of {shown}"), line, user, "")
    };
    let mut requests = Vec::new();
    for target in TARGETS {
        let shown = target.escape_ascii().to_string();
        requests.extend(["GET", "DELETE", "OPTIONS"].map(|method| of(method, target, &shown)));
    }
    for (length, shown) in [(9_000, "9 000 letters"), (70_000, "70 000 letters")] {
        requests.push(of("GET", format!("/auth/{}", "a".repeat(length)).as_bytes(), shown));
    }
    requests.push(of("CONNECT", b"app.test:443", "app.test:443"));
    requests.push(of("CONNECT", b"/private", "/private"));
    requests
}
