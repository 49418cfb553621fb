//! Users, passwords, and the application's rows beside them.

use async_trait::async_trait;
use auth_core::email::Email;
use auth_core::error::FieldErrors;
use auth_core::id::UserId;
use auth_core::password::PasswordHash;
use auth_core::role::Role;
use auth_core::store::{
    CreateUserOutcome, Credentials, NewUser, ProfileFields, ReplacePassword, ReplacePasswordOutcome, SetRoles,
    SetRolesOutcome, StoreError, UserStore,
};
use auth_core::user::{User, UserStatus, check_roles};
use serde_json::Value;

use crate::backend::{Backend, Exact};
use crate::columns::Columns;
use crate::error::Failure;
use crate::store::{SqlxStore, micros, to_its_end};

/// The columns of a user whose table goes by the name `u`, each by its name: a later release's columns then disturb
/// no statement that an earlier one has prepared.
macro_rules! user_columns {
    () => {
        "u.id, u.email, u.email_canonical, u.email_verified_at, u.name, u.roles, u.status, u.auth_epoch, \
         u.created_at, u.updated_at"
    };
}
pub(crate) use user_columns;

const FIND_CREDENTIALS: &str = concat!(
    "SELECT ",
    user_columns!(),
    ", p.hash FROM {auth_users} u LEFT JOIN {auth_passwords} p ON p.user_id = u.id WHERE u.email_canonical = ?"
);

#[async_trait]
impl<DB: Backend> UserStore for SqlxStore<DB> {
    fn check_profile(&self, fields: &ProfileFields) -> Result<(), FieldErrors> {
        match self.profile() {
            Some(profile) => profile.check(fields),
            None => FieldErrors::unknown(fields.keys()).or_ok(()),
        }
    }

    async fn create_user(&self, new: NewUser) -> Result<CreateUserOutcome, StoreError> {
        check_roles(&new.user.roles)?;
        let store = self.clone();
        to_its_end::<DB, _>(async move { store.change(|| store.try_create_user(&new)).await }).await
    }

    async fn find_credentials(&self, email: &Email) -> Result<Option<Credentials>, StoreError> {
        let (store, email) = (self.clone(), email.clone());
        to_its_end::<DB, _>(async move { store.repeat(|| store.try_find_credentials(&email)).await }).await
    }

    async fn find_profile(&self, user: UserId) -> Result<Option<Value>, StoreError> {
        let store = self.clone();
        to_its_end::<DB, _>(async move { store.repeat(|| store.try_find_profile(user)).await }).await
    }

    async fn replace_password(&self, replace: ReplacePassword) -> Result<ReplacePasswordOutcome, StoreError> {
        let store = self.clone();
        to_its_end::<DB, _>(async move { store.change_recorded(|| store.try_replace_password(&replace)).await }).await
    }

    async fn set_roles(&self, set: SetRoles) -> Result<SetRolesOutcome, StoreError> {
        check_roles(&set.roles)?;
        let store = self.clone();
        to_its_end::<DB, _>(async move { store.change(|| store.try_set_roles(&set)).await }).await
    }
}

impl<DB: Backend> SqlxStore<DB> {
    async fn try_create_user(&self, new: &NewUser) -> Result<CreateUserOutcome, Failure> {
        let mut tx = self.begin().await?;
        // No look first: the unique index decides, also between two that come at the same time.
        match self.insert_user(&mut tx, &new.user).await.map_err(Failure::from) {
            Err(failure) if failure.is_unique_violation() => return Ok(CreateUserOutcome::EmailTaken),
            inserted => inserted?,
        }
        if let (Some(profile), Some(fields)) = (self.profile(), &new.profile) {
            self.forget_statements(&mut tx).await?;
            match profile.insert(&mut tx, &new.user, fields).await {
                Err(failure) if failure.is_unique_violation() => return Ok(CreateUserOutcome::ProfileTaken),
                inserted => inserted?,
            }
        }
        self.insert_beside(&mut tx, new).await?;
        tx.commit().await?;
        Ok(CreateUserOutcome::Created)
    }

    async fn try_find_credentials(&self, email: &Email) -> Result<Option<Credentials>, Failure> {
        let query = self.sql(FIND_CREDENTIALS).bind(Exact(email.canonical().to_owned()));
        let row = query.fetch_optional(&mut *self.read().await?).await?;
        row.map(|row| {
            let mut columns = Columns::<DB>::of(&row);
            let user = user(&mut columns)?;
            let hash: Option<Exact> = columns.get("hash")?;
            Ok(Credentials { user, password_hash: hash.map(|hash| PasswordHash::new(hash.0)) })
        })
        .transpose()
    }

