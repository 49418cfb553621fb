//! What is accepted as a bearer token, and what stands before what.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{Adapter, EMAIL, Site, World, get, post};
use crate::token::SigningKeys;

/// Other algorithms, other keys, other issuers, changed claims, and pieces of tokens.
pub async fn a_token_that_is_not_ours_is_refused(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let tokens = world.tokens(EMAIL).await;
    let foreign = World::signed_with(adapter, SigningKeys::hs256("another secret for tests, equally long").unwrap())
        .await
        .tokens(EMAIL)
        .await;
    let elsewhere = World::at(adapter, "https://other.test").await.tokens(EMAIL).await;
    let parts: Vec<&str> = tokens.access.split('.').collect();
    let (header, claims, signature) = (parts[0], parts[1], parts[2]);
    let with = |base: &str, name: &str, value: Value| {
        let mut changed = decoded(base);
        changed[name] = value;
        encoded(&changed)
    };
    let mut flipped = signature.to_owned();
    flipped.replace_range(0..1, if signature.starts_with('A') { "B" } else { "A" });
    let forged = [
        format!("{}.{claims}.", encoded(&json!({ "alg": "none", "typ": "at+jwt" }))),
        format!("{}.{claims}.", with(header, "alg", json!("none"))),
        format!("{}.{claims}.{signature}", with(header, "alg", json!("None"))),
        format!("{}.{claims}.{signature}", with(header, "alg", json!("EdDSA"))),
        format!("{}.{claims}.{signature}", with(header, "kid", json!("../../dev/null"))),
        format!("{}.{claims}.{signature}", with(header, "jku", json!("https://evil.test/jwks.json"))),
        format!("{header}.{}.{signature}", with(claims, "roles", json!(["admin"]))),
        format!("{header}.{}.{signature}", with(claims, "exp", json!(4_000_000_000_u64))),
        format!("{header}.{claims}.{flipped}"),
        format!("{header}.{claims}."),
        format!("{header}.{claims}"),
        format!("{header}.{claims}.{signature}.{signature}"),
        format!("{header}.{claims}.{signature}="),
        format!("{}.{claims}.{signature}", foreign.access.split('.').next().unwrap()),
        foreign.access.clone(),
        elsewhere.access.clone(),
        tokens.refresh.clone(),
        "x".to_owned(),
        "..".to_owned(),
        "a".repeat(60_000),
        format!("{header}.{}.{signature}", "A".repeat(20_000)),
    ];
    for token in &forged {
        for path in ["/private", "/claims", "/session", "/api/auth/me", "/auth/sessions"] {
            world.send(get(path).bearer(token)).await.problem(401, "unauthenticated");
        }
        assert_eq!(world.send(get("/maybe").bearer(token)).await.is(200).text(), "nobody");
        let cookie = format!("__Host-access={}", token.trim_end_matches('='));
        if *token != format!("{header}.{claims}.{signature}=") {
            world.send(get("/private").header("cookie", cookie)).await.problem(401, "unauthenticated");
        }
    }
    world.send(get("/private").bearer(&tokens.access)).await.is(200);
}

/// As RFC 6750 has it; whatever a lenient parser might accept is refused, and a header that stands twice.
pub async fn the_scheme_is_bearer_in_any_case_and_the_rest_is_exact(site: &Site) {
    let email = &site.email();
    let tokens = site.tokens(email).await;
    let access = &tokens.access;
    for accepted in [format!("Bearer {access}"), format!("bearer {access}"), format!("BEARER {access}")] {
        site.send(get("/private").header("authorization", accepted)).await.is(200);
    }
    let refused = [
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Bearer  {access}"),
        format!("Bearer {access} b"),
        format!("Bearer {access},Bearer {access}"),
        format!("Bearer\t{access}"),
        format!("Bearer:{access}"),
        format!("Bearer\u{a0}{access}"),
        format!("Bearer {access}é"),
        format!("Bearer \"{access}\""),
        format!("Basic {access}"),
        format!("Token {access}"),
        format!("DPoP {access}"),
        access.clone(),
        String::new(),
        "Basic dXNlcjpwYXNz".to_owned(),
        format!("Bearer {}", "a".repeat(65_536)),
    ];
    for header in refused {
        let answer = site.send(get("/private").header("authorization", &header)).await;
        assert_eq!(answer.problem(401, "unauthenticated").header("www-authenticate"), Some("Bearer"), "{header}");
    }
    site.send(get("/private").bearer(access).bearer(access)).await.problem(401, "unauthenticated");
    site.send(get("/private").bearer(access).header("authorization", "Basic eA==")).await.is(401);
}

/// A dead or garbled one does not make the cookies count; text of another shape is none.
pub async fn a_bearer_token_comes_before_cookies_and_is_never_mixed_with_them(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let mut ada = world.browser(EMAIL).await;
    let ada_id = ada.get("/private").await.is(200).text().to_owned();
    let eve = world.tokens("eve@example.com").await;
    let eve_id = world.send(get("/private").bearer(&eve.access)).await.text().to_owned();
    for path in ["/private", "/maybe", "/claims"] {
        assert_eq!(ada.send(get(path).bearer(&eve.access)).await.is(200).text(), eve_id, "{path}");
    }
    assert_eq!(ada.send(get("/auth/me").bearer(&eve.access)).await.is(200).json()["id"], eve_id.as_str());
    assert_eq!(ada.send(post("/note").bearer(&eve.access)).await.is(200).text(), format!("noted for {eve_id}"));

    let garbled = [format!("bearer {} b", eve.access), format!("Bearer {0},Bearer {0}", eve.access)];
    for dead in ["Bearer x.y.z", "Bearer ..", "Bearer x.y.z.w.v", "Bearer x.y.é", "Bearer é", &garbled[0], &garbled[1]]
    {
        ada.send(get("/private").header("authorization", dead)).await.problem(401, "unauthenticated");
        assert_eq!(ada.send(get("/maybe").header("authorization", dead)).await.is(200).text(), "nobody");
        ada.send(post("/auth/refresh").header("authorization", dead)).await.problem(401, "unauthenticated");
    }
    for none in
        ["Bearer", "Bearer ", "Bearer x", "Bearer x.y", "Bearer a b", "bearer undefined", "Bearer [object Object]"]
    {
        for path in ["/private", "/maybe"] {
            assert_eq!(ada.send(get(path).header("authorization", none)).await.is(200).text(), ada_id, "{none}");
        }
        ada.send(post("/auth/refresh").header("authorization", none)).await.is(200);
        world.send(get("/private").header("authorization", none)).await.problem(401, "unauthenticated");
    }
}

