//! What the example says when it cannot start.

use super::database::{mysql_server, postgres_server, with_database};
use super::server::{Folder, Server, example};

#[track_caller]
fn refused(variables: &[(&str, &str)], expected: &str) -> String {
    let folder = Folder::new();
    let output = example(&folder).env("ADDR", "127.0.0.1:0").envs(variables.iter().copied()).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(expected), "{said}");
    assert_eq!(said.lines().filter(|line| line.contains(" ERROR ")).count(), 1, "{said}");
    said
}

#[test]
fn a_setting_that_cannot_be_used_is_named() {
    refused(&[("ADDR", "somewhere")], "ADDR: expected an address and a port");
    refused(&[("METRICS_ADDR", "9464")], "METRICS_ADDR: expected an address and a port");
    refused(&[("AUTH_SECRET", "changeme")], "AUTH_SECRET: a signing secret needs at least 32 bytes, this one has 8");
    let typed = "a".repeat(32);
    refused(&[("AUTH_SECRET", typed.as_str())], "AUTH_SECRET: a signing secret has to be random");
    refused(&[("BASE_URL", "http://app.example.com")], "BASE_URL: base_url: ");
    refused(&[("ADMIN_EMAIL", "admin@example.com")], "ADMIN_EMAIL and ADMIN_PASSWORD: set both or neither");
    let short = [("ADMIN_EMAIL", "admin@example.com"), ("ADMIN_PASSWORD", "short")];
    refused(&short, "the password is not acceptable: A password has at least 8 characters.");
    let own = [("ADMIN_EMAIL", "admin@example.com"), ("ADMIN_PASSWORD", "Admin@example.com")];
    refused(&own, "the password is not acceptable: A password must not be your name or e-mail address.");
    refused(&[("TRUSTED_PROXIES", "0.0.0.0/0")], "TRUSTED_PROXIES: trusted_proxies: ");
    refused(&[("RATE_LIMITS", "sometimes")], "RATE_LIMITS: expected on or off");
}

const ABSENT: &str = "DATABASE_URL: the database cannot be opened: ";

#[track_caller]
fn names_the_database_alone(url: &str, expected: &str) {
    let said = refused(&[("DATABASE_URL", url), ("RUST_LOG", "trace")], expected);
    assert!(!said.contains("canary"), "{said}");
}

#[test]
fn a_database_that_cannot_be_used_is_named_and_its_password_is_not() {
    let elsewhere = "DATABASE_URL: expected sqlite://..., postgres://... or mysql://...";
    for (url, expected) in [
        ("oracle://scott:canary-tiger@db", elsewhere),
        ("app.db", elsewhere),
        ("sqlite://missing.db", "unable to open database file missing.db: if it is to be created, add `?mode=rwc`"),
        ("postgres://scott:canary-tiger@127.0.0.1:1/db?connect_timeout=1", ABSENT),
        ("mysql://scott:canary-tiger@127.0.0.1:1/db?connect_timeout=1", ABSENT),
        ("postgresql://scott:canary-tiger@host.invalid/db?connect_timeout=1", ABSENT),
        ("mariadb://scott:canary-tiger@host.invalid/db?connect_timeout=1", ABSENT),
        ("postgres://scott:canary-tiger@127.0.0.1:99999/db", ABSENT),
        // Forgotten to write `/` as `%2F`.
        ("postgres://scott:canary-tiger/1@127.0.0.1/db", ABSENT),
        ("mysql://scott:canary-tiger%ff@127.0.0.1/db", ABSENT),
    ] {
        names_the_database_alone(url, expected);
    }
}

mod postgres {
    use super::{ABSENT, as_scott, names_the_database_alone, postgres_server, with_database};

    #[test]
    fn a_server_that_refuses_is_named_and_its_password_is_not() {
        names_the_database_alone(&as_scott(&postgres_server()), ABSENT);
        names_the_database_alone(&with_database(&postgres_server(), "no_such_database"), ABSENT);
    }
}

mod mysql {
    use super::{ABSENT, as_scott, mysql_server, names_the_database_alone, with_database};

    #[test]
    fn a_server_that_refuses_is_named_and_its_password_is_not() {
        let nameless = "DATABASE_URL: the library's tables cannot be created: the URL names no database";
        names_the_database_alone(&as_scott(&mysql_server()), ABSENT);
        names_the_database_alone(&with_database(&mysql_server(), "no_such_database"), ABSENT);
        names_the_database_alone(&with_database(&mysql_server(), ""), nameless);
    }
}

/// The same server, and a user whom it does not know.
fn as_scott(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap();
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    format!("{scheme}://scott:canary-tiger@{host}")
}

#[test]
fn who_was_first_with_the_administrators_address_stops_the_start() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    folder.sh(&format!(
        "curl http://localhost:{}/auth/signup -H 'Content-Type: application/json' \
         -d '{{\"email\": \"admin@example.com\", \"password\": \"a strangers password\"}}'",
        server.port
    ));
    assert!(server.stop().success());
    let admin = [("ADMIN_EMAIL", "admin@example.com"), ("ADMIN_PASSWORD", "a long walk in the rain")];
    let output = example(&folder).env("ADDR", "127.0.0.1:0").envs(admin).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("an account with this address exists, and ADMIN_PASSWORD is not its password"), "{said}");
}

#[test]
fn the_administrator_of_the_environment_can_sign_in() {
    let folder = Folder::new();
    let admin = [("ADMIN_EMAIL", "admin@example.com"), ("ADMIN_PASSWORD", "a long walk in the rain")];
    for _ in 0..2 {
        let server = Server::start(&folder, &admin);
        let output = folder.sh(&format!(
            "curl http://localhost:{0}/auth/signin -c cookies.txt -H 'Content-Type: application/json' \
             -d '{{\"email\": \"admin@example.com\", \"password\": \"a long walk in the rain\"}}'
             curl http://localhost:{0}/admin -b cookies.txt",
            server.port
        ));
        assert!(output.ends_with("hello administrator\n\n200\n"), "{output}");
        assert!(server.stop().success());
    }
}
