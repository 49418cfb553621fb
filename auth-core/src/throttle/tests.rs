use std::num::NonZeroU32;

use futures_util::FutureExt;

use super::*;
use crate::clock::ManualClock;

fn per_minute(burst: u32) -> Quota {
    Quota::per_minute(NonZeroU32::new(burst).unwrap())
}

struct Fixture {
    clock: Arc<ManualClock>,
    limiter: GovernorLimiter,
}

impl Fixture {
    fn new(max_keys: usize) -> Self {
        let clock = Arc::new(ManualClock::new());
        Self { limiter: GovernorLimiter::with_max_keys(clock.clone(), max_keys), clock }
    }

    fn check(&self, bucket: &'static str, key: &str, quota: Quota) -> Decision {
        self.limiter.check(bucket, key, quota).now_or_never().unwrap().unwrap()
    }

    /// Counts a request that is allowed, and returns what is left and how long it takes until there is more.
    #[track_caller]
    fn counts(&self, bucket: &'static str, key: &str, quota: Quota) -> (u32, Duration) {
        match self.check(bucket, key, quota) {
            Decision::Allowed { remaining, next_after } => (remaining, next_after),
            Decision::Limited { .. } => panic!("{key} was limited"),
        }
    }

    #[track_caller]
    fn allows(&self, key: &str) {
        self.counts("sign_in", key, per_minute(5));
    }

    #[track_caller]
    fn limits(&self, key: &str) -> Duration {
        match self.check("sign_in", key, per_minute(5)) {
            Decision::Allowed { .. } => panic!("{key} was allowed"),
            Decision::Limited { retry_after } => retry_after,
        }
    }

    #[track_caller]
    fn exhaust(&self, key: &str) {
        for _ in 0..5 {
            self.allows(key);
        }
        self.limits(key);
    }
}

#[test]
fn the_sixth_request_of_a_minute_is_limited() {
    let fixture = Fixture::new(10);
    fixture.exhaust("a");
    assert_eq!(fixture.limits("a"), Duration::from_secs(12));
    fixture.clock.advance(Duration::from_millis(11_999));
    assert_eq!(fixture.limits("a"), Duration::from_millis(1));
    fixture.clock.advance(Duration::from_millis(1));
    fixture.allows("a");
    fixture.limits("a");
}

#[test]
fn what_is_left_is_told() {
    let fixture = Fixture::new(10);
    let seconds = Duration::from_secs;
    let count = || fixture.counts("sign_in", "a", per_minute(5));
    assert_eq!(count(), (4, seconds(12)));
    fixture.clock.advance(seconds(5));
    assert_eq!(count(), (3, seconds(7)), "the first is on its way back");
    fixture.clock.advance(seconds(7));
    assert_eq!(count(), (3, seconds(12)), "it is back, and was spent again");
    assert_eq!([count().0, count().0, count().0], [2, 1, 0]);
    assert_eq!(fixture.limits("a"), seconds(12));
    assert_eq!(fixture.counts("sign_in", "b", per_minute(1)), (0, seconds(60)));
}

#[test]
fn asking_what_is_left_takes_nothing() {
    let fixture = Fixture::new(10);
    for _ in 0..3 {
        fixture.exhaust("a");
        fixture.clock.advance(Duration::from_mins(1));
    }
}

#[test]
fn the_whole_quota_is_earned_back_in_a_period() {
    let fixture = Fixture::new(10);
    fixture.exhaust("a");
    fixture.clock.advance(Duration::from_mins(1));
    fixture.exhaust("a");
}

#[test]
fn no_edge_of_a_window_allows_twice_the_quota() {
    let fixture = Fixture::new(10);
    fixture.clock.advance(Duration::from_millis(59_900));
    fixture.exhaust("a");
    fixture.clock.advance(Duration::from_millis(200));
    fixture.limits("a");
}

