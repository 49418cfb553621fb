use chrono::TimeDelta;

use super::*;
use crate::clock::ManualClock;
use crate::session::{Client, Session, SessionKind, SessionRecord};
use crate::token::{Realm, RefreshToken};
use crate::user::User;

const TTL: Duration = Duration::from_secs(5);

struct Fixture {
    cache: SessionCache,
    clock: Arc<ManualClock>,
}

impl Fixture {
    fn new() -> Self {
        Self::holding(1_000)
    }

    fn holding(capacity: usize) -> Self {
        let clock = Arc::new(ManualClock::new());
        let policy = SessionCachePolicy { ttl: TTL, capacity };
        Self { cache: SessionCache::new(&policy, Arc::<ManualClock>::clone(&clock)), clock }
    }

    fn look(&self, record: &SessionRecord) -> Option<Look<'_>> {
        self.cache.look(record.session.id, record.user.id)
    }

    fn read(&self, record: &SessionRecord) {
        self.look(record).unwrap().keep(record.clone().into());
    }

    fn has(&self, record: &SessionRecord) -> bool {
        let found = self.look(record).and_then(|look| look.find(|_| true));
        found.is_some_and(|kept| *kept.session == record.session && *kept.user == record.user)
    }

    fn owners(record: &SessionRecord) -> [Owner; 2] {
        [Owner::Session(record.session.id), Owner::User(record.user.id)]
    }
}

fn record() -> SessionRecord {
    let now = ManualClock::new().now();
    let user = User::new(UserId::new(now).unwrap(), now);
    let session = Session {
        id: SessionId::new(now).unwrap(),
        user_id: user.id,
        auth_epoch: 0,
        kind: SessionKind::Bearer,
        client: Client::default(),
        created_at: now,
        expires_at: now + TimeDelta::hours(1),
        last_seen_at: now,
    };
    let refresh = RefreshToken::issue(session.id).unwrap().initial_state(&Realm::new("auth", "auth"), now);
    SessionRecord { session, refresh, user }
}

#[test]
fn what_was_read_is_found_until_its_time_is_over() {
    let (fixture, record) = (Fixture::new(), record());
    assert!(!fixture.has(&record));
    fixture.read(&record);
    fixture.clock.advance(Duration::from_micros(4_999_999));
    assert!(fixture.has(&record));
    fixture.clock.advance(Duration::from_micros(1));
    assert!(!fixture.has(&record));
}

/// A clock whose machine sleeps: the time goes on, and the time that passes does not.
#[derive(Debug, Default)]
struct SleepyClock {
    slept: AtomicU64,
}

impl Clock for SleepyClock {
    fn now(&self) -> DateTime<Utc> {
        ManualClock::new().now() + Duration::from_secs(self.slept.load(Ordering::Relaxed))
    }

    fn elapsed(&self) -> Duration {
        Duration::from_mins(1)
    }
}

#[test]
fn what_was_read_before_the_machine_slept_is_not_found_after() {
    let (clock, record) = (Arc::new(SleepyClock::default()), record());
    let cache = SessionCache::new(&SessionCachePolicy { ttl: TTL, capacity: 10 }, Arc::<SleepyClock>::clone(&clock));
    let look = || cache.look(record.session.id, record.user.id).unwrap();
    look().keep(record.clone().into());
    assert!(look().find(|_| true).is_some());
    clock.slept.store(3_600, Ordering::Relaxed);
    assert!(look().find(|_| true).is_none());
}

#[test]
fn what_was_read_is_not_found_when_the_clock_was_set_back() {
    let (fixture, record) = (Fixture::new(), record());
    fixture.read(&record);
    fixture.clock.step_back(Duration::from_secs(1));
    assert!(!fixture.has(&record));
}

#[test]
fn its_time_begins_before_the_store_is_asked() {
    let (fixture, record) = (Fixture::new(), record());
    let look = fixture.look(&record).unwrap();
    fixture.clock.advance(TTL);
    look.keep(record.clone().into());
    assert!(!fixture.has(&record), "the answer was as old as that when it came");
}

#[test]
fn a_change_is_seen_at_once() {
    let record = record();
    for owner in Fixture::owners(&record) {
        let fixture = Fixture::new();
        fixture.read(&record);
        let change = fixture.cache.change(owner);
        assert!(fixture.has(&record), "nobody was told that it has happened");
        change.succeed();
        assert!(!fixture.has(&record), "{owner:?}");
        fixture.read(&record);
        assert!(fixture.has(&record));
    }
}

#[test]
fn an_answer_that_a_change_overtook_is_not_kept() {
    let record = record();
    for owner in Fixture::owners(&record) {
        let fixture = Fixture::new();
        let change = fixture.cache.change(owner);
        let look = fixture.look(&record).unwrap();
        change.succeed();
        look.keep(record.clone().into());
        assert!(!fixture.has(&record), "{owner:?}");
    }
}

#[test]
fn nothing_counts_while_a_change_may_still_take_effect() {
    let record = record();
    for owner in Fixture::owners(&record) {
        let fixture = Fixture::new();
        fixture.read(&record);
        drop(fixture.cache.change(owner));
        assert!(fixture.look(&record).is_none(), "{owner:?}");
        fixture.clock.advance(Duration::from_millis(59_999));
        assert!(fixture.look(&record).is_none(), "{owner:?}");
        fixture.clock.advance(Duration::from_millis(1));
        assert!(!fixture.has(&record));
        fixture.read(&record);
        assert!(fixture.has(&record));
    }
}

#[test]
fn a_second_change_ends_no_doubt() {
    let (fixture, record) = (Fixture::new(), record());
    drop(fixture.cache.change(Owner::User(record.user.id)));
    fixture.cache.change(Owner::User(record.user.id)).succeed();
    assert!(fixture.look(&record).is_none());
}

#[test]
fn a_change_of_one_leaves_nearly_all_others() {
    let (fixture, changed) = (Fixture::new(), record());
    let others: Vec<_> = std::iter::repeat_with(record).take(200).collect();
    for record in &others {
        fixture.read(record);
    }
    for owner in Fixture::owners(&changed) {
        fixture.cache.change(owner).succeed();
    }
    let kept = others.iter().filter(|record| fixture.has(record)).count();
    // Each shares one of the two marks with a chance of 1 in 1 000, so that more than ten do in none of 10^12 runs.
    assert!(kept >= 190, "{kept} of 200");
}

#[test]
fn no_more_are_kept_than_there_is_room_for() {
    let fixture = Fixture::holding(50);
    let records: Vec<_> = std::iter::repeat_with(record).take(500).collect();
    for record in &records {
        fixture.read(record);
    }
    let kept = records.iter().filter(|record| fixture.has(record)).count();
    assert!((1..=50).contains(&kept), "{kept}");
}
