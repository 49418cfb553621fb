//! Methods, paths and the headers of answers. What every answer has is checked with every call of every rule.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::json;

use super::answer::keys;
use super::{Adapter, EMAIL, Site, World, call, credentials, delete, get, post};
use crate::token::{SigningKey, SigningKeys};

const ROUTES: [(&str, &str); 10] = [
    ("signup", "POST"),
    ("signin", "POST"),
    ("login", "POST"),
    ("signout", "POST"),
    ("logout", "POST"),
    ("refresh", "POST"),
    ("me", "GET,HEAD"),
    ("sessions", "GET,HEAD"),
    ("sessions/0198c5d8-3f6a-7b2c-8d4e-5f6a7b8c9d0e", "DELETE"),
    (".well-known/jwks.json", "GET,HEAD"),
];

/// Every method on every path, `HEAD` with `GET`, and none that is made up.
pub async fn a_wrong_method_is_told_the_right_ones(site: &Site) {
    for mount in ["/auth", "/api/auth"] {
        for (path, allowed) in ROUTES {
            for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"] {
                if allowed.split(',').any(|right| right == method) {
                    continue;
                }
                let method = Method::from_bytes(method.as_bytes()).unwrap();
                let answer = site.send(call(method.clone(), &format!("{mount}/{path}"))).await;
                assert_eq!(answer.status, 405, "{method} {path}");
                assert_eq!(answer.header("allow"), Some(allowed), "{method} {path}");
                if method != Method::HEAD {
                    answer.problem(405, "method_not_allowed");
                }
            }
        }
    }
}

/// Which no client sends to a path, and a server may hand on all the same.
pub async fn connect_is_a_wrong_method(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    for (path, allowed) in ROUTES {
        let answer = world.send(call(Method::CONNECT, &format!("/auth/{path}"))).await;
        assert_eq!(answer.problem(405, "method_not_allowed").header("allow"), Some(allowed), "{path}");
    }
}

/// Paths are exact: case, slashes at the end, segments.
pub async fn a_path_below_a_mount_that_is_none_is_a_problem(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    for mount in ["/auth", "/api/auth"] {
        for path in [
            "nothing",
            "signin/",
            "me/",
            "signin/x",
            "SIGNIN",
            "sessions/",
            "sessions/a/b",
            ".well-known",
            "..",
            "me;a=b",
            "me%2f",
            "me%00",
            "/me",
            "./me",
            "me/.",
            "signup.json",
        ] {
            for method in [Method::GET, Method::POST, Method::DELETE] {
                let answer = world.send(call(method, &format!("{mount}/{path}"))).await;
                answer.problem(404, "not_found");
            }
        }
        world.send(get(mount)).await.problem(404, "not_found");
    }
    // These are the application's, also a mount with nothing but a slash after it.
    for path in ["/", "/authx", "/nothing", "/auth/"] {
        world.send(get(path)).await.is(404);
    }
}

/// With the same headers.
pub async fn head_is_get_without_the_body(site: &Site) {
    let tokens = site.tokens(&site.email()).await;
    for path in ["/auth/me", "/auth/sessions", "/auth/.well-known/jwks.json", "/private"] {
        let whole = site.send(get(path).bearer(&tokens.access)).await.is(200);
        let head = site.send(call(Method::HEAD, path).bearer(&tokens.access)).await.is(200);
        assert!(head.body.is_empty());
        assert_eq!(head.header("content-type"), whole.header("content-type"));
        let refused = site.send(call(Method::HEAD, path)).await;
        assert!(path.ends_with("jwks.json") || refused.status == 401, "{path}");
    }
}

