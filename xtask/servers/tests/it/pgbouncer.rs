//! PgBouncer: many clients, few connections.

use std::process::{Child, Command, Stdio};

use throwaway::{PgBouncer, Postgres};

fn psql(pool: &PgBouncer, parameters: &str, sql: &str) -> Child {
    let mut command = Command::new("psql");
    command.args(["-X", "-A", "-t", &format!("{}{parameters}", pool.url()), "-c", sql]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn clients_share_the_connections_of_the_pool() {
    let postgres = Postgres::start().unwrap();
    let by_transactions = [("pool_mode", "transaction"), ("default_pool_size", "5")];
    let pool = PgBouncer::start_with(&postgres, &by_transactions).unwrap();
    assert!(pool.version().starts_with("PgBouncer "));
    let clients: Vec<_> = (0..20).map(|_| psql(&pool, "", "SELECT pg_sleep(0.05)")).collect();
    for client in clients {
        assert!(client.wait_with_output().unwrap().status.success());
    }
    let seen = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'postgres' AND client_addr IS NOT NULL";
    let seen = psql(&pool, "", seen).wait_with_output().unwrap().stdout;
    let seen: u32 = String::from_utf8(seen).unwrap().trim().parse().unwrap();
    assert!((1..=5).contains(&seen), "{seen} connections");
}

/// What a client does that worked with the settings of a test would be refused in the world.
#[test]
fn a_pooler_refuses_what_it_refuses_when_it_was_just_installed() {
    let postgres = Postgres::start().unwrap();
    let pool = PgBouncer::start(&postgres).unwrap();
    let refused = psql(&pool, "?options=-c%20extra_float_digits%3D3", "SELECT 1").wait_with_output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("unsupported startup parameter"), "{said}");
    let kept = "SET application_name = 'mine'; SELECT pg_sleep(0); SHOW application_name";
    assert!(psql(&pool, "", kept).wait_with_output().unwrap().status.success());
}
