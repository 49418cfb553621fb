//! What goes to and fro over a proxy, counted.

use std::ops::Sub;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// How often clients asked, and waited for the answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RoundTrips {
    /// For something.
    pub asked: u32,
    /// To see whether the connection is well.
    pub pinged: u32,
}

impl Sub for RoundTrips {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self { asked: self.asked - before.asked, pinged: self.pinged - before.pinged }
    }
}

#[derive(Debug, Default)]
pub(super) struct Traffic {
    connections: AtomicU32,
    asked: AtomicU32,
    pinged: AtomicU32,
    /// How many answers it is to the one that gets lost; 0 for none.
    answers_left: AtomicU32,
}

impl Traffic {
    pub(super) fn count_connection(&self) {
        self.connections.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn connections(&self) -> u32 {
        self.connections.load(Ordering::SeqCst)
    }

    pub(super) fn round_trips(&self) -> RoundTrips {
        RoundTrips { asked: self.asked.load(Ordering::SeqCst), pinged: self.pinged.load(Ordering::SeqCst) }
    }

    pub(super) fn lose_answer(&self, number: u32) {
        self.answers_left.store(number, Ordering::SeqCst);
    }
}

/// Hears what is said, and says whether to pass it on.
pub(super) trait Listener: Fn(&[u8]) -> bool + Send + 'static {}
impl<F: Fn(&[u8]) -> bool + Send + 'static> Listener for F {}

/// PostgreSQL's `Sync` and MySQL's `COM_PING`, with nothing else.
const PINGS: [&[u8]; 2] = [b"S\0\0\0\x04", b"\x01\0\0\0\x0e"];

/// Returns what listens to a client and what listens to its server. A client that has had its answer asks anew; before
/// that it goes on with what it was saying.
pub(super) fn listeners(traffic: &Arc<Traffic>) -> (impl Listener, impl Listener) {
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
