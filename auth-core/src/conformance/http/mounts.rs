//! Mounts wherever an application wants them: below a path with parameters, below two nests, behind a guard, at the
//! root.

use http::Method;
use serde_json::json;

use super::{Adapter, EMAIL, World, call, credentials, delete, get, post};

/// The id is the session's, whatever the path of the mount names.
pub async fn the_path_of_a_mount_may_have_parameters(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let (own, other) = (world.tokens(EMAIL).await, world.more_tokens(EMAIL).await);
    let session = async |token: &str| world.send(get("/session").bearer(token)).await.is(200).text().to_owned();
    let (own_id, other_id) = (session(&own.access).await, session(&other.access).await);
    let revoke = |org: &str, id: &str| delete(&format!("/orgs/{org}/auth/sessions/{id}")).bearer(&own.access);
    world.send(revoke(&other_id, "x")).await.problem(404, "not_found");
    world.send(get("/private").bearer(&other.access)).await.is(200);
    world.send(revoke(&own_id, &other_id)).await.is(204);
    world.send(get("/private").bearer(&other.access)).await.problem(401, "unauthenticated");
    world.send(get("/private").bearer(&own.access)).await.is(200);
    for path in ["/orgs/7/auth/nothing", "/orgs/7/auth", "/orgs/7/auth/sessions/a/b"] {
        world.send(get(path)).await.problem(404, "not_found");
    }
}

/// As if it had never been there, to the last header.
pub async fn an_endpoint_that_is_left_out_is_a_path_that_never_was(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    for method in [Method::GET, Method::POST, Method::DELETE, Method::OPTIONS] {
        let left_out = world.send(call(method.clone(), "/closed/auth/signup")).await;
        let never_was = world.send(call(method, "/closed/auth/nothing")).await.problem(404, "not_found");
        assert_eq!(left_out, never_was);
    }
    world.send(post("/auth/signup").json(&credentials(EMAIL))).await.is(201);
    world.send(post("/closed/auth/signin").json(&credentials(EMAIL))).await.is(200);
}

/// Every path below it, as below one.
pub async fn a_mount_below_two_nests_answers_for_all_below_it(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    world.send(post("/outer/inner/auth/signup").json(&credentials(EMAIL))).await.is(201);
    for method in [Method::GET, Method::POST, Method::DELETE] {
        for path in ["nothing", "me/", "sessions/a/b", "SIGNIN", ".well-known"] {
            let answer = world.send(call(method.clone(), &format!("/outer/inner/auth/{path}"))).await;
            answer.problem(404, "not_found");
        }
    }
    world.send(get("/outer/inner/auth")).await.problem(404, "not_found");
    let wrong = world.send(get("/outer/inner/auth/signin")).await.problem(405, "method_not_allowed");
    assert_eq!(wrong.header("allow"), Some("POST"));
    // These are the application's.
    for path in ["/outer/inner/nothing", "/outer/nothing", "/outer"] {
        assert_eq!(world.send(get(path)).await.is(404).header("content-type"), None, "{path}");
    }
}

/// Its pages, those that come after the mount as well, and what it answers to all other paths.
pub async fn at_the_root_every_other_path_is_the_applications(adapter: &dyn Adapter) {
    let world = World::at_root(adapter).await;
    let answer = world.send(post("/signup").json(&credentials(EMAIL))).await.is(201);
    let access = answer.json()["access_token"].as_str().unwrap().to_owned();
    world.send(get("/me").bearer(&access)).await.is(200);
    world.send(delete("/sessions/x").bearer(&access)).await.problem(404, "not_found");
    world.send(get("/signin")).await.problem(405, "method_not_allowed");
    for (path, text) in [("/", "home"), ("/about", "about"), ("/below/page", "page")] {
        assert_eq!(world.send(get(path)).await.is(200).text(), text);
    }
    for path in ["/nothing", "/me/", "/sessions/a/b", "/below/nothing"] {
        for method in [Method::GET, Method::POST] {
            assert_eq!(world.send(call(method, path)).await.is(404).text(), "a page of the application", "{path}");
        }
    }
    world.send(post("/signout").bearer(&access).json(&json!({ "scope": "all" }))).await.is(204);
}

/// The guard has found the user already, and the endpoint shows them.
pub async fn a_guard_before_a_mount_costs_no_further_query(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let tokens = world.tokens(EMAIL).await;
    for path in ["/guarded/auth/me", "/guarded/auth/sessions"] {
        world.send(get(path)).await.problem(401, "unauthenticated");
        world.store.take_calls();
        world.send(get(path).bearer(&tokens.access)).await.is(200);
        let calls = world.store.take_calls();
        assert_eq!(calls.iter().filter(|call| **call == "find_session").count(), 1, "{path}: {calls:?}");
    }
}
