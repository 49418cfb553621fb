//! Users, passwords, and the application's rows beside them.

use async_trait::async_trait;
use auth_core::email::Email;
use auth_core::error::FieldErrors;
use auth_core::id::UserId;
use auth_core::password::PasswordHash;
use auth_core::role::Role;
use auth_core::store::{
    CreateUserOutcome, Credentials, NewUser, ProfileFields, ReplacePassword, ReplacePasswordOutcome, SetRoles,
    SetRolesOutcome, StoreError, StoreErrorKind, UserStore,
};
use auth_core::user::{User, UserStatus};
use serde_json::Value;
use sqlx::Transaction;

use crate::audit;
use crate::backend::{Backend, Statement};
use crate::error::{corrupt, store_error};
use crate::session;
use crate::store::{SqlxStore, instant, micros};

#[async_trait]
impl<DB: Backend> UserStore for SqlxStore<DB> {
    fn check_profile(&self, fields: &ProfileFields) -> Result<(), FieldErrors> {
        match self.profile() {
            Some(profile) => profile.check(fields),
            None => FieldErrors::unknown(fields.keys()).or_ok(()),
        }
    }

    async fn create_user(&self, new: NewUser) -> Result<CreateUserOutcome, StoreError> {
        let mut tx = self.begin().await?;
        // No look first: the unique index decides, also between two that come at the same time.
        match insert_user::<DB>(&mut tx, &new.user).await {
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
                return Ok(CreateUserOutcome::EmailTaken);
            }
            inserted => inserted.map_err(store_error::<DB>)?,
        }
        if let (Some(profile), Some(fields)) = (self.profile(), &new.profile) {
            match profile.insert(&mut tx, &new.user, fields).await {
                Err(error) if error.kind() == StoreErrorKind::Conflict => return Ok(CreateUserOutcome::ProfileTaken),
                inserted => inserted?,
            }
        }
        insert_beside::<DB>(&mut tx, &new).await.map_err(store_error::<DB>)?;
        tx.commit().await.map_err(store_error::<DB>)?;
        Ok(CreateUserOutcome::Created)
    }

    async fn find_credentials(&self, email: &Email) -> Result<Option<Credentials>, StoreError> {
        let sql = "SELECT u.*, p.hash FROM auth_users u LEFT JOIN auth_passwords p ON p.user_id = u.id \
                   WHERE u.email_canonical = ?";
        let query = Statement::<DB>::new(sql).bind(email.canonical().to_owned());
        let row = query.fetch_optional(&mut *self.read().await?).await.map_err(store_error::<DB>)?;
        row.map(|row| {
            let hash: Option<String> = DB::get(&row, "hash").map_err(store_error::<DB>)?;
            Ok(Credentials { user: user::<DB>(&row)?, password_hash: hash.map(PasswordHash::new) })
        })
        .transpose()
    }

    async fn find_profile(&self, user: UserId) -> Result<Option<Value>, StoreError> {
        match self.profile() {
            Some(profile) => profile.load(&mut *self.read().await?, user).await,
            None => Ok(None),
        }
    }

    async fn replace_password(&self, replace: ReplacePassword) -> Result<ReplacePasswordOutcome, StoreError> {
        let mut tx = self.begin().await?;
        let replaced =
            Statement::<DB>::new("UPDATE auth_passwords SET hash = ?, changed_at = ? WHERE user_id = ? AND hash = ?")
                .bind(replace.new.as_str().to_owned())
                .bind(micros(replace.at))
                .bind(replace.user_id.as_uuid())
                .bind(replace.expected.as_str().to_owned())
                .execute(&mut tx)
                .await
                .map_err(store_error::<DB>)?;
        if replaced == 0 {
            return Ok(ReplacePasswordOutcome::Changed);
        }
        audit::insert::<DB>(&mut tx, &replace.event).await.map_err(store_error::<DB>)?;
        tx.commit().await.map_err(store_error::<DB>)?;
        Ok(ReplacePasswordOutcome::Replaced)
    }

    async fn set_roles(&self, set: SetRoles) -> Result<SetRolesOutcome, StoreError> {
        let mut tx = self.begin().await?;
        let found = Statement::<DB>::new("UPDATE auth_users SET roles = ? WHERE id = ? AND auth_epoch = ?")
            .bind(roles_text(&set.roles))
            .bind(set.user_id.as_uuid())
            .bind(set.expected_epoch)
            .execute(&mut tx)
            .await
            .map_err(store_error::<DB>)?;
        if found == 0 {
            return Ok(SetRolesOutcome::Changed);
        }
        session::end_all::<DB>(&mut tx, set.user_id, set.at).await.map_err(store_error::<DB>)?;
        audit::insert::<DB>(&mut tx, &set.event).await.map_err(store_error::<DB>)?;
        tx.commit().await.map_err(store_error::<DB>)?;
        Ok(SetRolesOutcome::Set)
    }
}

