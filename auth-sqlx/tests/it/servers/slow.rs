//! Hosts that take their time to let somebody in.

use std::error::Error as _;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth_core::Credential;
use auth_core::store::StoreErrorKind;
use auth_sqlx::SqlxStore;
use throwaway::Proxy;
use tokio::time::Instant;

use crate::account::{ADA, auth, sign_up};
use crate::servers::own::{Server, on_each_own_server};

/// At the start, and the log says meanwhile for whom the application waits.
async fn a_database_that_wakes_up_is_waited_for<S: Server>() {
    let server = S::begin();
    server.store().await;
    let proxy = Proxy::to(server.own_port()).unwrap();
    let url = server.url_at(proxy.port());
    proxy.fall_asleep(Duration::from_secs(6));
    let log = Log::default();
    let guard = log.listen();
    let store = SqlxStore::<S::Driver>::connect(&url).await.unwrap();
    drop(guard);
    sign_up(&auth(store), ADA).await.unwrap();
    let text = log.text();
    assert!(text.contains("waiting") && text.contains(&format!("127.0.0.1:{}", proxy.port())), "{text}");
}

async fn connecting_takes_no_longer_than_the_url_allows<S: Server>() {
    let server = S::begin();
    let proxy = Proxy::to(server.own_port()).unwrap();
    proxy.fall_asleep(Duration::from_mins(1));
    let begun = Instant::now();
    let url = format!("{}&connect_timeout=2", server.url_at(proxy.port()));
    let error = SqlxStore::<S::Driver>::connect(&url).await.unwrap_err();
    assert!((2..6).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    let text = error.source().unwrap().to_string();
    assert!(text.contains(&format!("127.0.0.1:{}", proxy.port())) && text.contains("2 s"), "{text}");
}

/// Longer than a request waits for a connection: the first ones are told to come back, and one of them gets through.
async fn a_connection_that_takes_long_is_opened_in_the_end<S: Server>() {
    let server = S::begin();
    let ada = sign_up(&auth(server.store().await), ADA).await.unwrap();
    let proxy = Proxy::with_delay(server.own_port(), Duration::from_millis(1_800)).unwrap();
    let auth = auth(SqlxStore::<S::Driver>::connect(&server.url_at(proxy.port())).await.unwrap());
    proxy.drop_connections();
    let access = Credential::Access(ada.access_token.expose());
    let begun = Instant::now();
    while let Err(error) = auth.authenticate(&access).await {
        assert!(begun.elapsed() < Duration::from_mins(1), "{error:?}");
    }
}

/// What is said in this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn listen(&self) -> tracing::subscriber::DefaultGuard {
        let log = self.clone();
        tracing::subscriber::set_default(tracing_subscriber::fmt().with_writer(move || log.clone()).finish())
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

on_each_own_server! {
    a_database_that_wakes_up_is_waited_for,
    connecting_takes_no_longer_than_the_url_allows,
    a_connection_that_takes_long_is_opened_in_the_end,
}

mod postgres_urls {
    mod postgres {
        use auth_sqlx::PostgresStore;
        use throwaway::Postgres;

        use crate::account::{auth, sign_up};

        /// As hosts and other clients write them.
        #[tokio::test(flavor = "multi_thread")]
        async fn urls_of_other_clients_are_understood() {
            let server = Postgres::start().unwrap();
            let port = server.port();
            let added = "sslmode=disable&connection_limit=2&pool_timeout=20&schema=public&keepalives=1&keepalives_idle=30\
                         &target_session_attrs=read-write&sslnegotiation=postgres&supa=base-pooler.x";
            for url in [
                format!("postgres://postgres@127.0.0.1:{port}/postgres?{added}"),
                format!("postgres://postgres:p+w@/postgres?host=127.0.0.1&port={port}&{added}"),
                format!("postgres:///postgres?host=127.0.0.1&port={port}&user=postgres&pgbouncer=true&{added}"),
            ] {
                let store = PostgresStore::connect(&url).await.unwrap();
                assert_eq!(store.pool().options().get_max_connections(), 2);
                store.migrate().await.unwrap();
                let email = format!("user-{}@example.com", url.len());
                sign_up(&auth(store), &email).await.unwrap();
            }
            let standby = format!("postgres://postgres@127.0.0.1:{port}/postgres?target_session_attrs=standby");
            assert!(format!("{:?}", PostgresStore::connect(&standby).await.unwrap_err()).contains("the store writes"));
        }

        /// Of several servers behind one address, only the primary will do.
        #[tokio::test(flavor = "multi_thread")]
        async fn a_server_that_takes_no_writes_is_not_used_where_the_url_asks_for_one_that_does() {
            let server = Postgres::start().unwrap();
            let url = format!("postgres://postgres@127.0.0.1:{}/postgres?sslmode=disable", server.port());
            let administrator = PostgresStore::connect(&url).await.unwrap();
            let begin = "ALTER DATABASE postgres SET default_transaction_read_only = on";
            sqlx::query(begin).execute(administrator.pool()).await.unwrap();
            let url = format!("{url}&connect_timeout=2&target_session_attrs=read-write");
            PostgresStore::connect(&url).await.unwrap_err();
            let end = "ALTER DATABASE postgres RESET default_transaction_read_only";
            sqlx::query(end).execute(administrator.pool()).await.unwrap();
            PostgresStore::connect(&url).await.unwrap();
        }
    }
}
