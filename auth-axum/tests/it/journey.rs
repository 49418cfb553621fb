//! From sign-up to sign-out, on cookies and on bearer tokens.

use std::time::Duration;

use chrono::DateTime;
use serde_json::{Value, json};

use crate::answer::keys;
use crate::fixture::{Browser, EMAIL, PASSWORD, Tokens, World, credentials, delete, get, post};

const GRACE: Duration = Duration::from_secs(30);

#[track_caller]
fn is_user(user: &Value, email: &str, name: Option<&str>) {
    assert_eq!(keys(user), ["created_at", "email", "email_verified", "id", "name", "roles"]);
    assert_eq!(user["email"], email);
    assert_eq!(user["email_verified"], false);
    assert_eq!(user["name"], json!(name));
    assert_eq!(user["roles"], json!([]));
    assert_eq!(user["id"].as_str().unwrap().len(), 36);
    is_time(&user["created_at"]);
}

#[track_caller]
fn is_time(value: &Value) {
    let text = value.as_str().unwrap();
    assert!(text.ends_with('Z'), "{text}");
    DateTime::parse_from_rfc3339(text).unwrap();
}

#[tokio::test]
async fn the_whole_journey_on_cookies() {
    let world = World::new();
    let mut browser = Browser::new(&world);
    let sign_up = json!({ "email": "Ada@Example.com", "password": PASSWORD, "name": "Ada" });
    let answer = browser.send(post("/auth/signup").json(&sign_up)).await.is(201);
    let body = answer.json();
    assert_eq!(keys(&body), ["session", "status", "user"]);
    assert_eq!(body["status"], "signed_in");
    is_user(&body["user"], "Ada@Example.com", Some("Ada"));
    assert_eq!(keys(&body["session"]), ["expires_at", "id"]);
    is_time(&body["session"]["expires_at"]);
    assert!(!answer.text().contains("token"), "no token in JSON");
    assert!(!answer.text().contains(browser.cookie("access")) && !answer.text().contains(browser.cookie("refresh")));

    let me = browser.get("/auth/me").await.is(200).json();
    assert_eq!(me, body["user"]);
    assert_eq!(browser.get("/private").await.is(200).text(), me["id"].as_str().unwrap());
    assert_eq!(browser.get("/claims").await.is(200).text(), me["id"].as_str().unwrap());
    assert_eq!(browser.get("/session").await.is(200).text(), body["session"]["id"].as_str().unwrap());

    let (access, refresh) = (browser.cookie("access").to_owned(), browser.cookie("refresh").to_owned());
    let refreshed = browser.post("/auth/refresh").await.is(200);
    assert_eq!(keys(&refreshed.json()), ["session", "status", "user"]);
    assert_eq!(refreshed.json()["session"]["id"], body["session"]["id"]);
    assert_eq!(refreshed.set_cookies().len(), 2);
    assert_ne!(browser.cookie("access"), access);
    assert_ne!(browser.cookie("refresh"), refresh);

    browser.post("/auth/signout").await.is(204);
    assert!(browser.cookie_names().is_empty());
    browser.get("/auth/me").await.problem(401, "unauthenticated");

    let answer = browser.send(post("/auth/signin").json(&credentials(EMAIL))).await.is(200);
    assert_eq!(answer.json()["user"], body["user"]);
    assert_ne!(answer.json()["session"]["id"], body["session"]["id"]);
    browser.get("/private").await.is(200);
}

