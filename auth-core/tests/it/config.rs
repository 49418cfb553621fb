use std::sync::Arc;
use std::time::Duration;

use auth_core::auth::{AuthBuilder, SignUpOutcome};
use auth_core::clock::ManualClock;
use auth_core::policy::{
    CommonPasswords, HashPolicy, HashPriority, OwnWords, PasswordPolicy, SessionPolicy, TokenPolicy,
};
use auth_core::token::SigningKey;
use auth_core::{Auth, Client, ErrorKind, MemoryStore, SigningKeys};

use crate::fixture::{
    ADA, DAY, Fixture, GRACE, INSTANT, MINUTE, PASSWORD, SECOND, SECRET, access, fails, just_before, sign_up,
};
use crate::keys::{ED25519, ES256};

fn builder() -> AuthBuilder {
    Auth::builder(MemoryStore::new(), SigningKeys::hs256(SECRET).unwrap())
        .clock(Arc::new(ManualClock::new()))
        .hash_policy(HashPolicy::insecure_for_tests())
}

#[track_caller]
fn refused(configure: impl FnOnce(AuthBuilder) -> AuthBuilder, setting: &str, problem: &str) {
    let error = configure(builder()).build().unwrap_err();
    assert_eq!(error.setting(), setting);
    let text = error.to_string();
    assert!(text.starts_with(&format!("{setting}: ")) && text.contains(problem), "{text}");
}

#[track_caller]
fn sessions(change: impl FnOnce(&mut SessionPolicy), problem: Option<&str>) {
    let mut policy = SessionPolicy::default();
    change(&mut policy);
    match problem {
        Some(problem) => refused(|builder| builder.session_policy(policy), "session_policy", problem),
        None => drop(builder().session_policy(policy).build().unwrap()),
    }
}

#[track_caller]
fn tokens(access_ttl: Duration, leeway: Duration, problem: Option<&str>) {
    let policy = TokenPolicy { access_ttl, leeway, ..TokenPolicy::default() };
    match problem {
        Some(problem) => refused(|builder| builder.token_policy(policy), "token_policy", problem),
        None => drop(builder().token_policy(policy).build().unwrap()),
    }
}

#[test]
fn cookies_are_shared_only_where_browsers_take_them() {
    for (base_url, domain) in [
        ("https://app.example.com", "example.com"),
        ("https://app.example.com:8443", "Example.COM"),
        ("https://example.com", "example.com"),
        ("https://a.b.example.com", "b.example.com"),
    ] {
        builder().base_url(base_url).share_cookies_in(domain).build().unwrap();
    }
    for (base_url, domain) in [
        ("https://badexample.com", "example.com"),
        ("https://example.com", "app.example.com"),
        ("https://127.0.0.1", "example.com"),
        ("http://localhost:8000", "example.com"),
    ] {
        refused(|builder| builder.base_url(base_url).share_cookies_in(domain), "share_cookies_in", "needs a base_url");
    }
    refused(|builder| builder.share_cookies_in("example.com"), "share_cookies_in", "needs a base_url");
    for domain in ["", "com", "localhost", ".example.com", "example.com; Path=/", "127.0.0.1"] {
        let shared = |builder: AuthBuilder| builder.base_url("https://app.example.com").share_cookies_in(domain);
        refused(shared, "share_cookies_in", "a name such as example.com");
    }
}

#[test]
fn a_former_cookie_domain_is_one_of_the_host() {
    let at = |former: &'static str| {
        move |builder: AuthBuilder| {
            builder.base_url("https://a.b.example.com").share_cookies_in("b.example.com").former_cookie_domain(former)
        }
    };
    for former in ["example.com", "a.b.example.com", "B.Example.com"] {
        at(former)(builder()).build().unwrap();
    }
    refused(at("other.test"), "former_cookie_domain", "needs a base_url");
    refused(at("com"), "former_cookie_domain", "a name such as example.com");
    let alone = |builder: AuthBuilder| builder.base_url("https://a.example.com").former_cookie_domain("example.com");
    refused(alone, "former_cookie_domain", "needs share_cookies_in");
}

#[test]
fn the_base_url_is_https_or_loopback_and_nothing_but_an_origin() {
    for url in ["https://app.example.com", "https://app.example.com/", "https://app.example.com:8443"] {
        builder().base_url(url).build().unwrap();
    }
    for url in ["http://localhost:8000", "http://127.0.0.1", "http://[::1]:3000"] {
        builder().base_url(url).build().unwrap();
    }
    for url in [
        "",
        "app.example.com",
        "http://app.example.com",
        "http://localhost.example.com",
        "http://10.0.0.1",
        "https://app.example.com/app",
        "https://app.example.com/?a=b",
        "https://user:secret@app.example.com",
        "ftp://app.example.com",
        "https://*.example.com",
    ] {
        refused(|builder| builder.base_url(url), "base_url", "");
    }
}

