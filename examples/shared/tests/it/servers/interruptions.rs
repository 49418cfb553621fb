//! A database that is away for a while: what can be answered is, the rest is a 503, and then everything is as it was,
//! without a restart.

use std::thread;
use std::time::Duration;

use throwaway::{MariaDb, Postgres, Proxy};

use super::now;
use crate::suite::api::{Api, Tokens};
use crate::suite::server::{Folder, Server};

/// A database server, and what its host does with it.
trait Host {
    fn start() -> Self;
    fn port(&self) -> u16;
    /// The application's URL at a port.
    fn url_at(&self, port: u16) -> String;
    fn begin_maintenance(&self);
    fn end_maintenance(&self);
}

impl Host for Postgres {
    fn start() -> Self {
        Self::start().unwrap()
    }

    fn port(&self) -> u16 {
        self.port()
    }

    fn url_at(&self, port: u16) -> String {
        format!("postgres://postgres@127.0.0.1:{port}/postgres?sslmode=disable")
    }

    fn begin_maintenance(&self) {
        let read_only = ["ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()"];
        self.run("postgres", &read_only).unwrap();
    }

    fn end_maintenance(&self) {
        let writable = ["ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()"];
        self.run("postgres", &writable).unwrap();
    }
}

impl Host for MariaDb {
    /// The application is no administrator, who may write also in a read-only server.
    fn start() -> Self {
        let server = Self::start().unwrap();
        let user = ["CREATE DATABASE app", "CREATE USER app@'127.0.0.1'", "GRANT ALL ON app.* TO app@'127.0.0.1'"];
        server.run("mysql", &user).unwrap();
        server
    }

    fn port(&self) -> u16 {
        self.port()
    }

    fn url_at(&self, port: u16) -> String {
        format!("mysql://app@127.0.0.1:{port}/app?ssl-mode=DISABLED")
    }

    fn begin_maintenance(&self) {
        self.run("mysql", &["SET GLOBAL read_only = 1"]).unwrap();
    }

    fn end_maintenance(&self) {
        self.run("mysql", &["SET GLOBAL read_only = 0"]).unwrap();
    }
}

/// The example, and the network between it and its database.
struct Application<H> {
    host: H,
    network: Proxy,
    folder: Folder,
}

impl<H: Host> Application<H> {
    fn prepare() -> Self {
        let host = H::start();
        let network = Proxy::to(host.port()).unwrap();
        Self { host, network, folder: Folder::new() }
    }

    fn start(&self) -> (Server, Api) {
        let url = self.host.url_at(self.network.port());
        let server = Server::start(&self.folder, &[("DATABASE_URL", &url), ("RATE_LIMITS", "off")]);
        let api = Api::at(server.port);
        (server, api)
    }
}

const ADA: &str = "ada@example.com";

fn sign_up(api: Api) -> Tokens {
    let signed_up = api.sign_up(ADA);
    assert_eq!(signed_up.status, 201, "{signed_up:?}");
    signed_up.tokens()
}

/// Asks once on each of so many connections.
fn ask_at_once(api: Api, tokens: &Tokens, connections: usize) -> Vec<u16> {
    thread::scope(|scope| {
        let asked: Vec<_> = (0..connections).map(|_| scope.spawn(|| api.private(tokens).status)).collect();
        asked.into_iter().map(|status| status.join().unwrap()).collect()
    })
}

/// As a NAT does it after some minutes: nobody is told.
fn idle_connections_that_the_network_has_forgotten_cost_a_moment<H: Host>() {
    let application = Application::<H>::prepare();
    let (_server, api) = application.start();
    let tokens = sign_up(api);
    assert_eq!(ask_at_once(api, &tokens, 8), [200; 8]);
    // So long that a connection is looked at before it is used again.
    thread::sleep(Duration::from_secs(6));
    application.network.forget_connections();
    let begun = now();
    for _ in 0..8 {
        assert_eq!(api.private(&tokens).status, 200, "after {:?}", begun.elapsed());
    }
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    assert_eq!(api.sign_in(ADA).status, 200);
}

fn in_a_maintenance_window_reads_go_on_and_writes_wait_for_its_end<H: Host>() {
    let application = Application::<H>::prepare();
    let (_server, api) = application.start();
    let tokens = sign_up(api);
    application.host.begin_maintenance();
    assert_eq!(ask_at_once(api, &tokens, 8), [200; 8], "a session that was never used before is accepted");
    let writes = || [api.sign_in(ADA), api.refresh(&tokens), api.sign_out(&tokens)].map(|answer| answer.status);
    assert_eq!(writes(), [503; 3]);
    assert_eq!(api.sign_up("grace@example.com").status, 503);
    assert_eq!(ask_at_once(api, &tokens, 8), [200; 8], "nothing was done of what was refused");
    application.host.end_maintenance();
    // Whoever was refused may ask again after a second.
    thread::sleep(Duration::from_secs(1));
    assert_eq!(writes(), [200, 200, 204]);
    assert_eq!(ask_at_once(api, &tokens, 8), [401; 8]);
}

/// A host that saves money: it ends its connections, and wakes up when somebody comes.
fn a_host_that_takes_six_seconds_to_wake_is_waited_for<H: Host>() {
    let application = Application::<H>::prepare();
    let wakes_after = Duration::from_secs(6);
    application.network.fall_asleep(wakes_after);
    let (_server, api) = application.start();
    let tokens = sign_up(api);
    application.network.fall_asleep(wakes_after);
    let begun = now();
    loop {
        let status = api.private(&tokens).status;
        assert!(begun.elapsed() < Duration::from_secs(15), "it does not come back");
        if status == 200 {
            return;
        }
        assert_eq!(status, 503);
        thread::sleep(Duration::from_millis(100));
    }
}

macro_rules! on_each_host {
    ($($test:ident),+ $(,)?) => {
        mod mysql {
            $(#[test]
            fn $test() {
                super::$test::<throwaway::MariaDb>();
            })+
        }
        mod postgres {
            $(#[test]
            fn $test() {
                super::$test::<throwaway::Postgres>();
            })+
        }
    };
}

on_each_host! {
    a_host_that_takes_six_seconds_to_wake_is_waited_for,
    idle_connections_that_the_network_has_forgotten_cost_a_moment,
    in_a_maintenance_window_reads_go_on_and_writes_wait_for_its_end,
}
