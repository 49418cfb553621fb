//! PgBouncer between the example and its database.

mod postgres {
    use throwaway::{PgBouncer, Postgres};

    use crate::suite::answer::statuses;
    use crate::suite::processes::start;
    use crate::suite::server::Folder;

    const JSON: &str = "-H 'Content-Type: application/json'";

    /// As it is installed, with the application's own rows, and in turn through two processes that share its
    /// connections to the server.
    fn fifty_sign_up_in_a_row(pool_mode: &str, parameters: &str) {
        let server = Postgres::start().unwrap();
        let pooler = PgBouncer::start_with(&server, &[("pool_mode", pool_mode)]).unwrap();
        let folder = Folder::new();
        let processes = start(&folder, &format!("{}{parameters}", pooler.url()), 2);
        let [one, other] = [processes[0].port, processes[1].port];
        let output = folder.sh(&format!(
            r#"for number in $(seq 25); do
                 for port in {one} {other}; do
                   curl http://localhost:$port/auth/signup {JSON} -c jar -d "{{
                     \"email\": \"user-$number-$port@example.com\", \"password\": \"a long walk in the rain\",
                     \"experience_level\": \"Intermediate\", \"programming_languages\": [\"Rust\"]}}"
                   curl http://localhost:$port/auth/me -b jar
                 done
               done"#
        ));
        assert_eq!(statuses(&output), ["201", "200"].repeat(50), "{output}");
    }

    #[test]
    fn fifty_sign_up_in_a_row_behind_a_session_pooler() {
        fifty_sign_up_in_a_row("session", "");
    }

    #[test]
    fn fifty_sign_up_in_a_row_behind_a_transaction_pooler() {
        fifty_sign_up_in_a_row("transaction", "?statement-cache-capacity=0");
    }
}
