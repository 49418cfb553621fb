//! What the parts of a request cost, each by itself: `cargo bench --bench micro [NAME]`.
//!
//! Time means little on a machine that does something else; `cargo xtask bench --instructions` counts what repeats.

mod database;
mod store;

use std::sync::LazyLock;

use auth_core::auth::{AuthBuilder, SignIn};
use auth_core::http::Endpoint;
use auth_core::http::client_ip::TrustedProxies;
use auth_core::http::cookie::{CookieForm, CookieName, CookiePolicy};
use auth_core::http::csrf::Origins;
use auth_core::policy::{HashPolicy, SessionCachePolicy, TokenPolicy};
use auth_core::token::SigningKey;
use auth_core::{Client, MemoryStore, Password, SessionKind, SigningKeys};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use bench::browser::Browser;
use bench::ours::{builder, on, signing_keys};
use bench::seed::email;
use bench::settings::{BASE_URL, PASSWORD};
use divan::Bencher;
use tokio::runtime::{Builder, Runtime};

use crate::database::Database;

/// One thread, as the servers of this folder have it.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_all().build().expect("a runtime can be made"));

const ALGORITHMS: [&str; 3] = ["HS256", "EdDSA", "ES256"];

fn main() {
    for (name, variable) in Database::missing() {
        eprintln!("{name} is left out: {variable} names no server");
    }
    divan::main();
}

/// Waits for what is measured.
fn wait<T>(work: impl Future<Output = T>) -> T {
    RUNTIME.block_on(work)
}

/// Signs up a browser on a store in memory.
fn browser(keys: SigningKeys, configure: impl FnOnce(AuthBuilder) -> AuthBuilder) -> Browser {
    let store = MemoryStore::new();
    wait(Browser::signed_up(configure(builder(store.clone(), keys)), &store))
}

fn keys(algorithm: &str) -> SigningKeys {
    let key = match algorithm {
        "EdDSA" => SigningKey::ed25519_pem(include_str!("../../../auth-core/tests/keys/ed25519.pem")),
        "ES256" => SigningKey::es256_pem(include_str!("../../../auth-core/tests/keys/es256.pem")),
        _ => return signing_keys(),
    };
    SigningKeys::new(key.unwrap())
}

fn verify(bencher: Bencher, algorithm: &str, verified_tokens: usize) {
    let policy = TokenPolicy { verified_tokens, ..TokenPolicy::default() };
    let browser = browser(keys(algorithm), |builder| builder.token_policy(policy));
    bencher.bench_local(|| browser.auth.verify_access_token(&browser.seeded.access).unwrap());
}

#[divan::bench(args = ALGORITHMS)]
fn verify_first_time(bencher: Bencher, algorithm: &str) {
    verify(bencher, algorithm, 0);
}

#[divan::bench(args = ALGORITHMS)]
fn verify_known(bencher: Bencher, algorithm: &str) {
    verify(bencher, algorithm, TokenPolicy::default().verified_tokens);
}

#[divan::bench]
fn cookies(bencher: Bencher) {
    let browser = browser(signing_keys(), |builder| builder);
    let cookies = CookiePolicy { form: CookieForm::PlainForLoopback, ..CookiePolicy::default() };
    bencher.bench_local(|| cookies.find(&browser.headers, CookieName::Refresh));
}

#[divan::bench]
fn csrf(bencher: Bencher) {
    let browser = browser(signing_keys(), |builder| builder);
    let origins = Origins::parse(&[BASE_URL]).unwrap();
    bencher.bench_local(|| origins.check(&Method::POST, &browser.headers).unwrap());
}

#[divan::bench]
fn client_ip(bencher: Bencher) {
    let proxies = TrustedProxies::parse("10.0.0.0/8, 2001:db8::/32").unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("x-forwarded-for", HeaderValue::from_static("198.51.100.9, 203.0.113.7, 10.1.2.3"));
    bencher.bench_local(|| proxies.client_ip(Some([10, 0, 0, 1].into()), &headers));
}

#[divan::bench]
fn me(bencher: Bencher) {
    answer(bencher, Endpoint::ME, &Method::GET, "", StatusCode::OK);
}

/// All fields are read, and refused for one that nobody asked for.
#[divan::bench]
fn refused_sign_in(bencher: Bencher) {
    let body = r#"{"email":"user0@example.com","password":"a long walk in the rain","remember_me":true,"admin":true}"#;
    answer(bencher, Endpoint::SIGN_IN, &Method::POST, body, StatusCode::UNPROCESSABLE_ENTITY);
}

fn answer(bencher: Bencher, endpoint: Endpoint, method: &Method, body: &'static str, status: StatusCode) {
    let browser = browser(signing_keys(), |builder| builder);
    let http = browser.auth.http();
    bencher.with_inputs(|| browser.request(method.clone(), body)).bench_local_values(|request| {
        let response = wait(http.handle(endpoint, request));
        assert_eq!(response.status(), status);
        response
    });
}

/// A sign-in of nobody: one hash, and little beside it.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn hash(bencher: Bencher) {
    let auth = on(MemoryStore::new(), HashPolicy { threads: 1, ..HashPolicy::default() });
    let sign_in = || SignIn { email: email(0), password: Password::new(PASSWORD), kind: SessionKind::Browser };
    bencher
        .with_inputs(sign_in)
        .bench_local_values(|sign_in| wait(auth.sign_in(sign_in, &Client::default())).unwrap_err());
}

fn check(bencher: Bencher, configure: impl FnOnce(AuthBuilder) -> AuthBuilder) {
    let browser = browser(signing_keys(), configure);
    bencher.bench_local(|| wait(browser.evidence().current_user()).unwrap());
}

#[divan::bench]
fn current_user(bencher: Bencher) {
    check(bencher, |builder| builder);
}

#[divan::bench]
fn current_user_cached(bencher: Bencher) {
    check(bencher, |builder| builder.session_cache(SessionCachePolicy::default()));
}

#[divan::bench]
fn claims(bencher: Bencher) {
    let browser = browser(signing_keys(), |builder| builder);
    bencher.bench_local(|| wait(browser.evidence().claims()).unwrap());
}
