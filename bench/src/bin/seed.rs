//! Makes a database with sessions, and prints the tokens of each: access, refresh, id of the session.
//!
//! `seed [browser|bearer] [SESSIONS] [filled]`, or `seed count`, which prints what was written since: the rotations,
//! the sessions, the audit events.

use std::env;
use std::io::{BufWriter, Write, stdout};

use auth_core::SessionKind;
use auth_sqlx::{PostgresStore, SqliteStore};
use bench::seed::{FILL_POSTGRES, FILL_SQLITE, copy_to_postgres, copy_to_sqlite, password_hash, sessions};
use bench::settings::database;

const COUNT: &str = "SELECT (SELECT COALESCE(SUM(generation), 0) FROM auth_sessions), \
                     (SELECT COUNT(*) FROM auth_sessions), (SELECT COUNT(*) FROM auth_audit_log)";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["count"] => count().await,
        [kind, number, filling @ ..] => Box::pin(seed(kind, number, filling == ["filled"])).await,
        _ => panic!("seed [browser|bearer] SESSIONS [filled], or seed count"),
    }
}

async fn seed(kind: &str, number: &str, filled: bool) {
    let kind = SessionKind::from_word(kind).expect("browser or bearer");
    let seeded = sessions(number.parse().expect("a number of sessions"), kind).await;
    let (hash, url) = (password_hash().await, database());
    if url.starts_with("postgres") {
        let store = PostgresStore::connect(&url).await.unwrap();
        store.migrate().await.unwrap();
        copy_to_postgres(store.pool(), &seeded, &hash).await;
        for statement in FILL_POSTGRES.iter().filter(|_| filled) {
            sqlx::raw_sql(*statement).execute(store.pool()).await.unwrap();
        }
    } else {
        let store = SqliteStore::connect(&url).await.unwrap();
        store.migrate().await.unwrap();
        copy_to_sqlite(store.pool(), &seeded, &hash).await;
        for statement in FILL_SQLITE.iter().filter(|_| filled) {
            sqlx::raw_sql(*statement).execute(store.pool()).await.unwrap();
        }
    }
    let mut out = BufWriter::new(stdout().lock());
    for session in &seeded {
        writeln!(out, "{} {} {}", session.access, session.refresh, session.record.session.id).unwrap();
    }
}

async fn count() {
    let url = database();
    let counts: (i64, i64, i64) = if url.starts_with("postgres") {
        let store = PostgresStore::connect(&url).await.unwrap();
        sqlx::query_as(sqlx::AssertSqlSafe(COUNT.replace("0)", "0)::BIGINT"))).fetch_one(store.pool()).await.unwrap()
    } else {
        let store = SqliteStore::connect(&url).await.unwrap();
        sqlx::query_as(COUNT).fetch_one(store.pool()).await.unwrap()
    };
    println!("{} {} {}", counts.0, counts.1, counts.2);
}
