//! Input that cannot be accepted, and what is said about it.

use futures_util::future::join;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Adapter, Answer, Call, EMAIL, PASSWORD, Site, World, credentials, get, post};
use crate::id::UserId;
use crate::user::UserStatus;

/// A body, what is wrong about it, and the field that is.
type Case<'a> = (Value, &'a [(&'a str, &'a str)]);

/// By name and code, on both mounts.
pub async fn each_wrong_field_of_a_sign_up_is_told(site: &Site) {
    let email = &site.email();
    let long_name = "a".repeat(129);
    let cases: Vec<Case<'_>> = vec![
        (json!({}), &[("email", "required"), ("password", "required")]),
        (json!({ "email": email }), &[("password", "required")]),
        (json!({ "email": null, "password": PASSWORD }), &[("email", "required")]),
        (json!({ "email": "", "password": PASSWORD }), &[("email", "required")]),
        (json!({ "email": 7, "password": [] }), &[("email", "invalid_type"), ("password", "invalid_type")]),
        (json!({ "email": { "$ne": "" }, "password": PASSWORD }), &[("email", "invalid_type")]),
        (json!({ "email": [email], "password": PASSWORD }), &[("email", "invalid_type")]),
        (json!({ "email": email, "password": PASSWORD, "name": "a\u{0}b" }), &[("name", "invalid")]),
        (json!({ "email": email, "password": PASSWORD, "name": "  " }), &[("name", "empty")]),
        (json!({ "email": email, "password": PASSWORD, "name": long_name }), &[("name", "too_long")]),
        (json!({ "email": email, "password": PASSWORD, "name": 1 }), &[("name", "invalid_type")]),
        (json!({ "email": email, "password": PASSWORD, "remember_me": "yes" }), &[("remember_me", "invalid_type")]),
        (json!({ "email": email, "password": PASSWORD, "remember_me": 1 }), &[("remember_me", "invalid_type")]),
        (json!({ "email": email, "password": PASSWORD, "roles": ["admin"] }), &[("roles", "unknown_field")]),
        (json!({ "email": email, "password": PASSWORD, "id": "x" }), &[("id", "unknown_field")]),
        (
            json!({ "email": email, "password": PASSWORD, "email_verified": true }),
            &[("email_verified", "unknown_field")],
        ),
        (json!({ "email": email, "password": PASSWORD, "__proto__": {} }), &[("__proto__", "unknown_field")]),
        (json!({ "email": email, "Password": PASSWORD }), &[("password", "required"), ("Password", "unknown_field")]),
    ];
    for mount in ["/auth", "/api/auth"] {
        for (body, errors) in &cases {
            let answer = send(site, post(&format!("{mount}/signup")).json(body)).await;
            assert_eq!(answer.problem(422, "invalid_input").field_errors(), strings(errors), "{body}");
        }
    }
}

/// Before anything is counted or hashed.
pub async fn each_wrong_field_of_a_sign_in_is_told(site: &Site) {
    let email = &site.email();
    site.tokens(email).await;
    let cases: Vec<Case<'_>> = vec![
        (json!({}), &[("email", "required"), ("password", "required")]),
        (json!({ "email": "nobody", "password": PASSWORD }), &[("email", "invalid_email")]),
        (json!({ "email": email, "password": null }), &[("password", "required")]),
        (json!({ "email": email, "password": PASSWORD, "name": "Ada" }), &[("name", "unknown_field")]),
        (json!({ "email": email, "password": PASSWORD, "remember_me": [] }), &[("remember_me", "invalid_type")]),
    ];
    for (body, errors) in &cases {
        let answer = send(site, post("/auth/signin").json(body)).await;
        assert_eq!(answer.problem(422, "invalid_input").field_errors(), strings(errors), "{body}");
    }
}

/// Look-alikes, lists, header lines and all that a mail program might read differently.
pub async fn what_is_not_an_e_mail_address_is_refused(site: &Site) {
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
            let answer = send(site, post(path).json(&credentials(email))).await;
            let errors = answer.problem(422, "invalid_input").field_errors();
            assert_eq!(errors, strings(&[("email", "invalid_email")]), "{email:?}");
        }
    }
}

/// Without a hash, and without repeating it.
pub async fn a_password_that_breaks_the_policy_is_refused_with_the_reason(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
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

/// A form is filled in once.
pub async fn all_that_is_wrong_about_a_sign_up_is_told_at_once(site: &Site) {
    let email = &site.email();
    for (email, expected) in
        [("b", &["email", "name", "stray", "password"][..]), (email, &["name", "stray", "password"])]
    {
        let body = json!({ "email": email, "password": "short", "name": " ", "stray": 1 });
        let answer = site.send(post("/auth/signup").json(&body)).await.problem(422, "invalid_input");
        let fields: Vec<_> = answer.field_errors().into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, expected);
    }
}

/// Upper and lower case are one person.
pub async fn an_address_has_one_account_in_any_spelling(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    world.tokens(EMAIL).await;
    for email in [EMAIL, "ADA@example.com", "ada@EXAMPLE.COM"] {
        let answer = send(&world, post("/auth/signup").json(&credentials(email))).await;
        answer.problem(409, "email_taken");
    }
}

/// And the other is told so.
pub async fn of_two_sign_ups_at_once_one_wins(site: &Site) {
    for _ in 0..20 {
        let body = credentials(&site.email());
        let (one, other) =
            join(send(site, post("/auth/signup").json(&body)), send(site, post("/api/auth/signup").json(&body))).await;
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
    }
}

/// Byte by byte, for the same work: nobody learns who has an account.
pub async fn a_wrong_password_and_an_unknown_user_get_the_same_answer(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    world.tokens(EMAIL).await;
    let disabled = world.tokens("off@example.com").await;
    let id = world.send(get("/private").bearer(&disabled.access)).await.text().parse::<Uuid>().unwrap();
    world.store.inner().set_status(UserId::from_uuid(id), UserStatus::Disabled);
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

/// A script in it would run where the answer is shown.
pub async fn an_answer_repeats_nothing_that_was_sent(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
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

fn strings<'a>(errors: &[(&'a str, &'a str)]) -> Vec<(String, String)> {
    errors.iter().map(|(field, code)| (String::from(*field), String::from(*code))).collect()
}

async fn send(site: &Site, call: Call) -> Answer {
    site.send(call.from(site.newcomer())).await
}
