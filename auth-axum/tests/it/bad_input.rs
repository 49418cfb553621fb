//! Input that cannot be accepted, and what is said about it.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::fixture::{Call, EMAIL, PASSWORD, World, credentials, get, post};

/// A body, what is wrong about it, and the field that is.
type Case<'a> = (Value, &'a [(&'a str, &'a str)]);

fn strings<'a>(errors: &[(&'a str, &'a str)]) -> Vec<(String, String)> {
    errors.iter().map(|(field, code)| (String::from(*field), String::from(*code))).collect()
}

async fn send(world: &World, call: Call) -> Answer {
    world.send(call.from(world.newcomer())).await
}

#[tokio::test]
async fn each_wrong_field_of_a_sign_up_is_told() {
    let world = World::new();
    let long_name = "a".repeat(129);
    let cases: Vec<Case<'_>> = vec![
        (json!({}), &[("email", "required"), ("password", "required")]),
        (json!({ "email": EMAIL }), &[("password", "required")]),
        (json!({ "email": null, "password": PASSWORD }), &[("email", "required")]),
        (json!({ "email": "", "password": PASSWORD }), &[("email", "required")]),
        (json!({ "email": 7, "password": [] }), &[("email", "invalid_type"), ("password", "invalid_type")]),
        (json!({ "email": { "$ne": "" }, "password": PASSWORD }), &[("email", "invalid_type")]),
        (json!({ "email": [EMAIL], "password": PASSWORD }), &[("email", "invalid_type")]),
        (json!({ "email": EMAIL, "password": PASSWORD, "name": "a\u{0}b" }), &[("name", "invalid")]),
        (json!({ "email": EMAIL, "password": PASSWORD, "name": "  " }), &[("name", "empty")]),
        (json!({ "email": EMAIL, "password": PASSWORD, "name": long_name }), &[("name", "too_long")]),
        (json!({ "email": EMAIL, "password": PASSWORD, "name": 1 }), &[("name", "invalid_type")]),
        (json!({ "email": EMAIL, "password": PASSWORD, "remember_me": "yes" }), &[("remember_me", "invalid_type")]),
        (json!({ "email": EMAIL, "password": PASSWORD, "remember_me": 1 }), &[("remember_me", "invalid_type")]),
        (json!({ "email": EMAIL, "password": PASSWORD, "roles": ["admin"] }), &[("roles", "unknown_field")]),
        (json!({ "email": EMAIL, "password": PASSWORD, "id": "x" }), &[("id", "unknown_field")]),
        (
            json!({ "email": EMAIL, "password": PASSWORD, "email_verified": true }),
            &[("email_verified", "unknown_field")],
        ),
        (json!({ "email": EMAIL, "password": PASSWORD, "__proto__": {} }), &[("__proto__", "unknown_field")]),
        (json!({ "email": EMAIL, "Password": PASSWORD }), &[("password", "required"), ("Password", "unknown_field")]),
    ];
    for mount in ["/auth", "/api/auth"] {
        for (body, errors) in &cases {
            let answer = send(&world, post(&format!("{mount}/signup")).json(body)).await;
            assert_eq!(answer.problem(422, "invalid_input").field_errors(), strings(errors), "{body}");
        }
    }
}

#[tokio::test]
async fn each_wrong_field_of_a_sign_in_is_told() {
    let world = World::new();
    world.tokens(EMAIL).await;
    let cases: Vec<Case<'_>> = vec![
        (json!({}), &[("email", "required"), ("password", "required")]),
        (json!({ "email": "nobody", "password": PASSWORD }), &[("email", "invalid_email")]),
        (json!({ "email": EMAIL, "password": null }), &[("password", "required")]),
        (json!({ "email": EMAIL, "password": PASSWORD, "name": "Ada" }), &[("name", "unknown_field")]),
        (json!({ "email": EMAIL, "password": PASSWORD, "remember_me": [] }), &[("remember_me", "invalid_type")]),
    ];
    for (body, errors) in &cases {
        let answer = send(&world, post("/auth/signin").json(body)).await;
        assert_eq!(answer.problem(422, "invalid_input").field_errors(), strings(errors), "{body}");
    }
}

