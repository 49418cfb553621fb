use auth_core::audit::{AuditDetail, AuditKind};
use auth_core::auth::{SignOutOutcome, SignOutScope, SignedIn};
use auth_core::conformance::faulty::Moment;
use auth_core::policy::SessionPolicy;
use auth_core::token::RefreshToken;
use auth_core::{Auth, Credential, Error, ErrorKind, SigningKeys};

use crate::fixture::{ADA, DAY, Fixture, GRACE, HOUR, MINUTE, access, copy, fails, refresh};

const SCOPES: [SignOutScope; 3] = [SignOutScope::Session, SignOutScope::Others, SignOutScope::All];

async fn sign_out(fixture: &Fixture, own: &Credential<'_>, scope: SignOutScope) -> Result<SignOutOutcome, Error> {
    fixture.auth.sign_out(own, scope, &fixture.client).await
}

async fn is_accepted(fixture: &Fixture, signed_in: &SignedIn) -> bool {
    let by_access = fixture.authenticate(signed_in).await.is_ok();
    assert_eq!(by_access, fixture.authenticate_by_refresh(signed_in).await.is_ok());
    by_access
}

/// A user with three sessions, and somebody else.
async fn sessions(fixture: &Fixture) -> ([SignedIn; 3], SignedIn) {
    let own = [fixture.sign_up(ADA).await, fixture.sign_in(ADA).await, fixture.sign_in(ADA).await];
    (own, fixture.sign_up(GRACE).await)
}

#[tokio::test]
async fn each_scope_ends_what_it_says() {
    for by_refresh in [false, true] {
        for (scope, left, detail) in [
            (SignOutScope::Session, [false, true, true], None),
            (SignOutScope::Others, [true, false, false], Some(AuditDetail::OtherSessions)),
            (SignOutScope::All, [false, false, false], Some(AuditDetail::AllSessions)),
        ] {
            let fixture = Fixture::new();
            let (own, other) = sessions(&fixture).await;
            let credential = if by_refresh { refresh(&own[0]) } else { access(&own[0]) };
            assert_eq!(sign_out(&fixture, &credential, scope).await.unwrap(), SignOutOutcome::SignedOut);
            for (signed_in, left) in own.iter().zip(left) {
                assert_eq!(is_accepted(&fixture, signed_in).await, left, "{scope:?}");
                assert_eq!(fixture.exists(signed_in.session.id).await, left);
            }
            assert!(is_accepted(&fixture, &other).await);

            let event = fixture.event(AuditKind::SignOut).await;
            assert_eq!(event.detail, detail);
            assert_eq!((event.user_id, event.session_id), (Some(own[0].user.id), Some(own[0].session.id)));
            assert_eq!(fixture.published().last(), Some(&event));
        }
    }
}

#[tokio::test]
async fn signing_out_everywhere_begins_a_new_epoch() {
    let fixture = Fixture::new();
    let before = fixture.sign_up(ADA).await;
    fixture.sign_out_everywhere(&before).await;
    let after = fixture.sign_in(ADA).await;
    assert_eq!(after.user.auth_epoch, before.user.auth_epoch + 1);
    assert!(is_accepted(&fixture, &after).await);
    assert!(!is_accepted(&fixture, &before).await);
}

#[tokio::test]
async fn signing_out_twice_is_harmless() {
    for scope in SCOPES {
        for by_refresh in [false, true] {
            let fixture = Fixture::new();
            let signed_in = fixture.sign_up(ADA).await;
            let own = || if by_refresh { refresh(&signed_in) } else { access(&signed_in) };
            sign_out(&fixture, &own(), SignOutScope::Session).await.unwrap();
            assert_eq!(sign_out(&fixture, &own(), scope).await.unwrap(), SignOutOutcome::AlreadyOver);
            fixture.event(AuditKind::SignOut).await;
        }
    }
}

