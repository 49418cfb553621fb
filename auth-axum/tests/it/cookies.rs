//! How the cookies are set, read and cleared.

use std::time::Duration;

use serde_json::json;

use crate::fixture::{Browser, EMAIL, PASSWORD, World, get, post};

const DAY: Duration = Duration::from_hours(24);
const SECOND: Duration = Duration::from_secs(1);
const LAST_SECOND_OF_A_DAY: Duration = Duration::from_secs(24 * 60 * 60 - 1);

/// Signs up in a fresh browser and returns it with the lines that set its cookies.
async fn sign_up(world: &World, remember_me: bool) -> (Browser<'_>, Vec<String>) {
    let mut browser = Browser::new(world);
    let body = json!({ "email": EMAIL, "password": PASSWORD, "remember_me": remember_me });
    let answer = browser.send(post("/auth/signup").json(&body)).await.is(201);
    let lines = answer.set_cookies().iter().map(ToString::to_string).collect();
    (browser, lines)
}

/// A line without the value of its cookie.
fn frame(line: &str) -> String {
    let (name, rest) = line.split_once('=').unwrap();
    format!("{name}{}", &rest[rest.find(';').unwrap()..])
}

#[tokio::test]
async fn without_a_base_url_and_on_https_the_cookies_are_prefixed_and_secure() {
    for world in [World::new(), World::at("https://app.test")] {
        let (_, lines) = sign_up(&world, false).await;
        let frames: Vec<_> = lines.iter().map(|line| frame(line)).collect();
        assert_eq!(
            frames,
            [
                "__Host-access; Path=/; HttpOnly; SameSite=Lax; Secure",
                "__Host-refresh; Path=/; HttpOnly; SameSite=Lax; Secure"
            ]
        );
    }
}

#[tokio::test]
async fn on_loopback_http_the_cookies_are_plain() {
    let world = World::at("http://localhost:8000");
    let (mut browser, lines) = sign_up(&world, false).await;
    let frames: Vec<_> = lines.iter().map(|line| frame(line)).collect();
    assert_eq!(frames, ["access; Path=/; HttpOnly; SameSite=Lax", "refresh; Path=/; HttpOnly; SameSite=Lax"]);
    browser.get("/private").await.is(200);
}

#[tokio::test]
async fn only_the_form_that_is_set_is_read() {
    let plain = World::at("http://localhost:8000");
    let (browser, _) = sign_up(&plain, false).await;
    let prefixed = format!("__Host-access={}; __Host-refresh={}", browser.cookie("access"), browser.cookie("refresh"));
    plain.send(get("/private").header("cookie", prefixed)).await.is(401);

    let secure = World::new();
    let (browser, _) = sign_up(&secure, false).await;
    let unprefixed = format!("access={}; refresh={}", browser.cookie("access"), browser.cookie("refresh"));
    secure.send(get("/private").header("cookie", unprefixed)).await.is(401);
}

#[tokio::test]
async fn remembered_cookies_have_an_age_and_survive_the_browser() {
    let world = World::new();
    let (mut browser, lines) = sign_up(&world, true).await;
    assert!(lines[0].ends_with("; Max-Age=900"), "{}", lines[0]);
    assert!(lines[1].ends_with("; Max-Age=2592000"), "{}", lines[1]);
    browser.restart();
    world.pass(LAST_SECOND_OF_A_DAY + DAY * 29);
    browser.get("/private").await.is(200);
    let refreshed = browser.post("/auth/refresh").await.is(200);
    assert!(refreshed.set_cookies()[1].ends_with("; Max-Age=2592000"), "refreshing keeps the kind, and extends it");
    world.pass(DAY * 30);
    browser.get("/private").await.is(401);
}

#[tokio::test]
async fn other_cookies_die_with_the_browser() {
    let world = World::new();
    let (mut browser, lines) = sign_up(&world, false).await;
    assert!(lines.iter().all(|line| !line.contains("Max-Age") && !line.contains("Expires")), "{lines:?}");
    let refreshed = browser.post("/auth/refresh").await.is(200);
    assert!(refreshed.set_cookies().iter().all(|line| !line.contains("Max-Age")));
    browser.restart();
    browser.get("/private").await.is(401);
}

#[tokio::test]
async fn a_browser_session_lasts_a_day() {
    let world = World::new();
    let (mut browser, _) = sign_up(&world, false).await;
    let expires_at = browser.get("/auth/sessions").await.json()["sessions"][0]["expires_at"].clone();
    assert_eq!(expires_at, "2030-01-02T00:00:00Z");
    world.pass(LAST_SECOND_OF_A_DAY);
    browser.get("/private").await.is(200);
    world.pass(SECOND);
    browser.get("/private").await.is(401);
    browser.post("/auth/refresh").await.is(401);
}

#[tokio::test]
async fn no_refreshing_goes_past_ninety_days() {
    let world = World::new();
    let (mut browser, _) = sign_up(&world, true).await;
    for _ in 0..4 {
        world.pass(DAY * 20);
        browser.post("/auth/refresh").await.is(200);
    }
    let last = browser.get("/auth/sessions").await.json()["sessions"][0]["expires_at"].clone();
    assert_eq!(last, "2030-04-01T00:00:00Z");
    world.pass(DAY * 10);
    browser.get("/private").await.is(401);
}

