//! How cookies are read: by their bytes, and not by what a kind parser makes of them.

use serde_json::json;

use super::{Adapter, EMAIL, Site, World, get, post};

/// Somebody planted one of them.
pub async fn cookies_of_two_sessions_are_no_credential(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let mut ada = world.browser(EMAIL).await;
    let mut eve = world.browser("eve@example.com").await;
    let mixed = format!("__Host-access={}; __Host-refresh={}", ada.cookie("access"), eve.cookie("refresh"));
    for path in ["/private", "/auth/me", "/session", "/claims"] {
        world.send(get(path).header("cookie", &mixed)).await.problem(401, "unauthenticated");
    }
    for path in ["/auth/refresh", "/note"] {
        world.send(post(path).header("cookie", &mixed)).await.problem(401, "unauthenticated");
    }
    assert_eq!(world.send(get("/maybe").header("cookie", &mixed)).await.is(200).text(), "nobody");
    ada.get("/private").await.is(200);
    eve.get("/private").await.is(200);
}

/// Nobody knows which is meant, and whoever wants out has to get out. Which of them to keep is a question without an
/// answer.
pub async fn who_signs_out_with_cookies_of_two_sessions_ends_both(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let pair = |access: &str, refresh: &str| format!("__Host-access={access}; __Host-refresh={refresh}");
    for mount in ["/auth", "/api/auth"] {
        let mut ada = world.browser(&world.email()).await;
        let mut eve = world.browser(&world.email()).await;
        let twice = format!(
            "{}; {}",
            pair(ada.cookie("access"), eve.cookie("refresh")),
            pair(eve.cookie("access"), ada.cookie("refresh"))
        );
        let others = post(&format!("{mount}/signout")).json(&json!({ "scope": "others" }));
        world.send(others.header("cookie", &twice)).await.problem(401, "unauthenticated");
        let answer = world.send(post(&format!("{mount}/signout")).header("cookie", &twice)).await.is(204);
        assert_eq!(answer.set_cookies().len(), 2);
        ada.get("/private").await.problem(401, "unauthenticated");
        eve.get("/private").await.problem(401, "unauthenticated");
    }
}

/// In one line or in two: parsers disagree on which one counts.
pub async fn a_cookie_that_stands_twice_is_no_credential(site: &Site) {
    let email = &site.email();
    let mut browser = site.browser(email).await;
    let cookies = browser.cookie_header().unwrap();
    let (access, refresh) = (browser.cookie("access").to_owned(), browser.cookie("refresh").to_owned());
    for name in [site.cookie_name("access"), site.cookie_name("refresh")] {
        for value in ["evil", "", &access, &refresh] {
            let call = get("/private").header("cookie", format!("{cookies}; {name}={value}"));
            site.send(call).await.problem(401, "unauthenticated");
            let two_lines = get("/private").header("cookie", format!("{name}={value}")).header("cookie", &cookies);
            site.send(two_lines).await.problem(401, "unauthenticated");
        }
    }
    let call = post("/auth/refresh").header("cookie", format!("{cookies}; {}={refresh}", site.cookie_name("refresh")));
    site.send(call).await.problem(401, "unauthenticated");
}

/// Percent-encoded, in another case, behind odd blanks: a sibling subdomain could plant those.
pub async fn a_name_is_its_bytes(site: &Site) {
    let email = &site.email();
    let browser = site.browser(email).await;
    let (name, access) = (site.cookie_name("access"), browser.cookie("access"));
    let encoded = |letter: char| format!("%{:02X}", u32::from(letter));
    let other_form = if name == "access" { "__Host-access" } else { "access" };
    let names = [
        name.replace('a', &encoded('a')).replace('_', &encoded('_')),
        name.chars().map(encoded).collect(),
        name.replace('e', "%65"),
        name.replace("ss", "sS"),
        name.to_uppercase(),
        format!("{name} "),
        other_form.to_owned(),
        format!("={name}"),
        format!("\"{name}\""),
    ];
    let befores: [&[u8]; 8] = [
        b"a=b,",
        b"x",
        "\u{2000}".as_bytes(),
        "\u{a0}".as_bytes(),
        b"\xc2\x85",
        b"\xa0",
        "\u{feff}".as_bytes(),
        b"$Version=1,",
    ];
    let misspelled = names.iter().map(|other| format!("{other}={access}").into_bytes());
    let prefixed = befores.iter().map(|before| [before, name.as_bytes(), b"=", access.as_bytes()].concat());
    for header in misspelled.chain(prefixed) {
        let answer = site.send(get("/private").header("cookie", &header)).await;
        assert_eq!(answer.status, 401, "{}", header.escape_ascii());
        answer.problem(401, "unauthenticated");
    }
    for odd_value in [format!("\"{access}\""), format!("{access} "), format!("{access}%20"), format!("{access}=")] {
        let header = format!("a=b; {name}={odd_value}; c=d");
        site.send(get("/private").header("cookie", header)).await.problem(401, "unauthenticated");
    }
}

/// Whatever else is stored for the host, bytes that are no text included.
pub async fn odd_cookies_beside_ours_do_no_harm(site: &Site) {
    let email = &site.email();
    let browser = site.browser(email).await;
    let ours = format!("{}={}", site.cookie_name("access"), browser.cookie("access"));
    for odd in ["", ";", "nothing", "=", "a=b=c", "\"", "a=\"x;y\"", "$Version=1", "%5F%5FHost-access=evil", "é=ü"] {
        site.send(get("/private").header("cookie", format!("{odd}; {ours}"))).await.is(200);
        site.send(get("/private").header("cookie", format!("{ours};{odd}"))).await.is(200);
    }
    let binary = [b"a=\xff\xfe\x80; ".as_slice(), ours.as_bytes(), b";\tb=\xa0"].concat();
    site.send(get("/private").header("cookie", binary)).await.is(200);
    let two_lines = get("/private").header("cookie", "theme=dark").header("cookie", &ours);
    site.send(two_lines).await.is(200);
}

/// HTTP/2 sends each cookie in a line of its own, and a proxy may leave them so.
pub async fn cookies_may_stand_in_several_lines(site: &Site) {
    let browser = site.browser(&site.email()).await;
    let pair = |name: &str| format!("{}={}", site.cookie_name(name), browser.cookie(name));
    let lines = |path: &str| get(path).header("cookie", "a=b").header("cookie", pair("refresh"));
    site.send(lines("/auth/me").header("cookie", pair("access")).header("cookie", "c=d")).await.is(200);
    site.send(lines("/auth/me")).await.is(200);
    let refresh = post("/auth/refresh").header("cookie", pair("access")).header("cookie", pair("refresh"));
    site.send(refresh).await.is(200);
}
