//! URLs that name no database, and what is said about them.

use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::thread;

use auth_core::store::{StoreError, StoreErrorKind};
use auth_sqlx::{MySqlStore, PostgresStore, SqliteStore};

/// What whoever starts the application reads.
#[track_caller]
fn says(error: &StoreError, part: &str) {
    let text = format!("{error:?}");
    assert!(text.contains(part), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn a_url_of_another_database_is_refused() {
    let url = "oracle://u:hunter2@localhost/d";
    says(&PostgresStore::connect(url).await.unwrap_err(), "begins with postgres:");
    says(&MySqlStore::connect(url).await.unwrap_err(), "begins with mysql: or mariadb:");
    says(&SqliteStore::connect(url).await.unwrap_err(), "begins with sqlite:");
}

/// Misspelt, it would leave the connection without what was meant; and it may be a part of the password.
#[tokio::test]
async fn a_parameter_that_is_not_known_is_refused_and_not_repeated() {
    for parameters in ["ssl_mode=verify-full", "sslmode=require&pasword=hunter2", "hunter2@localhost/d"] {
        let url = format!("postgres://u:1@localhost/d?{parameters}");
        says(&PostgresStore::connect(&url).await.unwrap_err(), "a parameter that is not known");
        let url = format!("mysql://u:1@localhost/d?{parameters}");
        says(&MySqlStore::connect(&url).await.unwrap_err(), "a parameter that is not known");
    }
}

/// And not only that the time was up.
#[tokio::test]
async fn where_nobody_listens_the_reason_is_told() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let (postgres, mysql) =
        ["postgres", "mysql"].map(|scheme| format!("{scheme}://u:hunter2@127.0.0.1:{port}/d?connect_timeout=1")).into();
    let (postgres, mysql) = tokio::join!(PostgresStore::connect(&postgres), MySqlStore::connect(&mysql));
    for error in [postgres.unwrap_err(), mysql.unwrap_err()] {
        says(&error, "refused");
        says(&error, &format!("127.0.0.1:{port}"));
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    }
}

/// PgBouncer, as it is installed, refuses every other one. <https://www.pgbouncer.org/config.html>,
/// `ignore_startup_parameters`
#[tokio::test]
async fn a_connection_begins_with_no_parameter_that_a_pooler_refuses() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("postgres://u@{}/d?sslmode=disable&connect_timeout=1", listener.local_addr().unwrap());
    let overheard = thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        // The length of the message, with the four bytes of itself.
        let mut length = [0; 4];
        client.read_exact(&mut length).unwrap();
        let mut message = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap() - 4];
        client.read_exact(&mut message).unwrap();
        message
    });
    PostgresStore::connect(&url).await.unwrap_err();
    let message = overheard.join().unwrap();
    // After the version of the protocol, names and values in turn, each with a zero at its end.
    let names = message[4..].split(|byte| *byte == 0).step_by(2).filter(|name| !name.is_empty());
    for name in names.map(|name| String::from_utf8(name.to_vec()).unwrap()) {
        let known = ["user", "database", "client_encoding", "DateStyle", "TimeZone", "application_name"];
        assert!(known.contains(&name.as_str()), "{name}");
    }
}

#[tokio::test]
async fn a_file_that_is_not_there_is_named_with_what_to_do() {
    let error = SqliteStore::connect("sqlite://missing-folder/app.db").await.unwrap_err();
    says(&error, "unable to open database file missing-folder/app.db");
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    says(&error, "`?mode=rwc`");
}
