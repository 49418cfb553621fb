//! Requests that nobody would write by hand: whatever comes, the server neither fails nor falls over.

use std::collections::BTreeMap;

use http::Method;
use serde_json::json;

use super::{Adapter, Call, EMAIL, PASSWORD, Site, World, call, post};

/// Two thousand requests, garbled from what real clients send; the same ones in every run.
pub async fn no_request_makes_the_server_fail(adapter: &dyn Adapter) {
    let world = World::with(adapter, |builder| builder.trusted_proxies("10.0.0.0/8")).await;
    let seeds = Seeds::new(&world).await;
    let mut dice = Dice(0x5eed);
    let mut seen = BTreeMap::new();
    for number in 0..2_000 {
        let call = seeds.call(&mut dice);
        let call = if dice.roll(10) == 0 { call.without_address() } else { call.from(world.newcomer()) };
        let answer = world.send(call.clone()).await;
        assert!(!answer.status.is_server_error(), "number {number}: {call:?} got {answer:?}");
        *seen.entry(answer.status.as_u16()).or_insert(0_u32) += 1;
    }
    let expected = [200, 400, 401, 403, 404, 405, 415, 422];
    assert!(expected.iter().all(|status| seen.contains_key(status)), "the requests reach every corner: {seen:?}");
}

/// It is stored and shown as it is: what is done with it is the matter of who shows it.
pub async fn a_name_that_tries_its_luck_is_just_a_name(site: &Site) {
    for name in [
        "' OR '1'='1",
        "Robert'); DROP TABLE auth_users;--",
        "\\",
        "<b>",
        "${jndi:ldap://x}",
        "%s%n",
        "می\u{200c}خواهم",
    ] {
        let body = json!({ "email": site.email(), "password": PASSWORD, "name": name });
        let answer = site.send(post("/auth/signup").json(&body).from(site.newcomer())).await.is(201);
        assert_eq!(answer.json()["user"]["name"], name);
    }
}

/// The same numbers in every run (xorshift64*), so that a failure can be looked at.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(high).unwrap() % sides
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len())].clone()
    }

    /// Changes, drops, doubles or inserts a few bytes.
    fn garble(&mut self, text: &mut Vec<u8>) {
        for _ in 0..self.roll(4) {
            let at = self.roll(text.len() + 1);
            let byte = u8::try_from(self.roll(256)).unwrap();
            match self.roll(4) {
                0 if at < text.len() => text[at] = byte,
                1 if at < text.len() => drop(text.remove(at)),
                2 => text.truncate(at),
                _ => text.insert(at, byte),
            }
        }
    }
}

const TARGETS: [(Method, &str); 23] = [
    (Method::POST, "/auth/signup"),
    (Method::POST, "/auth/signin"),
    (Method::POST, "/auth/signout"),
    (Method::POST, "/auth/refresh"),
    (Method::POST, "/api/auth/signup"),
    (Method::POST, "/api/auth/signin"),
    (Method::POST, "/api/auth/refresh"),
    (Method::POST, "/api/auth/signout"),
    (Method::POST, "/note"),
    (Method::GET, "/auth/me"),
    (Method::GET, "/auth/sessions"),
    (Method::GET, "/auth/.well-known/jwks.json"),
    (Method::GET, "/private"),
    (Method::GET, "/maybe"),
    (Method::GET, "/claims"),
    (Method::GET, "/session"),
    (Method::GET, "/members/news"),
    (Method::GET, "/admin/users"),
    (Method::GET, "/search?q=%"),
    (Method::GET, "/auth/%ff"),
    (Method::GET, "/api/auth/x/../y"),
    (Method::DELETE, "/auth/sessions/%ff%00"),
    (Method::DELETE, "/api/auth/sessions/0198c5d8-3f6a-7b2c-8d4e-5f6a7b8c9d0e"),
];
const WRONG_METHODS: [Method; 4] = [Method::GET, Method::POST, Method::HEAD, Method::OPTIONS];
const HEADERS: [&str; 12] = [
    "authorization",
    "cookie",
    "content-type",
    "origin",
    "sec-fetch-site",
    "host",
    "user-agent",
    "x-forwarded-for",
    "upgrade",
    "content-length",
    "accept-language",
    "transfer-encoding",
];

/// The seeds that are garbled: what a real client sends, and what tries its luck.
struct Seeds {
    headers: Vec<Vec<u8>>,
    bodies: Vec<Vec<u8>>,
}

impl Seeds {
    async fn new(world: &World) -> Self {
        let mut browser = world.browser(EMAIL).await;
        let tokens = world.more_tokens(EMAIL).await;
        let headers = [
            format!("Bearer {}", tokens.access),
            browser.cookie_header().unwrap(),
            format!("__Host-refresh={}", browser.cookie("refresh")),
            "application/json".to_owned(),
            "application/json; charset=utf-8".to_owned(),
            "https://app.test".to_owned(),
            "same-origin".to_owned(),
            "192.0.2.1, [2001:db8::1]:80, unknown".to_owned(),
            "websocket".to_owned(),
            "%5F%5FHost-access=; =;;; \u{2000}__Host-access".to_owned(),
            "9".repeat(4_000),
        ];
        let bodies = [
            r#"{"email":"ada@example.com","password":"a long walk in the rain","remember_me":true}"#.to_owned(),
            r#"{"email":"Ada@B\u00fccher.example","password":"\u0000\ud83d\ude00 pass word","full_name":"A\u0301"}"#
                .to_owned(),
            format!(r#"{{"refresh_token":"{}"}}"#, tokens.refresh),
            r#"{"scope":"others"}"#.to_owned(),
            r#"{"email":{"a":[1,-0,1e400,null]},"password":[[[[[]]]]]}"#.to_owned(),
            String::new(),
        ];
        Self {
            headers: headers.into_iter().map(String::into_bytes).collect(),
            bodies: bodies.into_iter().map(String::into_bytes).collect(),
        }
    }

    fn call(&self, dice: &mut Dice) -> Call {
        let (right, path) = dice.pick(&TARGETS);
        let mut call = call(if dice.roll(8) == 0 { dice.pick(&WRONG_METHODS) } else { right }, path);
        if dice.roll(3) > 0 {
            let mut body = dice.pick(&self.bodies);
            dice.garble(&mut body);
            call = call.body("application/json", body);
        }
        for _ in 0..dice.roll(5) {
            let mut value = dice.pick(&self.headers);
            dice.garble(&mut value);
            // What no server would hand on: hyper refuses these bytes itself.
            value.retain(|byte| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f));
            call = call.header(dice.pick(&HEADERS), value);
        }
        call
    }
}
