//! How the library is set up in every server that is measured.

use std::env;
use std::fs;
use std::time::Duration;

use auth_core::auth::AuthBuilder;
use auth_core::policy::{HashPolicy, SessionCachePolicy, SessionPolicy};
use auth_core::store::Store;
use auth_core::token::SigningKey;
use auth_core::{Auth, SigningKeys};
use auth_sqlx::{PostgresStore, SqliteStore};

use crate::settings::{BASE_URL, SECRET, database, is_on};

/// Builds the library as the environment says.
///
/// The defaults, but for these: no rate limits, since all requests come from one address; one hashing thread, since the
/// server has one core.
pub async fn auth() -> Auth {
    let (url, keys) = (database(), signing_keys());
    if url.starts_with("postgres") {
        finish(Auth::builder(PostgresStore::connect(&url).await.unwrap(), keys))
    } else {
        finish(Auth::builder(SqliteStore::connect(&url).await.unwrap(), keys))
    }
}

/// Builds the library on a store of its own, with settings that make the same tokens.
pub fn on(store: impl Store, hashing: HashPolicy) -> Auth {
    builder(store, signing_keys()).hash_policy(hashing).build().unwrap()
}

/// Begins to build the library on a store of its own.
pub fn builder(store: impl Store, keys: SigningKeys) -> AuthBuilder {
    common(Auth::builder(store, keys))
}

fn finish(builder: AuthBuilder) -> Auth {
    let builder = common(builder).hash_policy(HashPolicy { threads: 1, ..HashPolicy::default() });
    let is_cached = is_on("BENCH_SESSION_CACHE");
    let builder = if is_cached { builder.session_cache(SessionCachePolicy::default()) } else { builder };
    builder.build().unwrap()
}

fn common(builder: AuthBuilder) -> AuthBuilder {
    let builder = builder.base_url(BASE_URL).dangerously_without_rate_limits();
    if !is_on("BENCH_NO_GRACE") {
        return builder;
    }
    // Then every refresh rotates, however short ago the one before was.
    builder.session_policy(SessionPolicy { refresh_grace: Duration::ZERO, ..SessionPolicy::default() })
}

/// HS256, unless `BENCH_KEY` names a file with another key, whose name begins with the algorithm's.
pub fn signing_keys() -> SigningKeys {
    let Ok(path) = env::var("BENCH_KEY") else { return SigningKeys::hs256(SECRET).unwrap() };
    let pem = fs::read_to_string(&path).unwrap();
    let key = if path.contains("eddsa") { SigningKey::ed25519_pem(pem) } else { SigningKey::es256_pem(pem) };
    SigningKeys::new(key.unwrap())
}
