//! Rules about the audit log.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::fixture::{event, events, instant, session, user};
use crate::audit::{AuditDetail, AuditEvent, AuditKind};
use crate::id::{AuditEventId, UserId};
use crate::session::{Client, MAX_USER_AGENT_CHARS};
use crate::store::{AuditQuery, Store};

/// Checks every rule of this module.
pub async fn run_all(store: &dyn Store) {
    every_field_of_an_event_is_read_back(store).await;
    an_event_of_nobody_is_recorded(store).await;
    events_are_listed_the_newest_first(store).await;
    events_of_one_user_are_listed_page_by_page(store).await;
    events_of_all_users_are_listed_page_by_page(store).await;
    an_event_is_never_changed(store).await;
    an_event_may_stand_for_many_requests(store).await;
}

/// Instants keep their microseconds, and nothing stays nothing.
pub async fn every_field_of_an_event_is_read_back(store: &dyn Store) {
    let user = user();
    let clients = [
        Client { ip: Some(IpAddr::V4(Ipv4Addr::BROADCAST)), user_agent: Some("curl/8.9 ' ? %".to_owned()) },
        Client {
            ip: Some(IpAddr::V6(Ipv6Addr::LOCALHOST)),
            user_agent: Some("\u{1f600}".repeat(MAX_USER_AGENT_CHARS)),
        },
        Client::default(),
    ];
    let kinds = [AuditKind::RefreshReuseDetected, AuditKind::SignInFailed, AuditKind::PasswordUpgraded];
    for (client, kind) in clients.into_iter().zip(kinds) {
        let bare = AuditEvent { client, ..event(kind, user.id) };
        let full = event(kind, user.id).of_session(&session(&user).session).with_detail(AuditDetail::WrongPassword);
        for event in [AuditEvent { client: bare.client.clone(), ..full }, bare] {
            store.record_event(event.clone()).await.unwrap();
            assert!(events(store, user.id).await.contains(&event), "{event:?} is read back");
        }
    }
}

/// A failure to sign in to an account that does not exist has no user.
pub async fn an_event_of_nobody_is_recorded(store: &dyn Store) {
    let at = instant();
    let event = AuditEvent::new(AuditKind::SignInFailed, &Client::default(), at).unwrap();
    store.record_event(event.clone()).await.unwrap();
    let query = AuditQuery { user_id: None, before: Some(first_id_of(at + TimeDelta::milliseconds(1))), limit: 1 };
    assert_eq!(store.list_events(query).await.unwrap(), [event]);
}

/// By their ids, whenever and in whatever order they were recorded.
pub async fn events_are_listed_the_newest_first(store: &dyn Store) {
    let user = user();
    let mut recorded = Vec::new();
    for minutes in [3, 1, 4, 0, 2] {
        let event = event_at(user.created_at + TimeDelta::minutes(minutes), user.id);
        store.record_event(event.clone()).await.unwrap();
        recorded.push(event);
    }
    recorded.sort_by_key(|event| std::cmp::Reverse(event.at));
    assert_eq!(events(store, user.id).await, recorded);
}

/// Each page goes on where the one before it ended. Other users' events are not on them.
pub async fn events_of_one_user_are_listed_page_by_page(store: &dyn Store) {
    let (user, other) = (user(), user());
    let expected = record_series(store, user.created_at, &[user.id, other.id]).await;
    let expected: Vec<_> = expected.into_iter().filter(|event| event.user_id == Some(user.id)).collect();
    let first = AuditQuery { user_id: Some(user.id), before: None, limit: 3 };
    assert_eq!(read_pages(store, first, expected.len()).await, expected);
    assert!(store.list_events(AuditQuery { limit: 0, ..first }).await.unwrap().is_empty(), "a page of none is empty");
    let oldest = expected.last().map(|event| event.id);
    assert!(store.list_events(AuditQuery { before: oldest, ..first }).await.unwrap().is_empty(), "nothing is older");
}

/// The same for an operator's view.
pub async fn events_of_all_users_are_listed_page_by_page(store: &dyn Store) {
    let (user, other) = (user(), user());
    let expected = record_series(store, user.created_at, &[user.id, other.id]).await;
    let end = first_id_of(user.created_at + TimeDelta::seconds(1));
    let first = AuditQuery { user_id: None, before: Some(end), limit: 3 };
    assert_eq!(read_pages(store, first, expected.len()).await, expected);
}

/// A second event under the same id is refused or ignored.
pub async fn an_event_is_never_changed(store: &dyn Store) {
    let user = user();
    let event = event(AuditKind::SignInFailed, user.id);
    store.record_event(event.clone()).await.unwrap();
    let forged = AuditEvent { kind: AuditKind::SignInSuccess, at: instant(), ..event.clone() };
    drop(store.record_event(forged).await);
    assert_eq!(events(store, user.id).await, [event]);
}

/// And says for how many, with a detail and without.
pub async fn an_event_may_stand_for_many_requests(store: &dyn Store) {
    let user = user();
    let limited = event(AuditKind::RateLimited, user.id);
    let sign_ins = event(AuditKind::RateLimited, user.id).with_detail(AuditDetail::SignIn);
    for event in [AuditEvent { count: u32::MAX, ..limited }, AuditEvent { count: 37, ..sign_ins }] {
        store.record_event(event.clone()).await.unwrap();
        assert!(events(store, user.id).await.contains(&event), "{event:?} is read back");
    }
}

fn event_at(at: DateTime<Utc>, user: UserId) -> AuditEvent {
    AuditEvent::new(AuditKind::Refresh, &Client::default(), at).unwrap().of_user(user)
}

/// The least id that an event of this instant can have.
fn first_id_of(at: DateTime<Utc>) -> AuditEventId {
    let millis = u128::try_from(at.timestamp_millis()).unwrap();
    AuditEventId::from_uuid(Uuid::from_u128(millis << 80))
}

/// Records an event every few milliseconds for some of a second, and returns them, the newest first.
async fn record_series(store: &dyn Store, start: DateTime<Utc>, users: &[UserId]) -> Vec<AuditEvent> {
    let mut recorded = Vec::new();
    for (step, user) in (0..14).zip(users.iter().cycle()) {
        let event = event_at(start + TimeDelta::milliseconds(step * 5), *user);
        store.record_event(event.clone()).await.unwrap();
        recorded.push(event);
    }
    recorded.reverse();
    recorded
}

/// Reads as many events as asked for, by pages that are full but for the last.
async fn read_pages(store: &dyn Store, first: AuditQuery, count: usize) -> Vec<AuditEvent> {
    let mut read: Vec<AuditEvent> = Vec::new();
    let mut query = first;
    while read.len() < count {
        let page = store.list_events(query).await.unwrap();
        let limit = usize::try_from(query.limit).unwrap();
        assert!(page.len() == limit || read.len() + page.len() >= count, "a page in the middle is full");
        assert!(page.len() <= limit, "a page has at most {limit} events");
        read.extend(page);
        query.before = read.last().map(|event| event.id);
    }
    read.truncate(count);
    read
}
