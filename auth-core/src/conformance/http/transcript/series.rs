//! The requests: every endpoint and every error, with cookies and with bearer tokens.

use http::Method;
use serde_json::json;

use super::recorder::Recorder;
use crate::conformance::http::{Answer, Browser, EMAIL, PASSWORD, Tokens, call, credentials, delete, get, post};
use crate::email::Email;
use crate::id::UserId;
use crate::password::Password;
use crate::role::Role;
use crate::user::UserStatus;

/// Sends all of them.
pub(super) async fn play(on: &mut Recorder<'_>) {
    with_cookies(on).await;
    with_bearer_tokens(on).await;
    own_routes(on).await;
    bad_bodies(on).await;
    bad_credentials(on).await;
    paths_and_methods(on).await;
    limits(on).await;
    roles_and_states(on).await;
    outage(on).await;
}

async fn with_cookies(on: &mut Recorder<'_>) {
    let mut browser = Browser::new(on.world);
    let sign_up = json!({ "email": "Ada@Example.com", "password": PASSWORD, "full_name": "Ada Lovelace" });
    on.browse("a browser signs up", &mut browser, post("/auth/signup").json(&sign_up)).await;
    on.browse("who it is", &mut browser, get("/auth/me")).await;
    on.browse("who it is, without the body", &mut browser, call(Method::HEAD, "/auth/me")).await;
    on.browse("its devices", &mut browser, get("/auth/sessions").header("user-agent", "a browser/1.0")).await;
    on.browse("it refreshes", &mut browser, post("/auth/refresh")).await;
    on.browse("it signs the others out", &mut browser, post("/auth/signout").json(&json!({ "scope": "others" }))).await;
    on.browse("a scope that is none", &mut browser, post("/auth/signout").json(&json!({ "scope": "x" }))).await;
    let mut copy = browser.clone();
    on.browse("it signs out", &mut browser, post("/auth/signout")).await;
    on.browse("a copy of its cookies is dead", &mut copy, get("/auth/me")).await;
    on.browse("and may sign out all the same", &mut copy, post("/auth/logout")).await;
    let remembered = json!({ "email": EMAIL, "password": PASSWORD, "remember_me": true });
    let answer = on.browse("it signs in for a month", &mut browser, post("/auth/login").json(&remembered)).await;
    on.browse("it refreshes for a month", &mut browser, post("/auth/refresh").json(&json!({}))).await;
    let body = answer.json();
    let revoke = delete(&format!("/auth/sessions/{}", body["session"]["id"].as_str().unwrap()));
    on.browse("it revokes its own session", &mut browser, revoke).await;
}

async fn with_bearer_tokens(on: &mut Recorder<'_>) {
    let sign_up = json!({ "email": "grace@example.com", "password": PASSWORD });
    let first = Tokens::of(&on.send("a client signs up", post("/api/auth/signup").json(&sign_up)).await);
    on.send("who it is", get("/api/auth/me").bearer(&first.access)).await;
    let refresh = |tokens: &Tokens| post("/api/auth/refresh").json(&json!({ "refresh_token": tokens.refresh }));
    let second = Tokens::of(&on.send("it refreshes", refresh(&first)).await);
    on.send("it lost the answer and refreshes again", refresh(&first)).await;
    let third = Tokens::of(&on.send("it signs in elsewhere", post("/api/auth/signin").json(&sign_up)).await);
    let devices = on.send("its devices", get("/api/auth/sessions").bearer(&second.access)).await.json();
    let devices = devices["sessions"].as_array().unwrap().clone();
    let other = devices.iter().find(|session| session["current"] == false).unwrap()["id"].as_str().unwrap();
    let revoke = || delete(&format!("/api/auth/sessions/{other}")).bearer(&second.access);
    on.send("it revokes the other one", revoke()).await;
    on.send("which can be done once", revoke()).await;
    on.send("the other one is dead", get("/api/auth/me").bearer(&third.access)).await;
    on.send("and cannot refresh", refresh(&third)).await;
    let all = post("/api/auth/signout").json(&json!({ "scope": "all" })).bearer(&second.access);
    on.send("it signs out everywhere", all).await;
}

async fn own_routes(on: &mut Recorder<'_>) {
    let mut browser = on.world.another_browser(EMAIL).await;
    for path in ["/private", "/maybe", "/claims", "/session", "/members/news", "/admin/users"] {
        on.browse("a route of the application, signed in", &mut browser, get(path)).await;
        on.send("a route of the application, signed out", get(path)).await;
    }
    on.browse("a change, signed in", &mut browser, post("/note")).await;
    on.send("a change, signed out", post("/note")).await;
    let foreign = post("/note").header("origin", "https://evil.test");
    on.browse("a change from a page of another origin", &mut browser, foreign).await;
    let foreign = post("/auth/refresh").header("sec-fetch-site", "cross-site");
    on.browse("a refresh from a page of another site", &mut browser, foreign).await;
}

async fn bad_bodies(on: &mut Recorder<'_>) {
    for body in ["", "{", "[]", "{\"email\":1,\"email\":2}"] {
        on.send("what is no JSON object", post("/auth/signin").body("application/json", body)).await;
    }
    for path in ["/auth/signup", "/auth/signin", "/api/auth/refresh"] {
        on.send("an empty object", post(path).json(&json!({}))).await;
        on.send("a form", post(path).body("application/x-www-form-urlencoded", "a=b")).await;
        on.send("too much", post(path).body("application/json", " ".repeat(17 * 1024))).await;
    }
    let many = json!({ "email": "ada", "password": "x", "name": " ", "remember_me": 1, "roles": ["admin"] });
    on.send("all that can be wrong", post("/auth/signup").json(&many)).await;
    let both = json!({ "email": "b@example.com", "password": PASSWORD, "name": "B", "full_name": "B" });
    on.send("two names", post("/auth/signup").json(&both)).await;
    for password in ["short", "password123", "b@example.com"] {
        let weak = json!({ "email": "b@example.com", "password": password });
        on.send("a password that is refused", post("/auth/signup").json(&weak)).await;
    }
    let taken = post("/auth/signup").json(&credentials(EMAIL)).from(on.world.newcomer());
    on.send("an address that is taken", taken).await;
}