#[test]
fn keys_buckets_and_quotas_are_counted_apart() {
    let fixture = Fixture::new(10);
    fixture.exhaust("a");
    fixture.allows("b");
    fixture.counts("sign_up", "a", per_minute(5));
    fixture.counts("sign_in", "a", per_minute(6));
}

#[test]
fn the_wall_clock_has_no_effect() {
    let fixture = Fixture::new(10);
    fixture.exhaust("a");
    fixture.clock.step_back(Duration::from_hours(24));
    assert_eq!(fixture.limits("a"), Duration::from_secs(12));
    fixture.clock.advance(Duration::from_secs(12));
    fixture.allows("a");
}

#[test]
fn a_flood_of_keys_neither_grows_memory_nor_frees_anybody() {
    let cap = 200;
    let fixture = Fixture::new(cap);
    fixture.exhaust("penalised");
    for number in 0..cap * 10 {
        let decision = fixture.check("sign_in", &number.to_string(), per_minute(5));
        assert!(fixture.limiter.key_count() <= cap, "{decision:?}");
    }
    assert_eq!(fixture.limiter.key_count(), cap);
    fixture.limits("penalised");

    // Newcomers share one count, which the flood has used up; whoever was known before has its own.
    fixture.limits("newcomer");
    fixture.allows("0");
}

#[test]
fn room_is_made_of_keys_that_are_idle() {
    let fixture = Fixture::new(3);
    fixture.exhaust("penalised");
    fixture.allows("a");
    fixture.allows("b");
    for _ in 0..5 {
        fixture.allows("newcomer");
    }
    fixture.limits("another newcomer");
    assert_eq!(fixture.limiter.key_count(), 3);

    // By now `a` and `b` have earned back their one request; `penalised` has not.
    fixture.clock.advance(Duration::from_secs(12));
    fixture.exhaust("newcomer");
    assert_eq!(fixture.limiter.key_count(), 2);
    fixture.allows("penalised");
    fixture.limits("penalised");
}

#[test]
fn the_search_for_room_is_made_once_a_second() {
    let fixture = Fixture::new(1);
    let fast = Quota { burst: NonZeroU32::MIN, period: Duration::from_millis(1) };
    fixture.counts("fast", "a", fast);
    let tables = |fixture: &Fixture| fixture.limiter.tables.lock().unwrap().pruned_at;
    fixture.allows("b");
    assert_eq!(tables(&fixture), Some(Duration::ZERO));
    fixture.clock.advance(Duration::from_millis(999));
    fixture.allows("b");
    assert_eq!(tables(&fixture), Some(Duration::ZERO));
    fixture.clock.advance(Duration::from_millis(1));
    fixture.allows("b");
    assert_eq!(tables(&fixture), Some(Duration::from_secs(1)));
    assert_eq!(fixture.limiter.key_count(), 1);
}

#[test]
fn long_keys_share_one_count() {
    let fixture = Fixture::new(10);
    for number in 0..5 {
        fixture.allows(&format!("{number}{}", "x".repeat(MAX_KEY_BYTES)));
    }
    fixture.limits(&"y".repeat(MAX_KEY_BYTES + 1));
    assert_eq!(fixture.limiter.key_count(), 0);
}

#[test]
fn odd_quotas_do_not_panic() {
    let fixture = Fixture::new(10);
    fixture.clock.advance(Duration::from_hours(1));
    for burst in [1, u32::MAX] {
        for period in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
            let quota = Quota { burst: NonZeroU32::new(burst).unwrap(), period };
            fixture.counts("odd", "a", quota);
            assert!(matches!(fixture.check("odd", "a", quota), Decision::Allowed { .. } | Decision::Limited { .. }));
        }
    }
}

#[test]
fn unlimited_allows_everything() {
    for _ in 0..1_000 {
        let decision = DangerouslyUnlimited.check("sign_in", "a", per_minute(1)).now_or_never().unwrap().unwrap();
        assert_eq!(decision, Decision::Allowed { remaining: 1, next_after: Duration::ZERO });
    }
}
