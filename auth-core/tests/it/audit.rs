use std::collections::BTreeSet;

use auth_core::audit::{AuditDetail, AuditEvent, AuditKind};
use auth_core::auth::SignOutScope;
use auth_core::conformance::faulty::Moment;
use auth_core::policy::HashPolicy;
use auth_core::store::{AuditQuery, AuditStore};
use auth_core::{Auth, ErrorKind, Role, SessionId, SigningKeys, UserId};

use crate::fixture::{ADA, DAY, Fixture, GRACE, HOUR, PASSWORD, access, fails, sign_up};

const WRONG: &str = "not a walk in the rain";

/// Checks the event that was published last against what happened now.
#[track_caller]
fn last_is(
    fixture: &Fixture,
    kind: AuditKind,
    user: Option<UserId>,
    session: Option<SessionId>,
    detail: Option<AuditDetail>,
) {
    let event = fixture.published().pop().unwrap();
    assert_eq!((event.kind, event.user_id, event.session_id, event.detail), (kind, user, session, detail));
    assert_eq!((event.at, &event.client), (fixture.now(), &fixture.client));
}

#[tokio::test]
async fn each_flow_leaves_its_event() {
    let fixture = Fixture::new();
    let first = fixture.sign_up(ADA).await;
    let user = Some(first.user.id);
    last_is(&fixture, AuditKind::SignUpSuccess, user, Some(first.session.id), None);

    fixture.clock.advance(HOUR);
    let second = fixture.sign_in(ADA).await;
    last_is(&fixture, AuditKind::SignInSuccess, user, Some(second.session.id), None);

    fails(fixture.try_sign_in(ADA, WRONG).await, ErrorKind::InvalidCredentials);
    last_is(&fixture, AuditKind::SignInFailed, user, None, Some(AuditDetail::WrongPassword));

    fails(fixture.try_sign_in(GRACE, WRONG).await, ErrorKind::InvalidCredentials);
    last_is(&fixture, AuditKind::SignInFailed, None, None, Some(AuditDetail::UnknownUser));

    let third = fixture.refresh(&second.refresh_token).await.unwrap();
    last_is(&fixture, AuditKind::Refresh, user, Some(second.session.id), None);

    fixture.clock.advance(HOUR);
    fixture.refresh(&second.refresh_token).await.unwrap();
    last_is(&fixture, AuditKind::Refresh, user, Some(second.session.id), Some(AuditDetail::Recovered));

    fixture.authenticate_by_refresh(&third).await.unwrap();
    fixture.clock.advance(HOUR);
    fails(fixture.refresh(&second.refresh_token).await, ErrorKind::Unauthenticated);
    last_is(&fixture, AuditKind::RefreshReuseDetected, user, Some(second.session.id), None);

    let (here, there) = (fixture.sign_in(ADA).await, fixture.sign_in(ADA).await);
    let current = fixture.authenticate(&here).await.unwrap();
    fixture.auth.revoke_session(&current, there.session.id, &fixture.client).await.unwrap();
    last_is(&fixture, AuditKind::SessionRevoked, user, Some(there.session.id), None);

    fixture.auth.sign_out(&access(&here), SignOutScope::Session, &fixture.client).await.unwrap();
    last_is(&fixture, AuditKind::SignOut, user, Some(here.session.id), None);

    fixture.disable(&first.user);
    fails(fixture.try_sign_in(ADA, PASSWORD).await, ErrorKind::AccountDisabled);
    last_is(&fixture, AuditKind::SignInFailed, user, None, Some(AuditDetail::AccountDisabled));
}

#[tokio::test]
async fn what_the_library_does_by_itself_has_no_client() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    fixture.clock.advance(7 * DAY);
    fails(fixture.refresh(&signed_in.refresh_token).await, ErrorKind::Unauthenticated);
    fixture.grant(ADA, Role::ADMIN).await;
    for kind in [AuditKind::SessionExpired, AuditKind::RoleChanged] {
        let event = fixture.event(kind).await;
        assert_eq!((event.client.ip, event.client.user_agent), (None, None), "{kind}");
        assert_eq!((event.user_id, event.at), (Some(signed_in.user.id), fixture.now()));
    }
}