/// On the mount for bearer tokens: the cookies beside it were not looked at.
pub async fn a_sign_out_by_bearer_token_leaves_the_browser_signed_in(site: &Site) {
    let email = &site.email();
    let mut browser = site.browser(email).await;
    let tokens = site.more_tokens(email).await;
    browser.send(post("/api/auth/signout").bearer(&tokens.access)).await.is(204);
    site.send(get("/private").bearer(&tokens.access)).await.problem(401, "unauthenticated");
    browser.get("/private").await.is(200);
}

/// Whatever the header says, also a token that is good and another session's.
pub async fn a_sign_out_on_the_mount_for_cookies_signs_the_browser_out(site: &Site) {
    let email = &site.email();
    let tokens = site.tokens(email).await;
    for header in [&*format!("Bearer {}", tokens.access), "Bearer undefined", "Bearer x.y.z", "Bearer", "Basic eA=="] {
        for scope in ["session", "others", "all"] {
            let mut browser = site.another_browser(email).await;
            let mut copy = browser.clone();
            let call = post("/auth/signout").json(&json!({ "scope": scope })).header("authorization", header);
            let answer = browser.send(call).await.is(204);
            let goes_on = scope == "others";
            assert_eq!(answer.set_cookies().len(), if goes_on { 0 } else { 2 }, "{header} {scope}");
            copy.get("/private").await.is(if goes_on { 200 } else { 401 });
        }
    }
}

/// Or the one would speak for the other.
pub async fn a_bearer_token_of_one_session_does_not_refresh_the_cookies_of_another(site: &Site) {
    let email = &site.email();
    let mut ada = site.browser(email).await;
    let eve = site.tokens(&site.email()).await;
    let cookies = ada.cookie_header().unwrap();
    let call = post("/auth/refresh").header("cookie", &cookies).bearer(&eve.access);
    site.send(call).await.problem(401, "unauthenticated");
    assert_eq!(ada.cookie_header().unwrap(), cookies);
    ada.post("/auth/refresh").await.is(200);
}

/// A proxy with basic authentication stands before many an application.
pub async fn another_scheme_belongs_to_somebody_else_and_the_cookies_count(site: &Site) {
    let email = &site.email();
    let mut browser = site.browser(email).await;
    browser.send(get("/private").header("authorization", "Basic dXNlcjpwYXNz")).await.is(200);
}

/// Queries stand in logs, and other headers are not protected by browsers.
pub async fn a_token_anywhere_else_is_not_looked_at(site: &Site) {
    let email = &site.email();
    let tokens = site.tokens(email).await;
    let access = &tokens.access;
    for path in ["/private", "/auth/me", "/api/auth/me"] {
        for name in ["access_token", "token", "jwt", "authorization", "__Host-access"] {
            site.send(get(&format!("{path}?{name}={access}"))).await.problem(401, "unauthenticated");
        }
        for name in ["x-access-token", "x-auth-token", "proxy-authorization", "x-authorization", "cookie2"] {
            let call = get(path).header(name, format!("Bearer {access}"));
            site.send(call).await.problem(401, "unauthenticated");
        }
    }
}

/// What HTTP/1 parsers cut off before anybody sees it, HTTP/2 hands on.
pub async fn a_blank_at_the_end_belongs_to_the_token(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let tokens = world.tokens(EMAIL).await;
    let call = get("/private").header("authorization", format!("Bearer {} ", tokens.access));
    world.send(call).await.problem(401, "unauthenticated");
}

/// A form could carry it.
pub async fn a_token_in_a_body_is_not_looked_at(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let tokens = world.tokens(EMAIL).await;
    let in_body = post("/note").json(&json!({ "access_token": tokens.access }));
    world.send(in_body).await.problem(401, "unauthenticated");
}

/// Whoever sent the second one, it was not the same.
pub async fn two_authorizations_are_none(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let mut browser = world.browser(EMAIL).await;
    let tokens = world.more_tokens(EMAIL).await;
    let good = format!("Bearer {}", tokens.access);
    for (first, second) in [
        (&*good, &*good),
        (&good, "Basic dXNlcjpwYXNz"),
        ("Basic dXNlcjpwYXNz", &good),
        ("Basic dXNlcjpwYXNz", "Basic dXNlcjpwYXNz"),
        ("", &good),
        (&good, ""),
    ] {
        let twice = |path: &str| get(path).header("authorization", first).header("authorization", second);
        for path in ["/private", "/claims", "/session", "/members/news", "/auth/me", "/api/auth/sessions"] {
            browser.send(twice(path)).await.problem(401, "unauthenticated");
        }
        assert_eq!(browser.send(twice("/maybe")).await.is(200).text(), "nobody");
    }
    browser.get("/private").await.is(200);
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}
