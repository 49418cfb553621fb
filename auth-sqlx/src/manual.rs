//! A page for each database: settings that matter, TLS, durability, backups, and what is promised.

#[doc = include_str!("../docs/mysql.md")]
pub mod mysql {}

#[doc = include_str!("../docs/postgresql.md")]
pub mod postgresql {}

#[doc = include_str!("../docs/sqlite.md")]
pub mod sqlite {}
