//! One-time tokens.

use async_trait::async_trait;
use auth_core::id::UserId;
use auth_core::store::{
    ConsumeToken, ConsumeTokenOutcome, CreateTokenOutcome, NewOneTimeToken, StoreError, TokenStore,
};
use auth_core::token::{OneTimeTokenRecord, TokenPurpose};

use crate::backend::Backend;
use crate::columns::Columns;
use crate::error::Failure;
use crate::session::{hash, hash_bytes};
use crate::store::{SqlxStore, micros, to_its_end};

const INSERT: &str = "INSERT INTO {auth_one_time_tokens} (token_hash, purpose, user_id, auth_epoch, payload, \
                      created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)";

const FIND: &str = "SELECT token_hash, purpose, user_id, auth_epoch, payload, created_at, expires_at \
                    FROM {auth_one_time_tokens} WHERE token_hash = ?";

/// Decides who has used the token: one of those who come at the same time deletes it.
///
/// `+ 0` keeps planners to the key: where few tokens are alive, MariaDB finds it by the index on the expiry instead,
/// and locks what is beside it.
const CONSUME: &str = "DELETE FROM {auth_one_time_tokens} WHERE token_hash = ? AND purpose = ? \
                       AND expires_at + 0 > ? AND EXISTS (SELECT 1 FROM {auth_users} u \
                       WHERE u.id = auth_one_time_tokens.user_id AND u.auth_epoch = auth_one_time_tokens.auth_epoch)";

#[async_trait]
impl<DB: Backend> TokenStore for SqlxStore<DB> {
    async fn create_token(&self, new: NewOneTimeToken) -> Result<CreateTokenOutcome, StoreError> {
        let store = self.clone();
        to_its_end::<DB, _>(async move { store.change(|| store.try_create_token(&new)).await }).await
    }

    async fn consume_token(&self, consume: ConsumeToken) -> Result<ConsumeTokenOutcome, StoreError> {
        let store = self.clone();
        to_its_end::<DB, _>(async move { store.change(|| store.try_consume_token(consume)).await }).await
    }
}

impl<DB: Backend> SqlxStore<DB> {
    async fn try_create_token(&self, new: &NewOneTimeToken) -> Result<CreateTokenOutcome, Failure> {
        let mut tx = self.begin().await?;
        let token = &new.token;
        let epoch = self.lock_user(&mut tx, token.user_id).await?.map(|(epoch, _)| epoch);
        if epoch != Some(token.auth_epoch) {
            return Ok(CreateTokenOutcome::Refused);
        }
        self.delete_tokens(&mut tx, token.user_id, token.purpose).await?;
        self.sql(INSERT)
            .bind(hash_bytes(token.hash))
            .bind(token.purpose.as_str().to_owned())
            .bind(token.user_id.as_uuid())
            .bind(token.auth_epoch)
            .bind(token.payload.clone())
            .bind(micros(token.created_at))
            .bind(micros(token.expires_at))
            .execute(&mut tx)
            .await?;
        self.insert_event(&mut tx, &new.event).await?;
        tx.commit().await?;
        Ok(CreateTokenOutcome::Created)
    }

    /// Deletes the tokens of a user for a purpose, each by its key, as rooms for sessions are made.
    async fn delete_tokens(&self, tx: &mut DB::Connection, user: UserId, purpose: TokenPurpose) -> sqlx::Result<()> {
        let query = self.sql("SELECT token_hash FROM {auth_one_time_tokens} WHERE user_id = ? AND purpose = ?");
        let query = query.bind(user.as_uuid()).bind(purpose.as_str().to_owned());
        for row in query.fetch_all(&mut *tx).await? {
            let hash: Vec<u8> = DB::get(&row, "token_hash")?;
            self.sql("DELETE FROM {auth_one_time_tokens} WHERE token_hash = ?").bind(hash).execute(&mut *tx).await?;
        }
        Ok(())
    }

    async fn try_consume_token(&self, consume: ConsumeToken) -> Result<ConsumeTokenOutcome, Failure> {
        let mut tx = self.begin().await?;
        let found = self.sql(FIND).bind(hash_bytes(consume.hash)).fetch_optional(&mut tx).await?;
        let Some(row) = found else { return Ok(ConsumeTokenOutcome::Refused) };
        let consumed = self
            .sql(CONSUME)
            .bind(hash_bytes(consume.hash))
            .bind(consume.purpose.as_str().to_owned())
            .bind(micros(consume.now))
            .execute(&mut tx)
            .await?;
        if consumed == 0 {
            return Ok(ConsumeTokenOutcome::Refused);
        }
        let token = token::<DB>(&row)?;
        tx.commit().await?;
        Ok(ConsumeTokenOutcome::Consumed(Box::new(token)))
    }
}

fn token<DB: Backend>(row: &DB::Row) -> Result<OneTimeTokenRecord, Failure> {
    let mut columns = Columns::<DB>::of(row);
    let token_hash = hash(columns.get("token_hash")?, "token_hash")?;
    let purpose: String = columns.get("purpose")?;
    Ok(OneTimeTokenRecord {
        hash: token_hash,
        purpose: TokenPurpose::from_word(&purpose).ok_or_else(|| Failure::corrupt("purpose"))?,
        user_id: UserId::from_uuid(columns.get("user_id")?),
        auth_epoch: columns.get("auth_epoch")?,
        payload: columns.get("payload")?,
        created_at: columns.instant("created_at")?,
        expires_at: columns.instant("expires_at")?,
    })
}