#[test]
fn trusted_origins_are_exact() {
    builder().trusted_origin("https://admin.example.com").build().unwrap();
    for origin in ["https://admin.example.com/", "https://admin.example.com/path", "*", "null", "", "https://*.test"] {
        refused(|builder| builder.trusted_origin(origin), "trusted_origin", "");
        let second = |builder: AuthBuilder| builder.trusted_origin("https://one.test").trusted_origin(origin);
        refused(second, "trusted_origin", "");
    }
}

#[test]
fn the_whole_internet_is_no_trusted_proxy() {
    for networks in ["", "10.0.0.0/8", "10.0.0.0/8, 192.0.2.1, 2001:db8::/32", "unix:", "unix:,10.0.0.0/8"] {
        builder().trusted_proxies(networks).build().unwrap();
    }
    for networks in
        ["0.0.0.0/0", "::/0", "10.0.0.0/8,0.0.0.0/0", "proxy.internal", "10.0.0.0/33", ",", "10.0.0.0/8,", "unix"]
    {
        refused(|builder| builder.trusted_proxies(networks), "trusted_proxies", "");
    }
}

#[test]
fn an_issuer_and_an_audience_have_a_name() {
    refused(|builder| builder.issuer(""), "issuer", "must not be empty");
    refused(|builder| builder.audience(""), "audience", "must not be empty");
    let longest = "x".repeat(256);
    builder().issuer(&longest).audience(&longest).build().unwrap();
    refused(|builder| builder.issuer(format!("{longest}x")), "issuer", "at most 256 bytes");
    refused(|builder| builder.audience(format!("{longest}x")), "audience", "at most 256 bytes");
}

#[test]
fn session_lifetimes_are_bounded() {
    sessions(|policy| policy.browser_ttl = just_before(MINUTE), Some("browser_ttl"));
    sessions(|policy| policy.remembered_ttl = just_before(MINUTE), Some("remembered_ttl"));
    sessions(|policy| policy.bearer_ttl = just_before(MINUTE), Some("bearer_ttl"));
    sessions(|policy| policy.browser_ttl = MINUTE, None);
    sessions(|policy| policy.remembered_ttl = 90 * DAY, None);
    sessions(|policy| policy.remembered_ttl = 90 * DAY + INSTANT, Some("remembered_ttl"));
    sessions(|policy| policy.absolute_ttl = just_before(30 * DAY), Some("remembered_ttl"));
    sessions(|policy| policy.absolute_ttl = 90 * DAY + INSTANT, Some("absolute_ttl"));
    sessions(|policy| policy.absolute_ttl = Duration::MAX, Some("absolute_ttl"));
}

#[test]
fn other_session_settings_are_bounded() {
    sessions(|policy| policy.idle_timeout = Some(15 * MINUTE + INSTANT), None);
    sessions(|policy| policy.idle_timeout = Some(90 * DAY), None);
    sessions(|policy| policy.idle_timeout = Some(90 * DAY + INSTANT), Some("idle_timeout"));
    sessions(|policy| policy.idle_timeout = Some(15 * MINUTE), Some("access_ttl"));
    sessions(|policy| policy.idle_timeout = Some(just_before(10 * MINUTE)), Some("at least 10 minutes"));
    sessions(|policy| policy.refresh_recoveries = 0, None);
    sessions(|policy| policy.refresh_recoveries = 10, None);
    sessions(|policy| policy.refresh_recoveries = 11, Some("refresh_recoveries"));
    sessions(|policy| policy.touch_interval = Duration::ZERO, None);
    sessions(|policy| policy.touch_interval = 10 * MINUTE, None);
    sessions(|policy| policy.touch_interval = 10 * MINUTE + INSTANT, Some("touch_interval"));
    sessions(|policy| policy.refresh_grace = Duration::ZERO, None);
    sessions(|policy| policy.refresh_grace = MINUTE, None);
    sessions(|policy| policy.refresh_grace = MINUTE + INSTANT, Some("refresh_grace"));
    sessions(|policy| policy.max_per_user = 1, None);
    sessions(|policy| policy.max_per_user = 100, None);
    sessions(|policy| policy.max_per_user = 0, Some("max_per_user"));
    sessions(|policy| policy.max_per_user = 101, Some("max_per_user"));
}

#[test]
fn access_tokens_live_one_to_fifteen_minutes() {
    tokens(MINUTE, 30 * SECOND, None);
    tokens(15 * MINUTE, 30 * SECOND, None);
    tokens(just_before(MINUTE), 30 * SECOND, Some("access_ttl"));
    tokens(15 * MINUTE + INSTANT, 30 * SECOND, Some("access_ttl"));
    tokens(15 * MINUTE, Duration::ZERO, None);
    tokens(15 * MINUTE, MINUTE, None);
    tokens(15 * MINUTE, MINUTE + INSTANT, Some("leeway"));
}

