//! Does one thing of the hot path again and again: `instructions MODE COUNT`.
//!
//! Valgrind counts the instructions of two runs with different counts; the difference leaves out what comes before the
//! loop. What needs a database makes one at `BENCH_DATABASE`.

use std::env;
use std::hint::black_box;

use auth_core::MemoryStore;
use auth_core::http::Endpoint;
use auth_core::http::cookie::{CookieForm, CookieName, CookiePolicy, Lookup};
use auth_core::http::csrf::Origins;
use auth_core::policy::{SessionCachePolicy, TokenPolicy};
use auth_core::store::SessionStore;
use auth_sqlx::SqliteStore;
use axum::http::{Method, Response};
use bench::bare;
use bench::browser::Browser;
use bench::database::Database;
use bench::ours::{builder, signing_keys};
use bench::settings::{BASE_URL, database};

/// Does something so often, and hides what came of it from the optimizer.
macro_rules! repeat {
    ($count:expr, $work:expr) => {
        for _ in 0..$count {
            black_box($work);
        }
    };
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    let [mode, count] = args.as_slice() else { panic!("instructions MODE COUNT") };
    let count = count.parse().expect("COUNT is a number");
    match mode.as_str() {
        "bare-query" | "cached" | "check" | "find-session" => Box::pin(on_sqlite(mode, count)).await,
        _ => Box::pin(in_memory(mode, count)).await,
    }
}

async fn in_memory(mode: &str, count: u32) {
    let store = MemoryStore::new();
    let remembered = if mode == "verify" { 0 } else { TokenPolicy::default().verified_tokens };
    let policy = TokenPolicy { verified_tokens: remembered, ..TokenPolicy::default() };
    let browser = Browser::signed_up(builder(store.clone(), signing_keys()).token_policy(policy), &store).await;
    let (http, headers) = (browser.auth.http(), &browser.headers);
    let cookies = CookiePolicy { form: CookieForm::PlainForLoopback, ..CookiePolicy::default() };
    let origins = Origins::parse(&[BASE_URL]).unwrap();
    match mode {
        "claims" => repeat!(count, browser.evidence().claims().await.unwrap()),
        "cookies" => repeat!(count, found(cookies.find(headers, CookieName::Refresh))),
        "csrf" => repeat!(count, origins.check(&Method::POST, headers).unwrap()),
        "me" => repeat!(count, ok(http.handle(Endpoint::ME, browser.request(Method::GET, "")).await)),
        "verify" => repeat!(count, browser.auth.verify_access_token(&browser.seeded.access).unwrap()),
        other => panic!("there is no mode `{other}`"),
    }
}

async fn on_sqlite(mode: &str, count: u32) {
    let url = database();
    let store = SqliteStore::connect(&url).await.unwrap();
    store.migrate().await.unwrap();
    let builder = builder(store.clone(), signing_keys());
    let builder = if mode == "cached" { builder.session_cache(SessionCachePolicy::default()) } else { builder };
    let browser = Browser::signed_up(builder, &store).await;
    let id = browser.seeded.record.session.id;
    let by_hand = Database::open(&url).await;
    match mode {
        "bare-query" => repeat!(count, bare::session(&by_hand, browser.cookies()).await.unwrap()),
        "find-session" => repeat!(count, store.find_session(id).await.unwrap().unwrap()),
        _ => repeat!(count, browser.evidence().current_user().await.unwrap()),
    }
}

fn found(lookup: Lookup<'_>) -> &str {
    let Lookup::One(value) = lookup else { panic!("{lookup:?}") };
    value
}

fn ok<B>(response: Response<B>) -> B {
    assert!(response.status().is_success(), "{}", response.status());
    response.into_body()
}
