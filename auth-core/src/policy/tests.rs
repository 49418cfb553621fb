use super::*;

#[test]
fn the_defaults_are_acceptable() {
    assert_eq!(HashPolicy::default().problem(), None);
    assert_eq!(HashPolicy::insecure_for_tests().problem(), None);
    assert_eq!(PasswordPolicy::default().problem(), None);
    assert_eq!(PasswordPolicy::nist().problem(), None);
}

#[track_caller]
fn costs(memory_kib: u32, time_cost: u32, parallelism: u32, problem: Option<&str>) {
    let policy = HashPolicy { memory_kib, time_cost, parallelism, ..HashPolicy::default() };
    assert_eq!(policy.problem().as_deref(), problem);
}

#[test]
fn hashes_cost_at_least_what_asvs_asks() {
    costs(47_104, 1, 1, None);
    costs(19_456, 2, 1, None);
    costs(12_288, 3, 1, None);
    costs(12_288, 4, 1, None);
    costs(262_144, 16, 16, None);
    costs(47_103, 1, 1, Some("HashPolicy::memory_kib is 47103: it must lie between 47104 and 262144"));
    costs(19_455, 2, 1, Some("HashPolicy::memory_kib is 19455: it must lie between 19456 and 262144"));
    costs(12_287, 3, 1, Some("HashPolicy::memory_kib is 12287: it must lie between 12288 and 262144"));
    costs(12_287, 16, 1, Some("HashPolicy::memory_kib is 12287: it must lie between 12288 and 262144"));
}

#[test]
fn hashes_never_cost_more_than_is_verified() {
    costs(262_145, 2, 1, Some("HashPolicy::memory_kib is 262145: it must lie between 19456 and 262144"));
    costs(47_104, 0, 1, Some("HashPolicy::time_cost is 0: it must lie between 1 and 16"));
    costs(47_104, 17, 1, Some("HashPolicy::time_cost is 17: it must lie between 1 and 16"));
    costs(47_104, 2, 0, Some("HashPolicy::parallelism is 0: it must lie between 1 and 16"));
    costs(47_104, 2, 17, Some("HashPolicy::parallelism is 17: it must lie between 1 and 16"));
}

#[track_caller]
fn refused(policy: &HashPolicy, field: &str) {
    assert!(policy.problem().is_some_and(|problem| problem.contains(field)));
}

#[test]
fn a_pool_needs_a_thread_a_queue_and_patience() {
    refused(&HashPolicy { threads: 0, ..HashPolicy::default() }, "threads");
    refused(&HashPolicy { queue: 0, ..HashPolicy::default() }, "queue");
    refused(&HashPolicy { max_wait: Duration::ZERO, ..HashPolicy::default() }, "max_wait");
    refused(&HashPolicy { memory_kib: 7, ..HashPolicy::insecure_for_tests() }, "memory_kib");
    refused(&HashPolicy { floor: HashFloor::Asvs, ..HashPolicy::insecure_for_tests() }, "memory_kib");
}

#[track_caller]
fn lengths(min_chars: usize, max_chars: usize, problem: Option<&str>) {
    let policy = PasswordPolicy { min_chars, max_chars, ..PasswordPolicy::default() };
    assert_eq!(policy.problem().as_deref(), problem);
}

#[test]
fn password_lengths_keep_to_their_bounds() {
    lengths(8, 64, None);
    lengths(128, 128, None);
    lengths(7, 64, Some("PasswordPolicy::min_chars is 7: it must lie between 8 and 1024"));
    lengths(8, 63, Some("PasswordPolicy::max_chars is 63: it must lie between 64 and 1024"));
    lengths(128, 127, Some("PasswordPolicy::max_chars is 127: it must lie between 128 and 1024"));
    lengths(8, 1_025, Some("PasswordPolicy::max_chars is 1025: it must lie between 64 and 1024"));
}

#[track_caller]
fn limits(policy: &RateLimitPolicy, field: Option<&str>) {
    let problem = policy.problem();
    assert_eq!(problem.as_deref().and_then(|problem| problem.split(' ').next()), field, "{problem:?}");
}

#[test]
fn a_rate_limit_limits() {
    let of = |burst, period| Quota { burst: NonZeroU32::new(burst).unwrap(), period };
    let second = Duration::from_secs(1);
    limits(&RateLimitPolicy::default(), None);
    limits(&RateLimitPolicy { sign_in: of(60, second * 60), ..RateLimitPolicy::default() }, None);
    limits(&RateLimitPolicy { sign_in: of(61, second * 3_600), ..RateLimitPolicy::default() }, Some("sign_in"));
    limits(&RateLimitPolicy { sign_in: of(5, Duration::ZERO), ..RateLimitPolicy::default() }, Some("sign_in"));
    limits(&RateLimitPolicy { sign_up: of(2, second), ..RateLimitPolicy::default() }, Some("sign_up"));
    limits(&RateLimitPolicy { refresh: of(u32::MAX, second), ..RateLimitPolicy::default() }, Some("refresh"));
}

#[track_caller]
fn retention(days: u32, problem: Option<&str>) {
    let policy = AuditPolicy { retention: DAY * days };
    assert_eq!(policy.problem().as_deref(), problem);
}

#[test]
fn audit_events_are_kept_for_three_months_at_least_and_a_century_at_most() {
    assert_eq!(AuditPolicy::default().problem(), None);
    retention(90, None);
    retention(36_525, None);
    retention(0, Some("retention must be between 90 and 36525 days, not 0ns"));
    retention(89, Some("retention must be between 90 and 36525 days, not 7689600s"));
    retention(36_526, Some("retention must be between 90 and 36525 days, not 3155846400s"));
}