async fn insert_user<DB: Backend>(tx: &mut Transaction<'static, DB>, user: &User) -> sqlx::Result<()> {
    let sql = "INSERT INTO auth_users (id, email, email_canonical, email_verified_at, name, roles, status, auth_epoch, \
               created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    Statement::<DB>::new(sql)
        .bind(user.id.as_uuid())
        .bind(user.email.as_ref().map(|email| email.as_typed().to_owned()))
        .bind(user.email.as_ref().map(|email| email.canonical().to_owned()))
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
async fn insert_beside<DB: Backend>(tx: &mut Transaction<'static, DB>, new: &NewUser) -> sqlx::Result<()> {
    Statement::<DB>::new("INSERT INTO auth_passwords (user_id, hash, changed_at) VALUES (?, ?, ?)")
        .bind(new.user.id.as_uuid())
        .bind(new.password_hash.as_str().to_owned())
        .bind(micros(new.user.created_at))
        .execute(tx)
        .await?;
    if let Some(session) = &new.session {
        session::insert::<DB>(tx, session).await?;
    }
    audit::insert::<DB>(tx, &new.event).await
}

/// Reads the columns of `auth_users`, with or without others beside them.
pub(crate) fn user<DB: Backend>(row: &DB::Row) -> Result<User, StoreError> {
    let failed = store_error::<DB>;
    let id = UserId::from_uuid(DB::get(row, "id").map_err(failed)?);
    let mut user = User::new(id, instant(DB::get(row, "created_at").map_err(failed)?, "created_at")?);
    let typed: Option<String> = DB::get(row, "email").map_err(failed)?;
    let canonical: Option<String> = DB::get(row, "email_canonical").map_err(failed)?;
    let verified: Option<i64> = DB::get(row, "email_verified_at").map_err(failed)?;
    let roles: String = DB::get(row, "roles").map_err(failed)?;
    let status: String = DB::get(row, "status").map_err(failed)?;
    user.email = typed.zip(canonical).map(|(typed, canonical)| Email::from_stored(typed, canonical));
    user.email_verified_at = verified.map(|micros| instant(micros, "email_verified_at")).transpose()?;
    user.name = DB::get(row, "name").map_err(failed)?;
    user.roles = roles.split(' ').filter(|name| !name.is_empty()).map(role).collect::<Result<_, _>>()?;
    user.status = UserStatus::from_word(&status).ok_or_else(|| corrupt("status"))?;
    user.auth_epoch = DB::get(row, "auth_epoch").map_err(failed)?;
    user.updated_at = instant(DB::get(row, "updated_at").map_err(failed)?, "updated_at")?;
    Ok(user)
}

fn role(name: &str) -> Result<Role, StoreError> {
    Role::new(name.to_owned()).map_err(|_| corrupt("roles"))
}

fn roles_text(roles: &[Role]) -> String {
    roles.iter().map(Role::as_str).collect::<Vec<_>>().join(" ")
}