#[tokio::test]
async fn what_is_not_an_e_mail_address_is_refused() {
    let world = World::new();
    let long = format!("{}@example.com", "a".repeat(300));
    for email in [
        "ada",
        "ada@",
        "@example.com",
        "ada@example",
        "ada@@example.com",
        "ada@example.com ",
        " ada@example.com",
        "ada@example.com\r\nBcc: eve@evil.test",
        "ada@example.com\u{0}",
        "Ada <ada@example.com>",
        "ada@example.com,eve@evil.test",
        "ada@example.com＠evil.test",
        "ada@localhost",
        "ada@127.0.0.1",
        "ада@example.com",
        &long,
    ] {
        for path in ["/auth/signup", "/auth/signin"] {
            let answer = send(&world, post(path).json(&credentials(email))).await;
            let errors = answer.problem(422, "invalid_input").field_errors();
            assert_eq!(errors, strings(&[("email", "invalid_email")]), "{email:?}");
        }
    }
}

#[tokio::test]
async fn a_password_that_breaks_the_policy_is_refused_with_the_reason() {
    let world = World::new();
    for (password, reason) in [
        ("short", "too_short"),
        ("", "too_short"),
        (&*"ä".repeat(257), "too_long"),
        (&*"a".repeat(10_000), "too_long"),
        ("password123", "common"),
    ] {
        let body = json!({ "email": EMAIL, "password": password });
        let answer = send(&world, post("/auth/signup").json(&body)).await.problem(422, "password_rejected");
        let errors = answer.field_errors();
        assert_eq!(errors[0].0, "password", "{password:?}");
        assert!(errors[0].1.contains(reason), "{errors:?}");
        assert!(password.len() < 6 || !answer.text().contains(password), "an answer repeats no password");
    }
    assert_eq!(world.auth.password_hashes_run(), 0, "no work for what cannot be accepted");
}

#[tokio::test]
async fn what_is_not_one_json_object_is_refused() {
    let world = World::new();
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
            send(&world, post(path).body("application/json", body)).await.problem(400, "malformed");
        }
        send(&world, post(path).body("application/json", deep.clone())).await.problem(400, "malformed");
        for body in ["[]", "null", "7", "\"text\"", "{\"email\":\"a\",\"email\":\"b\"}", &"[".repeat(16_000)] {
            let answer = send(&world, post(path).body("application/json", body.to_owned())).await;
            assert_eq!(answer.problem(422, "invalid_input").field_errors(), strings(&[("", "invalid")]), "{body}");
        }
    }
}

#[tokio::test]
async fn only_json_is_read() {
    let world = World::new();
    let mut browser = world.browser(EMAIL).await;
    let body = credentials("eve@example.com").to_string();
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
            send(&world, call).await.problem(415, "unsupported_media_type");
        }
        let scope = post("/auth/signout").body(content_type, "{\"scope\":\"all\"}");
        browser.send(scope).await.problem(415, "unsupported_media_type");
    }
    let none = post("/auth/signup").body("text/plain", body.clone()).without("content-type");
    send(&world, none).await.problem(415, "unsupported_media_type");
    let twice = post("/auth/signup").body("application/json", body.clone()).header("content-type", "application/json");
    send(&world, twice).await.problem(415, "unsupported_media_type");
    browser.get("/private").await.is(200);
    let with_charset = post("/auth/signup").body("application/json; charset=UTF-8", body);
    send(&world, with_charset).await.is(201);
}

