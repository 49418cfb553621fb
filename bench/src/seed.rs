//! Users and sessions in numbers: signed up by the library in memory, and copied to the database.

use auth_core::auth::{Auth, SignUp, SignUpOutcome};
use auth_core::policy::HashPolicy;
use auth_core::session::SessionRecord;
use auth_core::store::{SessionStore, UserStore};
use auth_core::{Client, Email, MemoryStore, Password, SessionKind};
use sqlx::{Pool, Postgres, QueryBuilder, Sqlite};

use crate::ours;
use crate::settings::PASSWORD;

/// A session in the database, and the tokens that open it.
pub struct Seeded {
    pub record: SessionRecord,
    pub access: String,
    pub refresh: String,
}

/// The store in memory looks through all its users at each sign-up, so that many small ones are faster than one.
const BATCH: usize = 250;

/// Signs up users, each with one session, at the cheapest hash.
pub async fn sessions(count: usize, kind: SessionKind) -> Vec<Seeded> {
    let mut seeded = Vec::with_capacity(count);
    while seeded.len() < count {
        let store = MemoryStore::new();
        let auth = ours::on(store.clone(), HashPolicy::insecure_for_tests());
        for number in seeded.len()..count.min(seeded.len() + BATCH) {
            seeded.push(sign_up(&auth, &store, number, kind).await);
        }
    }
    seeded
}

/// Signs up the user of a number, with one session.
pub async fn sign_up(auth: &Auth, store: &impl SessionStore, number: usize, kind: SessionKind) -> Seeded {
    let sign_up = SignUp::new(email(number), Password::new(PASSWORD), kind);
    let client = Client { ip: "127.0.0.1".parse().ok(), user_agent: Some("Mozilla/5.0 (bench)".to_owned()) };
    let SignUpOutcome::SignedIn(signed_in) = auth.sign_up(sign_up, &client).await.unwrap() else { unreachable!() };
    Seeded {
        record: store.find_session(signed_in.session.id).await.unwrap().unwrap(),
        access: signed_in.access_token.expose().to_owned(),
        refresh: signed_in.refresh_token.expose().to_string(),
    }
}

/// The address of a seeded user.
pub fn email(number: usize) -> Email {
    Email::parse(&format!("user{number}@example.com")).unwrap()
}

/// The hash of the password that all of them have, at the cost that the servers use.
pub async fn password_hash() -> String {
    let store = MemoryStore::new();
    let auth = ours::on(store.clone(), HashPolicy { threads: 1, ..HashPolicy::default() });
    sign_up(&auth, &store, 0, SessionKind::Bearer).await;
    store.find_credentials(&email(0)).await.unwrap().unwrap().password_hash.unwrap().as_str().to_owned()
}

