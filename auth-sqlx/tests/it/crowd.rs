//! Very many users, made inside the database, which is the only quick way.
//!
//! Ids look as the library's: 48 bits of time, the rest random. Each user has a password, some sessions, a one-time
//! token, a throttle and an event. They came over some five years, their sessions over two months and in another
//! order, so that those of one user are not neighbours. Every eleventh row of what expires has expired.
//!
//! The user number `n` has the address `usern@example.com`.

use std::ops::Range;

use sqlx::{AssertSqlSafe, Database, Executor, Pool};

/// How many there shall be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crowd {
    /// The number of users.
    pub(crate) users: u64,
    /// The number of sessions that each of them has.
    pub(crate) sessions_each: u64,
}

/// Users of one script and transaction: few enough to see it go on.
const CHUNK: u64 = 50_000;

/// A database that has the script, and the statement that gathers the planner's statistics.
pub(crate) trait Settle: Database {
    /// Adds the users of a range.
    const SCRIPT: &'static str;

    /// Gathers statistics.
    const ANALYZE: &'static str;
}

impl Settle for sqlx::MySql {
    const SCRIPT: &'static str = include_str!("crowd/mysql.sql");
    const ANALYZE: &'static str = "ANALYZE TABLE auth_users, auth_passwords, auth_sessions, auth_one_time_tokens, \
                                   auth_throttle, auth_audit_log";
}

impl Settle for sqlx::Postgres {
    const SCRIPT: &'static str = include_str!("crowd/postgres.sql");
    const ANALYZE: &'static str = "VACUUM ANALYZE";
}

impl Settle for sqlx::Sqlite {
    const SCRIPT: &'static str = include_str!("crowd/sqlite.sql");
    const ANALYZE: &'static str = "ANALYZE";
}

impl Crowd {
    /// Lets them in, and tells after each part how many there are.
    pub(crate) async fn settle<DB: Settle>(self, pool: &Pool<DB>, progress: impl Fn(u64)) -> sqlx::Result<()>
    where
        for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    {
        // It is closed in the end, because the script changes its settings.
        let mut connection = pool.acquire().await?.detach();
        let mut first = 0;
        while first < self.users {
            let last = self.users.min(first + CHUNK);
            connection.execute(AssertSqlSafe(self.script::<DB>(first..last))).await?;
            progress(last);
            first = last;
        }
        sqlx::Connection::close(connection).await
    }

    fn script<DB: Settle>(self, users: Range<u64>) -> String {
        DB::SCRIPT
            .replace("{first}", &users.start.to_string())
            .replace("{last}", &users.end.to_string())
            .replace("{total}", &self.users.to_string())
            .replace("{sessions}", &self.sessions_each.to_string())
    }
}
