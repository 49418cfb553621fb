//! PostgreSQL: starts, dies, comes back, hangs, and leaves nothing behind.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;

use throwaway::Postgres;

use crate::left_behind::{Helper, Traces};

fn psql(address: &str, sql: &str) -> Output {
    Command::new("psql").args(["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", address, "-c", sql]).output().unwrap()
}

#[track_caller]
fn ask(address: &str, sql: &str) -> String {
    let output = psql(address, sql);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Asks whether the server takes TLS, which is the shortest thing to ask: `N` is no, `S` is yes.
fn handshake(postgres: &Postgres) -> std::io::Result<u8> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, postgres.port()))?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    stream.write_all(&[0, 0, 0, 8, 4, 210, 22, 47])?;
    let mut answer = [0];
    stream.read_exact(&mut answer)?;
    Ok(answer[0])
}

#[test]
fn what_is_committed_survives_a_crash() {
    let mut postgres = Postgres::start().unwrap();
    let url = postgres.url();
    ask(&url, "CREATE TABLE survivors (name text); INSERT INTO survivors VALUES ('one')");

    let traces = Traces::of(postgres.certificate());
    postgres.kill().unwrap();
    traces.assert_ended();
    handshake(&postgres).unwrap_err();
    postgres.kill().unwrap();

    postgres.restart().unwrap();
    assert_eq!(postgres.url(), url);
    assert_eq!(ask(&url, "SELECT name FROM survivors"), "one");
    postgres.restart().unwrap();
    assert_eq!(ask(&url, "SELECT name FROM survivors"), "one");

    let traces = Traces::of(postgres.certificate());
    drop(postgres);
    traces.assert_gone();
}

#[test]
fn settings_count_and_defaults_stay() {
    let postgres = Postgres::start_with(&[("max_connections", "7"), ("application_name", "a b")]).unwrap();
    let show = |setting: &str| ask(&postgres.url(), &format!("SHOW {setting}"));
    assert_eq!(show("max_connections"), "7");
    assert_eq!(show("fsync"), "off");
    assert_eq!(show("default_transaction_isolation"), "read committed");
    assert!(postgres.version().ends_with(show("server_version").split(' ').next().unwrap()));
}

#[test]
fn a_setting_that_is_refused_is_told_from_the_log() {
    let error = Postgres::start_with(&[("no_such_setting", "1")]).unwrap_err().to_string();
    assert!(error.contains("PostgreSQL ended right after its start"), "{error}");
    assert!(error.contains("unrecognized configuration parameter \"no_such_setting\""), "{error}");
}

#[test]
fn a_paused_server_takes_connections_and_says_nothing() {
    let postgres = Postgres::start().unwrap();
    assert_eq!(handshake(&postgres).unwrap(), b'N');
    postgres.pause().unwrap();
    handshake(&postgres).unwrap_err();
    postgres.resume().unwrap();
    assert_eq!(handshake(&postgres).unwrap(), b'N');

    postgres.pause().unwrap();
    let traces = Traces::of(postgres.certificate());
    drop(postgres);
    traces.assert_gone();
}

#[test]
fn without_tls_a_server_with_tls_lets_nobody_in() {
    let postgres = Postgres::start_with_tls().unwrap();
    let port = postgres.port();
    let verified = |user: &str| {
        let authority = postgres.certificate().display();
        format!(
            "host=localhost hostaddr=127.0.0.1 port={port} dbname=postgres sslmode=verify-full sslrootcert={authority} {user}"
        )
    };
    assert_eq!(ask(&verified("user=postgres"), "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"), "t");
    ask(&verified("user=auth password=auth-password"), "CREATE SCHEMA mine; CREATE TABLE yours (id int)");
    assert!(!psql(&verified("user=auth password=wrong"), "SELECT 1").status.success());
    assert!(!psql(&format!("{}?sslmode=disable", postgres.url()), "SELECT 1").status.success());
}

/// What was acknowledged is on the standby by then, and can be read there.
#[test]
fn a_standby_has_what_was_committed_and_takes_over() {
    let replicated = [("synchronous_commit", "remote_apply"), ("synchronous_standby_names", "*")];
    let mut primary = Postgres::start_with(&replicated).unwrap();
    let standby = primary.start_standby(&[]).unwrap();
    primary.run("postgres", &["CREATE TABLE kept (name text)", "INSERT INTO kept VALUES ('one')"]).unwrap();
    assert_eq!(ask(&standby.url(), "SELECT name FROM kept"), "one");
    let refused = psql(&standby.url(), "INSERT INTO kept VALUES ('two')");
    assert!(String::from_utf8(refused.stderr).unwrap().contains("read-only transaction"));

    primary.kill().unwrap();
    standby.promote().unwrap();
    assert_eq!(standby.run("postgres", &["INSERT INTO kept VALUES ('two')", "TABLE kept"]).unwrap(), "one\ntwo\n");
}

#[test]
fn a_server_outlives_the_thread_that_asked_for_it() {
    let postgres = thread::spawn(Postgres::start).join().unwrap().unwrap();
    thread::sleep(Duration::from_millis(200));
    assert_eq!(ask(&postgres.url(), "SELECT 1"), "1");
}

#[test]
fn a_server_does_not_outlive_the_process_that_asked_for_it() {
    if Helper::is_this() {
        let postgres = Postgres::start().unwrap();
        let url = postgres.url();
        thread::spawn(move || psql(&url, "SELECT pg_sleep(60)"));
        thread::sleep(Duration::from_secs(1));
        postgres.pause().unwrap();
        Helper::announce(postgres.certificate());
        thread::sleep(Duration::from_mins(1));
        return;
    }
    let test = "postgres::a_server_does_not_outlive_the_process_that_asked_for_it";
    Helper::start(test).kill().wait_until_gone();
}
