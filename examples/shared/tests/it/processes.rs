//! Several processes on one database behave as one.

use std::collections::BTreeSet;
use std::fs;

use super::answer::{field, fields, statuses};
use super::database::{Database, Place, on_each_database};
use super::server::{Folder, Server};

on_each_database! {
    a_session_of_one_process_is_one_of_the_other,
    a_session_that_one_process_revokes_is_refused_by_the_other_at_once,
    who_signs_out_everywhere_on_one_process_is_out_on_the_other,
    racing_refreshes_of_one_token_get_the_same_successor_from_either_process,
    of_racing_sign_ups_with_one_address_one_succeeds,
    eight_processes_start_at_once_on_a_new_database,
}

const JSON: &str = "-H 'Content-Type: application/json'";
const ADA: &str = r#"{"email": "ada@example.com", "password": "a long walk in the rain"}"#;

/// Starts processes that share the database and everything that nodes of one application share.
pub(crate) fn start(folder: &Folder, database_url: &str, count: usize) -> Vec<Server> {
    let variables = [
        ("AUTH_SECRET", "a secret of 32 bytes or more, the same for all"),
        ("BASE_URL", "http://localhost:8000"),
        ("DATABASE_URL", database_url),
        ("RATE_LIMITS", "off"),
    ];
    let mut servers: Vec<Server> = (0..count).map(|_| Server::launch(folder, 0, &variables)).collect();
    servers.iter_mut().for_each(Server::listen);
    servers
}

/// Two processes on one new database.
struct Pair {
    servers: Vec<Server>,
    folder: Folder,
    _database: Database,
}

impl Pair {
    fn start(place: &dyn Place) -> Self {
        let (folder, database) = (Folder::new(), place.database());
        Self { servers: start(&folder, &database.url(), 2), folder, _database: database }
    }

    /// Runs a script in which `$one` and `$other` are the processes.
    fn sh(&self, script: &str) -> String {
        let [one, other] = [self.servers[0].port, self.servers[1].port];
        self.folder.sh(&format!("one=http://localhost:{one} other=http://localhost:{other}\n{script}"))
    }

    /// Sends the same request to both, many times at once, and returns the answers' statuses and bodies.
    fn race(&self, path: &str, body: &str, times_each: usize) -> (Vec<String>, Vec<String>) {
        let [one, other] = [self.servers[0].port, self.servers[1].port];
        let output = self.folder.sh(&format!(
            "curl --parallel --parallel-immediate --parallel-max 100 {JSON} -d '{body}' -o 'answer-#1-#2' \
             \"http://localhost:{{{one},{other}}}{path}?n=[1-{times_each}]\""
        ));
        let answers = [one, other].into_iter().flat_map(|port| (1..=times_each).map(move |n| (port, n)));
        let read = |(port, n)| fs::read_to_string(self.folder.path().join(format!("answer-{port}-{n}"))).unwrap();
        (statuses(&output).into_iter().map(str::to_owned).collect(), answers.map(read).collect())
    }
}

pub(crate) fn a_session_of_one_process_is_one_of_the_other(place: &dyn Place) {
    let pair = Pair::start(place);
    let output = pair.sh(&format!(
        "curl $one/auth/signup {JSON} -d '{ADA}'
         curl $one/auth/signin {JSON} -d '{ADA}' -c jar
         curl $other/auth/me -b jar
         curl $other/private -b jar
         curl $other/claims -b jar
         curl -X POST $other/auth/refresh -b jar -c jar
         curl $one/private -b jar
         curl -X POST $one/auth/refresh -b jar -c jar
         curl $other/private -b jar"
    ));
    assert_eq!(statuses(&output), ["201", "200", "200", "200", "200", "200", "200", "200", "200"], "{output}");

    let [one, other] = ["one", "other"].map(|process| pair.sh(&format!("curl ${process}/auth/sessions -b jar")));
    assert_eq!(statuses(&one), ["200"]);
    assert_eq!(fields(&one, "id").len(), 2, "{one}");
    assert_eq!(one, other);
}

