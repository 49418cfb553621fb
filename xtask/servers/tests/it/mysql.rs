//! MariaDB: starts, dies, comes back, hangs, and leaves nothing behind.

use std::io::Read;
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;

use throwaway::MariaDb;

use crate::left_behind::{Helper, Traces};

fn client(server: &MariaDb, options: &[&str], sql: &str) -> Output {
    let mut command = Command::new("mariadb");
    command.args(["--no-defaults", "--protocol=tcp", "--host=127.0.0.1", &format!("--port={}", server.port())]);
    command.args(["--skip-column-names", "--batch"]).args(options).args(["--execute", sql, "mysql"]);
    command.output().unwrap()
}

#[track_caller]
fn ask(server: &MariaDb, options: &[&str], sql: &str) -> String {
    let output = client(server, options, sql);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

const ROOT: &[&str] = &["--user=root"];

/// Reads the fifth byte of the server's greeting, which is the version of the protocol.
fn handshake(server: &MariaDb) -> std::io::Result<u8> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port()))?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    let mut greeting = [0; 5];
    stream.read_exact(&mut greeting)?;
    Ok(greeting[4])
}

#[test]
fn what_is_committed_survives_a_crash() {
    let mut server = MariaDb::start().unwrap();
    let url = server.url();
    ask(
        &server,
        ROOT,
        "CREATE DATABASE it; CREATE TABLE it.survivors (name text); INSERT INTO it.survivors VALUES ('one')",
    );

    let traces = Traces::of(server.certificate());
    server.kill().unwrap();
    traces.assert_ended();
    handshake(&server).unwrap_err();
    server.kill().unwrap();

    server.restart().unwrap();
    assert_eq!(server.url(), url);
    assert_eq!(ask(&server, ROOT, "SELECT name FROM it.survivors"), "one");

    let traces = Traces::of(server.certificate());
    drop(server);
    traces.assert_gone();
}

#[test]
fn settings_count_and_defaults_stay() {
    let server = MariaDb::start_with(&[("max-connections", "17")]).unwrap();
    let show = |variable: &str| ask(&server, ROOT, &format!("SELECT @@global.{variable}"));
    assert_eq!(show("max_connections"), "17");
    assert_eq!(show("tx_isolation"), "REPEATABLE-READ");
    assert_eq!(show("collation_server"), "utf8mb4_general_ci");
    assert_eq!(
        show("sql_mode"),
        "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION"
    );
    assert!(show("version").starts_with(server.version().trim_start_matches("MariaDB ")));
}

#[test]
fn a_setting_that_is_refused_is_told_from_the_log() {
    let error = MariaDb::start_with(&[("no-such-setting", "1")]).unwrap_err().to_string();
    assert!(error.contains("MariaDB ended right after its start"), "{error}");
    assert!(error.contains("no-such-setting"), "{error}");
}

#[test]
fn a_paused_server_takes_connections_and_says_nothing() {
    let server = MariaDb::start().unwrap();
    assert_eq!(handshake(&server).unwrap(), 10);
    server.pause().unwrap();
    handshake(&server).unwrap_err();
    server.resume().unwrap();
    assert_eq!(handshake(&server).unwrap(), 10);

    server.pause().unwrap();
    let traces = Traces::of(server.certificate());
    drop(server);
    traces.assert_gone();
}

#[test]
fn without_tls_a_server_with_tls_lets_nobody_in() {
    let mut server = MariaDb::start_with_tls().unwrap();
    server.restart().unwrap();
    let authority = format!("--ssl-ca={}", server.certificate().display());
    let verified = [authority.as_str(), "--ssl-verify-server-cert"];
    let as_root = [&verified, ROOT].concat();
    assert!(ask(&server, &as_root, "SHOW STATUS LIKE 'Ssl_cipher'").contains("TLS_"));
    let with = |password| [verified.as_slice(), &["--user=auth", password]].concat();
    ask(&server, &with("--password=auth-password"), "CREATE DATABASE mine");
    assert!(!client(&server, &with("--password=wrong"), "SELECT 1").status.success());
    assert!(!client(&server, &["--user=root", "--skip-ssl"], "SELECT 1").status.success());
}

#[test]
fn a_server_does_not_outlive_the_process_that_asked_for_it() {
    if Helper::is_this() {
        let server = MariaDb::start().unwrap();
        server.pause().unwrap();
        Helper::announce(server.certificate());
        thread::sleep(Duration::from_mins(1));
        return;
    }
    let test = "mysql::a_server_does_not_outlive_the_process_that_asked_for_it";
    Helper::start(test).kill().wait_until_gone();
}
