//! By which address a client is counted and remembered.

use std::time::Duration;

use serde_json::json;

use super::{Adapter, Call, EMAIL, Tokens, World, credentials, get, post};

const SPOOFED: [&str; 8] = [
    "x-forwarded-for",
    "X-Forwarded-For",
    "forwarded",
    "x-real-ip",
    "cf-connecting-ip",
    "true-client-ip",
    "x-client-ip",
    "fly-client-ip",
];

/// Or every guess would come from somewhere else.
pub async fn without_trusted_proxies_no_header_chooses_the_address(adapter: &dyn Adapter) {
    for name in SPOOFED {
        let world = World::new(adapter).await;
        use_up(&world, |number| guess().header(name, format!("203.0.113.{number}"))).await;
        let twice = guess().header(name, "203.0.113.77").header(name, "203.0.113.78");
        world.send(twice).await.problem(429, "rate_limited");
    }
}

/// What stands to the left, the client wrote itself.
pub async fn behind_a_trusted_proxy_the_rightmost_stranger_is_the_client(adapter: &dyn Adapter) {
    let world = World::with(adapter, |builder| builder.trusted_proxies("10.0.0.0/8")).await;
    let proxy = "10.0.0.1".parse().unwrap();
    let behind = |chain: &str| guess().from(proxy).header("x-forwarded-for", chain);
    // What the client wrote itself stands to the left, and changes nothing.
    use_up(&world, |number| behind(&format!("203.0.113.{number}, 192.0.2.1"))).await;
    world.send(behind("192.0.2.1, 10.9.9.9")).await.problem(429, "rate_limited");
    world.send(behind("192.0.2.1:4711")).await.problem(429, "rate_limited");
    world.send(behind("192.0.2.2")).await.problem(401, "invalid_credentials");
    world.send(behind("192.0.2.1, 192.0.2.3")).await.problem(401, "invalid_credentials");
    let two_lines = behind("192.0.2.4").header("x-forwarded-for", "192.0.2.1");
    world.send(two_lines).await.problem(429, "rate_limited");
}

/// The last address that is known for certain.
pub async fn what_cannot_be_read_counts_for_the_proxy(adapter: &dyn Adapter) {
    let world = World::with(adapter, |builder| builder.trusted_proxies("10.0.0.0/8")).await;
    let odd = ["unknown", "192.0.2.1, unix:", "for=192.0.2.1", "999.1.1.1", "_hidden", "fe80::1%eth0"];
    let behind = |text: &str| guess().from("10.0.0.1".parse().unwrap()).header("x-forwarded-for", text);
    for text in odd.iter().take(5) {
        world.send(behind(text)).await.problem(401, "invalid_credentials");
    }
    world.send(behind(odd[5])).await.problem(429, "rate_limited");
    world.send(guess().from("10.0.0.1".parse().unwrap())).await.problem(429, "rate_limited");
}

/// The peer decides whether the header is read.
pub async fn a_client_that_is_no_proxy_is_not_believed(adapter: &dyn Adapter) {
    let world = World::with(adapter, |builder| builder.trusted_proxies("10.0.0.0/8")).await;
    use_up(&world, |number| guess().header("x-forwarded-for", format!("203.0.113.{number}"))).await;
}

/// Who has a /64 has 2⁶⁴ addresses.
pub async fn an_ipv6_customer_is_one_client(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let from = |ip: &str| guess().from(ip.parse().unwrap());
    use_up(&world, |number| from(&format!("2001:db8:0:1:{:x}::{number}", number * 0x3000))).await;
    for neighbour in ["2001:db8:0:0::1", "2001:db8:0:2::1"] {
        world.send(from(neighbour)).await.problem(401, "invalid_credentials");
    }
}

/// A dual-stack socket shows them as IPv6.
pub async fn an_ipv4_address_is_the_same_client_in_both_notations(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let notations = ["192.0.2.1", "::ffff:192.0.2.1"];
    use_up(&world, |number| guess().from(notations[usize::from(number % 2 == 0)].parse().unwrap())).await;
}

/// Whatever their headers say.
pub async fn clients_without_an_address_share_one_count(adapter: &dyn Adapter) {
    let world = World::with(adapter, |builder| builder.trusted_proxies("10.0.0.0/8")).await;
    use_up(&world, |number| guess().without_address().header("x-forwarded-for", format!("203.0.113.{number}"))).await;
    world.send(guess()).await.problem(401, "invalid_credentials");
}

/// A socket without addresses, and a proxy that is trusted to know them.
pub async fn behind_a_proxy_on_a_unix_socket_each_client_has_its_own_count(adapter: &dyn Adapter) {
    let world = World::with(adapter, |builder| builder.trusted_proxies("unix:, 10.0.0.0/8")).await;
    let behind = |chain: &str| guess().without_address().header("x-forwarded-for", chain);
    use_up(&world, |number| behind(&format!("203.0.113.{number}, 192.0.2.1"))).await;
    world.send(behind("192.0.2.1, 10.0.0.1, unix:")).await.problem(429, "rate_limited");
    world.send(behind("192.0.2.2")).await.problem(401, "invalid_credentials");
    // Who has an address is no proxy because of that.
    world.send(guess().header("x-forwarded-for", "192.0.2.1")).await.problem(401, "invalid_credentials");
}

