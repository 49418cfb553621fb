//! From sign-up to sign-out, on cookies and on bearer tokens.

use chrono::DateTime;
use serde_json::{Value, json};

use super::answer::keys;
use super::{Browser, PASSWORD, Site, Tokens, credentials, get, post};

/// What a browser does in its life, with the exact bodies, and no token in any of them.
pub async fn the_whole_journey_on_cookies(site: &Site) {
    let email = site.email().replace("ada", "Ada").replace("example", "Example");
    let mut browser = Browser::new(site);
    let sign_up = json!({ "email": email, "password": PASSWORD, "name": "Ada" });
    let answer = browser.send(post("/auth/signup").json(&sign_up)).await.is(201);
    let body = answer.json();
    assert_eq!(keys(&body), ["session", "status", "user"]);
    assert_eq!(body["status"], "signed_in");
    is_user(&body["user"], &email, Some("Ada"));
    assert_eq!(keys(&body["session"]), ["expires_at", "id"]);
    is_time(&body["session"]["expires_at"]);
    assert!(!answer.text().contains("token"), "no token in JSON");
    assert!(!answer.text().contains(browser.cookie("access")) && !answer.text().contains(browser.cookie("refresh")));
    assert_eq!(browser.cookie_names(), [site.cookie_name("access"), site.cookie_name("refresh")]);

    let me = browser.get("/auth/me").await.is(200).json();
    assert_eq!(without_profile(me), body["user"]);
    browser.get("/private").await.is(200);
    browser.get("/claims").await.is(200);

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

    let answer = browser.send(post("/auth/signin").json(&credentials(&email.to_lowercase()))).await.is(200);
    assert_eq!(answer.json()["user"], body["user"]);
    assert_ne!(answer.json()["session"]["id"], body["session"]["id"]);
    browser.get("/private").await.is(200);
}

/// What an API client does in its life, with the exact bodies, and no cookie.
pub async fn the_whole_journey_on_bearer_tokens(site: &Site) {
    let email = site.email();
    let sign_up = json!({ "email": email, "password": PASSWORD, "name": null });
    let answer = site.send(post("/api/auth/signup").json(&sign_up)).await.is(201);
    let body = answer.json();
    assert_eq!(keys(&body), ["access_token", "expires_in", "refresh_token", "status", "token_type", "user"]);
    assert_eq!((&body["status"], &body["token_type"]), (&json!("signed_in"), &json!("Bearer")));
    assert_eq!(body["expires_in"], 900);
    is_user(&body["user"], &email, None);
    assert!(answer.set_cookies().is_empty());

    let first = Tokens::of(&answer);
    let me = site.send(get("/api/auth/me").bearer(&first.access)).await.is(200).json();
    assert_eq!(without_profile(me), body["user"]);
    for path in ["/private", "/claims"] {
        site.send(get(path).bearer(&first.access)).await.is(200);
    }

    let refreshed = site.refresh(&first.refresh).await.is(200);
    assert_eq!(keys(&refreshed.json()), keys(&body));
    assert!(refreshed.set_cookies().is_empty());
    let second = Tokens::of(&refreshed);
    assert!(second.access != first.access && second.refresh != first.refresh);

    let signed_out = site.send(post("/api/auth/signout").bearer(&second.access)).await.is(204);
    assert!(signed_out.set_cookies().is_empty() && signed_out.body.is_empty());
    site.send(get("/private").bearer(&second.access)).await.problem(401, "unauthenticated");
    site.refresh(&second.refresh).await.problem(401, "unauthenticated");
}

/// `login` and `logout` are what many clients call them.
pub async fn sign_in_and_sign_out_have_aliases(site: &Site) {
    let email = &site.email();
    let mut browser = site.browser(email).await;
    browser.post("/auth/logout").await.is(204);
    assert!(browser.cookie_names().is_empty());
    browser.send(post("/auth/login").json(&credentials(email))).await.is(200);
    browser.get("/private").await.is(200);
    let tokens = Tokens::of(&site.send(post("/api/auth/login").json(&credentials(email))).await.is(200));
    site.send(post("/api/auth/logout").bearer(&tokens.access)).await.is(204);
}

/// Two names for one field would be two values for it.
pub async fn full_name_is_an_alias_of_name_and_both_are_one_too_many(site: &Site) {
    let email = &site.email();
    let both = json!({ "email": email, "password": PASSWORD, "name": "Ada", "full_name": "Ada" });
    let answer = site.send(post("/auth/signup").json(&both)).await.problem(422, "invalid_input");
    assert_eq!(answer.field_errors(), [("full_name".into(), "ambiguous".into())]);
    let full_name = json!({ "email": email, "password": PASSWORD, "full_name": "Ada" });
    let answer = site.send(post("/auth/signup").json(&full_name)).await.is(201);
    is_user(&answer.json()["user"], email, Some("Ada"));
}

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
pub(super) fn is_time(value: &Value) {
    let text = value.as_str().unwrap();
    assert!(text.ends_with('Z'), "{text}");
    DateTime::parse_from_rfc3339(text).unwrap();
}

/// An application may have a profile beside the user.
fn without_profile(mut user: Value) -> Value {
    user.as_object_mut().unwrap().remove("profile");
    user
}
