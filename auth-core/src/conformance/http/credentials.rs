//! Which credential counts: every bearer token with all cookies, at every endpoint and extractor of both mounts.
//!
//! What has to come out is computed from the rule, in `expected`: a bearer token of the shape of one counts, dead or
//! alive; other text after `Bearer` counts as absent; a sign-out on the mount for cookies ends what the cookies name.

use std::time::Duration;

use http::Method;
use serde_json::json;

use super::{Adapter, Answer, Browser, Call, EMAIL, World, call, credentials, get, post};

const EVE: &str = "eve@example.com";

/// What stands in the `Authorization` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bearer {
    No,
    /// An access token of ours that has expired.
    Dead,
    /// The access token of Ada's session, the one that [`Cookie::Live`] has too.
    Live,
    /// A live access token of another user.
    Other,
    /// What a front end sends that has no token: `Bearer` and this text.
    Text(&'static str),
}

/// What stands in the `Cookie` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cookie {
    No,
    Dead,
    /// The cookies of Ada's session.
    Live,
    /// The cookies of two sessions, Ada's among them.
    Ambiguous,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Ada,
    Eve,
    Nobody,
}

/// What is asked for. All but the extractors are asked for on each mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// A route of the application that needs a user, or is a guard's.
    Extractor(&'static str),
    Maybe,
    /// A route of the application that changes something.
    Note,
    Me,
    Refresh,
    /// The end of Ada's session, by its id.
    Revoke,
    Sessions,
    SignIn,
    SignOut,
    SignUp,
}

const BEARERS: [Bearer; 7] = [
    Bearer::No,
    Bearer::Dead,
    Bearer::Live,
    Bearer::Other,
    Bearer::Text("undefined"),
    Bearer::Text("null"),
    Bearer::Text(""),
];

const COOKIES: [Cookie; 4] = [Cookie::No, Cookie::Dead, Cookie::Live, Cookie::Ambiguous];

const ENDPOINTS: [Asked; 7] =
    [Asked::Me, Asked::Refresh, Asked::Revoke, Asked::Sessions, Asked::SignIn, Asked::SignOut, Asked::SignUp];

const ROUTES: [Asked; 7] = [
    Asked::Extractor("/private"),
    Asked::Extractor("/claims"),
    Asked::Extractor("/session"),
    Asked::Extractor("/members/news"),
    Asked::Extractor("/auth/me"),
    Asked::Maybe,
    Asked::Note,
];

/// Each case comes out as the rule says that is written down in `expected`.
pub async fn one_rule_says_everywhere_which_credential_counts(adapter: &dyn Adapter) {
    let matrix = Matrix::new(adapter).await;
    for (bearer, cookie) in pairs() {
        for mount in [Some("/auth"), Some("/api/auth"), None] {
            for asked in if mount.is_some() { &ENDPOINTS } else { &ROUTES } {
                matrix.hold(Case { bearer, cookie, asked: *asked, mount, is_foreign: false }).await;
            }
        }
    }
}

/// Only a bearer token that was accepted takes the place of the check.
pub async fn whatever_uses_cookies_checks_the_origin(adapter: &dyn Adapter) {
    let matrix = Matrix::new(adapter).await;
    for (bearer, cookie) in pairs() {
        for mount in [Some("/auth"), Some("/api/auth"), None] {
            for asked in if mount.is_some() { &ENDPOINTS } else { &ROUTES } {
                matrix.hold(Case { bearer, cookie, asked: *asked, mount, is_foreign: true }).await;
            }
        }
    }
}

/// In the place of a refresh token, where only one that signs out may hold it.
pub async fn an_access_token_in_the_refresh_cookie_is_none(adapter: &dyn Adapter) {
    let world = World::new(adapter).await;
    let tokens = world.tokens(EMAIL).await;
    let cookie = format!("{}={}", world.cookie_name("refresh"), tokens.access);
    for path in ["/private", "/claims", "/session", "/members/news", "/auth/me", "/api/auth/sessions"] {
        world.send(get(path).header("cookie", &cookie)).await.problem(401, "unauthenticated");
    }
    assert_eq!(world.send(get("/maybe").header("cookie", &cookie)).await.is(200).text(), "nobody");
    world.send(post("/auth/refresh").header("cookie", &cookie)).await.problem(401, "unauthenticated");
    for path in ["/auth/signout", "/api/auth/signout"] {
        assert_eq!(world.send(post(path).header("cookie", &cookie)).await.is(204).set_cookies().len(), 2);
    }
    world.send(get("/private").bearer(&tokens.access)).await.is(200);
}

