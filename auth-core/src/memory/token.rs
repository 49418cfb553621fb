//! One-time tokens in memory.

use async_trait::async_trait;

use crate::memory::MemoryStore;
use crate::store::{ConsumeToken, ConsumeTokenOutcome, CreateTokenOutcome, NewOneTimeToken, StoreError, TokenStore};

#[async_trait]
impl TokenStore for MemoryStore {
    async fn create_token(&self, new: NewOneTimeToken) -> Result<CreateTokenOutcome, StoreError> {
        let mut tables = self.lock();
        let NewOneTimeToken { token, event } = new;
        if tables.users.get(&token.user_id).is_none_or(|user| user.auth_epoch != token.auth_epoch) {
            return Ok(CreateTokenOutcome::Refused);
        }
        tables.tokens.retain(|other| other.user_id != token.user_id || other.purpose != token.purpose);
        tables.tokens.push(token);
        tables.record(event);
        Ok(CreateTokenOutcome::Created)
    }

    async fn consume_token(&self, consume: ConsumeToken) -> Result<ConsumeTokenOutcome, StoreError> {
        let mut tables = self.lock();
        let place = tables.tokens.iter().position(|token| {
            token.hash == consume.hash
                && token.purpose == consume.purpose
                && token.expires_at > consume.now
                && tables.users.get(&token.user_id).is_some_and(|user| user.auth_epoch == token.auth_epoch)
        });
        Ok(place.map_or(ConsumeTokenOutcome::Refused, |place| {
            ConsumeTokenOutcome::Consumed(Box::new(tables.tokens.swap_remove(place)))
        }))
    }
}
