use auth_core::audit::AuditKind;
use auth_core::auth::EnsureRoleOutcome;
use auth_core::conformance::faulty::Moment;
use auth_core::{Error, ErrorKind, Password, Role};

use crate::fixture::{ADA, Fixture, PASSWORD, email, fails, sign_up};

async fn ensure(fixture: &Fixture, password: &str, role: Role) -> Result<EnsureRoleOutcome, Error> {
    fixture.auth.ensure_role(&email(ADA), &Password::new(password), role).await
}

#[tokio::test]
async fn an_account_that_is_missing_is_created_with_the_role() {
    let fixture = Fixture::new();
    assert_eq!(ensure(&fixture, PASSWORD, Role::ADMIN).await.unwrap(), EnsureRoleOutcome::Created);
    let signed_in = fixture.sign_in(ADA).await;
    assert_eq!(signed_in.user.roles, [Role::ADMIN]);
    let event = fixture.event(AuditKind::SignUpSuccess).await;
    assert_eq!((event.user_id, event.session_id), (Some(signed_in.user.id), None));
}

#[tokio::test]
async fn an_account_that_is_there_is_given_the_role_by_its_password() {
    let fixture = Fixture::new();
    let before = fixture.sign_up(ADA).await;
    assert_eq!(ensure(&fixture, PASSWORD, Role::ADMIN).await.unwrap(), EnsureRoleOutcome::Granted);
    fails(fixture.authenticate(&before).await, ErrorKind::Unauthenticated);
    assert_eq!(fixture.sign_in(ADA).await.user.roles, [Role::ADMIN]);
    assert_eq!(fixture.event(AuditKind::RoleChanged).await.user_id, Some(before.user.id));
}

#[tokio::test]
async fn who_was_first_with_the_administrators_address_is_not_made_administrator() {
    let fixture = Fixture::new();
    let squatter = fixture.sign_up(ADA).await;
    let outcome = ensure(&fixture, "what the operator set", Role::ADMIN).await.unwrap();
    assert_eq!(outcome, EnsureRoleOutcome::WrongPassword);
    assert_eq!(fixture.authenticate(&squatter).await.unwrap().user.roles, []);
    assert_eq!(fixture.sign_in(ADA).await.user.roles, []);
    assert_eq!(fixture.events(AuditKind::RoleChanged).await, []);
}

#[tokio::test]
async fn roles_add_up() {
    let fixture = Fixture::new();
    let editor = Role::new("editor").unwrap();
    ensure(&fixture, PASSWORD, editor.clone()).await.unwrap();
    ensure(&fixture, PASSWORD, Role::ADMIN).await.unwrap();
    assert_eq!(fixture.sign_in(ADA).await.user.roles, [editor, Role::ADMIN]);
}

#[tokio::test]
async fn a_user_has_at_most_sixteen_roles_and_they_fit_into_a_cookie() {
    let fixture = Fixture::new();
    let role = |number: usize| Role::new(format!("{number:032}")).unwrap();
    for number in 0..16 {
        ensure(&fixture, PASSWORD, role(number)).await.unwrap();
    }
    fails(ensure(&fixture, PASSWORD, role(16)).await, ErrorKind::InvalidInput);
    assert!(fixture.sign_in(ADA).await.access_token.expose().len() < 3_000);
}

#[tokio::test]
async fn a_role_that_is_there_changes_nothing() {
    let fixture = Fixture::new();
    ensure(&fixture, PASSWORD, Role::ADMIN).await.unwrap();
    let signed_in = fixture.sign_in(ADA).await;
    for _ in 0..3 {
        assert_eq!(ensure(&fixture, PASSWORD, Role::ADMIN).await.unwrap(), EnsureRoleOutcome::Unchanged);
    }
    assert!(fixture.authenticate(&signed_in).await.is_ok());
    assert_eq!(fixture.events(AuditKind::RoleChanged).await, []);
}

#[tokio::test]
async fn the_password_of_a_created_account_keeps_the_policy() {
    for weak in ["", "short", "password123", ADA, "ada"] {
        let fixture = Fixture::new();
        fails(ensure(&fixture, weak, Role::ADMIN).await, ErrorKind::PasswordRejected);
        fails(fixture.try_sign_in(ADA, weak).await, ErrorKind::InvalidCredentials);
    }
}

#[tokio::test]
async fn of_two_processes_that_start_together_both_succeed() {
    let fixture = Fixture::new();
    let auth = fixture.auth.clone();
    fixture.store.before("create_user", async move {
        auth.ensure_role(&email(ADA), &Password::new(PASSWORD), Role::ADMIN).await.unwrap();
    });
    assert_eq!(ensure(&fixture, PASSWORD, Role::ADMIN).await.unwrap(), EnsureRoleOutcome::Unchanged);
    fixture.event(AuditKind::SignUpSuccess).await;
}

#[tokio::test]
async fn a_sign_up_that_was_faster_is_treated_as_one_that_was_there() {
    let fixture = Fixture::new();
    let (auth, client) = (fixture.auth.clone(), fixture.client.clone());
    fixture.store.before("create_user", async move {
        auth.sign_up(sign_up(ADA, "another long walk"), &client).await.unwrap();
    });
    assert_eq!(ensure(&fixture, PASSWORD, Role::ADMIN).await.unwrap(), EnsureRoleOutcome::WrongPassword);
    assert_eq!(fixture.try_sign_in(ADA, "another long walk").await.unwrap().user.roles, []);
}

#[tokio::test]
async fn a_store_that_fails_grants_nothing() {
    let fixture = Fixture::new();
    fixture.sign_up(ADA).await;
    for call in ["find_credentials", "set_roles"] {
        fixture.store.fail_method(call, Moment::BeforeEffect);
        fails(ensure(&fixture, PASSWORD, Role::ADMIN).await, ErrorKind::Unavailable);
        fixture.store.heal();
        assert_eq!(fixture.sign_in(ADA).await.user.roles, []);
    }
}

#[tokio::test]
async fn of_two_roles_granted_at_the_same_time_none_is_lost() {
    let fixture = Fixture::new();
    fixture.sign_up(ADA).await;
    let auth = fixture.auth.clone();
    fixture.store.before("set_roles", async move {
        auth.ensure_role(&email(ADA), &Password::new(PASSWORD), Role::new("editor").unwrap()).await.unwrap();
    });
    assert_eq!(ensure(&fixture, PASSWORD, Role::ADMIN).await.unwrap(), EnsureRoleOutcome::Granted);
    assert_eq!(fixture.sign_in(ADA).await.user.roles, [Role::new("editor").unwrap(), Role::ADMIN]);
}
