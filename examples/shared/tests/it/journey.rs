//! The documented journey, word for word.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::answer::{field, statuses};
use super::database::{Place, on_each_database};
use super::server::{Folder, Server};

/// The shell block of the README that contains the text, sent to the server's port.
fn documented(text: &str, port: u16) -> String {
    let mut blocks = crate::README.split("```bash\n").skip(1).filter_map(|rest| rest.split("```").next());
    let block = blocks.find(|block| block.contains(text)).expect("the README has the block");
    block.replace("localhost:8000", &format!("localhost:{port}"))
}

on_each_database! {
    the_five_curl_commands_work_word_for_word,
    a_session_outlives_a_restart_even_with_a_new_signing_key,
    the_same_journey_works_with_bearer_tokens,
    a_profile_comes_back_as_it_was_sent,
}

pub(crate) fn the_five_curl_commands_work_word_for_word(place: &dyn Place) {
    let (folder, database) = (Folder::new(), place.database());
    let variables = [("DATABASE_URL", &*database.url())];
    let server = Server::start(&folder, &variables);
    let output = folder.sh(&documented("auth/signup", server.port));
    assert_eq!(statuses(&output), ["201", "200", "200", "200", "204"], "{output}");
    assert!(output.contains(r#""profile":{"#), "{output}");
    assert!(output.contains(r#""programming_languages":["Python","JavaScript"]"#), "{output}");
    assert!(server.stop().success());
}

pub(crate) fn a_session_outlives_a_restart_even_with_a_new_signing_key(place: &dyn Place) {
    let (folder, database) = (Folder::new(), place.database());
    // The server that comes after has another port here, but the same name: a token is of one issuer.
    let variables = [("DATABASE_URL", &*database.url()), ("BASE_URL", "http://localhost:8000")];
    let server = Server::start(&folder, &variables);
    let script = documented("auth/signup", server.port);
    let (sign_up, _) = script.split_once("curl -X GET").unwrap();
    assert_eq!(statuses(&folder.sh(sign_up)), ["201", "200"]);
    assert!(server.stop().success());

    let server = Server::start(&folder, &variables);
    // The cookie jar is written for a host, so another port makes no difference.
    let output = folder.sh(&format!(
        "curl http://localhost:{0}/auth/me -b cookies.txt; curl -X POST http://localhost:{0}/auth/refresh -b cookies.txt",
        server.port
    ));
    assert_eq!(statuses(&output), ["200", "200"], "{output}");
    assert!(output.contains("test@example.com"));
}

pub(crate) fn the_same_journey_works_with_bearer_tokens(place: &dyn Place) {
    let (folder, database) = (Folder::new(), place.database());
    let variables = [("DATABASE_URL", &*database.url())];
    let server = Server::start(&folder, &variables);
    let base = format!("http://localhost:{}/api/auth", server.port);
    let json = "-H 'Content-Type: application/json'";
    let signed_up = folder.sh(&format!(
        "curl {base}/signup {json} -d '{{\"email\": \"api@example.com\", \"password\": \"password123\"}}'"
    ));
    assert_eq!(statuses(&signed_up), ["201"], "{signed_up}");
    assert!(signed_up.contains(r#""token_type":"Bearer","expires_in":900,"#), "{signed_up}");

    let signed_in = folder.sh(&format!(
        "curl {base}/login {json} -d '{{\"email\": \"api@example.com\", \"password\": \"password123\"}}'"
    ));
    let (access, refresh) = (field(&signed_in, "access_token"), field(&signed_in, "refresh_token"));
    let refreshed = folder.sh(&format!("curl {base}/refresh {json} -d '{{\"refresh_token\": \"{refresh}\"}}'"));
    assert_eq!(statuses(&refreshed), ["200"], "{refreshed}");
    assert_ne!(field(&refreshed, "refresh_token"), refresh);

    let rest = folder.sh(&format!(
        "curl {base}/me -H 'Authorization: Bearer {access}'
         curl {base}/logout {json} -H 'Authorization: Bearer {access}' -d '{{\"scope\": \"all\"}}'
         curl {base}/me -H 'Authorization: Bearer {access}'"
    ));
    assert_eq!(statuses(&rest), ["200", "204", "401"], "{rest}");
}

pub(crate) fn a_profile_comes_back_as_it_was_sent(place: &dyn Place) {
    let (folder, database) = (Folder::new(), place.database());
    let server = Server::start(&folder, &[("DATABASE_URL", &database.url())]);
    let sent = r#"{"available_hardware":[],"experience_level":"Advanced","frameworks":["\"a\\b'c","ÅÄÖ","🦀"]"#;
    let untold = r#"{"available_hardware":[],"experience_level":null,"frameworks":[]"#;
    for (name, profile) in [("told", sent), ("untold", untold)] {
        let account = format!(r#""email": "{name}@example.com", "password": "password123""#);
        let body = folder.path().join("body");
        fs::write(&body, format!("{profile}, {account}}}")).unwrap();
        let output = folder.sh(&format!(
            "curl http://localhost:{0}/auth/signup -H 'Content-Type: application/json' -d @body -c jar
             curl http://localhost:{0}/auth/me -b jar",
            server.port
        ));
        assert_eq!(statuses(&output), ["201", "200"], "{output}");
        assert!(output.contains(&format!("\"profile\":{profile},\"programming_languages\":[]")), "{output}");
    }
}

#[test]
fn the_sixth_sign_in_within_a_minute_is_too_many() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let attempt = format!(
        "curl -i http://localhost:{}/auth/signin -H 'Content-Type: application/json' \
         -d '{{\"email\": \"nobody@example.com\", \"password\": \"wrong password\"}}'\n",
        server.port
    );
    let output = folder.sh(&attempt.repeat(6));
    assert_eq!(statuses(&output), ["401", "401", "401", "401", "401", "429"], "{output}");
    assert!(output.contains("retry-after: "), "{output}");
    assert!(output.contains(r#""code":"rate_limited""#), "{output}");
}

#[test]
fn a_client_that_sends_no_headers_is_let_go() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let mut silent = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    silent.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n").unwrap();
    silent.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut answer = Vec::new();
    silent.read_to_end(&mut answer).expect("the server closes the connection");
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 408 "), "{}", String::from_utf8_lossy(&answer));
}

#[test]
fn the_page_is_served_with_a_strict_policy() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let output =
        folder.sh(&format!("for path in / /page.css /page.js; do curl -i http://localhost:{}$path; done", server.port));
    assert_eq!(statuses(&output), ["200", "200", "200"]);
    assert_eq!(output.matches("content-security-policy: default-src 'none'; script-src 'self'").count(), 3);
}
