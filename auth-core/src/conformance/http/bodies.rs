//! What bodies are read at all.

use super::{Adapter, Answer, Call, EMAIL, Site, World, credentials, get, post};

/// Not JSON is 400; JSON that is no object, or has a name twice, is 422.
pub async fn what_is_not_one_json_object_is_refused(site: &Site) {
    let deep = format!("{{\"email\":{}1{}}}", "[".repeat(200), "]".repeat(200));
    let malformed: [&[u8]; 13] = [
        b"",
        b"{",
        b"{\"email\":",
        b"{}{}",
        b"{} x",
        b"{'email':'a'}",
        b"{\"email\":\"a\",}",
        b"// comment\n{}",
        b"\xef\xbb\xbf{}",
        b"{\"email\":\"\\ud800\"}",
        b"{\"email\":\"\xff\"}",
        b"\xff\xfe{\x00}\x00",
        b"{\"email\":1e999}",
    ];
    for path in ["/auth/signup", "/auth/signin", "/api/auth/refresh", "/api/auth/signin"] {
        for body in malformed {
            send(site, post(path).body("application/json", body)).await.problem(400, "malformed");
        }
        send(site, post(path).body("application/json", deep.clone())).await.problem(400, "malformed");
        for body in ["[]", "null", "7", "\"text\"", "{\"email\":\"a\",\"email\":\"b\"}", &"[".repeat(16_000)] {
            let answer = send(site, post(path).body("application/json", body.to_owned())).await;
            assert_eq!(
                answer.problem(422, "invalid_input").field_errors(),
                [(String::new(), "invalid".to_owned())],
                "{body}"
            );
        }
    }
}

/// A form of another site can send every other type without asking the browser.
pub async fn only_json_is_read(site: &Site) {
    let email = &site.email();
    let mut browser = site.browser(email).await;
    let body = credentials(&site.email()).to_string();
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonx",
        "application/x-json",
        "application/ld+json",
        "application/csp-report",
        "text/plain; application/json",
        "application/json, text/plain",
        "application/json;charset=utf-16",
        "application/json; charset=utf-8; x=y",
        "",
    ] {
        for path in ["/auth/signup", "/auth/signin", "/api/auth/refresh"] {
            let call = post(path).body(content_type, body.clone());
            send(site, call).await.problem(415, "unsupported_media_type");
        }
        let scope = post("/auth/signout").body(content_type, "{\"scope\":\"all\"}");
        browser.send(scope).await.problem(415, "unsupported_media_type");
    }
    let none = post("/auth/signup").body("text/plain", body.clone()).without("content-type");
    send(site, none).await.problem(415, "unsupported_media_type");
    let twice = post("/auth/signup").body("application/json", body.clone()).header("content-type", "application/json");
    send(site, twice).await.problem(415, "unsupported_media_type");
    browser.get("/private").await.is(200);
    let with_charset = post("/auth/signup").body("application/json; charset=UTF-8", body);
    send(site, with_charset).await.is(201);
}

/// Exactly so many are read.
pub async fn a_body_of_more_than_sixteen_kibibytes_is_refused_before_any_work(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let padded = |length: usize| {
        let mut body = credentials(EMAIL).to_string();
        body.push_str(&" ".repeat(length - body.len()));
        body
    };
    for path in ["/auth/signup", "/auth/signin", "/auth/signout", "/auth/refresh", "/api/auth/refresh"] {
        for length in [16 * 1024 + 1, 17 * 1024, 1_000_000] {
            let call = post(path).body("application/json", padded(length));
            send(&world, call).await.problem(413, "body_too_large");
        }
    }
    assert_eq!(world.auth.password_hashes_run(), 0);
    send(&world, post("/auth/signup").body("application/json", padded(16 * 1024))).await.is(201);
}

/// Queries stand in logs, and forms can be sent by any page.
pub async fn a_password_in_the_wrong_place_is_not_taken(site: &Site) {
    let email = &site.email();
    site.tokens(email).await;
    let query = "email=ada@example.com&password=a%20long%20walk%20in%20the%20rain";
    site.send(get(&format!("/auth/signin?{query}"))).await.problem(405, "method_not_allowed");
    site.send(post(&format!("/auth/signin?{query}"))).await.problem(415, "unsupported_media_type");
    let form = post("/auth/signin").body("application/x-www-form-urlencoded", query);
    site.send(form).await.problem(415, "unsupported_media_type");
    let basic = post("/auth/signin").header("authorization", "Basic YWRhQGV4YW1wbGUuY29tOnBhc3N3b3Jk");
    site.send(basic).await.problem(415, "unsupported_media_type");
}

async fn send(site: &Site, call: Call) -> Answer {
    site.send(call.from(site.newcomer())).await
}
