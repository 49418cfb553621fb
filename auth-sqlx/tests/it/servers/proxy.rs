//! A network between the store and the server that can be cut, and that counts what goes to and fro.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::ops::Sub;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Forwards to a port of this machine. It ends with the process.
pub(crate) struct Proxy {
    address: SocketAddr,
    network: Arc<Mutex<Network>>,
    traffic: Arc<Traffic>,
}

/// How often clients asked, and waited for the answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RoundTrips {
    /// For something.
    pub(crate) asked: u32,
    /// To see whether the connection is well.
    pub(crate) pinged: u32,
}

impl Sub for RoundTrips {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self { asked: self.asked - before.asked, pinged: self.pinged - before.pinged }
    }
}

#[derive(Default)]
struct Traffic {
    asked: AtomicU32,
    pinged: AtomicU32,
    /// How many answers it is to the one that gets lost; 0 for none.
    answers_left: AtomicU32,
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
        let traffic: Arc<Traffic> = Arc::default();
        let counted = Arc::clone(&traffic);
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let mut network = shared.lock().unwrap();
                let Some(server) = (!network.is_cut).then(|| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok())
                else {
                    continue;
                };
                let Some(server) = server else { continue };
                let (asks, answers) = count(&counted);
                pump(&client, &server, Duration::ZERO, asks);
                pump(&server, &client, delay, answers);
                network.connections.extend([client, server]);
            }
        });
        Self { address, network, traffic }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Those that there have been by now, on all connections together.
    pub(crate) fn round_trips(&self) -> RoundTrips {
        let Traffic { asked, pinged, .. } = &*self.traffic;
        RoundTrips { asked: asked.load(Ordering::SeqCst), pinged: pinged.load(Ordering::SeqCst) }
    }

    /// Ends a connection in place of the answer of this number from now on, which the server has given then.
    pub(crate) fn lose_answer(&self, number: u32) {
        self.traffic.answers_left.store(number, Ordering::SeqCst);
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

/// Returns what listens to a client and what listens to its server. A client that has had its answer asks anew; before
/// that it goes on with what it was saying.
fn count(traffic: &Arc<Traffic>) -> (impl Listener, impl Listener) {
    let (traffic, has_answer) = (Arc::clone(traffic), Arc::new(AtomicBool::new(true)));
    let (shared, answered) = (Arc::clone(&traffic), Arc::clone(&has_answer));
    let client = move |said: &[u8]| {
        if has_answer.swap(false, Ordering::SeqCst) {
            let counter = if PINGS.contains(&said) { &traffic.pinged } else { &traffic.asked };
            counter.fetch_add(1, Ordering::SeqCst);
        }
        true
    };
    let server = move |_: &[u8]| {
        answered.store(true, Ordering::SeqCst);
        let left = shared.answers_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        left != Ok(1)
    };
    (client, server)
}

/// Hears what is said, and says whether to pass it on.
trait Listener: Fn(&[u8]) -> bool + Send + 'static {}
impl<F: Fn(&[u8]) -> bool + Send + 'static> Listener for F {}

/// PostgreSQL's `Sync` and MySQL's `COM_PING`, with nothing else.
const PINGS: [&[u8]; 2] = [b"S\0\0\0\x04", b"\x01\0\0\0\x0e"];

fn pump(from: &TcpStream, to: &TcpStream, delay: Duration, listen: impl Listener) {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    thread::spawn(move || {
        let mut buffer = [0; 16_384];
        // However it ends, both ends have ended then.
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            let is_lost = !listen(&buffer[..length]);
            thread::sleep(delay);
            if is_lost || to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        to.shutdown(Shutdown::Both).unwrap_or_default();
    });
}