/// Not by a proxy, and not by the browser's button that goes back.
pub async fn answers_about_a_person_are_not_kept(site: &Site) {
    let email = &site.email();
    let mut browser = site.browser(email).await;
    for path in ["/auth/me", "/auth/sessions"] {
        assert_eq!(browser.get(path).await.is(200).header("cache-control"), Some("no-store"), "{path}");
    }
    for call in [
        post("/auth/signin").json(&credentials(email)),
        post("/auth/refresh"),
        post("/api/auth/signin").json(&credentials(email)),
        post("/auth/signout"),
    ] {
        let answer = browser.send(call).await;
        assert!(answer.status.is_success());
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

/// A shared secret is not one of them.
pub async fn without_public_keys_there_are_none_to_show(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let answer = world.send(get("/auth/.well-known/jwks.json")).await.is(200);
    assert_eq!(answer.json(), json!({ "keys": [] }));
}

/// To be kept for five minutes, less than a rotation takes.
pub async fn public_keys_are_shown_without_their_private_half(adapter: &dyn Adapter) {
    // The fixed part of a PKCS#8 file around an Ed25519 key of 32 sevens.
    let prefix = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let der = STANDARD.encode([prefix.as_slice(), &[7; 32]].concat());
    let pem = format!("-----BEGIN {0}-----\n{der}\n-----END {0}-----\n", "PRIVATE KEY");
    let keys_of = SigningKeys::new(SigningKey::ed25519_pem(pem).unwrap());
    let world = World::signed_with(adapter, keys_of).await;
    let answer = world.send(get("/api/auth/.well-known/jwks.json")).await.is(200);
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
    let key = &answer.json()["keys"][0];
    assert_eq!((&key["kty"], &key["crv"], &key["alg"]), (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA")));
    assert!(!keys(key).contains(&"d") && !keys(key).contains(&"k"), "{key}");
    let tokens = world.tokens(EMAIL).await;
    world.send(get("/claims").bearer(&tokens.access)).await.is(200);
}

/// A path in another spelling is the same path or none: it never gets around a check.
pub async fn an_encoded_path_is_the_same_path_or_none(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let mut browser = world.browser(EMAIL).await;
    for path in ["/auth/%73ignout", "/auth/signou%74", "/%61uth/signout", "/auth%2fsignout", "/auth/signout%2f"] {
        let foreign = browser.send(post(path).header("origin", "https://evil.test")).await;
        assert!([403, 404].contains(&foreign.status.as_u16()), "{path} {foreign:?}");
    }
    for path in ["/%70rivate", "/members/new%73", "/admin%2fusers", "/members/../admin/users", "/members//news"] {
        let stranger = world.send(get(path)).await;
        assert!([401, 404].contains(&stranger.status.as_u16()), "{path} {stranger:?}");
    }
    let sessions = browser.get("/auth/sessions").await.json();
    let id = sessions["sessions"][0]["id"].as_str().unwrap();
    let revoked = browser.send(delete(&format!("/auth/sessions/{}", id.replace('-', "%2D")))).await;
    assert!([204, 404].contains(&revoked.status.as_u16()), "{revoked:?}");
}

/// It is not part of the path, and nothing in it is read.
pub async fn a_query_changes_nothing(site: &Site) {
    let email = &site.email();
    let mut browser = site.browser(email).await;
    let me = browser.get("/auth/me").await.is(200);
    for query in ["", "a=b", "id=x&user_id=1", "%", "%ff", "?", "/../../admin", "a[]=1&a[]=2"] {
        assert_eq!(browser.get(&format!("/auth/me?{query}")).await, me, "{query}");
        browser.send(post(&format!("/auth/refresh?{query}"))).await.is(200);
        site.send(get(&format!("/auth/me?{query}"))).await.problem(401, "unauthenticated");
    }
}

/// They reach the core as they came, are no value where text is asked for, and break nothing where they do not matter.
pub async fn bytes_that_are_no_text_are_no_value(site: &Site) {
    let email = &site.email();
    let mut browser = site.browser(email).await;
    let odd = b"\xff\xfe\x80";
    let bearer = [b"Bearer ".as_slice(), odd].concat();
    browser.send(get("/auth/me").header("authorization", bearer)).await.problem(401, "unauthenticated");
    browser.send(post("/auth/refresh").header("origin", odd)).await.problem(403, "cross_origin");
    browser.send(post("/auth/refresh").header("sec-fetch-site", odd)).await.problem(403, "cross_origin");
    let sign_in = post("/auth/signin").json(&credentials(email)).without("content-type").header("content-type", odd);
    browser.send(sign_in).await.problem(415, "unsupported_media_type");
    let cookie = [site.cookie_name("access").as_bytes(), b"=", odd].concat();
    site.send(get("/auth/me").header("cookie", cookie)).await.problem(401, "unauthenticated");
    for name in ["user-agent", "x-forwarded-for", "accept-language", "referer", "x-odd"] {
        browser.send(get("/auth/me").header(name, odd)).await.is(200);
    }
    let agent = get("/auth/sessions").header("user-agent", odd);
    browser.send(agent).await.is(200);
}
