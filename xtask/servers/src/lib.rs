#![doc = include_str!("../README.md")]

mod account;
mod certificate;
mod error;
mod folder;
mod mariadb;
mod patience;
mod pgbouncer;
mod port;
mod postgres;
mod process;
mod program;
mod proxy;
mod runs;
mod server;
mod set_up;
mod surroundings;

pub use error::Error;
pub use mariadb::MariaDb;
pub use pgbouncer::PgBouncer;
pub use port::free_port;
pub use postgres::Postgres;
pub use proxy::{Proxy, RoundTrips};
pub use runs::Runs;
pub use surroundings::{Place, Surroundings};
