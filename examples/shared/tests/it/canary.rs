//! Secrets stay where they belong: not in a log at the loudest level, not in an answer to a browser, not on disk.

use std::fs;

use super::database::{Place, on_each_database};
use super::server::{Folder, Server};

const PASSWORD: &str = "canary-7d1f-password";
const WRONG_PASSWORD: &str = "canary-91c3-password";
const SIGNING_SECRET: &str = "canary-5b0e-signing-secret-of-32-bytes-and-more";

on_each_database!(no_secret_is_logged_or_answered);

fn no_secret_is_logged_or_answered(place: &dyn Place) {
    let (folder, database) = (Folder::new(), place.database());
    assert_no_secret_in_sight(&folder, &[("DATABASE_URL", &database.url())]);
}

#[test]
fn no_secret_is_stored() {
    let folder = Folder::new();
    let secrets = assert_no_secret_in_sight(&folder, &[]);
    let database = read_database(&folder);
    for secret in &secrets {
        assert!(!contains(&database, secret.as_bytes()), "{secret} is in the database");
    }
    // The check would see a secret if there were one.
    assert!(contains(&database, b"canary@example.com"));
    assert!(contains(&database, b"$argon2id$"));
}

/// Runs every flow, looks at what was logged and answered, and returns the secrets that were involved.
fn assert_no_secret_in_sight(folder: &Folder, variables: &[(&str, &str)]) -> Vec<String> {
    let loudest = [("RUST_LOG", "trace"), ("AUTH_SECRET", SIGNING_SECRET), ("RATE_LIMITS", "off")];
    let server = Server::start(folder, &[&loudest, variables].concat());
    let answers = folder.sh(&every_flow(server.port));
    let handed_out = tokens(&fs::read_to_string(folder.path().join("headers")).unwrap());
    assert!(handed_out.len() >= 8, "{handed_out:?}");
    assert!(answers.contains("\"sessions\":["), "{answers}");
    let theft = folder.sh(&theft(server.port, &handed_out));
    assert!(theft.ends_with("401\n"), "{theft}");

    server.wait_for("refresh_reuse_detected");
    let log = server.log();
    assert!(log.contains("DEBUG sqlx::query"), "the log is at its loudest");
    assert!(log.contains("auth.refresh: auth::flow: flow ended outcome=\"reuse_detected\""), "{log}");
    assert!(log.contains("auth.store{call=\"find_credentials\"}"), "{log}");
    assert!(server.stop().success());

    let mut secrets = vec![PASSWORD.to_owned(), WRONG_PASSWORD.to_owned(), SIGNING_SECRET.to_owned()];
    secrets.extend(handed_out);
    for secret in &secrets {
        assert!(!log.contains(secret), "{secret} is in the log");
        assert!(!answers.contains(secret), "{secret} is in an answer");
    }
    secrets
}

/// Every flow over cookies, the failing ones included. The answers' headers go to a file.
fn every_flow(port: u16) -> String {
    let account = |password: &str| format!("-d '{{\"email\": \"canary@example.com\", \"password\": \"{password}\"}}'");
    let (right, wrong) = (account(PASSWORD), account(WRONG_PASSWORD));
    format!(
        "call() {{
            path=$1; shift
            curl -D header -H 'Content-Type: application/json' -b jar -c jar http://localhost:{port}$path \"$@\"
            cat header >> headers
         }}
         call /auth/signup {right}
         call /auth/signup {right}
         call /auth/signin {wrong}
         call /auth/signin {right}
         call /auth/refresh -X POST
         call /auth/me
         call /auth/sessions
         call /private
         call /claims
         call /auth/signin {right} -H 'Origin: https://evil.example'
         call /auth/signin -d '{{\"email\": \"canary@example.com\", \"password\": \"{PASSWORD}\"'
         call /auth/signin -d '{{\"email\": [], \"password\": \"{PASSWORD}\", \"stray\": 1}}'
         call /auth/signout -d '{{\"scope\": \"others\"}}'
         call /auth/signout -d '{{\"scope\": \"all\"}}'
         call /auth/signin {right}
         call /auth/refresh -X POST"
    )
}

/// Presents a token of the last session's family that is neither the current one nor the one before.
fn theft(port: u16, tokens: &[String]) -> String {
    let current = tokens.iter().rfind(|token| !token.contains('.')).expect("a refresh token was handed out");
    // The first half of a token names the session and the family, the second half is its secret.
    let older = format!("{}{}", &current[..43], "A".repeat(43));
    format!("curl -X POST http://localhost:{port}/auth/refresh -H 'Cookie: refresh={older}'")
}

/// The cookie values that the server handed out.
fn tokens(headers: &str) -> Vec<String> {
    let cookies = headers.lines().filter_map(|line| line.strip_prefix("set-cookie: "));
    let values = cookies.filter_map(|cookie| Some(cookie.split_once('=')?.1.split(';').next()?.to_owned()));
    values.filter(|value| !value.is_empty()).collect()
}

/// All bytes of the database, the write-ahead log included.
fn read_database(folder: &Folder) -> Vec<u8> {
    let files = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.to_string_lossy().contains("app.db")).flat_map(|path| fs::read(path).unwrap()).collect()
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