/// Writes, for one database, what differs only in the types of `sqlx`.
macro_rules! copy {
    ($name:ident, $database:ty) => {
        /// Copies users, passwords and sessions in one transaction.
        pub async fn $name(pool: &Pool<$database>, seeded: &[Seeded], hash: &str) {
            let mut transaction = pool.begin().await.unwrap();
            for chunk in seeded.chunks(500) {
                let mut users = QueryBuilder::<$database>::new(
                    "INSERT INTO auth_users (id, email, email_canonical, roles, status, auth_epoch, created_at, \
                     updated_at) ",
                );
                users.push_values(chunk, |mut row, Seeded { record: SessionRecord { user, .. }, .. }| {
                    let email = user.email.as_ref().unwrap();
                    row.push_bind(user.id.as_uuid())
                        .push_bind(email.as_str())
                        .push_bind(email.canonical())
                        .push_bind("")
                        .push_bind(user.status.as_str())
                        .push_bind(user.auth_epoch)
                        .push_bind(user.created_at.timestamp_micros())
                        .push_bind(user.updated_at.timestamp_micros());
                });
                users.build().execute(&mut *transaction).await.unwrap();

                let mut passwords =
                    QueryBuilder::<$database>::new("INSERT INTO auth_passwords (user_id, hash, changed_at) ");
                passwords.push_values(chunk, |mut row, Seeded { record: SessionRecord { user, .. }, .. }| {
                    row.push_bind(user.id.as_uuid()).push_bind(hash).push_bind(user.created_at.timestamp_micros());
                });
                passwords.build().execute(&mut *transaction).await.unwrap();

                let mut sessions = QueryBuilder::<$database>::new(
                    "INSERT INTO auth_sessions (id, user_id, auth_epoch, kind, ip, user_agent, created_at, \
                     expires_at, last_seen_at, family_hash, token_hash, rotated_at, generation, confirmed, \
                     recoveries) ",
                );
                sessions.push_values(
                    chunk,
                    |mut row, Seeded { record: SessionRecord { session, refresh, .. }, .. }| {
                        row.push_bind(session.id.as_uuid())
                            .push_bind(session.user_id.as_uuid())
                            .push_bind(session.auth_epoch)
                            .push_bind(session.kind.as_str())
                            .push_bind(session.client.ip.map(|ip| ip.to_string()))
                            .push_bind(session.client.user_agent.as_deref())
                            .push_bind(session.created_at.timestamp_micros())
                            .push_bind(session.expires_at.timestamp_micros())
                            .push_bind(session.last_seen_at.timestamp_micros())
                            .push_bind(refresh.family_hash.as_bytes().as_slice())
                            .push_bind(refresh.token_hash.as_bytes().as_slice())
                            .push_bind(refresh.rotated_at.timestamp_micros())
                            .push_bind(refresh.generation)
                            .push_bind(i64::from(refresh.confirmed))
                            .push_bind(i64::from(refresh.recoveries));
                    },
                );
                sessions.build().execute(&mut *transaction).await.unwrap();
            }
            transaction.commit().await.unwrap();
        }
    };
}

copy!(copy_to_postgres, Postgres);
copy!(copy_to_sqlite, Sqlite);

/// Adds users with a session each that nobody uses, until there are a million and more: in the order of their ids, as
/// time would have added them, and older than those that are used.
///
/// Not followed by ANALYZE, which the small database has not seen either: with the statistics of STAT4, which the
/// bundled SQLite is built with, it prepares a statement anew whenever another value is bound, at twice the CPU of the
/// query.
pub const FILL_SQLITE: &[&str] = &[
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) \
     INSERT INTO auth_users SELECT unhex(printf('%012x7abc8000%012x', 1700000000000 + i, i)), \
     'filler' || i || '@example.com', 'filler' || i || '@example.com', NULL, NULL, '', 'active', 0, \
     1700000000000000 + i * 1000, 1700000000000000 + i * 1000 FROM n",
    "INSERT INTO auth_sessions SELECT u.id, u.id, 0, 'browser', '127.0.0.1', 'Mozilla/5.0 (bench)', u.created_at, \
     u.created_at + 7776000000000000, u.created_at, randomblob(32), randomblob(32), NULL, NULL, u.created_at, 0, 0, 0 \
     FROM auth_users u WHERE u.email LIKE 'filler%'",
    "PRAGMA wal_checkpoint(TRUNCATE)",
];

pub const FILL_POSTGRES: &[&str] = &[
    "INSERT INTO auth_users SELECT (lpad(to_hex(1700000000000 + i), 12, '0') || '7abc8000' || \
     lpad(to_hex(i), 12, '0'))::uuid, 'filler' || i || '@example.com', 'filler' || i || '@example.com', NULL, NULL, '', \
     'active', 0, 1700000000000000 + i * 1000, 1700000000000000 + i * 1000 FROM generate_series(1::bigint, 1000000) i",
    "INSERT INTO auth_sessions SELECT u.id, u.id, 0, 'browser', '127.0.0.1', 'Mozilla/5.0 (bench)', u.created_at, \
     u.created_at + 7776000000000000, u.created_at, sha256(u.id::text::bytea), sha256(u.email::bytea), NULL, NULL, \
     u.created_at, 0, 0, 0 FROM auth_users u WHERE u.email LIKE 'filler%'",
    "VACUUM ANALYZE",
    "CHECKPOINT",
];