/// The client's address and not the proxy's, and a user agent that was cut and cleaned.
pub async fn a_session_remembers_where_it_was_opened(adapter: &dyn Adapter) {
    let world = World::with(adapter, |builder| builder.trusted_proxies("10.0.0.0/8")).await;
    let long = "a browser ".repeat(100);
    let sign_up = post("/api/auth/signup").json(&credentials(EMAIL));
    let sign_up = sign_up.from("10.0.0.1".parse().unwrap()).header("x-forwarded-for", "1.2.3.4, 192.0.2.1");
    let answer = world.send(sign_up.header("user-agent", [long.as_bytes(), b"\xff"].concat())).await.is(201);
    let access = answer.json()["access_token"].as_str().unwrap().to_owned();
    let sessions = world.send(get("/api/auth/sessions").bearer(&access)).await.is(200).json();
    assert_eq!(sessions["sessions"][0]["ip"], "192.0.2.1");
    assert_eq!(sessions["sessions"][0]["user_agent"].as_str().unwrap(), &long[..256]);
}

/// What is shown to the user in the list of devices is what limits go by.
pub async fn the_address_is_found_in_every_chain(adapter: &dyn Adapter) {
    let proxies = "10.0.0.0/8, 2001:db8:ffff::/48";
    let world = World::with(adapter, |builder| builder.trusted_proxies(proxies)).await;
    let long = "192.0.2.1, ".to_owned() + &vec!["10.0.0.1"; 40].join(", ");
    let cases: [(&str, &[&str], &str); 22] = [
        ("192.0.2.9", &[], "192.0.2.9"),
        ("::ffff:192.0.2.9", &[], "192.0.2.9"),
        ("2001:db8::9", &["192.0.2.1"], "2001:db8::9"),
        ("10.0.0.1", &[], "10.0.0.1"),
        ("10.0.0.1", &[""], "10.0.0.1"),
        ("10.0.0.1", &["192.0.2.1"], "192.0.2.1"),
        ("::ffff:10.0.0.1", &["192.0.2.1"], "192.0.2.1"),
        ("2001:db8:ffff::1", &["192.0.2.1"], "192.0.2.1"),
        ("10.0.0.1", &["2001:db8::7"], "2001:db8::7"),
        ("10.0.0.1", &["[2001:db8::7]:443"], "2001:db8::7"),
        ("10.0.0.1", &["[2001:db8::7]"], "2001:db8::7"),
        ("10.0.0.1", &["::ffff:192.0.2.1"], "192.0.2.1"),
        ("10.0.0.1", &["192.0.2.1:80"], "192.0.2.1"),
        ("10.0.0.1", &["192.0.2.7", "192.0.2.1, 10.0.0.2"], "192.0.2.1"),
        ("10.0.0.1", &["192.0.2.1", "10.0.0.3 ,\t10.0.0.2"], "192.0.2.1"),
        ("10.0.0.1", &["192.0.2.1, unknown, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", &["192.0.2.1, 10.0.0.2, "], "192.0.2.1"),
        ("10.0.0.1", &["192.0.2.7", ", 192.0.2.1,, 10.0.0.2", ""], "192.0.2.1"),
        ("10.0.0.1", &["\"192.0.2.1\", \"10.0.0.2:80\""], "192.0.2.1"),
        ("10.0.0.1", &["10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", &["192.0.2.1, 192.0.2.2"], "192.0.2.2"),
        ("10.0.0.1", &[&long], "10.0.0.1"),
    ];
    for (peer, lines, expected) in cases {
        let sign_up = post("/api/auth/signup").json(&credentials(&world.email())).from(peer.parse().unwrap());
        let sign_up = lines.iter().fold(sign_up, |call, line| call.header("x-forwarded-for", line));
        let answer = world.send(sign_up).await;
        // Some of them share an address, and so its limit; each is asked in a minute of its own.
        world.pass(Duration::from_mins(1));
        let access = Tokens::of(&answer.is(201)).access;
        let sessions = world.send(get("/api/auth/sessions").bearer(&access)).await.is(200).json();
        assert_eq!(sessions["sessions"][0]["ip"], expected, "{peer} {lines:?}");
    }
}

fn guess() -> Call {
    post("/auth/signin").json(&json!({ "email": EMAIL, "password": "not the password" }))
}

/// Guesses until the limit, and asserts that it is the fifth guess that is the last.
async fn use_up(world: &World, call: impl Fn(u32) -> Call) {
    for number in 0..5 {
        world.send(call(number)).await.problem(401, "invalid_credentials");
    }
    world.send(call(5)).await.problem(429, "rate_limited");
}
