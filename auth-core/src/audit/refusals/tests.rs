use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn refusal(kind: AuditKind, address: [u8; 4]) -> Refusal {
    let client = Client { ip: Some(address.into()), user_agent: Some("test/1".to_owned()) };
    Refusal { kind, detail: None, user_id: None, client }
}

fn limited(address: [u8; 4]) -> Refusal {
    refusal(AuditKind::RateLimited, address)
}

/// Takes all that is due, as kind and count.
fn take_due(refusals: &Refusals, now: Duration) -> Vec<(Refusal, u32)> {
    let recorder = refusals.recorder().unwrap();
    let told = |due: DueRefusal<'_>| {
        let what = (due.refusal.clone(), due.count);
        due.told();
        what
    };
    std::iter::from_fn(|| recorder.next_due(now)).map(told).collect()
}

#[test]
fn the_first_refusal_is_due_at_once_and_those_after_it_together_in_a_minute() {
    let (refusals, one) = (Refusals::default(), limited([203, 0, 113, 7]));
    assert!(refusals.count(one.clone(), SECOND));
    assert_eq!(take_due(&refusals, SECOND), [(one.clone(), 1)]);
    for second in 2..61 {
        assert!(!refusals.count(one.clone(), SECOND * second));
        assert_eq!(take_due(&refusals, SECOND * second), []);
    }
    assert!(refusals.count(one.clone(), SECOND * 61));
    assert_eq!(take_due(&refusals, SECOND * 61), [(one, 60)]);
}

#[test]
fn what_is_left_of_a_burst_is_due_after_a_minute_without_another() {
    let (refusals, one) = (Refusals::default(), limited([203, 0, 113, 7]));
    assert!(refusals.count(one.clone(), SECOND));
    assert_eq!(take_due(&refusals, SECOND).len(), 1);
    assert!(!refusals.count(one.clone(), SECOND * 2));
    assert_eq!(take_due(&refusals, SECOND * 60), []);
    assert_eq!(take_due(&refusals, SECOND * 61), [(one, 1)]);
    assert_eq!(take_due(&refusals, SECOND * 1_000), []);
}

#[test]
fn kinds_details_users_and_clients_are_counted_apart() {
    let refusals = Refusals::default();
    let one = limited([203, 0, 113, 7]);
    let others = [
        Refusal { detail: Some(AuditDetail::SignIn), ..one.clone() },
        Refusal { user_id: Some(UserId::from_uuid(uuid::Uuid::from_u128(1))), ..one.clone() },
        limited([203, 0, 113, 8]),
        refusal(AuditKind::CrossOrigin, [203, 0, 113, 7]),
        one,
    ];
    for other in others.clone() {
        assert!(refusals.count(other, SECOND));
    }
    let due = take_due(&refusals, SECOND);
    assert_eq!(due.len(), others.len());
    assert!(others.into_iter().all(|other| due.contains(&(other, 1))));
}

#[test]
fn what_could_not_be_recorded_is_told_with_the_next() {
    let (refusals, one) = (Refusals::default(), limited([203, 0, 113, 7]));
    assert!(refusals.count(one.clone(), SECOND));
    let recorder = refusals.recorder().unwrap();
    drop(recorder.next_due(SECOND).unwrap());
    assert!(recorder.next_due(SECOND * 60).is_none(), "a store that is down is asked once a minute");
    drop(recorder);
    assert!(!refusals.count(one.clone(), SECOND * 2));
    assert_eq!(take_due(&refusals, SECOND * 61), [(one, 2)]);
}

#[test]
fn one_at_a_time_records() {
    let refusals = Refusals::default();
    let recorder = refusals.recorder();
    assert!(recorder.is_some());
    assert!(refusals.recorder().is_none());
    drop(recorder);
    assert!(refusals.recorder().is_some());
}

#[test]
fn a_flood_of_clients_takes_bounded_memory_and_is_counted_to_the_last() {
    let (refusals, flood) = (Refusals::default(), 10_000_u32);
    for number in 0..flood {
        assert!(refusals.count(limited(number.to_be_bytes()), SECOND));
    }
    assert_eq!(refusals.lock().len(), MAX_COUNTS + 1);
    let due = take_due(&refusals, SECOND);
    assert_eq!(due.len(), MAX_COUNTS + 1);
    assert_eq!(due.iter().map(|(_, count)| count).sum::<u32>(), flood);
    let unknown = Refusal { client: Client::default(), ..limited([0; 4]) };
    assert!(due.iter().any(|(refusal, _)| *refusal == unknown));

    // A minute later all of them make room.
    assert!(refusals.count(limited([203, 0, 113, 7]), SECOND * 61));
    assert_eq!(refusals.lock().len(), 1);
}