    async fn try_find_profile(&self, user: UserId) -> Result<Option<Value>, Failure> {
        let Some(profile) = self.profile() else { return Ok(None) };
        let mut lease = self.read().await?;
        self.forget_statements(&mut lease).await?;
        profile.load(&mut lease, user).await
    }

    async fn insert_user(&self, tx: &mut DB::Connection, user: &User) -> sqlx::Result<()> {
        let sql = "INSERT INTO {auth_users} (id, email, email_canonical, email_verified_at, name, roles, status, \
                   auth_epoch, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        self.sql(sql)
            .bind(user.id.as_uuid())
            .bind(user.email.as_ref().map(|email| email.as_str().to_owned()))
            .bind(user.email.as_ref().map(|email| Exact(email.canonical().to_owned())))
            .bind(user.email_verified_at.map(micros))
            .bind(user.name.clone())
            .bind(roles_text(&user.roles))
            .bind(user.status.as_str().to_owned())
            .bind(user.auth_epoch)
            .bind(micros(user.created_at))
            .bind(micros(user.updated_at))
            .execute(tx)
            .await
            .map(|_| ())
    }

    /// What comes with a user: the password, the first session, the record of it.
    async fn insert_beside(&self, tx: &mut DB::Connection, new: &NewUser) -> sqlx::Result<()> {
        self.sql("INSERT INTO {auth_passwords} (user_id, hash, changed_at) VALUES (?, ?, ?)")
            .bind(new.user.id.as_uuid())
            .bind(Exact(new.password_hash.as_str().to_owned()))
            .bind(micros(new.user.created_at))
            .execute(tx)
            .await?;
        match &new.session {
            Some(session) => self.insert_session(tx, session, &new.event).await,
            None => self.insert_event(tx, &new.event).await,
        }
    }

    async fn try_replace_password(&self, replace: &ReplacePassword) -> sqlx::Result<ReplacePasswordOutcome> {
        let change = self
            .change_sql("UPDATE {auth_passwords} SET hash = ?, changed_at = ? WHERE user_id = ? AND hash = ?")
            .bind(Exact(replace.new.as_str().to_owned()))
            .bind(micros(replace.at))
            .bind(replace.user_id.as_uuid())
            .bind(Exact(replace.expected.as_str().to_owned()));
        let is_replaced = self.record(change, &replace.event).await?;
        Ok(if is_replaced { ReplacePasswordOutcome::Replaced } else { ReplacePasswordOutcome::Changed })
    }

    async fn try_set_roles(&self, set: &SetRoles) -> sqlx::Result<SetRolesOutcome> {
        let mut tx = self.begin().await?;
        let found = self
            .sql("UPDATE {auth_users} SET roles = ? WHERE id = ? AND auth_epoch = ?")
            .bind(roles_text(&set.roles))
            .bind(set.user_id.as_uuid())
            .bind(set.expected_epoch)
            .execute(&mut tx)
            .await?;
        if found == 0 {
            return Ok(SetRolesOutcome::Changed);
        }
        self.end_all(&mut tx, set.user_id, set.at).await?;
        self.insert_event(&mut tx, &set.event).await?;
        tx.commit().await?;
        Ok(SetRolesOutcome::Set)
    }
}

/// Reads the columns of `auth_users`, with or without others beside them.
pub(crate) fn user<DB: Backend>(columns: &mut Columns<'_, DB>) -> Result<User, Failure> {
    let id = UserId::from_uuid(columns.get("id")?);
    let typed: Option<String> = columns.get("email")?;
    let canonical: Option<Exact> = columns.get("email_canonical")?;
    let email_verified_at = columns.optional_instant("email_verified_at")?;
    let name = columns.get("name")?;
    let roles: String = columns.get("roles")?;
    let status: String = columns.get("status")?;
    let auth_epoch = columns.get("auth_epoch")?;
    let mut user = User::new(id, columns.instant("created_at")?);
    user.email = typed.zip(canonical).map(|(typed, canonical)| Email::from_stored(typed, canonical.0));
    user.email_verified_at = email_verified_at;
    user.name = name;
    user.roles = roles.split(' ').filter(|name| !name.is_empty()).map(role).collect::<Result<_, _>>()?;
    user.status = UserStatus::from_word(&status).ok_or_else(|| Failure::corrupt("status"))?;
    user.auth_epoch = auth_epoch;
    user.updated_at = columns.instant("updated_at")?;
    Ok(user)
}

fn role(name: &str) -> Result<Role, Failure> {
    Role::new(name.to_owned()).map_err(|_| Failure::corrupt("roles"))
}

fn roles_text(roles: &[Role]) -> String {
    roles.iter().map(Role::as_str).collect::<Vec<_>>().join(" ")
}
