//! What is accepted as a bearer token, and what stands before what.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::fixture::{Browser, EMAIL, World, get, post};
use auth_core::SigningKeys;

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[tokio::test]
async fn a_token_that_is_not_ours_is_refused() {
    let world = World::new();
    let tokens = world.tokens(EMAIL).await;
    let foreign = World::signed_with(SigningKeys::hs256([8; 32]).unwrap(), |builder| builder).tokens(EMAIL).await;
    let elsewhere = World::at("https://other.test").tokens(EMAIL).await;
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

#[tokio::test]
async fn the_scheme_is_bearer_in_any_case_and_the_rest_is_exact() {
    let world = World::new();
    let tokens = world.tokens(EMAIL).await;
    let access = &tokens.access;
    for accepted in [format!("Bearer {access}"), format!("bearer {access}"), format!("BEARER {access}")] {
        world.send(get("/private").header("authorization", accepted)).await.is(200);
    }
    let refused = [
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Bearer  {access}"),
        format!("Bearer {access} "),
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
        let answer = world.send(get("/private").header("authorization", &header)).await;
        assert_eq!(answer.problem(401, "unauthenticated").header("www-authenticate"), Some("Bearer"), "{header}");
    }
    world.send(get("/private").bearer(access).bearer(access)).await.problem(401, "unauthenticated");
    world.send(get("/private").bearer(access).header("authorization", "Basic eA==")).await.is(401);
}

#[tokio::test]
async fn a_bearer_token_comes_before_cookies_and_is_never_mixed_with_them() {
    let world = World::new();
    let mut ada = world.browser(EMAIL).await;
    let eve = world.tokens("eve@example.com").await;
    let eve_id = world.send(get("/private").bearer(&eve.access)).await.text().to_owned();
    for path in ["/private", "/maybe", "/claims"] {
        assert_eq!(ada.send(get(path).bearer(&eve.access)).await.is(200).text(), eve_id, "{path}");
    }
    assert_eq!(ada.send(get("/auth/me").bearer(&eve.access)).await.is(200).json()["id"], eve_id.as_str());
    assert_eq!(ada.send(post("/note").bearer(&eve.access)).await.is(200).text(), format!("noted for {eve_id}"));

    for unusable in ["Bearer x", "Bearer", "Bearer a b"] {
        ada.send(get("/private").header("authorization", unusable)).await.problem(401, "unauthenticated");
        assert_eq!(ada.send(get("/maybe").header("authorization", unusable)).await.is(200).text(), "nobody");
        let everywhere = post("/auth/signout").json(&json!({ "scope": "all" })).header("authorization", unusable);
        ada.clone().send(everywhere).await;
        ada.send(post("/auth/refresh").header("authorization", "Bearer")).await.problem(401, "unauthenticated");
    }
    ada.get("/private").await.is(200);
}

#[tokio::test]
async fn a_sign_out_by_bearer_token_leaves_the_browser_signed_in() {
    let world = World::new();
    let mut browser = world.browser(EMAIL).await;
    let tokens = world.more_tokens(EMAIL).await;
    browser.send(post("/auth/signout").bearer(&tokens.access)).await.is(204);
    world.send(get("/private").bearer(&tokens.access)).await.problem(401, "unauthenticated");
    browser.get("/private").await.is(200);
}

#[tokio::test]
async fn a_bearer_token_of_one_session_does_not_refresh_the_cookies_of_another() {
    let world = World::new();
    let mut ada = world.browser(EMAIL).await;
    let eve = world.tokens("eve@example.com").await;
    let cookies = ada.cookie_header().unwrap();
    let call = post("/auth/refresh").header("cookie", &cookies).bearer(&eve.access);
    world.send(call).await.problem(401, "unauthenticated");
    assert_eq!(ada.cookie_header().unwrap(), cookies);
    ada.post("/auth/refresh").await.is(200);
}

#[tokio::test]
async fn a_refresh_token_beside_the_bearer_of_another_session_is_refused_and_stays_good() {
    let world = World::new();
    let ada = world.tokens(EMAIL).await;
    let eve = world.tokens("eve@example.com").await;
    let refresh = || post("/api/auth/refresh").json(&json!({ "refresh_token": ada.refresh }));
    world.send(refresh().bearer(&eve.access)).await.problem(401, "unauthenticated");
    world.send(refresh().bearer(&ada.access)).await.is(200);
}

#[tokio::test]
async fn another_scheme_belongs_to_somebody_else_and_the_cookies_count() {
    let world = World::new();
    let mut browser = world.browser(EMAIL).await;
    browser.send(get("/private").header("authorization", "Basic dXNlcjpwYXNz")).await.is(200);
}

#[tokio::test]
async fn a_token_anywhere_else_is_not_looked_at() {
    let world = World::new();
    let tokens = world.tokens(EMAIL).await;
    let access = &tokens.access;
    for path in ["/private", "/auth/me", "/api/auth/me"] {
        for name in ["access_token", "token", "jwt", "authorization", "__Host-access"] {
            world.send(get(&format!("{path}?{name}={access}"))).await.problem(401, "unauthenticated");
        }
        for name in ["x-access-token", "x-auth-token", "proxy-authorization", "x-authorization", "cookie2"] {
            let call = get(path).header(name, format!("Bearer {access}"));
            world.send(call).await.problem(401, "unauthenticated");
        }
    }
    let in_body = post("/note").json(&json!({ "access_token": access }));
    world.send(in_body).await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn each_mount_takes_refresh_tokens_from_its_own_place_only() {
    let world = World::new();
    let tokens = world.tokens(EMAIL).await;
    let in_cookie = post("/api/auth/refresh").header("cookie", format!("__Host-refresh={}", tokens.refresh));
    world.send(in_cookie).await.problem(415, "unsupported_media_type");
    let in_body = post("/auth/refresh").json(&json!({ "refresh_token": tokens.refresh }));
    let answer = world.send(in_body).await.problem(422, "invalid_input");
    assert_eq!(answer.field_errors(), [("refresh_token".into(), "unknown_field".into())]);
    let as_bearer = post("/api/auth/refresh").bearer(&tokens.refresh).json(&json!({}));
    world.send(as_bearer).await.problem(422, "invalid_input");
    Browser::new(&world).post("/auth/refresh").await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_refresh_token_that_is_not_one_proves_nothing() {
    let world = World::new();
    let tokens = world.tokens(EMAIL).await;
    let mut guess = tokens.refresh.clone();
    guess.replace_range(22..60, &"A".repeat(38));
    for text in ["", "x", &guess, &tokens.access, &format!("{} ", tokens.refresh), &"A".repeat(86), "é\u{0}"] {
        let call = post("/api/auth/refresh").json(&json!({ "refresh_token": text }));
        world.send(call).await.problem(401, "unauthenticated");
    }
    world.send(post("/api/auth/refresh").json(&json!({ "refresh_token": tokens.refresh }))).await.is(200);
}
