//! A network between the store and the server that can be cut.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Forwards to a port of this machine. It ends with the process.
pub(crate) struct Proxy {
    address: SocketAddr,
    network: Arc<Mutex<Network>>,
}

#[derive(Default)]
struct Network {
    is_cut: bool,
    connections: Vec<TcpStream>,
}

impl Proxy {
    pub(crate) fn to(port: u16) -> Self {
        Self::with_delay(port, Duration::ZERO)
    }

    /// Lets every answer of the server take its time.
    pub(crate) fn with_delay(port: u16, delay: Duration) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let network: Arc<Mutex<Network>> = Arc::default();
        let shared = Arc::clone(&network);
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let mut network = shared.lock().unwrap();
                let Some(server) = (!network.is_cut).then(|| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok())
                else {
                    continue;
                };
                let Some(server) = server else { continue };
                pump(&client, &server, Duration::ZERO);
                pump(&server, &client, delay);
                network.connections.extend([client, server]);
            }
        });
        Self { address, network }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Ends all connections, wherever they are in what they do. New ones are possible.
    pub(crate) fn drop_connections(&self) {
        for connection in self.network.lock().unwrap().connections.drain(..) {
            // One that has ended by itself cannot be ended.
            connection.shutdown(Shutdown::Both).unwrap_or_default();
        }
    }

    /// Ends all connections, and refuses new ones.
    pub(crate) fn cut(&self) {
        self.network.lock().unwrap().is_cut = true;
        self.drop_connections();
    }

    /// Lets connections through again.
    pub(crate) fn mend(&self) {
        self.network.lock().unwrap().is_cut = false;
    }
}

fn pump(from: &TcpStream, to: &TcpStream, delay: Duration) {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    thread::spawn(move || {
        let mut buffer = [0; 16_384];
        // However it ends, both ends have ended then.
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            thread::sleep(delay);
            if to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        to.shutdown(Shutdown::Both).unwrap_or_default();
    });
}
