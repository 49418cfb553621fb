//! What a whole flow costs in statements, and in round trips on the wire: a line of this table that grows is a request
//! that got slower.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use auth_core::auth::{AuthBuilder, SignIn, SignOutScope};
use auth_core::clock::ManualClock;
use auth_core::error::FieldErrors;
use auth_core::policy::{HashPolicy, SessionCachePolicy, SessionPolicy};
use auth_core::store::{ProfileFields, Store};
use auth_core::{Auth, Client, Credential, Email, Error, ErrorKind, Password, SessionKind, SigningKeys, User, UserId};
use auth_sqlx::{Backend, Profile, SqlxStore};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::{Executor, Pool, Row};
use throwaway::{Proxy, RoundTrips};

use crate::account::{ADA, sign_in, sign_up_with};
use crate::database::{Isolation, SqliteFile, TestDatabase};
use crate::recording::{record_all, statements_of};
use crate::servers::own::Server;

/// What each flow sends; how many connections it takes from the pool; how many round trips whoever asked waits for.
///
/// On PostgreSQL a change and the record of it are one statement, which begins WITH. Where that is all, nothing has to
/// be begun or committed. On SQLite they are statements of one call, with plus signs between them here.
#[rustfmt::skip]
const FLOWS: &[Flow] = &[
    // Name, connections; statements on MariaDB, trips; on PostgreSQL, trips; on SQLite, if it is not as on MariaDB.
    // The user, the profile's row, the password; the session with the event.
    flow("sign-up with a profile",           1, "BEGIN INSERT INSERT INSERT INSERT INSERT COMMIT",               7,
                                                "BEGIN INSERT INSERT INSERT WITH COMMIT",                        6,
                                                "BEGIN INSERT INSERT INSERT INSERT+INSERT COMMIT"),
    // The user with the password's hash; then, when it was wrong or there is no such user, the event.
    flow("sign-in, refused",                 2, "SELECT INSERT", 2, "SELECT INSERT", 2, ""),
    // The user; then the user again, locked, and only then the sessions: read together with the user they would be
    // those from before the wait for the lock, and two who sign in at the same time would both find room.
    flow("sign-in",                          2, "SELECT BEGIN SELECT SELECT INSERT INSERT COMMIT",               7,
                                                "SELECT BEGIN SELECT SELECT WITH COMMIT",                        6,
                                                "SELECT BEGIN SELECT SELECT INSERT+INSERT COMMIT"),
    // And the session that is ended, and the event of that.
    flow("sign-in, ends another session",    2, "SELECT BEGIN SELECT SELECT DELETE INSERT INSERT INSERT COMMIT", 9,
                                                "SELECT BEGIN SELECT SELECT DELETE INSERT WITH COMMIT",          8,
                                                "SELECT BEGIN SELECT SELECT DELETE INSERT INSERT+INSERT COMMIT"),
    flow("Claims",                           0, "", 0, "", 0, ""),
    flow("CurrentUser",                      1, "SELECT", 1, "SELECT", 1, ""),
    // The session, and that it was used.
    flow("CurrentUser, once a minute",       2, "SELECT UPDATE", 2, "SELECT UPDATE", 2, ""),
    flow("CurrentUser, new to the cache",    1, "SELECT", 1, "SELECT", 1, ""),
    flow("CurrentUser, known to the cache",  0, "", 0, "", 0, ""),
    // The profile's rows are the application's, so they are not joined to ours.
    flow("me",                               2, "SELECT SELECT", 2, "SELECT SELECT", 2, ""),
    // In these, the first statement is the one of `CurrentUser`.
    flow("list of sessions",                 2, "SELECT SELECT", 2, "SELECT SELECT", 2, ""),
    flow("revocation",                       2, "SELECT BEGIN DELETE INSERT COMMIT", 5, "SELECT WITH", 2,
                                                "SELECT BEGIN+DELETE+INSERT+COMMIT+SELECT"),
    flow("refresh",                          2, "SELECT BEGIN UPDATE INSERT COMMIT", 5, "SELECT WITH", 2,
                                                "SELECT BEGIN+UPDATE+INSERT+COMMIT+SELECT"),
    // The token says whose session it is, so that it need not be read.
    flow("sign-out",                         1, "BEGIN DELETE INSERT COMMIT", 4, "WITH", 1,
                                                "BEGIN+DELETE+INSERT+COMMIT+SELECT"),
];

/// A line of the table.
struct Flow {
    name: &'static str,
    connections: u32,
    mariadb_statements: &'static str,
    on_mariadb: u32,
    postgres_statements: &'static str,
    on_postgres: u32,
    sqlite_statements: &'static str,
}

const fn flow(
    name: &'static str,
    connections: u32,
    mariadb_statements: &'static str,
    on_mariadb: u32,
    postgres_statements: &'static str,
    on_postgres: u32,
    sqlite_statements: &'static str,
) -> Flow {
    let sqlite_statements = if sqlite_statements.is_empty() { mariadb_statements } else { sqlite_statements };
    Flow { name, connections, mariadb_statements, on_mariadb, postgres_statements, on_postgres, sqlite_statements }
}

