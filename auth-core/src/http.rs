//! The HTTP contract, once for every framework.
//!
//! An adapter turns its framework's request into a [`Request`], calls [`Http::handle`] with the [`Endpoint`] that its
//! router matched, and turns the answer back. For extractors and guards it asks for the [`Evidence`] in a request's
//! headers, for rate limits it hands over a [`RequestHead`]. It decides nothing: what could weaken a sign-in if it were
//! forgotten stands on this side.

mod account;
pub mod base_url;
mod body;
pub mod client_ip;
pub mod cookie;
mod credential;
pub mod csrf;
mod devices;
pub mod endpoint;
mod headers;
mod origin;
pub mod problem;
pub mod rate_limit;
pub mod request;
mod response;

use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;

use ::http::Response;
use bytes::Bytes;

pub use credential::Evidence;
pub use endpoint::{Endpoint, ROUTES, Route};
pub use headers::Headers;
pub use rate_limit::{Passage, RateLimit, RateLimitKey};
pub use request::{Body, MAX_BODY_BYTES, MAX_BODY_WAIT, Request, RequestHead, Transport};

use crate::auth::{Auth, Authenticated, Proof};
use crate::error::{Error, ErrorKind};
use crate::http::client_ip::TrustedProxies;
use crate::http::cookie::CookiePolicy;
use crate::http::csrf::Origins;
use crate::policy::RateLimitPolicy;
use crate::role::Role;
use crate::session::Client;
use crate::throttle::RateLimiter;
use crate::token::Claims;

/// What the HTTP side of the library was configured with.
pub(crate) struct HttpSettings {
    pub(crate) origins: Origins,
    pub(crate) cookies: CookiePolicy,
    pub(crate) proxies: TrustedProxies,
    pub(crate) limiter: Arc<dyn RateLimiter>,
    pub(crate) limits: RateLimitPolicy,
}

type BoxFuture<'r> = Pin<Box<dyn Future<Output = Result<Response<Bytes>, Error>> + Send + 'r>>;

/// The HTTP semantics of an [`Auth`]; what adapters call.
#[derive(Debug, Clone)]
pub struct Http<'a> {
    auth: &'a Auth,
}

impl Auth {
    /// Returns the HTTP semantics, for adapters and for applications that write their own routes.
    pub fn http(&self) -> Http<'_> {
        Http { auth: self }
    }
}

impl Http<'_> {
    /// Answers a request to one of the endpoints. Every error is an answer too.
    pub async fn handle(&self, endpoint: Endpoint, request: Request) -> Response<Bytes> {
        match self.dispatch(endpoint, &request).await {
            Ok(response) => response,
            Err(error) => problem::response(&error),
        }
    }

    async fn dispatch(&self, endpoint: Endpoint, request: &Request) -> Result<Response<Bytes>, Error> {
        self.refuse_cross_origin(endpoint, request.head())?;
        self.answer(endpoint, request).await
    }

    /// In a box, so that no endpoint takes the room of the largest.
    fn answer<'r>(&'r self, endpoint: Endpoint, request: &'r Request) -> BoxFuture<'r> {
        match endpoint {
            Endpoint::Jwks => Box::pin(ready(response::jwks(&self.auth.jwks()))),
            Endpoint::ListSessions => Box::pin(self.list_sessions(request)),
            Endpoint::Me => Box::pin(self.me(request)),
            Endpoint::Refresh => Box::pin(self.refresh(request)),
            Endpoint::RevokeSession => Box::pin(self.revoke_session(request)),
            Endpoint::SignIn => Box::pin(self.sign_in(request)),
            Endpoint::SignOut => Box::pin(self.sign_out(request)),
            Endpoint::SignUp => Box::pin(self.sign_up(request)),
        }
    }

    /// Finds the user and session of a request by one query, so that a revocation is seen at once; by none where a
    /// [session cache](crate::policy::SessionCachePolicy) is set and has read the session just now.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unauthenticated`] without a session that is accepted, [`ErrorKind::CrossOrigin`] for an unsafe
    /// request that a page of another origin made with the user's cookies, [`ErrorKind::Unavailable`] when the store
    /// cannot tell.
    pub async fn current_user(&self, evidence: Evidence) -> Result<Authenticated, Error> {
        self.auth.authenticate_proof(evidence.0?).await
    }

    /// Finds the user and session of a request as the store has them, for what shows or changes them.
    async fn current_user_in_store(&self, head: RequestHead<'_>) -> Result<Authenticated, Error> {
        let Evidence(checked) = self.evidence(head.method, head.headers);
        self.auth.authenticate_by_store(checked?).await
    }

    /// Finds the user of a request that may have none.
    ///
    /// # Errors
    ///
    /// As [`current_user`](Self::current_user), but a request without an accepted session is `None`. A store that
    /// cannot tell is still an error: nobody is taken for a stranger because the database is down.
    pub async fn maybe_user(&self, evidence: Evidence) -> Result<Option<Authenticated>, Error> {
        match self.current_user(evidence).await {
            Err(error) if error.kind() == ErrorKind::Unauthenticated => Ok(None),
            found => found.map(Some),
        }
    }

    /// Finds the user of a request who, where one is asked for, has the role as of now.
    ///
    /// # Errors
    ///
    /// As [`current_user`](Self::current_user), and [`ErrorKind::Forbidden`] for a user without the role.
    pub async fn require(&self, evidence: Evidence, role: Option<&Role>) -> Result<Authenticated, Error> {
        let current = self.current_user(evidence).await?;
        if role.is_some_and(|role| !current.user.has_role(role)) {
            return Err(ErrorKind::Forbidden.into());
        }
        Ok(current)
    }

    /// Reads the claims of a request's access token, without a query: up to its lifetime behind a revocation.
    ///
    /// When the access cookie has lapsed, the refresh cookie is checked instead, with one query.
    ///
    /// # Errors
    ///
    /// As [`current_user`](Self::current_user).
    pub async fn claims(&self, evidence: Evidence) -> Result<Claims, Error> {
        match evidence.0? {
            Ok(Proof::Access(claims)) => Auth::accept_claims(Ok(claims)),
            Err(refused) => Auth::accept_claims(Err(refused)),
            proof => Ok(self.auth.claims_of(&self.auth.authenticate_proof(proof).await?)),
        }
    }

    /// Describes where a request came from, for sessions and audit events.
    pub fn client(&self, head: RequestHead<'_>) -> Client {
        Client { ip: self.auth.settings().proxies.client_ip(head.peer, head.headers), user_agent: head.user_agent() }
    }

    /// Refuses an unsafe request that a page of another origin sent, unless a bearer token of ours vouches for it:
    /// a browser does not send that on its own.
    fn refuse_cross_origin(&self, endpoint: Endpoint, head: RequestHead<'_>) -> Result<(), Error> {
        let by_bearer = || credential::bearer(head.headers).is_some_and(|token| self.auth.live_claims(token).is_ok());
        match self.auth.settings().origins.check(head.method, head.headers) {
            // The signature is worth checking only where it makes a difference.
            Err(_) if endpoint.is_vouched_for_by_bearer() && by_bearer() => Ok(()),
            checked => checked,
        }
    }
}