#[tokio::test]
async fn of_two_concurrent_sign_outs_one_ends_the_session() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    let (auth, client, own) = (fixture.auth.clone(), fixture.client.clone(), refresh(&signed_in));
    fixture.store.before("delete_session", async move {
        assert_eq!(auth.sign_out(&own, SignOutScope::Session, &client).await.unwrap(), SignOutOutcome::SignedOut);
    });
    let second = sign_out(&fixture, &access(&signed_in), SignOutScope::Session).await.unwrap();
    assert_eq!(second, SignOutOutcome::AlreadyOver);
    let event = fixture.event(AuditKind::SignOut).await;
    assert_eq!(fixture.published().iter().filter(|told| told.kind == AuditKind::SignOut).collect::<Vec<_>>(), [&event]);
}

#[tokio::test]
async fn an_expired_access_token_ends_its_own_session_and_no_more() {
    let fixture = Fixture::new();
    let (own, _) = sessions(&fixture).await;
    fixture.clock.advance(HOUR);
    for scope in [SignOutScope::Others, SignOutScope::All] {
        fails(sign_out(&fixture, &access(&own[0]), scope).await, ErrorKind::Unauthenticated);
        for signed_in in &own {
            assert!(fixture.exists(signed_in.session.id).await);
        }
    }
    assert_eq!(sign_out(&fixture, &access(&own[0]), SignOutScope::Session).await.unwrap(), SignOutOutcome::SignedOut);
    assert!(!fixture.exists(own[0].session.id).await);
    assert!(fixture.exists(own[1].session.id).await);
}

/// The rows of its sessions are gone.
#[tokio::test]
async fn a_token_of_an_ended_epoch_ends_nothing() {
    let fixture = Fixture::new();
    let before = fixture.sign_up(ADA).await;
    fixture.sign_out_everywhere(&before).await;
    let after = fixture.sign_in(ADA).await;
    for scope in SCOPES {
        for own in [access(&before), refresh(&before)] {
            assert_eq!(sign_out(&fixture, &own, scope).await.unwrap(), SignOutOutcome::AlreadyOver);
        }
    }
    assert!(is_accepted(&fixture, &after).await);
}

#[tokio::test]
async fn a_forged_or_foreign_token_ends_nothing() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    let foreign = Fixture::with(|builder| builder.issuer("another application"));
    let theirs = foreign.sign_up(ADA).await;
    let mut forged = signed_in.access_token.expose().to_owned();
    forged.replace_range(forged.len() - 4.., "AAAA");

    let text = signed_in.refresh_token.expose();
    let guess = RefreshToken::parse(&format!("{}{}", &text[..22], &theirs.refresh_token.expose()[22..])).unwrap();
    for scope in SCOPES {
        for odd in [
            Credential::Access(""),
            Credential::Access(&forged),
            Credential::Access(&text),
            access(&theirs),
            refresh(&theirs),
            Credential::Refresh(copy(&guess)),
        ] {
            assert_eq!(sign_out(&fixture, &odd, scope).await.unwrap(), SignOutOutcome::AlreadyOver);
        }
    }
    assert!(is_accepted(&fixture, &signed_in).await);
    assert_eq!(fixture.events(AuditKind::SignOut).await, []);
}

#[tokio::test]
async fn a_retired_key_ends_nothing() {
    let fixture = Fixture::new();
    let signed_in = fixture.sign_up(ADA).await;
    let keys = SigningKeys::hs256("another secret for tests, equally long").unwrap();
    let rekeyed = Auth::builder(fixture.store.clone(), keys).build().unwrap();
    let outcome = rekeyed.sign_out(&access(&signed_in), SignOutScope::Session, &fixture.client).await.unwrap();
    assert_eq!(outcome, SignOutOutcome::AlreadyOver);
    assert!(fixture.exists(signed_in.session.id).await);
}

