//! Several workers, one `Auth`.

use crate::app::auth;
use crate::sockets::Running;

#[test]
fn workers_count_together() {
    let server = Running::start(auth().0, 2);
    // Connections are dealt out in turn, so that each worker sees some of them.
    let statuses: Vec<_> = (0..6)
        .map(|_| {
            server.ask("GET /search HTTP/1.1\nhost: app.test\nconnection: close\n\n").get(9..12).unwrap().to_owned()
        })
        .collect();
    assert_eq!(statuses, ["200", "200", "429", "429", "429", "429"]);
}

#[test]
fn what_one_worker_signs_out_the_others_refuse() {
    let server = Running::start(auth().0, 2);
    let token = server.sign_up();
    let ask = |method: &str, path: &str| {
        let head = format!("{method} {path} HTTP/1.1\nhost: app.test\nconnection: close\ncontent-length: 0\n");
        server.ask(&format!("{head}authorization: Bearer {token}\n\n")).get(9..12).unwrap().to_owned()
    };
    for _ in 0..4 {
        assert_eq!(ask("GET", "/private"), "200");
    }
    assert_eq!(ask("POST", "/api/auth/signout"), "204");
    for _ in 0..4 {
        assert_eq!(ask("GET", "/private"), "401");
    }
}
