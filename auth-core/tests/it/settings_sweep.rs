//! Every field of every policy at its extremes: it is refused by its name, or everything works with it.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use auth_core::auth::{AuthBuilder, ConfigError, SignIn, SignInOutcome, SignUpOutcome, SignedIn};
use auth_core::clock::ManualClock;
use auth_core::policy::{
    AuditPolicy, CommonPasswords, HashFloor, HashPolicy, HashPriority, OwnWords, PasswordPolicy, Quota,
    RateLimitPolicy, SessionCachePolicy, SessionPolicy, TokenPolicy,
};
use auth_core::throttle::{Decision, GovernorLimiter, RateLimiter};
use auth_core::{Auth, Client, MemoryStore, Password, SessionKind, SigningKeys};

use crate::fixture::{ADA, DAY, MINUTE, PASSWORD, SECRET, access, email, sign_up};

const INSTANT: Duration = Duration::from_nanos(1);
const DURATIONS: [Duration; 5] = [Duration::ZERO, INSTANT, MINUTE, DAY, Duration::MAX];

/// A policy with one field at an extreme.
struct Case<P> {
    field: &'static str,
    value: String,
    policy: P,
}

/// Sets each field to each of its values. The policy is taken apart, so a field that is missing here does not compile.
macro_rules! cases {
    ($policy:ident, $base:expr, { $($field:ident: $values:expr),+ $(,)? }) => {{
        let base = $base;
        let $policy { $($field: _),+ } = &base;
        let mut cases = Vec::new();
        $(for value in $values {
            let text = format!("{value:?}");
            let mut policy = base.clone();
            policy.$field = value;
            cases.push(Case { field: stringify!($field), value: text, policy });
        })+
        cases
    }};
}

fn builder() -> AuthBuilder {
    Auth::builder(MemoryStore::new(), SigningKeys::hs256(SECRET).unwrap())
        .clock(Arc::new(ManualClock::new()))
        .hash_policy(HashPolicy::insecure_for_tests())
}

fn extremes<T>(set: impl Fn(Option<Duration>) -> T) -> Vec<T> {
    std::iter::once(None).chain(DURATIONS.map(Some)).map(set).collect()
}

/// The values that are refused, of all that were tried.
async fn sweep<P: Clone>(cases: Vec<Case<P>>, configure: impl Fn(AuthBuilder, P) -> AuthBuilder) -> Vec<String> {
    let mut refused = Vec::new();
    for Case { field, value, policy } in cases {
        let case = format!("{field} {value}");
        match configure(builder(), policy).build() {
            Ok(auth) => works(&auth, &case).await,
            Err(error) => {
                assert!(error.to_string().contains(field), "{case}: {error}");
                refused.push(case);
            }
        }
    }
    refused
}

/// Signs up, in and refreshes, and uses what comes of each.
async fn works(auth: &Auth, case: &str) {
    let client = Client::default();
    let used = async |signed_in: &SignedIn| auth.authenticate(&access(signed_in)).await.is_ok();
    let SignUpOutcome::SignedIn(first) = auth.sign_up(sign_up(ADA, PASSWORD), &client).await.unwrap() else {
        panic!("{case}: not signed up")
    };
    assert!(used(&first).await, "{case}: the session of the sign-up");
    let refreshed = auth.refresh(&first.refresh_token, &client).await;
    assert!(used(&refreshed.unwrap()).await, "{case}: the refreshed session");
    let sign_in = SignIn { email: email(ADA), password: Password::new(PASSWORD), kind: SessionKind::Browser };
    let SignInOutcome::SignedIn(second) = auth.sign_in(sign_in, &client).await.unwrap() else {
        panic!("{case}: not signed in")
    };
    assert!(used(&second).await, "{case}: the session of the sign-in");
}

#[tokio::test]
async fn every_setting_of_sessions_is_refused_or_works() {
    let cases = cases!(SessionPolicy, SessionPolicy::default(), {
        browser_ttl: DURATIONS,
        remembered_ttl: DURATIONS,
        bearer_ttl: DURATIONS,
        absolute_ttl: DURATIONS,
        idle_timeout: extremes(|idle| idle),
        refresh_grace: DURATIONS,
        refresh_recoveries: [0, 1, 10, 11, u32::MAX],
        touch_interval: DURATIONS,
        max_per_user: [0, 1, 100, u32::MAX],
    });
    let refused = sweep(cases, AuthBuilder::session_policy).await;
    for expected in [
        "browser_ttl 0ns",
        "browser_ttl 1ns",
        "idle_timeout Some(1ns)",
        "idle_timeout Some(18446744073709551615.999999999s)",
        "refresh_recoveries 11",
        "refresh_recoveries 4294967295",
        "touch_interval 18446744073709551615.999999999s",
        "max_per_user 0",
    ] {
        assert!(refused.iter().any(|case| case == expected), "{expected} is refused: {refused:?}");
    }
}

#[tokio::test]
async fn every_setting_of_tokens_is_refused_or_works() {
    let cases = cases!(TokenPolicy, TokenPolicy::default(), {
        access_ttl: DURATIONS,
        leeway: DURATIONS,
        verified_tokens: [0, 1, usize::MAX],
    });
    sweep(cases, AuthBuilder::token_policy).await;
}

