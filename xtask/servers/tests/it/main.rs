//! The servers themselves. These tests need them installed; there is nothing to show otherwise.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "what the tests share is test code as well")]

mod left_behind;
mod mysql;
mod pgbouncer;
mod postgres;
