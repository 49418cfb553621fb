//! How often the application's own routes may be called, and what clients are told of it.

use std::time::Duration;

use super::limits::seconds_to_wait;
use super::{Adapter, Answer, Call, EMAIL, World, get, post};

/// By the same limiter, behind the same proxies.
pub async fn the_applications_own_routes_can_be_limited(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    world.send(get("/search")).await.is(200);
    world.send(get("/search")).await.is(200);
    assert_eq!(seconds_to_wait(&world.send(get("/search")).await), 60);
    world.send(get("/search").header("x-forwarded-for", "203.0.113.9")).await.is(429);
    world.send(get("/search").from(world.newcomer())).await.is(200);
    world.send(get("/maybe")).await.is(200);
    world.pass(Duration::from_mins(1));
    world.send(get("/search")).await.is(200);
}

/// A server that keeps no addresses is no way around.
pub async fn no_address_at_all_is_limited_too(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    world.send(get("/search").without_address()).await.is(200);
    world.send(get("/search").without_address()).await.is(200);
    seconds_to_wait(&world.send(get("/search").without_address()).await);
}

/// In the two headers of the draft, on what is answered and on what is refused; other routes say nothing.
pub async fn a_client_is_told_where_it_stands(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    says(&world.send(get("/search")).await.is(200), "search", "r=1;t=60");
    world.pass(Duration::from_millis(10_500));
    says(&world.send(get("/search")).await.is(200), "search", "r=0;t=50");
    let refused = world.send(get("/search")).await.problem(429, "rate_limited");
    says(&refused, "search", "r=0;t=50");
    assert_eq!(refused.header("retry-after"), Some("50"));
    world.pass(Duration::from_secs(50));
    says(&world.send(get("/search")).await.is(200), "search", "r=0;t=10");
    world.pass(Duration::from_mins(1));
    says(&world.send(get("/search")).await.is(200), "search", "r=1;t=60");
    for path in ["/maybe", "/auth/.well-known/jwks.json"] {
        let answer = world.send(get(path)).await.is(200);
        assert_eq!((answer.header("ratelimit"), answer.header("ratelimit-policy")), (None, None), "{path}");
    }
}

/// On cookies and on a bearer token, in one session and in another.
pub async fn a_user_has_one_count_wherever_they_are(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let mut browser = world.browser(EMAIL).await;
    let tokens = world.more_tokens(EMAIL).await;
    let eve = world.tokens("eve@example.com").await;
    says(&browser.send(get("/mine").from(world.newcomer())).await.is(200), "mine", "r=1;t=60");
    let elsewhere = get("/mine").bearer(&tokens.access).from(world.newcomer());
    says(&world.send(elsewhere.clone()).await.is(200), "mine", "r=0;t=60");
    assert_eq!(seconds_to_wait(&browser.send(get("/mine")).await), 60);
    says(&world.send(elsewhere.clone()).await.is(429), "mine", "r=0;t=60");
    says(&world.send(get("/mine").bearer(&eve.access)).await.is(200), "mine", "r=1;t=60");
    world.pass(Duration::from_mins(1));
    world.send(elsewhere).await.is(200);
}

/// Nobody's requests, and those of sessions that are over.
pub async fn without_a_session_the_address_counts(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let tokens = world.tokens(EMAIL).await;
    let elsewhere = world.newcomer();
    world.send(get("/mine").bearer(&tokens.access)).await.is(200);
    says(&world.send(get("/mine")).await.is(200), "mine", "r=1;t=60");
    says(&world.send(get("/mine").bearer("x.y.z")).await.is(200), "mine", "r=0;t=60");
    world.send(get("/mine")).await.is(429);
    world.send(get("/mine").bearer(&tokens.access)).await.is(200);
    world.send(post("/api/auth/signout").bearer(&tokens.access)).await.is(204);
    world.send(get("/mine").bearer(&tokens.access)).await.is(429);
    world.send(get("/mine").bearer(&tokens.access).from(elsewhere)).await.is(200);
}

/// They would get the stranger's count, which may be fuller or emptier than their own.
pub async fn nobody_counts_as_a_stranger_because_of_an_outage(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let tokens = world.tokens(EMAIL).await;
    world.store.fail_all();
    for _ in 0..5 {
        let answer = world.send(get("/mine").bearer(&tokens.access)).await.problem(503, "unavailable");
        assert_eq!((answer.header("ratelimit"), answer.header("ratelimit-policy")), (None, None));
    }
    world.send(get("/mine")).await.is(200);
    world.store.heal();
    says(&world.send(get("/mine").bearer(&tokens.access)).await.is(200), "mine", "r=1;t=60");
}

/// Neither does it use up the visitor's own.
pub async fn a_page_of_another_origin_uses_up_nobodys_requests(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let mut browser = world.browser(EMAIL).await;
    let open = get("/mine").header("upgrade", "websocket").header("origin", "https://evil.test");
    for _ in 0..5 {
        browser.send(open.clone()).await.problem(403, "cross_origin");
    }
    says(&browser.get("/mine").await.is(200), "mine", "r=1;t=60");
    says(&world.send(get("/mine")).await.is(200), "mine", "r=1;t=60");
}

/// And the address counts where it does not choose.
pub async fn a_function_may_choose_who_counts_together(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let of = |tenant: &str| get("/tenant").header("x-tenant", tenant);
    says(&world.send(of("a")).await.is(200), "tenant", "r=1;t=60");
    says(&world.send(of("a").from(world.newcomer())).await.is(200), "tenant", "r=0;t=60");
    assert_eq!(seconds_to_wait(&world.send(of("a").without_address()).await), 60);
    says(&world.send(of("b")).await.is(200), "tenant", "r=1;t=60");
    // Whatever it returns, it is not taken for an address.
    says(&world.send(of("198.51.100.7")).await.is(200), "tenant", "r=1;t=60");
    says(&world.send(get("/tenant")).await.is(200), "tenant", "r=1;t=60");
    says(&world.send(get("/tenant").header("x-tenant", b"\xff")).await.is(200), "tenant", "r=0;t=60");
    world.send(get("/tenant")).await.is(429);
    world.send(get("/tenant").from(world.newcomer())).await.is(200);
}

/// Two limits of one quota, and yet two counts.
pub async fn each_limit_counts_under_its_own_name(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let call = |path: &str| -> Call { get(path) };
    for path in ["/search", "/mine", "/tenant", "/search", "/mine", "/tenant"] {
        world.send(call(path)).await.is(200);
    }
    for path in ["/search", "/mine", "/tenant"] {
        world.send(call(path)).await.problem(429, "rate_limited");
    }
}

#[track_caller]
fn says(answer: &Answer, name: &str, state: &str) {
    assert_eq!(answer.header("ratelimit-policy"), Some(&*format!("\"{name}\";q=2;w=60")), "{answer:?}");
    assert_eq!(answer.header("ratelimit"), Some(&*format!("\"{name}\";{state}")), "{answer:?}");
}
