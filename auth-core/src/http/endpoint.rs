//! An endpoint, and the routes that lead to it, as adapters see them.

use std::fmt;
use std::hash::{Hash, Hasher};

use http::Method;

use crate::http::row::Row;

/// One operation of the HTTP contract.
#[derive(Clone, Copy)]
pub struct Endpoint(pub(super) &'static Row);

impl Endpoint {
    /// Returns its name, in the words of the library.
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// Returns whether a request has a body that is looked at. An adapter reads no other: nobody should have to wait
    /// for one.
    pub const fn reads_body(self) -> bool {
        self.0.reads_body
    }
}

impl PartialEq for Endpoint {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Endpoint {}

impl Hash for Endpoint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Endpoint").field(&self.name()).finish()
    }
}

/// A route that an adapter registers.
#[derive(Debug, Clone)]
pub struct Route {
    /// The method. `HEAD` goes with `GET`.
    pub method: Method,
    /// The path below the mount; `{id}` stands for one segment, handed over as [`Request::id`](super::Request::id).
    pub path: &'static str,
    /// What it does.
    pub endpoint: Endpoint,
}