fn pairs() -> impl Iterator<Item = (Bearer, Cookie)> {
    BEARERS.into_iter().flat_map(|bearer| COOKIES.into_iter().map(move |cookie| (bearer, cookie)))
}

#[derive(Debug, Clone, Copy)]
struct Case {
    bearer: Bearer,
    cookie: Cookie,
    asked: Asked,
    mount: Option<&'static str>,
    is_foreign: bool,
}

/// What has to come out.
#[derive(Debug, PartialEq, Eq)]
struct Expected {
    status: u16,
    /// Whether the cookies are cleared.
    clears: bool,
    /// Whether Ada's session goes on.
    ada_stays: bool,
}

/// The rule.
fn expected(case: Case) -> Expected {
    let Case { bearer, cookie, asked, .. } = case;
    let who = case.who_by_bearer().unwrap_or(if cookie == Cookie::Live { Who::Ada } else { Who::Nobody });
    let known = Expected::answer(if who == Who::Nobody { 401 } else { 200 });
    let is_refused = case.is_foreign && !case.is_vouched();
    match asked {
        Asked::Note if case.is_foreign && case.who_by_bearer().is_none() => {
            Expected::answer(if matches!(cookie, Cookie::Live | Cookie::Dead) { 403 } else { 401 })
        }
        Asked::Extractor(_) | Asked::Me | Asked::Note | Asked::Sessions => known,
        Asked::SignIn | Asked::SignUp if case.is_foreign => Expected::answer(403),
        Asked::Maybe | Asked::SignIn => Expected::answer(200),
        Asked::SignUp => Expected::answer(201),
        Asked::Refresh if is_refused || (case.is_foreign && case.is_on_cookies()) => Expected::answer(403),
        Asked::Refresh if case.is_on_cookies() => {
            let speaks_for_another = matches!(bearer, Bearer::Dead | Bearer::Other);
            Expected::answer(if cookie == Cookie::Live && !speaks_for_another { 200 } else { 401 })
        }
        Asked::Refresh => Expected::answer(if bearer == Bearer::Other { 401 } else { 200 }),
        Asked::Revoke if is_refused => Expected::answer(403),
        Asked::Revoke => match who {
            Who::Ada => Expected { status: 204, clears: case.who_by_bearer().is_none(), ada_stays: false },
            Who::Eve => Expected::answer(404),
            Who::Nobody => Expected::answer(401),
        },
        Asked::SignOut => expected_of_sign_out(case),
    }
}

/// On the mount for cookies they come first, and on the other one where there is no bearer token.
fn expected_of_sign_out(case: Case) -> Expected {
    let by_bearer = case.who_by_bearer();
    let by_cookies = case.cookie != Cookie::No && (case.is_on_cookies() || by_bearer.is_none());
    if case.is_foreign && (by_cookies || !case.is_vouched()) {
        return Expected::answer(403);
    }
    if by_cookies {
        return Expected { status: 204, clears: true, ada_stays: case.cookie == Cookie::Dead };
    }
    let status = if by_bearer.is_some() { 204 } else { 401 };
    Expected { status, clears: false, ada_stays: by_bearer != Some(Who::Ada) }
}

impl Case {
    /// Returns whom the bearer token names, if there is one that counts.
    fn who_by_bearer(self) -> Option<Who> {
        match self.bearer {
            Bearer::Live => Some(Who::Ada),
            Bearer::Other => Some(Who::Eve),
            Bearer::Dead => Some(Who::Nobody),
            Bearer::No | Bearer::Text(_) => None,
        }
    }

    /// Returns whether a bearer token that is accepted stands in for the check of the origin.
    fn is_vouched(self) -> bool {
        self.who_by_bearer().is_some_and(|who| who != Who::Nobody)
    }

    fn is_on_cookies(self) -> bool {
        self.mount == Some("/auth")
    }
}

impl Expected {
    /// An answer that changes nothing.
    fn answer(status: u16) -> Self {
        Self { status, clears: false, ada_stays: true }
    }
}

