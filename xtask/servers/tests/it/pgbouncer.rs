//! PgBouncer: many clients, few connections.

use std::process::{Command, Stdio};

use throwaway::{PgBouncer, Postgres};

#[test]
fn clients_share_the_connections_of_the_pool() {
    let postgres = Postgres::start().unwrap();
    let pool = PgBouncer::start(&postgres).unwrap();
    assert!(pool.version().starts_with("PgBouncer "));
    let ask = |sql: &str| {
        let mut command = Command::new("psql");
        command.args(["-X", "-A", "-t", &pool.url(), "-c", sql]).stdout(Stdio::piped());
        command.spawn().unwrap()
    };
    let clients: Vec<_> = (0..20).map(|_| ask("SELECT pg_sleep(0.05)")).collect();
    for client in clients {
        assert!(client.wait_with_output().unwrap().status.success());
    }
    let seen = ask("SELECT count(*) FROM pg_stat_activity WHERE usename = 'postgres' AND client_addr IS NOT NULL");
    let seen: u32 = String::from_utf8(seen.wait_with_output().unwrap().stdout).unwrap().trim().parse().unwrap();
    assert!((1..=5).contains(&seen), "{seen} connections");
}
