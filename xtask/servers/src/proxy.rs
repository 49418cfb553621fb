//! A network between a client and a server of this machine, which can do what networks and hosts do to a connection.

mod traffic;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::patience::wait_for;
pub use traffic::RoundTrips;
use traffic::{Listener, Traffic};

/// How long a connection waits at most for its host to wake up.
const WAKES_WITHIN: Duration = Duration::from_mins(2);

/// Forwards TCP connections to a port of this machine. It ends with the process.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    network: Arc<Network>,
}

/// What the threads of one proxy share.
#[derive(Debug)]
struct Network {
    state: Mutex<State>,
    traffic: Arc<Traffic>,
    /// The time that each answer of the server takes.
    delay: Duration,
}

#[derive(Debug)]
struct State {
    /// The port that new connections are forwarded to.
    target: u16,
    host: Host,
    connections: Vec<Connection>,
}

/// What the host at the other end does with new connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Host {
    Answers,
    /// It wakes up for the first connection, which takes this time.
    Asleep(Duration),
    Refuses,
    WakesUp,
}

#[derive(Debug)]
struct Connection {
    sockets: [TcpStream; 2],
    /// Whether the network has forgotten the connection: what is sent arrives nowhere, and neither end is told.
    is_forgotten: Arc<AtomicBool>,
}

impl Proxy {
    /// Starts a proxy to a port of this machine.
    ///
    /// # Errors
    ///
    /// When no port is free.
    pub fn to(port: u16) -> Result<Self> {
        Self::with_delay(port, Duration::ZERO)
    }

    /// Starts a proxy that holds back every answer of the server for a while.
    ///
    /// # Errors
    ///
    /// When no port is free.
    pub fn with_delay(target: u16, delay: Duration) -> Result<Self> {
        let refused = |error| Error::io("a proxy could not listen", &error);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(refused)?;
        let port = listener.local_addr().map_err(refused)?.port();
        let state = Mutex::new(State { target, host: Host::Answers, connections: Vec::new() });
        let network = Arc::new(Network { state, traffic: Arc::default(), delay });
        let shared = Arc::clone(&network);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let network = Arc::clone(&shared);
                thread::spawn(move || network.connect(&client));
            }
        });
        Ok(Self { port, network })
    }

    /// Returns the port that the proxy listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Forwards new connections to another port, as when an address is moved. Open connections stay where they are.
    pub fn move_to(&self, port: u16) {
        self.network.state().target = port;
    }

    /// Ends all connections, wherever they are in what they do. New ones are possible.
    pub fn drop_connections(&self) {
        self.network.state().drop_connections();
    }

    /// Forgets the connections that are open, as a NAT forgets idle ones: they stay open, and what is sent over them
    /// arrives nowhere. New ones are possible.
    pub fn forget_connections(&self) {
        for connection in self.network.state().connections.drain(..) {
            connection.is_forgotten.store(true, Ordering::SeqCst);
            // The server's end is left to the network as well: whoever holds it would be told of the client's end.
        }
    }

    /// Ends all connections, and refuses new ones until [`mend`](Self::mend).
    pub fn cut(&self) {
        let mut state = self.network.state();
        state.host = Host::Refuses;
        state.drop_connections();
    }

    /// Ends all connections, as a host that goes to sleep does. It wakes up for the next one, which takes this time.
    pub fn fall_asleep(&self, wakes_after: Duration) {
        let mut state = self.network.state();
        state.host = Host::Asleep(wakes_after);
        state.drop_connections();
    }

    /// Lets connections through at once again.
    pub fn mend(&self) {
        self.network.state().host = Host::Answers;
    }

    /// Returns how many connections clients have opened by now.
    pub fn connections(&self) -> u32 {
        self.network.traffic.connections()
    }

    /// Returns how often clients have asked by now, on all connections together.
    pub fn round_trips(&self) -> RoundTrips {
        self.network.traffic.round_trips()
    }

    /// Ends a connection in place of the answer of this number from now on, which the server has given then. 0 is none.
    pub fn lose_answer(&self, number: u32) {
        self.network.traffic.lose_answer(number);
    }
}

impl Network {
    /// Forwards a connection, once the host is there. A client that is refused sees its connection end.
    fn connect(self: &Arc<Self>, client: &TcpStream) {
        self.traffic.count_connection();
        self.wake_up();
        let awake = || Some(self.state()).filter(|state| state.host != Host::WakesUp);
        let Some(mut state) = wait_for(WAKES_WITHIN, awake) else { return };
        if state.host == Host::Refuses {
            return;
        }
        let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, state.target)) else { return };
        // One that has just ended cannot be forwarded.
        if let Ok(connection) = self.forward(client, &server) {
            state.connections.push(connection);
        }
    }

    fn wake_up(self: &Arc<Self>) {
        let mut state = self.state();
        let Host::Asleep(wakes_after) = state.host else { return };
        state.host = Host::WakesUp;
        let network = Arc::clone(self);
        thread::spawn(move || {
            thread::sleep(wakes_after);
            network.state().host = Host::Answers;
        });
    }

    fn forward(&self, client: &TcpStream, server: &TcpStream) -> std::io::Result<Connection> {
        let is_forgotten = Arc::new(AtomicBool::new(false));
        let (asks, answers) = traffic::listeners(&self.traffic);
        let pump = |from: &TcpStream, to: &TcpStream| {
            let is_forgotten = Arc::clone(&is_forgotten);
            Ok::<_, std::io::Error>(Pump { from: from.try_clone()?, to: to.try_clone()?, is_forgotten })
        };
        let (there, back, delay) = (pump(client, server)?, pump(server, client)?, self.delay);
        let sockets = [client.try_clone()?, server.try_clone()?];
        thread::spawn(move || there.run(Duration::ZERO, asks));
        thread::spawn(move || back.run(delay, answers));
        Ok(Connection { sockets, is_forgotten })
    }

    /// A panic elsewhere leaves the state as right as it was.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn drop_connections(&mut self) {
        for socket in self.connections.drain(..).flat_map(|connection| connection.sockets) {
            // One that has ended by itself cannot be ended.
            socket.shutdown(Shutdown::Both).unwrap_or_default();
        }
    }
}

/// One direction of a connection.
struct Pump {
    from: TcpStream,
    to: TcpStream,
    is_forgotten: Arc<AtomicBool>,
}

impl Pump {
    /// Forwards until either end is over, and ends the other one then; of a forgotten connection nobody is told
    /// anything.
    fn run(mut self, delay: Duration, listen: impl Listener) {
        let mut buffer = [0; 16_384];
        while let Ok(length @ 1..) = self.from.read(&mut buffer) {
            let Some(said) = buffer.get(..length).filter(|_| !self.is_forgotten.load(Ordering::SeqCst)) else {
                continue;
            };
            let is_lost = !listen(said);
            thread::sleep(delay);
            if is_lost || self.to.write_all(said).is_err() {
                break;
            }
        }
        if !self.is_forgotten.load(Ordering::SeqCst) {
            self.to.shutdown(Shutdown::Both).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests;