/// An application with what the cases are made of.
struct Matrix {
    world: World,
    dead: String,
    ada: String,
    eve: String,
}

impl Matrix {
    async fn new(adapter: &dyn Adapter) -> Self {
        let world = World::at(adapter, "https://app.test").await;
        let dead = world.tokens(EMAIL).await.access;
        world.pass(Duration::from_mins(16));
        let eve = world.tokens(EVE).await.access;
        let id_of = async |token: &str| world.send(get("/private").bearer(token)).await.is(200).text().to_owned();
        let ada = id_of(&world.more_tokens(EMAIL).await.access).await;
        let eve = id_of(&eve).await;
        Self { world, dead, ada, eve }
    }

    /// Sends the request of a case, with credentials of its own, and compares what came and what it did.
    async fn hold(&self, case: Case) {
        let world = &self.world;
        // What was seen a moment ago is not told apart, and the sessions of a case must not make room for each other.
        world.pass(Duration::from_mins(2));
        let ada = world.another_browser(EMAIL).await;
        let session = ada.clone().get("/session").await.is(200).text().to_owned();
        let call = request(case, world, ada.cookie("refresh"), &session);
        let call = match case.bearer {
            Bearer::No => call,
            Bearer::Dead => call.bearer(&self.dead),
            Bearer::Live => call.bearer(ada.cookie("access")),
            Bearer::Other => call.bearer(world.another_browser(EVE).await.cookie("access")),
            Bearer::Text(text) => call.bearer(text),
        };
        let call = match case.cookie {
            Cookie::No => call,
            Cookie::Dead => call.header("cookie", format!("__Host-access=x.y.z; __Host-refresh={}", "A".repeat(86))),
            Cookie::Live => call.header("cookie", pair(&ada)),
            Cookie::Ambiguous => {
                call.header("cookie", format!("{}; {}", pair(&ada), pair(&world.another_browser(EVE).await)))
            }
        };
        let call = if case.is_foreign { call.header("origin", "https://evil.test") } else { call };
        let answer = world.send(call).await;
        let ada_stays = ada.clone().get("/private").await.status == 200;
        let clears = answer.set_cookies().iter().filter(|line| line.contains("=; ")).count() == 2;
        let found = Expected { status: answer.status.as_u16(), clears, ada_stays };
        assert_eq!(found, expected(case), "{case:?}");
        self.names_the_right_one(case, &answer);
    }

    /// Where somebody is named, it is the one whose credential counts.
    fn names_the_right_one(&self, case: Case, answer: &Answer) {
        let named = match case.bearer {
            Bearer::Live => &self.ada,
            Bearer::Other => &self.eve,
            Bearer::No | Bearer::Text(_) if case.cookie == Cookie::Live => &self.ada,
            Bearer::No | Bearer::Text(_) | Bearer::Dead => "nobody",
        };
        if answer.status == 200 && matches!(case.asked, Asked::Maybe | Asked::Extractor("/private" | "/claims")) {
            assert_eq!(answer.text(), named, "{case:?}");
        }
        if answer.status == 200 && case.asked == Asked::Me {
            assert_eq!(answer.json()["id"], named, "{case:?}");
        }
    }
}

fn pair(browser: &Browser<'_>) -> String {
    format!("__Host-access={}; __Host-refresh={}", browser.cookie("access"), browser.cookie("refresh"))
}

fn request(case: Case, world: &World, refresh: &str, session: &str) -> Call {
    let path = |name: &str| format!("{}/{name}", case.mount.unwrap_or_default());
    let call = match case.asked {
        Asked::Extractor(route) => get(route),
        Asked::Maybe => get("/maybe"),
        Asked::Note => post("/note"),
        Asked::Me => get(&path("me")),
        Asked::Refresh if case.mount == Some("/api/auth") => {
            post(&path("refresh")).json(&json!({ "refresh_token": refresh }))
        }
        Asked::Refresh => post(&path("refresh")),
        Asked::Revoke => call(Method::DELETE, &path(&format!("sessions/{session}"))),
        Asked::Sessions => get(&path("sessions")),
        Asked::SignIn => post(&path("signin")).json(&credentials(EVE)),
        Asked::SignOut => post(&path("signout")),
        Asked::SignUp => post(&path("signup")).json(&credentials(&world.email())),
    };
    call.from(world.newcomer())
}