async fn bad_credentials(on: &mut Recorder<'_>) {
    for email in [EMAIL, "nobody@example.com"] {
        let wrong = json!({ "email": email, "password": "a long walk in the sun" });
        on.send("a wrong password", post("/auth/signin").json(&wrong).from(on.world.newcomer())).await;
    }
    let tokens = on.world.more_tokens(EMAIL).await;
    let twice = get("/auth/me").bearer(&tokens.access).bearer(&tokens.access);
    on.send("a bearer token that stands twice", twice).await;
    on.send("a bearer token that is none", get("/auth/me").bearer("x.y.z")).await;
    on.send("a header that is no text", get("/auth/me").header("authorization", b"Bearer \xff\xfe")).await;
    let cookie = format!("__Host-access={}", tokens.access);
    on.send("a cookie", get("/auth/me").header("cookie", &cookie)).await;
    on.send("a cookie that stands twice", get("/auth/me").header("cookie", format!("{cookie}; {cookie}"))).await;
    on.send("a cookie in two lines", get("/auth/me").header("cookie", &cookie).header("cookie", &cookie)).await;
    let encoded = format!("%5F%5FHost-access={}", tokens.access);
    on.send("a cookie with an encoded name", get("/auth/me").header("cookie", encoded)).await;
    let beside = [b"a=\xff; ".as_slice(), cookie.as_bytes()].concat();
    on.send("a cookie beside one that is no text", get("/auth/me").header("cookie", beside)).await;
    on.send("a sign-out without anything", post("/auth/signout")).await;
    on.send("a refresh without anything", post("/auth/refresh")).await;
    let not_a_token = json!({ "refresh_token": "x" });
    on.send("a refresh token that is none", post("/api/auth/refresh").json(&not_a_token)).await;
}

async fn paths_and_methods(on: &mut Recorder<'_>) {
    on.send("the public keys", get("/auth/.well-known/jwks.json")).await;
    for path in ["/auth/me/", "/auth/nothing", "/auth/SIGNIN", "/auth/%73ignin/x", "/api/auth/sessions/a/b", "/auth"] {
        on.send("a path that is none", get(path)).await;
    }
    for method in [Method::HEAD, Method::OPTIONS, Method::PUT, Method::TRACE] {
        on.send("a wrong method", call(method, "/auth/signin")).await;
    }
    on.send("a wrong method on a session", get("/auth/sessions/x")).await;
    on.send("a wrong method on the user", post("/auth/me")).await;
    let tokens = on.world.more_tokens(EMAIL).await;
    for id in ["x", "%ff", "%2e%2e", "0198c5d8-3f6a-7b2c-8d4e-5f6a7b8c9d0e"] {
        let revoke = delete(&format!("/api/auth/sessions/{id}")).bearer(&tokens.access);
        on.send("a session that is none", revoke).await;
    }
}

async fn limits(on: &mut Recorder<'_>) {
    let peer = on.world.newcomer();
    for _ in 0..5 {
        let guess = json!({ "email": EMAIL, "password": "wrong" });
        on.world.send(post("/auth/signin").json(&guess).from(peer)).await.is(401);
    }
    on.send("the sixth sign-in within a minute", post("/auth/signin").json(&credentials(EMAIL)).from(peer)).await;
    for path in ["/search", "/mine", "/tenant"] {
        for title in ["the first of two", "the second of two", "the third of two"] {
            on.send(title, get(path).from(peer)).await;
        }
    }
}

async fn roles_and_states(on: &mut Recorder<'_>) {
    let root = Email::parse("root@example.com").unwrap();
    on.world.auth.ensure_role(&root, &Password::new(PASSWORD), Role::ADMIN).await.unwrap();
    let admin = on.world.more_tokens("root@example.com").await;
    on.send("an administrator", get("/admin/users").bearer(&admin.access)).await;
    let user = on.send("their roles", get("/api/auth/me").bearer(&admin.access)).await.json();
    let id = user["id"].as_str().unwrap().parse().unwrap();
    on.world.store.inner().set_status(UserId::from_uuid(id), UserStatus::Disabled);
    on.send("one who was switched off", get("/admin/users").bearer(&admin.access)).await;
    let sign_in = || post("/auth/signin").from(on.world.newcomer());
    let right = sign_in().json(&credentials("root@example.com"));
    let wrong = sign_in().json(&json!({ "email": "root@example.com", "password": "wrong" }));
    on.send("they sign in", right).await;
    on.send("somebody else tries", wrong).await;
}

async fn outage(on: &mut Recorder<'_>) {
    let mut browser = on.world.another_browser(EMAIL).await;
    on.world.store.fail_all();
    for path in ["/auth/me", "/auth/sessions", "/private", "/maybe", "/claims", "/members/news", "/mine"] {
        on.browse("while the database is down", &mut browser, get(path)).await;
    }
    on.browse("while the database is down", &mut browser, post("/auth/refresh")).await;
    let sign_in = post("/auth/signin").json(&credentials(EMAIL)).from(on.world.newcomer());
    let answer: Answer = on.send("while the database is down", sign_in).await;
    assert_eq!(answer.status, 503);
    on.world.store.heal();
}
