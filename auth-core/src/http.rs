//! The HTTP contract, once for every framework.
//!
//! An adapter turns its framework's request into a [`Request`], calls [`Http::handle`] with the [`Endpoint`] that its
//! router matched, and turns the answer back. For extractors and guards it asks for the [`Evidence`] in a request's
//! headers, for rate limits it hands over a [`RequestHead`]; a [`Recall`] stays with the request, so that the store is
//! asked once. It decides nothing: what could weaken a sign-in if it were
//! forgotten stands on this side.

mod account;
pub mod base_url;
mod body;
mod body_bytes;
mod call;
pub mod client_ip;
pub mod cookie;
mod credential;
pub mod csrf;
mod devices;
pub mod endpoint;
mod evidence;
mod headers;
mod jwks;
mod mount;
mod origin;
pub mod problem;
pub mod rate_limit;
mod recall;
mod refusal;
pub(crate) mod refused_origins;
pub mod request;
mod response;
mod row;
pub(crate) mod settings;
mod several;
mod sign_out;
mod table;

use ::http::Response;
use bytes::Bytes;

pub use body_bytes::{Body, BodyBytes, MAX_BODY_BYTES, MAX_BODY_WAIT};
pub use call::Http;
pub use endpoint::{Endpoint, Route};
pub use evidence::Evidence;
pub use headers::{Headers, WithAuthority, add_host};
pub use mount::Mount;
pub use rate_limit::{Passage, RateLimit, RateLimitKey};
pub use recall::Recall;
pub use request::{Request, RequestHead, Transport};

use crate::error::Error;
use crate::http::row::Voucher;

impl Http<'_> {
    /// Answers a request to one of the endpoints. Every error is an answer too.
    pub async fn handle(&self, endpoint: Endpoint, request: Request) -> Response<Bytes> {
        match self.dispatch(endpoint, &request).await {
            Ok(response) => response,
            Err(error) => {
                self.record_refusal_of(request.head(), &error, Some(endpoint)).await;
                problem::response(&error)
            }
        }
    }

    async fn dispatch(&self, endpoint: Endpoint, request: &Request) -> Result<Response<Bytes>, Error> {
        self.refuse_cross_origin(endpoint, request.head())?;
        (endpoint.0.handler)(self, request).await
    }

    /// Refuses an unsafe request that a page of another origin sent, unless a bearer token of ours vouches for it:
    /// a browser does not send that on its own.
    fn refuse_cross_origin(&self, endpoint: Endpoint, head: RequestHead<'_>) -> Result<(), Error> {
        let by_bearer = || credential::bearer(head.headers).is_some_and(|token| self.auth.live_claims(token).is_ok());
        match self.auth.settings().origins.check(head.method, head.headers) {
            // The signature is worth checking only where it makes a difference.
            Err(_) if endpoint.0.voucher == Voucher::Bearer && by_bearer() => Ok(()),
            Err(_) => self.check_origin(head.method, head.headers),
            Ok(()) => Ok(()),
        }
    }
}