/// What a flow sent.
#[derive(Debug, PartialEq, Eq)]
struct Sent {
    flow: &'static str,
    statements: String,
    trips: RoundTrips,
}

async fn on_sqlite() {
    let database = SqliteFile::migrated().await;
    let store = database.patient_store(1, Isolation::Default).await;
    // There is no network, and the driver does not report what it begins and ends a transaction with.
    let expected = FLOWS.iter().map(|flow| Sent {
        flow: flow.name,
        statements: without(&["BEGIN", "COMMIT"], flow.sqlite_statements),
        trips: RoundTrips::default(),
    });
    assert_eq!(send_all(store, None).await, expected.collect::<Vec<_>>());
}

async fn on_postgres() {
    let expected = FLOWS.iter().map(|flow| Sent {
        flow: flow.name,
        // The driver does not report what begins a transaction. It is sent by itself all the same.
        statements: without(&["BEGIN"], flow.postgres_statements),
        trips: RoundTrips { asked: flow.on_postgres, pinged: flow.connections },
    });
    assert_eq!(send_all_over_a_network::<throwaway::Postgres>().await, expected.collect::<Vec<_>>());
}

async fn on_mariadb() {
    let expected = FLOWS.iter().map(|flow| Sent {
        flow: flow.name,
        statements: flow.mariadb_statements.to_owned(),
        trips: RoundTrips { asked: flow.on_mariadb, pinged: flow.connections },
    });
    assert_eq!(send_all_over_a_network::<throwaway::MariaDb>().await, expected.collect::<Vec<_>>());
}

fn without(unreported: &[&str], statements: &str) -> String {
    statements.split(' ').filter(|word| !unreported.contains(word)).collect::<Vec<_>>().join(" ")
}

async fn send_all_over_a_network<S: Server>() -> Vec<Sent>
where
    for<'c> &'c Pool<S::Driver>: Executor<'c, Database = S::Driver>,
    Nicknames: Profile<S::Driver>,
{
    let server = S::begin();
    server.store().await;
    let proxy = Proxy::to(server.own_port()).unwrap();
    send_all(server.single_store_at(proxy.port()).await, Some(&proxy)).await
}

/// Runs every flow, twice: a connection prepares each statement the first time.
async fn send_all<DB: Backend>(store: SqlxStore<DB>, network: Option<&Proxy>) -> Vec<Sent>
where
    for<'c> &'c Pool<DB>: Executor<'c, Database = DB>,
    Nicknames: Profile<DB>,
{
    store.pool().execute(NICKNAMES).await.unwrap();
    let mut overheard = Overheard { pool: store.pool().clone(), network, sent: Vec::new() };
    let store = store.with_profile(Nicknames);
    for email in ["warm-up@example.com", ADA] {
        overheard.sent.clear();
        Box::pin(send_each(&mut overheard, store.clone(), email)).await;
    }
    overheard.sent
}

/// Runs each flow, in the order of the table.
async fn send_each<DB: Backend>(overheard: &mut Overheard<'_, DB>, store: SqlxStore<DB>, email: &str)
where
    for<'c> &'c Pool<DB>: Executor<'c, Database = DB>,
{
    let clock = Arc::new(ManualClock::new());
    let client = Client::default();
    let auth = builder(store.clone(), clock.clone()).build().unwrap();
    let cached = builder(store, clock.clone()).session_cache(SessionCachePolicy::default()).build().unwrap();

    let profile = ProfileFields::from_iter([("nickname".to_owned(), json!("Countess"))]);
    let first = overheard.hear("sign-up with a profile", sign_up_with(&auth, email, profile)).await.session.id;
    overheard.hear("sign-in, refused", be_refused(&auth, email)).await;
    clock.advance(Duration::from_secs(1));
    overheard.hear("sign-in", sign_in(&auth, email)).await;
    // Both sessions have just been used, so the later sign-in makes room.
    let ada = overheard.hear("sign-in, ends another session", sign_in(&auth, email)).await;

    let token = ada.access_token.expose();
    let access = Credential::Access(token);
    overheard.hear("Claims", async { auth.verify_access_token(token) }).await;
    overheard.hear("CurrentUser", auth.authenticate(&access)).await;
    clock.advance(Duration::from_mins(1));
    overheard.hear("CurrentUser, once a minute", auth.authenticate(&access)).await;
    overheard.hear("CurrentUser, new to the cache", cached.authenticate(&access)).await;
    overheard.hear("CurrentUser, known to the cache", cached.authenticate(&access)).await;
    let me = async { auth.profile(auth.authenticate(&access).await?.user.id).await };
    overheard.hear("me", me).await.unwrap();
    let list = async { auth.sessions(&auth.authenticate(&access).await?).await };
    assert_eq!(overheard.hear("list of sessions", list).await.len(), 2);
    let revoke = async { auth.revoke_session(&auth.authenticate(&access).await?, first, &client).await };
    overheard.hear("revocation", revoke).await;
    let ada = overheard.hear("refresh", auth.refresh(&ada.refresh_token, &client)).await;
    let access = Credential::Access(ada.access_token.expose());
    overheard.hear("sign-out", auth.sign_out(&access, SignOutScope::Session, &client)).await;
}

/// A user has two sessions and no more, so that the third ends one.
fn builder(store: impl Store, clock: Arc<ManualClock>) -> AuthBuilder {
    let keys = SigningKeys::hs256("an example secret of 32 bytes or more").unwrap();
    let sessions = SessionPolicy { max_per_user: 2, ..SessionPolicy::default() };
    let builder = Auth::builder(store, keys).hash_policy(HashPolicy::insecure_for_tests());
    builder.session_policy(sessions).clock(clock)
}

async fn be_refused(auth: &Auth, email: &str) -> Result<(), Error> {
    let (email, password) = (Email::parse(email).unwrap(), Password::new("not what it is"));
    let sign_in = SignIn { email, password, kind: SessionKind::Bearer };
    let error = auth.sign_in(sign_in, &Client::default()).await.unwrap_err();
    (error.kind() == ErrorKind::InvalidCredentials).then_some(()).ok_or(error)
}

/// Overhears the flows of one store, over a network or without one.
struct Overheard<'n, DB: Backend> {
    pool: Pool<DB>,
    network: Option<&'n Proxy>,
    sent: Vec<Sent>,
}

