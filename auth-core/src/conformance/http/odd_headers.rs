//! A thousand variations of headers, drawn by proptest: the same ones in every run, and the smallest that fails is
//! told.

use http::Method;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::{Adapter, Answer, Call, EMAIL, World, call};

const VARIATIONS: usize = 1_000;

const TARGETS: [(Method, &str); 14] = [
    (Method::GET, "/auth/me"),
    (Method::GET, "/api/auth/sessions"),
    (Method::POST, "/auth/signin"),
    (Method::POST, "/auth/signout"),
    (Method::POST, "/auth/refresh"),
    (Method::POST, "/api/auth/refresh"),
    (Method::DELETE, "/auth/sessions/x"),
    (Method::GET, "/private"),
    (Method::GET, "/maybe"),
    (Method::GET, "/claims"),
    (Method::POST, "/note"),
    (Method::GET, "/admin/users"),
    (Method::GET, "/mine"),
    (Method::GET, "/tenant"),
];

const NAMES: [&str; 20] = [
    "accept",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "if-none-match",
    "origin",
    "range",
    "referer",
    "sec-fetch-site",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-forwarded-for",
    "x-http-method-override",
    "x-tenant",
];

const VALUES: [&str; 22] = [
    "Bearer ",
    "Bearer x.y.z",
    "Basic dXNlcjpwYXNz",
    "__Host-access=x.y.z; __Host-refresh=x",
    "access=x; refresh=y",
    "=;;=;",
    "application/json",
    "application/json; charset=utf-8",
    "multipart/form-data; boundary=",
    "https://app.test",
    "https://evil.test",
    "null",
    "app.test",
    "same-origin",
    "cross-site",
    "192.0.2.1, 10.0.0.1",
    "[2001:db8::1]:443",
    "websocket",
    "chunked",
    "100-continue",
    "18446744073709551616",
    "bytes=0-,-1",
];

/// Real credentials among them, whole and in pieces.
pub async fn no_header_makes_the_server_fail(adapter: &dyn Adapter) {
    let world = World::with(adapter, |builder| builder.trusted_proxies("10.0.0.0/8")).await;
    let mut browser = world.browser(EMAIL).await;
    let tokens = world.more_tokens(EMAIL).await;
    let real = vec![
        format!("Bearer {}", tokens.access),
        browser.cookie_header().unwrap(),
        format!("__Host-refresh={}", browser.cookie("refresh")),
        tokens.refresh,
    ];
    hold(&world, real, |answer| !answer.status.is_server_error()).await;
}

/// Whatever the headers say, without a token of ours there is nobody.
pub async fn no_header_makes_somebody_of_nobody(adapter: &dyn Adapter) {
    let world = World::with(adapter, |builder| builder.trusted_proxies("10.0.0.0/8")).await;
    world.browser(EMAIL).await;
    let nobody = world.send(call(Method::GET, "/maybe")).await.is(200);
    hold(&world, Vec::new(), |answer| match answer.status.as_u16() {
        200 => answer.body == nobody.body || answer.header("ratelimit").is_some(),
        204 => answer.set_cookies().iter().all(|line| line.contains("=;")),
        status => (400..500).contains(&status),
    })
    .await;
}

/// Sends all variations, each from an address of its own.
async fn hold(world: &World, real: Vec<String>, is_right: impl Fn(&Answer) -> bool) {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config { failure_persistence: None, ..Config::default() }, rng);
    let variations = variations(real);
    for number in 0..VARIATIONS {
        let mut tree = variations.new_tree(&mut runner).unwrap();
        if is_right(&send(world, tree.current()).await) {
            continue;
        }
        // Simpler while it stays wrong, and one step back where it went right.
        let mut smallest = tree.current();
        let mut moved = tree.simplify();
        while moved {
            let is_wrong = !is_right(&send(world, tree.current()).await);
            if is_wrong {
                smallest = tree.current();
            }
            moved = if is_wrong { tree.simplify() } else { tree.complicate() };
        }
        let answer = send(world, smallest.clone()).await;
        panic!("variation {number}, made as small as can be: {smallest:?} got {answer:?}");
    }
}

async fn send(world: &World, variation: Variation) -> Answer {
    let (method, path) = variation.target;
    let call = call(method, path).body("application/json", r#"{"email":"ada@example.com","password":"wrong"}"#);
    let add = |call: Call, (name, value): &(&str, Vec<u8>)| call.header(name, value);
    world.send(variation.headers.iter().fold(call, add).from(world.newcomer())).await
}

#[derive(Debug, Clone)]
struct Variation {
    target: (Method, &'static str),
    headers: Vec<(&'static str, Vec<u8>)>,
}

fn variations(real: Vec<String>) -> impl Strategy<Value = Variation> {
    let known: Vec<String> = VALUES.iter().map(|value| String::from(*value)).chain(real).collect();
    let value = prop_oneof![
        2 => select(known.clone()).prop_map(String::into_bytes),
        3 => (select(known), any::<Index>(), vec(byte(), 0..4)).prop_map(|(known, at, insert)| {
            let mut value = known.into_bytes();
            let at = at.index(value.len() + 1);
            value.splice(at..at, insert);
            value
        }),
        1 => vec(byte(), 0..300),
    ];
    (select(TARGETS.to_vec()), vec((select(NAMES.to_vec()), value), 0..6))
        .prop_map(|(target, headers)| Variation { target, headers })
}

/// What a server hands on: no control characters but the tabulator.
fn byte() -> impl Strategy<Value = u8> {
    any::<u8>().prop_map(|byte| if byte == b'\t' || (byte >= b' ' && byte != 0x7f) { byte } else { b'~' })
}
