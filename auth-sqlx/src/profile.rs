//! The application's own rows, created in the transaction that creates the user.

mod fields;

use async_trait::async_trait;
use auth_core::error::FieldErrors;
use auth_core::id::UserId;
use auth_core::store::{ProfileFields, StoreError, StoreErrorKind};
use auth_core::user::User;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::Database;

use crate::backend::Backend;
use crate::error::Failure;
use crate::statement::forget_outdated;

/// The application's part of an account.
///
/// Sign-up reads the fields of [`Data`](Profile::Data) beside its own, and inserts the rows in the transaction that
/// creates the user: both exist, or neither does. `/me` shows what [`load`](Profile::load) reads, under `profile`.
///
/// Statements are written as for any connection, also
/// [behind a transaction pooler](crate::SqlxStore::behind_transaction_pooler).
///
/// ```
/// use auth_sqlx::auth_core::error::FieldErrors;
/// use auth_sqlx::auth_core::{User, UserId};
/// use auth_sqlx::sqlx::{self, Executor, Row, Sqlite, SqliteConnection};
/// use auth_sqlx::{Profile, SqliteStore, async_trait};
///
/// struct Nicknames;
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Nickname {
///     nickname: String,
/// }
///
/// #[async_trait]
/// impl Profile<Sqlite> for Nicknames {
///     type Data = Nickname;
///
///     fn validate(&self, data: &Nickname) -> Result<(), FieldErrors> {
///         match data.nickname.len() {
///             1..=20 => Ok(()),
///             _ => Err(FieldErrors::one("nickname", "length", "A nickname has 1 to 20 letters.")),
///         }
///     }
///
///     async fn insert(&self, tx: &mut SqliteConnection, user: &User, data: &Nickname) -> sqlx::Result<()> {
///         let query = sqlx::query("INSERT INTO nicknames (user_id, nickname) VALUES (?, ?)");
///         query.bind(user.id.as_uuid()).bind(&data.nickname).execute(tx).await.map(|_| ())
///     }
///
///     async fn load(&self, connection: &mut SqliteConnection, user: UserId) -> sqlx::Result<Option<Nickname>> {
///         let query = sqlx::query("SELECT nickname FROM nicknames WHERE user_id = ?").bind(user.as_uuid());
///         Ok(query.fetch_optional(connection).await?.map(|row| Nickname { nickname: row.get(0) }))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = SqliteStore::connect("sqlite::memory:").await?.with_profile(Nicknames);
/// store.migrate().await?;
/// // After ours, because it refers to the user; a real application has migrations of its own.
/// let table = "CREATE TABLE IF NOT EXISTS nicknames (
///     user_id BLOB NOT NULL PRIMARY KEY REFERENCES auth_users (id) ON DELETE CASCADE,
///     nickname TEXT NOT NULL UNIQUE
/// ) STRICT";
/// store.pool().execute(table).await?;
/// # Ok(()) }
/// ```
#[async_trait]
pub trait Profile<DB: Database>: Send + Sync + 'static {
    /// What sign-up accepts beside e-mail, password and name, and what `/me` returns under `profile`.
    ///
    /// A body that does not fit is refused, with one of these codes for the field: `required`, `unknown_field`,
    /// `invalid_type`, `invalid_value`. Unknown fields cannot be told from known ones inside `#[serde(flatten)]` and
    /// untagged or internally tagged enums, which take whatever comes.
    type Data: Serialize + DeserializeOwned + Send + Sync;

    /// Checks what the types cannot: lengths, ranges, allowed words.
    ///
    /// # Errors
    ///
    /// What is wrong about each field.
    fn validate(&self, data: &Self::Data) -> Result<(), FieldErrors>;

    /// Inserts the rows of a new user, who is there already in the same transaction.
    ///
    /// A type with `#[derive(sqlx::Type)]` can be written to a column of text in MySQL, but not read from it: there let
    /// the column be an `ENUM`, or store its text.
    ///
    /// A transaction that stood in another one's way is undone by the database and run again, so this may be called
    /// more than once. Let it do nothing but write to this connection.
    ///
    /// # Errors
    ///
    /// Whatever the database reports. Then there is no user either. A unique violation is told to the client as
    /// `invalid_input` with the code `taken`; anything else is an outage.
    async fn insert(&self, tx: &mut DB::Connection, user: &User, data: &Self::Data) -> sqlx::Result<()>;

    /// Loads the rows of a user; `None` if there are none.
    ///
    /// # Errors
    ///
    /// Whatever the database reports.
    async fn load(&self, connection: &mut DB::Connection, user: UserId) -> sqlx::Result<Option<Self::Data>>;
}

/// A [`Profile`] whose data has become JSON, so that the store needs no type parameter for it.
#[async_trait]
pub(crate) trait ErasedProfile<DB: Backend>: Send + Sync {
    fn check(&self, fields: &ProfileFields) -> Result<(), FieldErrors>;

    async fn insert(&self, tx: &mut DB::Connection, user: &User, fields: &ProfileFields) -> Result<(), Failure>;

    async fn load(&self, connection: &mut DB::Connection, user: UserId) -> Result<Option<Value>, Failure>;
}

#[async_trait]
impl<DB: Backend, P: Profile<DB>> ErasedProfile<DB> for P {
    fn check(&self, fields: &ProfileFields) -> Result<(), FieldErrors> {
        self.validate(&fields::read(fields)?)
    }

    async fn insert(&self, tx: &mut DB::Connection, user: &User, fields: &ProfileFields) -> Result<(), Failure> {
        let data =
            fields::read(fields).map_err(|_| StoreError::new(StoreErrorKind::Other, "the profile was not checked"))?;
        let inserted = Profile::insert(self, &mut *tx, user, &data).await;
        forget_outdated::<DB, _>(inserted, tx).await.map_err(Failure::Profile)
    }

    async fn load(&self, connection: &mut DB::Connection, user: UserId) -> Result<Option<Value>, Failure> {
        let loaded = Profile::load(self, &mut *connection, user).await;
        let data = forget_outdated::<DB, _>(loaded, connection).await.map_err(Failure::Profile)?;
        let json = data.map(serde_json::to_value).transpose();
        Ok(json.map_err(|cause| StoreError::new(StoreErrorKind::Corrupt, cause))?)
    }
}
