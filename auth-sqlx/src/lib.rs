#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(any(feature = "mysql", feature = "postgres", feature = "sqlite")),
    expect(unused, reason = "it is used by the databases, of which none was chosen")
)]

mod audit;
mod backend;
mod columns;
mod error;
mod failover;
mod housekeeping;
mod lease;
pub mod manual;
mod migrate;
mod migration;
mod profile;
mod prune;
mod recorded;
mod schema;
mod session;
mod statement;
mod store;
mod suspicion;
mod texts;
mod throttle;
mod token;
mod user;

/// What an implementation of [`Profile`] needs, in the versions that this crate uses.
pub use {async_trait::async_trait, auth_core, sqlx};

pub use backend::Backend;
pub use housekeeping::{PRUNE_INTERVAL, prune_regularly};
pub use migration::{MigrateError, Migration};
pub use profile::Profile;
#[cfg(feature = "postgres")]
pub use schema::InvalidSchema;
pub use store::SqlxStore;

/// A store in MySQL or MariaDB.
#[cfg(feature = "mysql")]
pub type MySqlStore = SqlxStore<sqlx::MySql>;

/// A store in PostgreSQL.
#[cfg(feature = "postgres")]
pub type PostgresStore = SqlxStore<sqlx::Postgres>;

/// A store in an SQLite file, or in memory.
#[cfg(feature = "sqlite")]
pub type SqliteStore = SqlxStore<sqlx::Sqlite>;
