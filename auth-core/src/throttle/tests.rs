use std::num::NonZeroU32;

use futures_util::FutureExt;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;
use crate::clock::ManualClock;

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
        self.counts("sign_in", key, Quota::per_minute(5));
    }

    #[track_caller]
    fn limits(&self, key: &str) -> Duration {
        match self.check("sign_in", key, Quota::per_minute(5)) {
            Decision::Allowed { .. } => panic!("{key} was allowed"),
            Decision::Limited { retry_after } => retry_after,
        }
    }

    /// Forgets all that can be forgotten, whether room is needed or not.
    fn prune(&self) {
        let (mut tables, now) = (self.limiter.tables.lock().unwrap(), self.clock.elapsed());
        tables.reading.set(now);
        tables.by_name.values_mut().for_each(|table| table.prune(now));
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
fn the_sixth_request_of_any_minute_is_limited() {
    let fixture = Fixture::new(10);
    fixture.allows("a");
    fixture.clock.advance(Duration::from_secs(20));
    for _ in 0..4 {
        fixture.allows("a");
    }
    assert_eq!(fixture.limits("a"), Duration::from_secs(40));
    fixture.clock.advance(Duration::from_millis(39_999));
    assert_eq!(fixture.limits("a"), Duration::from_millis(1));
    fixture.clock.advance(Duration::from_millis(1));
    fixture.allows("a");
    assert_eq!(fixture.limits("a"), Duration::from_secs(20), "the four of twenty seconds ago still count");
}

#[test]
fn what_is_left_is_told() {
    let fixture = Fixture::new(10);
    let seconds = Duration::from_secs;
    let count = || fixture.counts("sign_in", "a", Quota::per_minute(5));
    assert_eq!(count(), (4, seconds(60)));
    fixture.clock.advance(seconds(5));
    assert_eq!(count(), (3, seconds(55)), "the first is on its way back");
    fixture.clock.advance(seconds(55));
    assert_eq!(count(), (3, seconds(5)), "it is back, and was spent again");
    assert_eq!([count().0, count().0, count().0], [2, 1, 0]);
    assert_eq!(fixture.limits("a"), seconds(5));
    assert_eq!(fixture.counts("sign_in", "b", Quota::per_minute(1)), (0, seconds(60)));
}

#[test]
fn a_large_quota_is_earned_back_one_by_one() {
    let fixture = Fixture::new(10);
    let (seconds, quota) = (Duration::from_secs, Quota::per_minute(20));
    let count = || fixture.counts("search", "a", quota);
    assert_eq!(count(), (19, seconds(3)));
    fixture.clock.advance(seconds(1));
    assert_eq!(count(), (18, seconds(2)), "the first is on its way back");
    fixture.clock.advance(seconds(2));
    assert_eq!(count(), (18, seconds(3)), "it is back, and was spent again");
    for _ in 0..18 {
        count();
    }
    assert_eq!(fixture.check("search", "a", quota), Decision::Limited { retry_after: seconds(3) });
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
    fixture.counts("sign_up", "a", Quota::per_minute(5));
    fixture.counts("sign_in", "a", Quota::per_minute(6));
}

#[test]
fn the_wall_clock_has_no_effect() {
    let fixture = Fixture::new(10);
    fixture.exhaust("a");
    fixture.clock.step_back(Duration::from_hours(24));
    assert_eq!(fixture.limits("a"), Duration::from_mins(1));
    fixture.clock.advance(Duration::from_mins(1));
    fixture.allows("a");
}

#[test]
fn a_flood_of_keys_neither_grows_memory_nor_frees_anybody() {
    let cap = 200;
    let fixture = Fixture::new(cap);
    fixture.exhaust("penalised");
    for number in 0..cap * 10 {
        let decision = fixture.check("sign_in", &number.to_string(), Quota::per_minute(5));
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

    fixture.clock.advance(Duration::from_secs(59));
    fixture.limits("another newcomer");
    fixture.clock.advance(Duration::from_secs(1));
    fixture.exhaust("newcomer");
    assert_eq!(fixture.limiter.key_count(), 1, "all others have earned back what they took");
    fixture.exhaust("penalised");
}

#[test]
fn a_key_that_is_limited_stays_so_when_room_is_made() {
    let fixture = Fixture::new(2);
    fixture.allows("a");
    fixture.clock.advance(Duration::from_secs(30));
    fixture.exhaust("penalised");
    fixture.clock.advance(Duration::from_secs(30));
    fixture.allows("newcomer");
    assert_eq!(fixture.limiter.key_count(), 2, "`a` made room");
    assert_eq!(fixture.limits("penalised"), Duration::from_secs(30));
}

#[test]
fn a_flood_of_one_bucket_leaves_room_in_the_others() {
    let fixture = Fixture::new(2);
    for number in 0..10 {
        let _decision = fixture.check("sign_in", &number.to_string(), Quota::per_minute(5));
    }
    for key in ["a", "b"] {
        for _ in 0..300 {
            fixture.counts("refresh", key, Quota::per_minute(300));
        }
    }
}

#[test]
fn a_key_takes_no_more_memory_than_is_stated() {
    // A map has at most eight places for seven entries, doubles when they are full, and adds a byte for each place. The
    // allocator adds eight bytes to each piece and rounds up to sixteen.
    let place = size_of::<(Box<str>, Cell)>() + 1;
    let entry = 2 * (place * 8).div_ceil(7);
    let allocated = |bytes: usize| (bytes + 8).next_multiple_of(16);
    let text = allocated("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff/64".len());
    let instants = |count: usize| allocated(count.next_power_of_two().max(4) * size_of::<u64>());
    assert!(entry + text + instants(16) <= 360, "{entry} + {text} + {}", instants(16));
    assert!(entry + text + instants(1) <= 270, "{entry} + {text} + {}", instants(1));
}

#[test]
fn the_search_for_room_is_made_once_a_second() {
    let fixture = Fixture::new(1);
    let fast = Quota { burst: NonZeroU32::MIN, period: Duration::from_millis(1) };
    let keys = || -> Vec<_> {
        let tables = fixture.limiter.tables.lock().unwrap();
        tables.by_name.values().flat_map(|table| table.cells.keys().map(ToString::to_string)).collect()
    };
    fixture.counts("fast", "a", fast);
    let _searches_in_vain = fixture.check("fast", "b", fast);
    fixture.clock.advance(Duration::from_millis(999));
    let _too_early = fixture.check("fast", "b", fast);
    assert_eq!(keys(), ["a"]);
    fixture.clock.advance(Duration::from_millis(1));
    fixture.counts("fast", "b", fast);
    assert_eq!(keys(), ["b"]);
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
        let decision =
            DangerouslyUnlimited.check("sign_in", "a", Quota::per_minute(1)).now_or_never().unwrap().unwrap();
        assert_eq!(decision, Decision::Allowed { remaining: 1, next_after: Duration::ZERO });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(5), failure_persistence: None, ..ProptestConfig::default() })]

    /// Of a small quota, and however the requests fall: no span of one period has more of them than the quota.
    #[test]
    fn no_span_of_a_period_allows_more_than_a_small_quota(
        burst in 1..=Quota::MAX_EXACT,
        gaps in proptest::collection::vec(0..30_000_u64, 1..200),
    ) {
        let (fixture, quota) = (Fixture::new(10), Quota::per_minute(burst));
        let mut allowed = Vec::new();
        for gap in gaps {
            fixture.clock.advance(Duration::from_millis(gap * gap / 30_000));
            if matches!(fixture.check("sign_in", "a", quota), Decision::Allowed { .. }) {
                allowed.push(fixture.clock.elapsed());
            }
        }
        let burst = usize::try_from(burst).unwrap();
        for span in allowed.windows(burst + 1) {
            prop_assert!(span[burst] >= span[0] + quota.period, "{span:?}");
        }
    }

    /// Of a larger one at most `2 * burst - 1`, as its documentation says.
    #[test]
    fn no_span_of_a_period_allows_twice_a_large_quota(
        burst in Quota::MAX_EXACT + 1..40,
        gaps in proptest::collection::vec(0..3_000_u64, 1..300),
    ) {
        let (fixture, quota) = (Fixture::new(10), Quota::per_minute(burst));
        let mut allowed = Vec::new();
        for gap in gaps {
            fixture.clock.advance(Duration::from_millis(gap));
            if matches!(fixture.check("search", "a", quota), Decision::Allowed { .. }) {
                allowed.push(fixture.clock.elapsed());
            }
        }
        let most = usize::try_from(2 * burst - 1).unwrap();
        for span in allowed.windows(most + 1) {
            prop_assert!(span[most] >= span[0] + quota.period, "{span:?}");
        }
    }

    /// A limiter that has to forget at every turn decides as one that never does.
    #[test]
    fn a_key_that_was_forgotten_is_judged_as_if_it_were_kept(
        burst in 1..40_u32,
        calls in proptest::collection::vec((0..60_000_u64, 0..3_usize), 1..200),
    ) {
        let (forgetful, patient, quota) = (Fixture::new(10), Fixture::new(10), Quota::per_minute(burst));
        for (gap, key) in calls {
            for fixture in [&forgetful, &patient] {
                fixture.clock.advance(Duration::from_millis(gap));
            }
            forgetful.prune();
            let key = ["a", "b", "c"][key];
            prop_assert_eq!(forgetful.check("route", key, quota), patient.check("route", key, quota));
        }
    }

    /// What is told is true: the next request is allowed after the time to wait, and not before.
    #[test]
    fn who_waits_as_told_is_let_in_and_nobody_sooner(
        burst in 1..40_u32,
        gaps in proptest::collection::vec(0..10_000_u64, 1..100),
    ) {
        let (fixture, quota) = (Fixture::new(10), Quota::per_minute(burst));
        for gap in gaps {
            fixture.clock.advance(Duration::from_millis(gap));
            if let Decision::Limited { retry_after } = fixture.check("route", "a", quota) {
                prop_assert!(!retry_after.is_zero());
                fixture.clock.advance(retry_after.saturating_sub(Duration::from_nanos(1)));
                prop_assert!(matches!(fixture.check("route", "a", quota), Decision::Limited { .. }), "too early");
                fixture.clock.advance(Duration::from_nanos(1));
                prop_assert!(matches!(fixture.check("route", "a", quota), Decision::Allowed { .. }), "in time");
            }
        }
    }
}
