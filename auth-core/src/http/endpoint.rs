//! The table of endpoints: what an adapter registers in its router.

use http::Method;

/// One operation of the HTTP contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// The public keys that verify access tokens.
    Jwks,
    /// The sessions of the signed-in user.
    ListSessions,
    /// The signed-in user.
    Me,
    /// New tokens for a refresh token.
    Refresh,
    /// The end of one session, from another one of the same user.
    RevokeSession,
    /// A session for an e-mail address and a password.
    SignIn,
    /// The end of the session, of the others, or of all.
    SignOut,
    /// A new account, signed in.
    SignUp,
}

impl Endpoint {
    /// Returns whether a request has a body that is looked at. An adapter reads no other: nobody should have to wait
    /// for one.
    pub const fn reads_body(self) -> bool {
        match self {
            Self::Refresh | Self::SignIn | Self::SignOut | Self::SignUp => true,
            Self::Jwks | Self::ListSessions | Self::Me | Self::RevokeSession => false,
        }
    }

    /// Returns whether a bearer token can vouch for a request, because it says whose it is.
    ///
    /// What signs in is nobody's yet. (Nor does a bearer token vouch for a refresh cookie: where that is read, the
    /// origin is checked in any case.)
    pub(crate) const fn is_vouched_for_by_bearer(self) -> bool {
        match self {
            Self::ListSessions | Self::Me | Self::Refresh | Self::RevokeSession | Self::SignOut => true,
            Self::Jwks | Self::SignIn | Self::SignUp => false,
        }
    }
}

/// A row of the table.
#[derive(Debug, Clone)]
pub struct Route {
    /// The method. `HEAD` goes with `GET`.
    pub method: Method,
    /// The path below the mount; `{id}` stands for one segment, handed over as [`Request::id`](super::Request::id).
    pub path: &'static str,
    /// What it does.
    pub endpoint: Endpoint,
}

const fn route(method: Method, path: &'static str, endpoint: Endpoint) -> Route {
    Route { method, path, endpoint }
}

/// Every route of a mount.
pub const ROUTES: [Route; 10] = [
    route(Method::POST, "/signup", Endpoint::SignUp),
    route(Method::POST, "/signin", Endpoint::SignIn),
    route(Method::POST, "/login", Endpoint::SignIn),
    route(Method::POST, "/signout", Endpoint::SignOut),
    route(Method::POST, "/logout", Endpoint::SignOut),
    route(Method::GET, "/me", Endpoint::Me),
    route(Method::POST, "/refresh", Endpoint::Refresh),
    route(Method::GET, "/sessions", Endpoint::ListSessions),
    route(Method::DELETE, "/sessions/{id}", Endpoint::RevokeSession),
    route(Method::GET, "/.well-known/jwks.json", Endpoint::Jwks),
];
