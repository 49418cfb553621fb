//! What Prometheus gets to see, and where.

use std::net::TcpListener;

use super::server::{Folder, Server, example};

const ADA: &str = r#"{"email": "ada@example.com", "password": "a long walk in the rain"}"#;
const WRONG: &str = r#"{"email": "ada@example.com", "password": "a short walk in the sun"}"#;

#[test]
fn the_flows_are_counted_on_an_address_of_their_own() {
    let (folder, addr) = (Folder::new(), free_address());
    let server = Server::start(&folder, &[("METRICS_ADDR", &addr)]);
    server.wait_for(&format!("metrics at http://{addr}/metrics"));
    let fresh = folder.sh(&format!("curl http://{addr}/metrics"));
    assert!(has(&fresh, r#"auth_refreshes_total{outcome="reuse_detected"} 0"#), "{fresh}");

    let statuses = folder.sh(&format!(
        "call() {{
            path=$1; shift
            curl -o answer -b jar -c jar -H 'Content-Type: application/json' http://localhost:{}$path \"$@\"
         }}
         call /auth/signup -d '{ADA}'
         call /auth/signin -d '{WRONG}'
         call /auth/signin -d '{ADA}'
         call /private
         call /claims
         call /auth/signout -X POST",
        server.port
    ));
    assert_eq!(statuses.split_whitespace().collect::<Vec<_>>(), ["201", "401", "200", "200", "200", "204"]);

    let measured = folder.sh(&format!("curl http://{addr}/metrics"));
    for line in [
        r#"auth_sign_ups_total{outcome="signed_up"} 1"#,
        r#"auth_sign_ins_total{outcome="invalid_credentials"} 1"#,
        r#"auth_sign_ins_total{outcome="signed_in"} 1"#,
        r#"auth_sign_outs_total{outcome="signed_out"} 1"#,
        r#"auth_session_checks_total{source="database",outcome="accepted"} 1"#,
        r#"auth_session_checks_total{source="token",outcome="accepted"} 1"#,
        r#"auth_store_call_seconds_count{call="create_user"} 1"#,
        r#"auth_store_call_seconds_bucket{call="create_user",le="10"} 1"#,
        r#"auth_hash_run_seconds_bucket{le="10"} 3"#,
        "auth_hash_queue_depth 0",
        "auth_hash_queue_capacity 64",
        "# TYPE auth_hash_run_seconds histogram",
    ] {
        assert!(has(&measured, line), "{line} is not in\n{measured}");
    }
    assert!(!measured.contains("ada@"), "{measured}");
    assert!(server.stop().success());
}

#[test]
fn the_application_itself_serves_no_metrics() {
    let (folder, addr) = (Folder::new(), free_address());
    for variables in [&[("METRICS_ADDR", addr.as_str())][..], &[]] {
        let server = Server::start(&folder, variables);
        let answer = folder.sh(&format!("curl http://localhost:{}/metrics", server.port));
        assert!(answer.ends_with("404\n"), "{answer}");
        assert!(!answer.contains("auth_"), "{answer}");
    }
}

#[test]
fn an_address_that_is_in_use_stops_the_start() {
    let (folder, taken) = (Folder::new(), TcpListener::bind("127.0.0.1:0").unwrap());
    let addr = taken.local_addr().unwrap().to_string();
    let output = example(&folder).env("ADDR", "127.0.0.1:0").env("METRICS_ADDR", &addr).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("METRICS_ADDR {addr}: ")) && said.contains("in use"), "{said}");
}

fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn has(text: &str, line: &str) -> bool {
    text.lines().any(|other| other == line)
}
