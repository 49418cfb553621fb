#![doc = include_str!("../README.md")]

#[cfg(not(feature = "sqlite"))]
compile_error!(
    "auth-sqlx: choose a database, for instance `auth-sqlx = { version = \"0.1\", features = [\"sqlite\"] }`"
);

mod audit;
mod backend;
mod error;
mod migrate;
mod profile;
mod session;
mod store;
mod user;

/// What an implementation of [`Profile`] needs, in the versions that this crate uses.
pub use {async_trait::async_trait, auth_core, sqlx};

pub use backend::Backend;
pub use migrate::{MigrateError, Migration};
pub use profile::Profile;
pub use store::SqlxStore;

/// A store in an SQLite file, or in memory.
#[cfg(feature = "sqlite")]
pub type SqliteStore = SqlxStore<sqlx::Sqlite>;
