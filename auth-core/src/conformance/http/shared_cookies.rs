//! One session for all hosts of a domain.

use super::{Adapter, Browser, EMAIL, World, credentials, get, post};
use crate::auth::AuthBuilder;

const APP: &str = "https://app.example.com";

const WWW: &str = "https://www.example.com";

/// An issuer of both, since both sign and believe the same tokens.
fn sharing(builder: AuthBuilder) -> AuthBuilder {
    builder.share_cookies_in("Example.com").issuer(APP)
}

async fn app(adapter: &dyn Adapter) -> World {
    World::with(adapter, |builder| sharing(builder.base_url(APP))).await
}

/// Set and cleared with the same attributes, of which the domain is one.
pub async fn shared_cookies_name_their_domain_and_are_secure(adapter: &dyn Adapter) {
    let world = app(adapter).await;
    let mut browser = Browser::new(&world);
    let set = browser.send(post("/auth/signup").json(&credentials(EMAIL))).await.is(201);
    let rest = "; Path=/; HttpOnly; SameSite=Lax; Domain=example.com; Secure";
    let frame = |line: &str| line[line.find(';').unwrap()..].to_owned();
    assert_eq!(set.set_cookies().iter().map(|line| frame(line)).collect::<Vec<_>>(), [rest; 2]);
    assert_eq!(browser.cookie_names(), ["__Secure-access", "__Secure-refresh"]);
    let cleared = browser.post("/auth/signout").await.is(204);
    let expected = [format!("__Secure-access={rest}; Max-Age=0"), format!("__Secure-refresh={rest}; Max-Age=0")];
    assert_eq!(cleared.set_cookies(), expected);
}

/// And one sign-out, at once.
pub async fn one_sign_in_counts_for_all_hosts_of_a_domain(adapter: &dyn Adapter) {
    let app = app(adapter).await;
    let www = app.beside(adapter, WWW, sharing).await;
    let browser = app.browser(EMAIL).await;
    let id = browser.clone().get("/private").await.is(200).text().to_owned();
    let mut there = browser.clone().visit(&www);
    for path in ["/private", "/claims"] {
        assert_eq!(there.get(path).await.is(200).text(), id);
    }
    there.post("/auth/signout").await.is(204);
    browser.clone().get("/private").await.is(401);
}

/// Only the form that the configuration calls for is read, here too.
pub async fn cookies_of_one_host_are_not_taken_for_shared_ones(adapter: &dyn Adapter) {
    let world = app(adapter).await;
    let browser = world.browser(EMAIL).await;
    let (access, refresh) = (browser.cookie("access"), browser.cookie("refresh"));
    for prefix in ["__Host-", "", "__secure-", "%5F%5FSecure-"] {
        let cookies = format!("{prefix}access={access}; {prefix}refresh={refresh}");
        world.send(get("/private").header("cookie", cookies)).await.is(401);
    }
}

/// Any host of the domain can plant one. Of two it is not known which is meant, so neither is.
pub async fn a_shared_cookie_that_a_sibling_planted_signs_nobody_in(adapter: &dyn Adapter) {
    let world = app(adapter).await;
    let (victim, attacker) = (world.browser(EMAIL).await, world.browser("eve@example.com").await);
    let both =
        |name: &str| format!("__Secure-{name}={}; __Secure-{name}={}", victim.cookie(name), attacker.cookie(name));
    let cookies = format!("{}; {}", both("access"), both("refresh"));
    world.send(get("/private").header("cookie", cookies)).await.is(401);
    // And cookies of two sessions are of none.
    let mixed = format!("__Secure-access={}; __Secure-refresh={}", victim.cookie("access"), attacker.cookie("refresh"));
    world.send(get("/private").header("cookie", mixed)).await.is(401);
}

/// To a browser they are one site, and send the cookies along.
pub async fn a_page_of_a_sibling_is_refused_until_its_origin_is_trusted(adapter: &dyn Adapter) {
    for (is_trusted, status) in [(false, 403), (true, 204)] {
        let trusting = |builder: AuthBuilder| if is_trusted { builder.trusted_origin(WWW) } else { builder };
        let world = World::with(adapter, |builder| trusting(sharing(builder.base_url(APP)))).await;
        let mut browser = world.browser(EMAIL).await;
        let call = post("/auth/signout").header("origin", WWW).header("sec-fetch-site", "same-site");
        browser.send(call).await.is(status);
        browser.get("/private").await.is(if is_trusted { 401 } else { 200 });
    }
}