#[tokio::test]
async fn a_session_that_was_idle_for_too_long_is_over_already() {
    let idle = SessionPolicy { idle_timeout: Some(MINUTE * 20), ..SessionPolicy::default() };
    let fixture = Fixture::with_sessions(idle);
    let signed_in = fixture.sign_up(ADA).await;
    fixture.clock.advance(MINUTE * 20);
    let outcome = sign_out(&fixture, &refresh(&signed_in), SignOutScope::Session).await.unwrap();
    assert_eq!(outcome, SignOutOutcome::AlreadyOver);
    assert!(!fixture.exists(signed_in.session.id).await);
    fixture.event(AuditKind::SessionExpired).await;
    assert_eq!(fixture.events(AuditKind::SignOut).await, []);
}

#[tokio::test]
async fn an_expired_session_is_over_already() {
    for scope in SCOPES {
        let fixture = Fixture::new();
        let signed_in = fixture.sign_up(ADA).await;
        fixture.clock.advance(7 * DAY);
        assert_eq!(sign_out(&fixture, &refresh(&signed_in), scope).await.unwrap(), SignOutOutcome::AlreadyOver);
        assert_eq!(fixture.events(AuditKind::SignOut).await, []);
        fixture.event(AuditKind::SessionExpired).await;
    }
}

/// It is not read before it is deleted, where a token says whose it is.
#[tokio::test]
async fn a_disabled_users_session_is_over_already_and_a_live_token_still_ends_it() {
    let fixture = Fixture::new();
    let (own, _) = sessions(&fixture).await;
    fixture.disable(&own[0].user);
    for scope in SCOPES {
        assert_eq!(sign_out(&fixture, &refresh(&own[0]), scope).await.unwrap(), SignOutOutcome::AlreadyOver);
    }
    for scope in [SignOutScope::Others, SignOutScope::All] {
        assert_eq!(sign_out(&fixture, &access(&own[0]), scope).await.unwrap(), SignOutOutcome::AlreadyOver);
    }
    assert_eq!(fixture.events(AuditKind::SignOut).await, []);
    let own_session = sign_out(&fixture, &access(&own[0]), SignOutScope::Session).await.unwrap();
    assert_eq!(own_session, SignOutOutcome::SignedOut);
    let left = [own[0].session.id, own[1].session.id, own[2].session.id].map(|id| fixture.exists(id));
    assert_eq!(futures_util::future::join_all(left).await, [false, true, true]);
}

#[tokio::test]
async fn a_store_that_fails_has_signed_nobody_out() {
    for (scope, call) in [
        (SignOutScope::Others, "find_session"),
        (SignOutScope::Session, "delete_session"),
        (SignOutScope::Others, "delete_other_sessions"),
        (SignOutScope::All, "delete_all_sessions"),
    ] {
        let fixture = Fixture::new();
        let (own, _) = sessions(&fixture).await;
        fixture.store.fail_method(call, Moment::BeforeEffect);
        fails(sign_out(&fixture, &access(&own[0]), scope).await, ErrorKind::Unavailable);
        fixture.store.heal();
        assert_eq!(fixture.events(AuditKind::SignOut).await, []);
        fixture.clock.advance(MINUTE);
        for signed_in in &own {
            assert!(is_accepted(&fixture, signed_in).await);
        }
        assert_eq!(sign_out(&fixture, &access(&own[0]), scope).await.unwrap(), SignOutOutcome::SignedOut);
    }
}

/// The one who signs out may be the owner, whose token a thief has exchanged: the thief must not go on.
#[tokio::test]
async fn signing_out_with_a_stolen_token_ends_the_session() {
    for scope in SCOPES {
        let fixture = Fixture::new();
        let owner = fixture.sign_up(ADA).await;
        let thief = fixture.refresh(&owner.refresh_token).await.unwrap();
        fixture.authenticate(&thief).await.unwrap();
        fixture.clock.advance(MINUTE);
        assert_eq!(sign_out(&fixture, &refresh(&owner), scope).await.unwrap(), SignOutOutcome::AlreadyOver);
        fails(fixture.authenticate(&thief).await, ErrorKind::Unauthenticated);
        fixture.event(AuditKind::RefreshReuseDetected).await;
    }
}