pub(crate) fn a_session_that_one_process_revokes_is_refused_by_the_other_at_once(place: &dyn Place) {
    let pair = Pair::start(place);
    pair.sh(&format!("curl $one/auth/signup {JSON} -d '{ADA}' -c kept"));
    for _ in 0..10 {
        let signed_in = pair.sh(&format!("curl $one/auth/signin {JSON} -d '{ADA}' -c lost; curl $one/private -b lost"));
        assert_eq!(statuses(&signed_in), ["200", "200"], "{signed_in}");
        let (_, session) = signed_in.split_once("\"session\":").unwrap();
        let ended = pair.sh(&format!(
            "curl -X DELETE $other/auth/sessions/{} -b kept
             curl $one/private -b lost
             curl -X POST $one/auth/refresh -b lost
             curl $one/private -b kept",
            field(session, "id")
        ));
        assert_eq!(statuses(&ended), ["204", "401", "401", "200"], "{ended}");
    }
}

pub(crate) fn who_signs_out_everywhere_on_one_process_is_out_on_the_other(place: &dyn Place) {
    let pair = Pair::start(place);
    let output = pair.sh(&format!(
        "curl $one/auth/signup {JSON} -d '{ADA}' -c first
         curl $other/auth/signin {JSON} -d '{ADA}' -c second
         curl $other/private -b second
         curl $one/auth/signout {JSON} -d '{{\"scope\": \"all\"}}' -b first
         curl $other/private -b second
         curl $other/private -b first
         curl -X POST $other/auth/refresh -b second
         curl $other/auth/signin {JSON} -d '{ADA}' -c third
         curl $one/private -b third"
    ));
    assert_eq!(statuses(&output), ["201", "200", "200", "204", "401", "401", "401", "200", "200"], "{output}");
}

pub(crate) fn racing_refreshes_of_one_token_get_the_same_successor_from_either_process(place: &dyn Place) {
    let pair = Pair::start(place);
    let signed_up = pair.sh(&format!("curl $one/api/auth/signup {JSON} -d '{ADA}'"));
    let body = format!("{{\"refresh_token\": \"{}\"}}", field(&signed_up, "refresh_token"));
    let (seen, answers) = pair.race("/api/auth/refresh", &body, 25);
    assert_eq!(seen, ["200"; 50], "{answers:?}");
    let successors: BTreeSet<&str> = answers.iter().map(|answer| field(answer, "refresh_token")).collect();
    assert_eq!(successors.len(), 1, "{successors:?}");
    assert_ne!(successors.first(), Some(&field(&signed_up, "refresh_token")));
    for answer in answers.iter().step_by(7) {
        let private =
            pair.sh(&format!("curl $one/private -H 'Authorization: Bearer {}'", field(answer, "access_token")));
        assert!(private.ends_with("200\n"), "{private}");
    }
}

fn of_racing_sign_ups_with_one_address_one_succeeds(place: &dyn Place) {
    let pair = Pair::start(place);
    // Few enough that each gets its hash within the patience of a request, also in a debug build on a busy machine.
    let (mut seen, answers) = pair.race("/auth/signup", ADA, 5);
    seen.sort_unstable();
    assert_eq!(seen[0], "201", "{answers:?}");
    assert_eq!(seen[1..], ["409"; 9], "{answers:?}");
    let signed_in = pair.sh(&format!("curl $other/auth/signin {JSON} -d '{ADA}' -c jar; curl $one/auth/me -b jar"));
    assert!(signed_in.contains("\"profile\":{"), "{signed_in}");
}

fn eight_processes_start_at_once_on_a_new_database(place: &dyn Place) {
    for _ in 0..3 {
        let (folder, database) = (Folder::new(), place.database());
        let servers = start(&folder, &database.url(), 8);
        let signed_up = format!("curl http://localhost:{}/auth/signup {JSON} -d '{ADA}' -c jar", servers[0].port);
        assert!(folder.sh(&signed_up).ends_with("201\n"));
        for server in servers {
            let output = folder.sh(&format!("curl http://localhost:{}/auth/me -b jar", server.port));
            assert!(output.contains("\"profile\":{"), "{output}");
            assert!(server.stop().success());
        }
    }
}
