//! `Http`: what adapters call, and what every handler needs.

use http::Method;

use crate::auth::Auth;
use crate::error::Error;
use crate::http::headers::Headers;
use crate::http::request::RequestHead;
use crate::session::Client;

/// The HTTP semantics of an [`Auth`]; what adapters call.
#[derive(Debug, Clone)]
pub struct Http<'a> {
    pub(super) auth: &'a Auth,
}

impl Auth {
    /// Returns the HTTP semantics, for adapters and for applications that write their own routes.
    pub fn http(&self) -> Http<'_> {
        Http { auth: self }
    }
}

impl Http<'_> {
    /// Describes where a request came from, for sessions and audit events.
    pub fn client(&self, head: RequestHead<'_>) -> Client {
        Client { ip: self.auth.settings().proxies.client_ip(head.peer, head.headers), user_agent: head.user_agent() }
    }

    /// Refuses an unsafe request that a page of another origin sent, and tells the log of the two origins.
    pub(super) fn check_origin(&self, method: &Method, headers: &impl Headers) -> Result<(), Error> {
        let settings = self.auth.settings();
        settings.origins.check(method, headers).inspect_err(|_| settings.refused_origins.tell(headers))
    }

    /// Returns whether a request without an address counts as one of a trusted proxy on a Unix socket, so that there is
    /// nothing to warn of.
    pub fn trusts_unix_sockets(&self) -> bool {
        self.auth.settings().proxies.trusts_unix_sockets()
    }
}
