//! The list of devices, and how sessions end.

use serde_json::json;

use super::answer::keys;
use super::journey::is_time;
use super::{Browser, Site, Tokens, credentials, delete, get, post};

/// All of one user and none of anybody else, without a trace of a token.
pub async fn the_list_shows_every_session_and_marks_this_one(site: &Site) {
    let email = &site.email();
    let mut browser = Browser::new(site);
    let id = browser.send(post("/auth/signup").json(&credentials(email))).await.is(201).json()["session"]["id"].clone();
    let other = site.more_tokens(email).await;
    site.tokens(&site.email()).await;
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
    assert_eq!(current[0]["id"], id);

    let seen_by_other = site.send(get("/api/auth/sessions").bearer(&other.access)).await.is(200).json();
    let marked = seen_by_other["sessions"].as_array().unwrap().iter().find(|session| session["current"] == true);
    assert_ne!(marked.unwrap()["id"], id);
}

/// The lost phone.
pub async fn a_session_can_be_revoked_from_another(site: &Site) {
    let email = &site.email();
    let mut browser = site.browser(email).await;
    let other = site.more_tokens(email).await;
    let id = session_of(site, &other).await;
    let answer = browser.send(delete(&format!("/auth/sessions/{id}"))).await.is(204);
    assert!(answer.set_cookies().is_empty());
    site.send(get("/private").bearer(&other.access)).await.problem(401, "unauthenticated");
    browser.get("/private").await.is(200);
    browser.send(delete(&format!("/auth/sessions/{id}"))).await.problem(404, "not_found");
}

/// Which is a sign-out by another name.
pub async fn revoking_the_current_session_clears_its_cookies(site: &Site) {
    let email = &site.email();
    let mut browser = site.browser(email).await;
    let sessions = browser.get("/auth/sessions").await.is(200).json();
    let id = sessions["sessions"][0]["id"].as_str().unwrap();
    browser.send(delete(&format!("/auth/sessions/{id}"))).await.is(204);
    assert!(browser.cookie_names().is_empty());
}

/// An id that somebody guessed or saw tells nothing and ends nothing.
pub async fn a_foreign_session_looks_like_none(site: &Site) {
    let email = &site.email();
    let tokens = site.tokens(email).await;
    let victim = site.tokens(&site.email()).await;
    let foreign = session_of(site, &victim).await;
    let revoke = |id: &str| site.send(delete(&format!("/api/auth/sessions/{id}")).bearer(&tokens.access));
    let answer = revoke(&foreign).await.problem(404, "not_found");
    assert_eq!(answer, revoke("0198c5d8-3f6a-7b2c-8d4e-5f6a7b8c9d0e").await);
    for odd in ["x", &foreign.to_uppercase(), &foreign.replace('-', ""), "%7B%7D", "%00", "%ff", &"a".repeat(5_000)] {
        assert_eq!(answer, revoke(odd).await, "{odd}");
    }
    site.send(get("/private").bearer(&victim.access)).await.is(200);
}

/// And nobody else's.
pub async fn sign_out_ends_this_session_the_others_or_all(site: &Site) {
    let email = &site.email();
    let first = site.tokens(email).await;
    let second = site.more_tokens(email).await;
    let third = site.more_tokens(email).await;
    let stranger = site.tokens(&site.email()).await;
    let sign_out = |tokens: &Tokens, scope: &str| {
        site.send(post("/api/auth/signout").bearer(&tokens.access).json(&json!({ "scope": scope })))
    };
    let private = |tokens: &Tokens| site.send(get("/private").bearer(&tokens.access));

    sign_out(&first, "session").await.is(204);
    private(&first).await.is(401);
    private(&second).await.is(200);

    sign_out(&second, "others").await.is(204);
    private(&third).await.is(401);
    private(&second).await.is(200);

    let fourth = site.more_tokens(email).await;
    sign_out(&second, "all").await.is(204);
    private(&second).await.is(401);
    private(&fourth).await.is(401);
    private(&stranger).await.is(200);

    let answer = sign_out(&stranger, "everything").await.problem(422, "invalid_input");
    assert_eq!(answer.field_errors(), [("scope".into(), "invalid".into())]);
}

/// This session goes on.
pub async fn signing_out_the_others_keeps_the_cookies(site: &Site) {
    let email = &site.email();
    let mut browser = site.browser(email).await;
    let other = site.more_tokens(email).await;
    let answer = browser.send(post("/auth/signout").json(&json!({ "scope": "others" }))).await.is(204);
    assert!(answer.set_cookies().is_empty());
    browser.get("/private").await.is(200);
    site.send(get("/private").bearer(&other.access)).await.is(401);
}

/// There is nothing to end.
pub async fn sign_out_without_any_credential_is_refused(site: &Site) {
    for path in ["/auth/signout", "/api/auth/signout", "/auth/logout"] {
        site.send(post(path)).await.problem(401, "unauthenticated");
    }
}

/// Who wants out is out, whatever the state of what they hold.
pub async fn sign_out_with_a_dead_credential_succeeds_and_clears_the_cookies(site: &Site) {
    let email = &site.email();
    let mut browser = site.browser(email).await;
    let mut stale = browser.clone();
    browser.post("/auth/signout").await.is(204);
    let cleared = stale.post("/auth/signout").await.is(204);
    assert_eq!(cleared.set_cookies().len(), 2);
    assert!(stale.cookie_names().is_empty());

    // Whatever a cookie of ours holds, and which of the two it is: a browser that signs out loses both.
    let (access, refresh) = (site.cookie_name("access"), site.cookie_name("refresh"));
    let forged = [
        format!("{access}=x.y.z"),
        format!("{refresh}=forged"),
        format!("{access}=x; {refresh}=y"),
        format!("{access}="),
    ];
    for cookies in forged {
        let answer = site.send(post("/auth/signout").header("cookie", &cookies)).await.is(204);
        assert_eq!(answer.set_cookies().len(), 2, "{cookies}");
    }
    site.send(post("/api/auth/signout").bearer("x.y.z")).await.is(204);
}

/// The access cookie lives for 15 minutes, the wish to leave may come later.
pub async fn sign_out_works_when_only_the_refresh_cookie_is_left(site: &Site) {
    let email = &site.email();
    let mut browser = site.browser(email).await;
    let mut copy = browser.clone();
    browser.forget("access");
    browser.send(post("/auth/signout").json(&json!({ "scope": "all" }))).await.is(204);
    copy.get("/private").await.is(401);
}

async fn session_of(site: &Site, tokens: &Tokens) -> String {
    let sessions = site.send(get("/api/auth/sessions").bearer(&tokens.access)).await.is(200).json();
    let mut sessions = sessions["sessions"].as_array().unwrap().iter();
    sessions.find(|session| session["current"] == true).unwrap()["id"].as_str().unwrap().to_owned()
}