#[tokio::test]
async fn the_whole_journey_on_bearer_tokens() {
    let world = World::new();
    let sign_up = json!({ "email": EMAIL, "password": PASSWORD, "name": null });
    let answer = world.send(post("/api/auth/signup").json(&sign_up)).await.is(201);
    let body = answer.json();
    assert_eq!(keys(&body), ["access_token", "expires_in", "refresh_token", "status", "token_type", "user"]);
    assert_eq!((&body["status"], &body["token_type"]), (&json!("signed_in"), &json!("Bearer")));
    assert_eq!(body["expires_in"], 900);
    is_user(&body["user"], EMAIL, None);
    assert!(answer.set_cookies().is_empty());

    let first = Tokens::of(&answer);
    let me = world.send(get("/api/auth/me").bearer(&first.access)).await.is(200).json();
    assert_eq!(me, body["user"]);
    for path in ["/private", "/claims", "/maybe"] {
        assert_eq!(world.send(get(path).bearer(&first.access)).await.is(200).text(), me["id"].as_str().unwrap());
    }

    let call = post("/api/auth/refresh").json(&json!({ "refresh_token": first.refresh }));
    let refreshed = world.send(call).await.is(200);
    assert_eq!(keys(&refreshed.json()), keys(&body));
    assert!(refreshed.set_cookies().is_empty());
    let second = Tokens::of(&refreshed);
    assert_ne!(second, first);

    let signed_out = world.send(post("/api/auth/signout").bearer(&second.access)).await.is(204);
    assert!(signed_out.set_cookies().is_empty() && signed_out.body.is_empty());
    world.send(get("/private").bearer(&second.access)).await.problem(401, "unauthenticated");
    let call = post("/api/auth/refresh").json(&json!({ "refresh_token": second.refresh }));
    world.send(call).await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn login_and_logout_are_aliases() {
    let world = World::new();
    let mut browser = world.browser(EMAIL).await;
    browser.post("/auth/logout").await.is(204);
    assert!(browser.cookie_names().is_empty());
    browser.send(post("/auth/login").json(&credentials(EMAIL))).await.is(200);
    browser.get("/private").await.is(200);
    let tokens = Tokens::of(&world.send(post("/api/auth/login").json(&credentials(EMAIL))).await.is(200));
    world.send(post("/api/auth/logout").bearer(&tokens.access)).await.is(204);
}

#[tokio::test]
async fn full_name_is_an_alias_of_name_and_both_are_one_too_many() {
    let world = World::new();
    let both = json!({ "email": EMAIL, "password": PASSWORD, "name": "Ada", "full_name": "Ada" });
    let answer = world.send(post("/auth/signup").json(&both)).await.problem(422, "invalid_input");
    assert_eq!(answer.field_errors(), [("full_name".into(), "ambiguous".into())]);
    let full_name = json!({ "email": EMAIL, "password": PASSWORD, "full_name": "Ada" });
    let answer = world.send(post("/auth/signup").json(&full_name)).await.is(201);
    is_user(&answer.json()["user"], EMAIL, Some("Ada"));
}

#[tokio::test]
async fn a_replaced_refresh_token_is_theft_once_its_successor_is_in_use() {
    let world = World::new();
    let first = world.tokens(EMAIL).await;
    let refresh = |tokens: &Tokens| post("/api/auth/refresh").json(&json!({ "refresh_token": tokens.refresh }));
    let second = Tokens::of(&world.send(refresh(&first)).await.is(200));
    world.send(get("/private").bearer(&second.access)).await.is(200);

    world.pass(Duration::from_secs(29));
    assert_eq!(Tokens::of(&world.send(refresh(&first)).await.is(200)).refresh, second.refresh, "within the grace");
    world.pass(Duration::from_secs(1));
    world.send(refresh(&first)).await.problem(401, "unauthenticated");
    world.send(get("/private").bearer(&second.access)).await.problem(401, "unauthenticated");
    world.send(refresh(&second)).await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_replaced_refresh_cookie_is_theft_once_its_successor_is_in_use() {
    let world = World::new();
    let mut owner = world.browser(EMAIL).await;
    let mut thief = owner.clone();
    owner.post("/auth/refresh").await.is(200);
    owner.get("/private").await.is(200);
    world.pass(GRACE);
    thief.post("/auth/refresh").await.problem(401, "unauthenticated");
    owner.get("/private").await.problem(401, "unauthenticated");
    owner.post("/auth/refresh").await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_lost_answer_signs_nobody_out() {
    let world = World::new();
    let mut browser = world.browser(EMAIL).await;
    let mut offline = browser.clone();
    offline.post("/auth/refresh").await.is(200);
    world.pass(Duration::from_hours(1));
    browser.get("/private").await.is(200);
    browser.post("/auth/refresh").await.is(200);
    assert_eq!(browser.cookie("refresh"), offline.cookie("refresh"), "the same successor again");
}

#[tokio::test]
async fn the_list_shows_every_session_and_marks_this_one() {
    let world = World::new();
    let mut browser = world.browser(EMAIL).await;
    let other = world.more_tokens(EMAIL).await;
    world.tokens("eve@example.com").await;
    let call = get("/auth/sessions").header("user-agent", "a browser");
    let body = browser.send(call).await.is(200).json();
    assert_eq!(keys(&body), ["sessions"]);
    let sessions = body["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    for session in sessions {
        assert_eq!(
            keys(session),
            ["created_at", "current", "expires_at", "id", "ip", "last_seen_at", "user_agent"],
            "and nothing of a token"
        );
        is_time(&session["created_at"]);
        is_time(&session["last_seen_at"]);
        is_time(&session["expires_at"]);
    }
    let current: Vec<_> = sessions.iter().filter(|session| session["current"] == true).collect();
    assert_eq!(current.len(), 1);
    assert_eq!(browser.get("/session").await.text(), current[0]["id"].as_str().unwrap());

    let seen_by_other = world.send(get("/api/auth/sessions").bearer(&other.access)).await.is(200).json();
    let marked = seen_by_other["sessions"].as_array().unwrap().iter().find(|session| session["current"] == true);
    assert_ne!(marked.unwrap()["id"], current[0]["id"]);
}

#[tokio::test]
async fn a_session_can_be_revoked_from_another() {
    let world = World::new();
    let mut browser = world.browser(EMAIL).await;
    let other = world.more_tokens(EMAIL).await;
    let id = world.send(get("/session").bearer(&other.access)).await.text().to_owned();
    let answer = browser.send(delete(&format!("/auth/sessions/{id}"))).await.is(204);
    assert!(answer.set_cookies().is_empty());
    world.send(get("/private").bearer(&other.access)).await.problem(401, "unauthenticated");
    browser.get("/private").await.is(200);
    browser.send(delete(&format!("/auth/sessions/{id}"))).await.problem(404, "not_found");
}

#[tokio::test]
async fn revoking_the_current_session_clears_its_cookies() {
    let world = World::new();
    let mut browser = world.browser(EMAIL).await;
    let id = browser.get("/session").await.text().to_owned();
    browser.send(delete(&format!("/auth/sessions/{id}"))).await.is(204);
    assert!(browser.cookie_names().is_empty());
}

#[tokio::test]
async fn a_foreign_session_looks_like_none() {
    let world = World::new();
    let tokens = world.tokens(EMAIL).await;
    let victim = world.tokens("eve@example.com").await;
    let foreign = world.send(get("/session").bearer(&victim.access)).await.text().to_owned();
    let revoke = |id: &str| world.send(delete(&format!("/api/auth/sessions/{id}")).bearer(&tokens.access));
    let answer = revoke(&foreign).await.problem(404, "not_found");
    assert_eq!(answer, revoke("0198c5d8-3f6a-7b2c-8d4e-5f6a7b8c9d0e").await);
    for odd in ["x", &foreign.to_uppercase(), &foreign.replace('-', ""), "%7B%7D", "%00", "%ff", &"a".repeat(5_000)] {
        assert_eq!(answer, revoke(odd).await, "{odd}");
    }
    world.send(get("/private").bearer(&victim.access)).await.is(200);
}

#[tokio::test]
async fn sign_out_ends_this_session_the_others_or_all() {
    let world = World::new();
    let first = world.tokens(EMAIL).await;
    let second = world.more_tokens(EMAIL).await;
    let third = world.more_tokens(EMAIL).await;
    let stranger = world.tokens("eve@example.com").await;
    let sign_out = |tokens: &Tokens, scope: &str| {
        world.send(post("/api/auth/signout").bearer(&tokens.access).json(&json!({ "scope": scope })))
    };
    let private = |tokens: &Tokens| world.send(get("/private").bearer(&tokens.access));

    sign_out(&first, "session").await.is(204);
    private(&first).await.is(401);
    private(&second).await.is(200);

    sign_out(&second, "others").await.is(204);
    private(&third).await.is(401);
    private(&second).await.is(200);

    let fourth = world.more_tokens(EMAIL).await;
    sign_out(&second, "all").await.is(204);
    private(&second).await.is(401);
    private(&fourth).await.is(401);
    private(&stranger).await.is(200);

    let answer = sign_out(&stranger, "everything").await.problem(422, "invalid_input");
    assert_eq!(answer.field_errors(), [("scope".into(), "invalid".into())]);
}

#[tokio::test]
async fn signing_out_the_others_keeps_the_cookies() {
    let world = World::new();
    let mut browser = world.browser(EMAIL).await;
    let other = world.more_tokens(EMAIL).await;
    let answer = browser.send(post("/auth/signout").json(&json!({ "scope": "others" }))).await.is(204);
    assert!(answer.set_cookies().is_empty());
    browser.get("/private").await.is(200);
    world.send(get("/private").bearer(&other.access)).await.is(401);
}

#[tokio::test]
async fn sign_out_without_any_credential_is_refused() {
    let world = World::new();
    for path in ["/auth/signout", "/api/auth/signout", "/auth/logout"] {
        world.send(post(path)).await.problem(401, "unauthenticated");
    }
}

#[tokio::test]
async fn sign_out_with_a_dead_credential_succeeds_and_clears_the_cookies() {
    let world = World::new();
    let mut browser = world.browser(EMAIL).await;
    let mut stale = browser.clone();
    browser.post("/auth/signout").await.is(204);
    let cleared = stale.post("/auth/signout").await.is(204);
    assert_eq!(cleared.set_cookies().len(), 2);
    assert!(stale.cookie_names().is_empty());

    // Whatever a cookie of ours holds, and which of the two it is: a browser that signs out loses both.
    let forged =
        ["__Host-access=x.y.z", "__Host-refresh=forged", "__Host-access=x; __Host-refresh=y", "__Host-access="];
    for cookies in forged {
        let answer = world.send(post("/auth/signout").header("cookie", cookies)).await.is(204);
        assert_eq!(answer.set_cookies().len(), 2, "{cookies}");
    }
    world.send(post("/api/auth/signout").bearer("x.y.z")).await.is(204);
}

#[tokio::test]
async fn sign_out_works_when_only_the_refresh_cookie_is_left() {
    let world = World::new();
    let mut browser = world.browser(EMAIL).await;
    let mut copy = browser.clone();
    browser.forget("__Host-access");
    browser.send(post("/auth/signout").json(&json!({ "scope": "all" }))).await.is(204);
    copy.get("/private").await.is(401);
}

#[tokio::test]
async fn times_are_measured_from_sign_in_and_moved_by_refresh() {
    let world = World::new();
    let tokens = world.tokens(EMAIL).await;
    world.pass(Duration::from_secs(15 * 60 - 1));
    world.send(get("/claims").bearer(&tokens.access)).await.is(200);
    world.pass(Duration::from_secs(1));
    world.send(get("/claims").bearer(&tokens.access)).await.problem(401, "unauthenticated");
    world.send(get("/private").bearer(&tokens.access)).await.problem(401, "unauthenticated");

    world.pass(Duration::from_secs(7 * 24 * 60 * 60 - 15 * 60 - 1));
    let refresh = |tokens: &Tokens| post("/api/auth/refresh").json(&json!({ "refresh_token": tokens.refresh }));
    let answer = world.send(refresh(&tokens)).await.is(200);
    assert_eq!(answer.json()["expires_in"], 900);
    let tokens = Tokens::of(&answer);
    world.pass(Duration::from_hours(24 * 7));
    world.send(refresh(&tokens)).await.problem(401, "unauthenticated");
}