#[tokio::test]
async fn every_setting_of_the_session_cache_is_refused_or_works() {
    let cases = cases!(SessionCachePolicy, SessionCachePolicy::default(), {
        ttl: DURATIONS,
        capacity: [0, 1, usize::MAX],
    });
    sweep(cases, AuthBuilder::session_cache).await;
}

#[tokio::test]
async fn every_setting_of_the_audit_log_is_refused_or_works() {
    let cases = cases!(AuditPolicy, AuditPolicy::default(), { retention: DURATIONS });
    sweep(cases, AuthBuilder::audit_policy).await;
}

#[tokio::test]
async fn every_setting_of_passwords_is_refused_or_works() {
    let cases = cases!(PasswordPolicy, PasswordPolicy::default(), {
        min_chars: [0, 1, usize::MAX],
        max_chars: [0, 1, 64, 1_024, usize::MAX],
        common: [CommonPasswords::Allow, CommonPasswords::Refuse],
        own_words: [OwnWords::Allow, OwnWords::Refuse],
    });
    sweep(cases, AuthBuilder::password_policy).await;
}

#[tokio::test]
async fn every_setting_of_hashing_is_refused_or_works() {
    let cases = cases!(HashPolicy, HashPolicy::insecure_for_tests(), {
        memory_kib: [0, 1, 8, u32::MAX],
        time_cost: [0, 1, 16, u32::MAX],
        parallelism: [0, 1, u32::MAX],
        threads: [0, 1, usize::MAX],
        queue: [0, 1, usize::MAX],
        max_wait: DURATIONS,
        priority: [HashPriority::Lowest, HashPriority::Low, HashPriority::Normal],
        floor: [HashFloor::Asvs, HashFloor::InsecureForTests],
    });
    // What is below the floor is refused by the cost that is.
    let cases = cases.into_iter().filter(|case| case.value != "Asvs").collect();
    let refused = sweep(cases, AuthBuilder::hash_policy).await;
    assert!(refused.contains(&"max_wait 1ns".to_owned()), "{refused:?}");
}

#[tokio::test]
async fn every_rate_limit_is_refused_or_works() {
    let quotas = || {
        let bursts = [1, 60, u32::MAX].map(|burst| NonZeroU32::new(burst).unwrap());
        bursts.into_iter().flat_map(|burst| DURATIONS.map(|period| Quota { burst, period }))
    };
    let cases = cases!(RateLimitPolicy, RateLimitPolicy::default(), {
        sign_in: quotas(),
        sign_up: quotas(),
        refresh: quotas(),
    });
    for Case { field, value, policy } in &cases {
        if let Err(error) = builder().rate_limit_policy(policy.clone()).build() {
            assert!(error.to_string().contains(field), "{field} {value}: {error}");
            continue;
        }
        let clock = Arc::new(ManualClock::new());
        let limiter = GovernorLimiter::new(clock.clone());
        for (bucket, quota) in [("sign_in", policy.sign_in), ("sign_up", policy.sign_up), ("refresh", policy.refresh)] {
            assert!(quota.period <= DAY, "{field} {value}: nobody waits for longer");
            for _ in 0..quota.burst.get().min(1_000) {
                let decision = limiter.check(bucket, "client", quota).await.unwrap();
                assert!(matches!(decision, Decision::Allowed { .. }), "{field} {value}: {decision:?}");
            }
        }
    }
}

#[track_caller]
fn contradicts(configure: impl FnOnce(AuthBuilder) -> AuthBuilder, fields: [&str; 2]) {
    let error: ConfigError = configure(builder()).build().unwrap_err();
    for field in fields {
        assert!(error.to_string().contains(field), "{error}");
    }
}

#[track_caller]
fn sessions(change: impl FnOnce(&mut SessionPolicy), fields: [&str; 2]) {
    let mut policy = SessionPolicy::default();
    change(&mut policy);
    contradicts(|builder| builder.session_policy(policy), fields);
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    sessions(|policy| policy.browser_ttl = 91 * DAY, ["browser_ttl", "absolute_ttl"]);
    sessions(|policy| policy.absolute_ttl = DAY, ["remembered_ttl", "absolute_ttl"]);
    sessions(|policy| policy.idle_timeout = Some(90 * DAY + MINUTE), ["idle_timeout", "absolute_ttl"]);
    // Whoever calls only what believes the access token is seen when they refresh, and that is at its end.
    sessions(|policy| policy.idle_timeout = Some(15 * MINUTE), ["idle_timeout", "access_ttl"]);
    let passwords = PasswordPolicy { min_chars: 128, max_chars: 127, ..PasswordPolicy::default() };
    contradicts(|builder| builder.password_policy(passwords), ["max_chars", "128"]);
    let cheap = HashPolicy { floor: HashFloor::Asvs, ..HashPolicy::insecure_for_tests() };
    contradicts(|builder| builder.hash_policy(cheap), ["memory_kib", "47104"]);
}

#[tokio::test]
async fn an_idle_timeout_just_above_the_life_of_an_access_token_works() {
    for (access_ttl, idle) in [(MINUTE, 10 * MINUTE), (15 * MINUTE, 15 * MINUTE + INSTANT)] {
        let tokens = TokenPolicy { access_ttl, ..TokenPolicy::default() };
        let sessions = SessionPolicy { idle_timeout: Some(idle), ..SessionPolicy::default() };
        works(&builder().token_policy(tokens).session_policy(sessions).build().unwrap(), "idle_timeout").await;
    }
}
