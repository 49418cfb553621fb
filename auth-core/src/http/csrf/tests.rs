use http::{HeaderMap, HeaderValue};

use super::*;

fn trusting() -> Origins {
    Origins::parse(&["https://app.test", "http://localhost:3000"]).unwrap()
}

fn outcome(origins: &Origins, method: &Method, sent: &[(&str, &[u8])]) -> Result<(), ErrorKind> {
    let mut headers = HeaderMap::new();
    for (name, value) in sent {
        headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_bytes(value).unwrap());
    }
    origins.check(method, &headers).map_err(|error| error.kind())
}

#[track_caller]
fn passes(origins: &Origins, sent: &[(&str, &[u8])]) {
    assert_eq!(outcome(origins, &Method::POST, sent), Ok(()), "{sent:?}");
}

#[track_caller]
fn refuses(origins: &Origins, sent: &[(&str, &[u8])]) {
    assert_eq!(outcome(origins, &Method::POST, sent), Err(ErrorKind::CrossOrigin), "{sent:?}");
}

const FOREIGN: &[(&str, &[u8])] = &[("origin", b"https://evil.test"), ("sec-fetch-site", b"cross-site")];

#[test]
fn safe_methods_pass_and_all_others_are_checked() {
    for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
        assert_eq!(outcome(&trusting(), &method, FOREIGN), Ok(()), "{method}");
    }
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::CONNECT, Method::TRACE] {
        assert_eq!(outcome(&trusting(), &method, FOREIGN), Err(ErrorKind::CrossOrigin), "{method}");
    }
    let lower_case = Method::from_bytes(b"get").unwrap();
    assert_eq!(outcome(&trusting(), &lower_case, FOREIGN), Err(ErrorKind::CrossOrigin));
}

#[test]
fn a_websocket_is_not_a_safe_get() {
    for upgrade in [b"websocket".as_slice(), b"WebSocket", b"h2c, websocket", b" websocket\t"] {
        let foreign = [("upgrade", upgrade), ("origin", b"https://evil.test")];
        assert_eq!(outcome(&trusting(), &Method::GET, &foreign), Err(ErrorKind::CrossOrigin));
        let own = [("upgrade", upgrade), ("origin", b"https://app.test")];
        assert_eq!(outcome(&trusting(), &Method::GET, &own), Ok(()));
    }
    let other = [("upgrade", b"h2c".as_slice()), ("origin", b"https://evil.test")];
    assert_eq!(outcome(&trusting(), &Method::GET, &other), Ok(()));
}

#[test]
fn method_overrides_are_ignored() {
    let sent = [("x-http-method-override", b"DELETE".as_slice()), ("origin", b"https://evil.test")];
    assert_eq!(outcome(&trusting(), &Method::GET, &sent), Ok(()));
    let sent = [("x-http-method-override", b"GET".as_slice()), ("origin", b"https://evil.test")];
    refuses(&trusting(), &sent);
}

#[test]
fn a_trusted_origin_passes_whatever_the_browser_calls_it() {
    for site in [b"cross-site".as_slice(), b"same-site", b"same-origin", b"bogus"] {
        passes(&trusting(), &[("origin", b"https://app.test"), ("sec-fetch-site", site)]);
    }
    passes(&trusting(), &[("origin", b"https://app.test")]);
    passes(&trusting(), &[("origin", b"http://localhost:3000"), ("host", b"app.test")]);
}

#[test]
fn sec_fetch_site_decides() {
    for origins in [trusting(), Origins::default()] {
        for site in [b"same-origin".as_slice(), b"none"] {
            passes(&origins, &[("sec-fetch-site", site)]);
            // A page with `Referrer-Policy: no-referrer` sends `null` to its own origin.
            passes(&origins, &[("sec-fetch-site", site), ("origin", b"null")]);
        }
        for site in
            [b"cross-site".as_slice(), b"same-site", b"bogus", b"", b"Same-Origin", b"same-origin, none", b"\xff"]
        {
            refuses(&origins, &[("sec-fetch-site", site)]);
            refuses(&origins, &[("sec-fetch-site", site), ("origin", b"https://evil.test")]);
            let own = [("sec-fetch-site", site), ("origin", b"https://own.test"), ("host", b"own.test")];
            refuses(&origins, &own);
        }
        refuses(&origins, &[("sec-fetch-site", b"same-origin"), ("sec-fetch-site", b"same-origin")]);
        refuses(&origins, &[("sec-fetch-site", b"same-origin"), ("sec-fetch-site", b"cross-site")]);
    }
}

#[test]
fn no_browser_no_check() {
    passes(&trusting(), &[]);
    passes(&trusting(), &[("host", b"evil.test"), ("referer", b"https://evil.test/")]);
    passes(&Origins::default(), &[]);
}

#[test]
fn look_alikes_of_a_trusted_origin_are_refused() {
    for origin in [
        b"https://evil.test".as_slice(),
        b"https://app.test.evil.test",
        b"https://evilapp.test",
        b"http://app.test",
        b"https://app.test:8443",
        b"https://app.test:443",
        b"https://APP.TEST",
        b"HTTPS://app.test",
        b"https://app.test.",
        b"https://u@app.test",
        b"https://app.test/",
        b"https://app.test, https://evil.test",
        b"https://app.test\xff",
        b"//app.test",
        b"app.test",
        b"null",
        b"NULL",
        b"",
        &[b'a'; 10_240],
    ] {
        refuses(&trusting(), &[("origin", origin)]);
        refuses(&trusting(), &[("origin", origin), ("host", b"app.test")]);
    }
    refuses(&trusting(), &[("origin", b"https://app.test"), ("origin", b"https://evil.test")]);
    refuses(&trusting(), &[("origin", b"https://app.test"), ("origin", b"https://app.test")]);
}

#[test]
fn the_host_does_not_count_once_origins_are_trusted() {
    refuses(&trusting(), &[("origin", b"https://evil.test"), ("host", b"evil.test")]);
    let forwarded = [("origin", b"https://evil.test".as_slice()), ("x-forwarded-host", b"evil.test")];
    refuses(&trusting(), &forwarded);
}

#[test]
fn the_host_counts_where_no_origin_is_trusted() {
    let none = Origins::default();
    passes(&none, &[("origin", b"https://app.test"), ("host", b"app.test")]);
    passes(&none, &[("origin", b"http://localhost:3000"), ("host", b"localhost:3000")]);
    refuses(&none, &[("origin", b"https://app.test")]);
    refuses(&none, &[("origin", b"https://evil.test"), ("host", b"app.test")]);
    refuses(&none, &[("origin", b"https://app.test:8443"), ("host", b"app.test")]);
    refuses(&none, &[("origin", b"https://app.test"), ("host", b"app.test"), ("host", b"app.test")]);
    refuses(&none, &[("origin", b"https://app.test"), ("x-forwarded-host", b"app.test")]);
    refuses(&none, &[("origin", b"null"), ("host", b"null")]);
    refuses(&none, &[("origin", b"https://"), ("host", b"")]);
    refuses(&none, &[("origin", b"ftp://app.test"), ("host", b"app.test")]);
}

#[test]
fn trusted_origins_are_exact() {
    for origin in ["*", "null", "https://*.app.test", "https://app.test/", "https://u@app.test", "app.test"] {
        let error = Origins::parse(&["https://app.test", origin]).unwrap_err();
        assert!(error.to_string().contains(origin), "{error}");
    }
    let spelled = Origins::parse(&["HTTPS://App.Test:443".to_owned()]).unwrap();
    passes(&spelled, &[("origin", b"https://app.test")]);
}