impl<DB: Backend> Overheard<'_, DB>
where
    for<'c> &'c Pool<DB>: Executor<'c, Database = DB>,
{
    async fn hear<T>(&mut self, flow: &'static str, work: impl Future<Output = Result<T, Error>>) -> T {
        let before = self.trips().await;
        let work = Box::pin(async { (work.await.unwrap(), self.trips().await) });
        let ((done, after), statements) = record_all(&self.pool, work).await;
        let words: Vec<_> = statements.iter().map(|sql| words_of(sql)).collect();
        self.sent.push(Sent { flow, statements: words.join(" "), trips: after - before });
        done
    }

    /// Those that have been made when the connection is back in the pool. The driver pings each that comes back, and
    /// nobody waits for that.
    async fn trips(&self) -> RoundTrips {
        while self.pool.num_idle() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.network.map(Proxy::round_trips).unwrap_or_default()
    }
}

/// The first word of each statement of a call.
fn words_of(sql: &str) -> String {
    statements_of(sql).map(|sql| sql.split(' ').next().unwrap()).collect::<Vec<_>>().join("+")
}

/// One row beside the user.
struct Nicknames;

#[derive(Debug, Serialize, Deserialize)]
struct Nickname {
    nickname: String,
}

const NICKNAMES: &str = "CREATE TABLE nicknames (user_id VARCHAR(36) PRIMARY KEY, nickname VARCHAR(20) NOT NULL)";

/// The same for each driver, with its own marks for arguments.
macro_rules! nicknames {
    ($driver:ty, $insert:literal, $select:literal) => {
        #[async_trait]
        impl Profile<$driver> for Nicknames {
            type Data = Nickname;

            fn validate(&self, _data: &Nickname) -> Result<(), FieldErrors> {
                Ok(())
            }

            async fn insert(
                &self,
                tx: &mut <$driver as sqlx::Database>::Connection,
                user: &User,
                data: &Nickname,
            ) -> sqlx::Result<()> {
                sqlx::query($insert).bind(user.id.to_string()).bind(&data.nickname).execute(tx).await.map(drop)
            }

            async fn load(
                &self,
                connection: &mut <$driver as sqlx::Database>::Connection,
                user: UserId,
            ) -> sqlx::Result<Option<Nickname>> {
                let row = sqlx::query($select).bind(user.to_string()).fetch_optional(connection).await?;
                Ok(row.map(|row| Nickname { nickname: row.get(0) }))
            }
        }
    };
}

nicknames!(sqlx::Sqlite, "INSERT INTO nicknames VALUES (?, ?)", "SELECT nickname FROM nicknames WHERE user_id = ?");
nicknames!(
    sqlx::Postgres,
    "INSERT INTO nicknames VALUES ($1, $2)",
    "SELECT nickname FROM nicknames WHERE user_id = $1"
);
nicknames!(sqlx::MySql, "INSERT INTO nicknames VALUES (?, ?)", "SELECT nickname FROM nicknames WHERE user_id = ?");

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_flow_makes_no_more_round_trips_than_it_must() {
    on_sqlite().await;
}

mod servers {
    mod postgres {
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn a_flow_makes_no_more_round_trips_than_it_must() {
            crate::flows::on_postgres().await;
        }
    }

    mod mysql {
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn a_flow_makes_no_more_round_trips_than_it_must() {
            crate::flows::on_mariadb().await;
        }
    }
}