#[tokio::test]
async fn requests_that_change_nothing_leave_no_event() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    let current = fixture.authenticate(&signed_in).await.unwrap();
    fixture.auth.sessions(&current).await.unwrap();
    fixture.auth.profile(current.user.id).await.unwrap();
    fails(fixture.auth.verify_access_token("nonsense"), ErrorKind::Unauthenticated);
    assert_eq!(fixture.published().len(), 1);
}

#[tokio::test]
async fn what_was_not_committed_is_not_published() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    for call in ["create_user", "open_session", "swap_refresh", "delete_session", "record_event", "set_roles"] {
        fixture.store.fail_method(call, Moment::BeforeEffect);
    }
    fails(fixture.try_sign_in(ADA, PASSWORD).await, ErrorKind::Unavailable);
    fails(fixture.try_sign_in(ADA, WRONG).await, ErrorKind::Unavailable);
    fails(fixture.refresh(&signed_in.refresh_token).await, ErrorKind::Unavailable);
    let signed_out = fixture.auth.sign_out(&access(&signed_in), SignOutScope::Session, &fixture.client).await;
    fails(signed_out, ErrorKind::Unavailable);
    assert_eq!(fixture.published().len(), 1);
}

/// Goes through every flow once.
async fn journey(fixture: &Fixture) -> (Vec<String>, Vec<AuditEvent>) {
    let signed_in = fixture.sign_up(ADA).await;
    fails(fixture.try_sign_in(ADA, WRONG).await, ErrorKind::InvalidCredentials);
    fails(fixture.try_sign_in("typed.by.mistake@example.com", WRONG).await, ErrorKind::InvalidCredentials);
    let refreshed = fixture.refresh(&signed_in.refresh_token).await.unwrap();
    fixture.authenticate(&refreshed).await.unwrap();
    fixture.sign_out_everywhere(&refreshed).await;
    let secrets = [&signed_in, &refreshed].into_iter().flat_map(|one| {
        let (access, refresh) = (one.access_token.expose(), one.refresh_token.expose());
        let signature = access.rsplit('.').next().unwrap();
        [access.to_owned(), signature.to_owned(), refresh.to_string(), refresh[43..].to_owned()]
    });
    let typed = [PASSWORD, WRONG, "typed.by.mistake", ADA].map(str::to_owned);
    (secrets.chain(typed).collect(), fixture.published())
}

#[tokio::test]
async fn events_hold_no_secret_and_no_address() {
    let fixture = Fixture::new();
    let (secrets, events) = journey(&fixture).await;
    let text = format!("{events:?}");
    for secret in secrets {
        assert!(!text.contains(&secret), "{secret}");
    }
}

#[tokio::test]
async fn events_have_ids_of_their_own_and_are_read_a_page_at_a_time() {
    let fixture = Fixture::new();
    let (_, published) = journey(&fixture).await;
    let ids: BTreeSet<_> = published.iter().map(|event| event.id).collect();
    assert_eq!(ids.len(), published.len());

    let mut read = Vec::new();
    let mut query = AuditQuery { user_id: None, before: None, limit: 2 };
    loop {
        let page = fixture.store.inner().list_events(query).await.unwrap();
        let Some(last) = page.last() else { break };
        query.before = Some(last.id);
        read.extend(page.iter().map(|event| event.id));
    }
    assert_eq!(read, ids.into_iter().rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn an_application_without_a_sink_is_served_as_well() {
    let fixture = Fixture::new();
    let auth =
        Auth::builder(fixture.store.clone(), SigningKeys::hs256("a secret for tests of 32 bytes or more").unwrap());
    let auth = auth.hash_policy(HashPolicy::insecure_for_tests()).build().unwrap();
    auth.sign_up(sign_up(ADA, PASSWORD), &fixture.client).await.unwrap();
    fixture.event(AuditKind::SignUpSuccess).await;
}