#[tokio::test]
async fn cookies_are_cleared_with_the_attributes_they_were_set_with() {
    for world in [World::new(), World::at("http://localhost:8000")] {
        let (mut browser, set) = sign_up(&world, false).await;
        let cleared = browser.post("/auth/signout").await.is(204);
        let cleared = cleared.set_cookies();
        assert_eq!(cleared.len(), 2);
        for (set, cleared) in set.iter().zip(cleared) {
            assert_eq!(format!("{}; Max-Age=0", frame(set)), frame(cleared));
            assert!(cleared.split(';').next().unwrap().ends_with('='), "{cleared}");
        }
    }
}

#[tokio::test]
async fn the_refresh_cookie_stands_in_for_a_lapsed_access_cookie() {
    let world = World::new();
    let (mut browser, _) = sign_up(&world, false).await;
    world.pass(Duration::from_hours(1));
    for path in ["/private", "/claims", "/session", "/auth/me", "/auth/sessions"] {
        assert!(browser.get(path).await.is(200).set_cookies().is_empty(), "{path}: nothing has to be set again");
    }
    assert_ne!(browser.get("/maybe").await.text(), "nobody");
}

#[tokio::test]
async fn cookies_of_two_sessions_are_no_credential() {
    let world = World::new();
    let mut ada = world.browser(EMAIL).await;
    let mut eve = world.browser("eve@example.com").await;
    let mixed = format!("__Host-access={}; __Host-refresh={}", ada.cookie("access"), eve.cookie("refresh"));
    for path in ["/private", "/auth/me", "/session", "/claims"] {
        world.send(get(path).header("cookie", &mixed)).await.problem(401, "unauthenticated");
    }
    for path in ["/auth/refresh", "/auth/signout", "/note"] {
        world.send(post(path).header("cookie", &mixed)).await.problem(401, "unauthenticated");
    }
    assert_eq!(world.send(get("/maybe").header("cookie", &mixed)).await.is(200).text(), "nobody");
    ada.get("/private").await.is(200);
    eve.get("/private").await.is(200);
}

#[tokio::test]
async fn a_cookie_that_stands_twice_is_no_credential() {
    let world = World::new();
    let mut browser = world.browser(EMAIL).await;
    let cookies = browser.cookie_header().unwrap();
    let (access, refresh) = (browser.cookie("access").to_owned(), browser.cookie("refresh").to_owned());
    for name in ["__Host-access", "__Host-refresh"] {
        for value in ["evil", "", &access, &refresh] {
            let call = get("/private").header("cookie", format!("{cookies}; {name}={value}"));
            world.send(call).await.problem(401, "unauthenticated");
            let two_lines = get("/private").header("cookie", format!("{name}={value}")).header("cookie", &cookies);
            world.send(two_lines).await.problem(401, "unauthenticated");
        }
    }
    let call = post("/auth/refresh").header("cookie", format!("{cookies}; __Host-refresh={refresh}"));
    world.send(call).await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_name_is_its_bytes() {
    let world = World::new();
    let browser = world.browser(EMAIL).await;
    let access = browser.cookie("access");
    let refused: [(&[u8], &str); 16] = [
        (b"", "%5F%5FHost-access="),
        (b"", "%5f%5fHost%2Daccess="),
        (b"", "__host-access="),
        (b"", "__HOST-ACCESS="),
        (b"", "__Host-access ="),
        (b"", "access="),
        (b"", "=__Host-access="),
        (b"", "\"__Host-access\"="),
        (b"a=b,", "__Host-access="),
        (b"x", "__Host-access="),
        ("\u{2000}".as_bytes(), "__Host-access="),
        ("\u{a0}".as_bytes(), "__Host-access="),
        (b"\xc2\x85", "__Host-access="),
        (b"\xa0", "__Host-access="),
        ("\u{feff}".as_bytes(), "__Host-access="),
        (b"$Version=1,", "__Host-access="),
    ];
    for (before, name) in refused {
        let header = [before, name.as_bytes(), access.as_bytes()].concat();
        world.send(get("/private").header("cookie", &header)).await.problem(401, "unauthenticated");
    }
    for odd_value in [format!("\"{access}\""), format!("{access} "), format!("{access}%20"), format!("{access}=")] {
        let header = format!("a=b; __Host-access={odd_value}; c=d");
        world.send(get("/private").header("cookie", header)).await.problem(401, "unauthenticated");
    }
}

#[tokio::test]
async fn odd_cookies_beside_ours_do_no_harm() {
    let world = World::new();
    let browser = world.browser(EMAIL).await;
    let ours = format!("__Host-access={}", browser.cookie("access"));
    for odd in ["", ";", "nothing", "=", "a=b=c", "\"", "a=\"x;y\"", "$Version=1", "%5F%5FHost-access=evil", "é=ü"] {
        world.send(get("/private").header("cookie", format!("{odd}; {ours}"))).await.is(200);
        world.send(get("/private").header("cookie", format!("{ours};{odd}"))).await.is(200);
    }
    let binary = [b"a=\xff\xfe\x80; ".as_slice(), ours.as_bytes(), b";\tb=\xa0"].concat();
    world.send(get("/private").header("cookie", binary)).await.is(200);
    let two_lines = get("/private").header("cookie", "theme=dark").header("cookie", &ours);
    world.send(two_lines).await.is(200);
}