#[tokio::test]
async fn a_body_of_more_than_sixteen_kibibytes_is_refused_before_any_work() {
    let world = World::new();
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

#[tokio::test]
async fn an_address_has_one_account_in_any_spelling() {
    let world = World::new();
    world.tokens(EMAIL).await;
    for email in [EMAIL, "ADA@example.com", "ada@EXAMPLE.COM"] {
        let answer = send(&world, post("/auth/signup").json(&credentials(email))).await;
        answer.problem(409, "email_taken");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_sign_ups_at_once_one_wins() {
    let world = World::new();
    for round in 0..20 {
        let body = credentials(&format!("ada{round}@example.com"));
        let (one, other) = tokio::join!(
            send(&world, post("/auth/signup").json(&body)),
            send(&world, post("/api/auth/signup").json(&body))
        );
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_get_the_same_answer() {
    let world = World::new();
    world.tokens(EMAIL).await;
    let disabled = world.tokens("off@example.com").await;
    let id = world.send(get("/private").bearer(&disabled.access)).await.text().parse::<uuid::Uuid>().unwrap();
    world.store.inner().set_status(auth_core::UserId::from_uuid(id), auth_core::user::UserStatus::Disabled);
    let long = "a".repeat(10_000);
    for mount in ["/auth", "/api/auth"] {
        let mut answers = Vec::new();
        for email in [EMAIL, "nobody@example.com", "off@example.com"] {
            for password in ["", "x", "a long walk in the sun", &long] {
                let body = json!({ "email": email, "password": password });
                let hashes = world.auth.password_hashes_run();
                world.store.take_calls();
                let answer = send(&world, post(&format!("{mount}/signin")).json(&body)).await;
                answers.push((answer.problem(401, "invalid_credentials"), world.store.take_calls()));
                assert_eq!(world.auth.password_hashes_run(), hashes + 1, "{email}");
            }
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    }
    let right = json!({ "email": "off@example.com", "password": PASSWORD });
    send(&world, post("/auth/signin").json(&right)).await.problem(403, "account_disabled");
}

#[tokio::test]
async fn an_answer_repeats_nothing_that_was_sent() {
    let world = World::new();
    let canary = "<script>canary</script>";
    for body in [
        json!({ "email": canary, "password": PASSWORD }),
        json!({ "email": EMAIL, "password": canary, "name": 7 }),
        json!({ "email": EMAIL, "password": PASSWORD, "scope": canary }),
    ] {
        let answer = send(&world, post("/auth/signup").json(&body)).await;
        assert!(!answer.text().contains("canary"), "{}", answer.text());
    }
    // The one exception: the name of a field that nobody knows, which JSON encodes, and which is cut.
    let long = format!("{}\u{0}\n", "x".repeat(1_000));
    let stray = json!({ "email": EMAIL, "password": PASSWORD, long: 1 });
    let errors = send(&world, post("/auth/signup").json(&stray)).await.field_errors();
    assert_eq!(errors, [("x".repeat(64), "unknown_field".to_owned())]);
    let answer = world.send(get("/auth/canary?canary")).await.problem(404, "not_found");
    assert!(!answer.text().contains("canary"));
}

#[tokio::test]
async fn refresh_and_sign_out_on_cookies_need_no_body() {
    let world = World::new();
    let mut browser = world.browser(EMAIL).await;
    browser.send(post("/auth/refresh").header("content-type", "text/plain")).await.is(200);
    browser.send(post("/auth/refresh").json(&json!({}))).await.is(200);
    browser.send(post("/auth/refresh").json(&json!({ "a": 1 }))).await.problem(422, "invalid_input");
    browser.send(post("/auth/signout").json(&json!({ "scope": null }))).await.is(204);
}

#[tokio::test]
async fn all_that_is_wrong_about_a_sign_up_is_told_at_once() {
    let world = World::new();
    for (email, expected) in
        [("b", &["email", "name", "stray", "password"][..]), (EMAIL, &["name", "stray", "password"])]
    {
        let body = json!({ "email": email, "password": "short", "name": " ", "stray": 1 });
        let answer = world.send(post("/auth/signup").json(&body)).await.problem(422, "invalid_input");
        let fields: Vec<_> = answer.field_errors().into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, expected);
    }
}
