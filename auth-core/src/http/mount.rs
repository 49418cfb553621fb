//! A mount: a place in the application's router where the endpoints are.

use crate::http::endpoint::Endpoint;
use crate::http::request::Transport;

/// How the endpoints stand in one place of the application's router: how they hand out tokens, and which of them are
/// there. A [`Transport`] alone is the mount that has all of them.
///
/// ```
/// use auth_core::http::{Endpoint, Mount, Transport};
///
/// let by_invitation = Mount::from(Transport::Cookie).without(Endpoint::SIGN_UP);
/// assert_eq!(by_invitation.transport(), Transport::Cookie);
/// ```
#[derive(Debug, Clone)]
pub struct Mount {
    transport: Transport,
    without: Vec<Endpoint>,
}

impl Mount {
    /// Leaves an endpoint out, with all its paths: they are answered like paths that never were.
    pub fn without(mut self, endpoint: Endpoint) -> Self {
        self.without.push(endpoint);
        self
    }

    /// Returns how the mount hands out tokens.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    pub(super) fn has(&self, endpoint: Endpoint) -> bool {
        !self.without.contains(&endpoint)
    }
}

impl From<Transport> for Mount {
    fn from(transport: Transport) -> Self {
        Self { transport, without: Vec::new() }
    }
}
