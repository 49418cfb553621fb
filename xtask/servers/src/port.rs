//! Ports that nobody else uses.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::net::{Ipv4Addr, TcpListener};

use crate::error::{Error, Result};

/// Where ports are taken from: below the range that Linux gives to outgoing connections (from 32768), so that no client
/// takes the port while its server is down.
const LOWEST: u16 = 15_000;
const COUNT: u16 = 15_000;

/// Returns a port of the loopback interface that nobody listens on.
///
/// It is random, so that two processes that ask at the same time get two ports.
///
/// # Errors
///
/// When no port is free.
pub fn free_port() -> Result<u16> {
    let start = u16::try_from(RandomState::new().build_hasher().finish() % u64::from(COUNT)).unwrap_or_default();
    (0..COUNT)
        .map(|step| LOWEST + start.wrapping_add(step) % COUNT)
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .ok_or_else(|| Error::new("no port of the loopback interface is free"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_port_can_be_listened_on() {
        let port = free_port().unwrap();
        assert!((LOWEST..LOWEST + COUNT).contains(&port));
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    }
}