#[test]
fn password_and_hash_policies_are_checked() {
    let short = PasswordPolicy { min_chars: 7, ..PasswordPolicy::default() };
    refused(|builder| builder.password_policy(short), "password_policy", "min_chars");
    let cheap = HashPolicy { memory_kib: 19_455, ..HashPolicy::default() };
    refused(|builder| builder.hash_policy(cheap), "hash_policy", "memory_kib");
    let none = HashPolicy { threads: 0, ..HashPolicy::insecure_for_tests() };
    refused(|builder| builder.hash_policy(none), "hash_policy", "threads");
}

#[test]
fn the_defaults_are_the_documented_ones() {
    let sessions = SessionPolicy::default();
    assert_eq!((sessions.browser_ttl, sessions.remembered_ttl, sessions.bearer_ttl), (DAY, 30 * DAY, 7 * DAY));
    assert_eq!((sessions.absolute_ttl, sessions.idle_timeout, sessions.max_per_user), (90 * DAY, None, 20));
    assert_eq!((sessions.refresh_grace, sessions.refresh_recoveries), (30 * SECOND, 3));
    assert_eq!(sessions.touch_interval, MINUTE);

    let tokens = TokenPolicy::default();
    assert_eq!((tokens.access_ttl, tokens.leeway, tokens.verified_tokens), (15 * MINUTE, 30 * SECOND, 10_000));

    let passwords = PasswordPolicy::default();
    assert_eq!((passwords.min_chars, passwords.max_chars), (8, 256));
    assert_eq!((passwords.common, passwords.own_words), (CommonPasswords::Refuse, OwnWords::Refuse));
    assert_eq!(PasswordPolicy::nist().min_chars, 15);

    let hashing = HashPolicy::default();
    assert_eq!((hashing.memory_kib, hashing.time_cost, hashing.parallelism), (19_456, 2, 1));
    assert_eq!((hashing.queue, hashing.max_wait, hashing.priority), (64, 3 * SECOND, HashPriority::Low));
}

#[tokio::test]
async fn every_kind_of_key_serves() {
    for keys in [
        SigningKeys::hs256(SECRET).unwrap(),
        SigningKeys::new(SigningKey::ed25519_pem(ED25519).unwrap()),
        SigningKeys::new(SigningKey::es256_pem(ES256).unwrap()),
    ] {
        let auth = Auth::builder(MemoryStore::new(), keys).hash_policy(HashPolicy::insecure_for_tests());
        let auth = auth.build().unwrap();
        let outcome = auth.sign_up(sign_up(ADA, PASSWORD), &Client::default()).await.unwrap();
        let SignUpOutcome::SignedIn(signed_in) = outcome else { panic!("not signed in") };
        assert!(auth.authenticate(&access(&signed_in)).await.is_ok());
    }
}

#[tokio::test]
async fn the_access_lifetime_and_leeway_take_effect() {
    let policy = TokenPolicy { access_ttl: MINUTE, leeway: MINUTE, ..TokenPolicy::default() };
    let fixture = Fixture::with(|builder| builder.token_policy(policy));
    let signed_in = fixture.sign_up(ADA).await;
    assert_eq!(signed_in.access_expires_in, MINUTE);
    fixture.clock.step_back(MINUTE);
    assert!(fixture.authenticate(&signed_in).await.is_ok());
    fixture.clock.step_back(SECOND);
    assert!(fixture.authenticate(&signed_in).await.is_err());
    fixture.clock.advance(2 * MINUTE + SECOND);
    assert!(fixture.authenticate(&signed_in).await.is_err());
}

#[tokio::test]
async fn the_password_policy_takes_effect() {
    let policy = PasswordPolicy { common: CommonPasswords::Allow, ..PasswordPolicy::default() };
    let fixture = Fixture::with(|builder| builder.password_policy(policy));
    assert!(fixture.try_sign_up(sign_up(ADA, "password123")).await.is_ok());
    fails(fixture.try_sign_up(sign_up(GRACE, GRACE)).await, ErrorKind::PasswordRejected);
    let policy = PasswordPolicy { own_words: OwnWords::Allow, ..PasswordPolicy::default() };
    let fixture = Fixture::with(|builder| builder.password_policy(policy));
    assert!(fixture.try_sign_up(sign_up(GRACE, GRACE)).await.is_ok());
    fails(fixture.try_sign_up(sign_up(ADA, "password123")).await, ErrorKind::PasswordRejected);
}

#[tokio::test]
async fn the_touch_interval_takes_effect() {
    for (touch_interval, expected) in [(Duration::ZERO, true), (2 * MINUTE, false), (10 * MINUTE, false)] {
        let fixture = Fixture::with_sessions(SessionPolicy { touch_interval, ..SessionPolicy::default() });
        let signed_in = fixture.sign_up(ADA).await;
        fixture.clock.advance(MINUTE);
        fixture.store.take_calls();
        fixture.authenticate(&signed_in).await.unwrap();
        assert_eq!(fixture.store.take_calls().contains(&"touch_session"), expected, "{touch_interval:?}");
    }
}
