//! The HTTP contract, rule by rule, for every adapter of a web framework.
//!
//! An adapter implements [`Adapter`], and [`http_conformance_tests!`](crate::http_conformance_tests) makes a test of
//! its own of each rule. Rules come in two kinds:
//!
//! * A rule about a [`World`] sets up an application as it needs it, and has its clock and its store in hand. It takes
//!   the adapter.
//! * A rule about a [`Site`] sees only what a client sees. It takes a running application, which may also be a server
//!   at the other end of a socket: [`Network`], [`run_over_network`].
//!
//! Nothing here is `Send`, because not every framework's answers are. So nothing is spawned: what happens at the same
//! time is polled by one task.
//!
//! [`transcript`] compares all that adapters say, byte by byte.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a suite reports to a test runner, by panicking")]

mod answer;
pub mod bad_input;
pub mod bearer;
pub mod bodies;
mod browser;
mod call;
pub mod client_address;
pub mod cookie_bytes;
pub mod cookies;
pub mod credentials;
pub mod csrf;
pub mod extractors;
pub mod guards;
pub mod headers;
pub mod held;
pub mod hostile;
pub mod journey;
pub mod limits;
pub mod mounts;
pub mod network;
pub mod odd_headers;
pub mod outage;
pub mod refreshing;
pub mod refusals;
pub mod route_limits;
mod rules;
pub mod sessions;
pub mod shared_cookies;
mod site;
pub mod transcript;
mod world;

use std::net::IpAddr;

use ::http::{Request, Response};
use async_trait::async_trait;
use bytes::Bytes;

pub use answer::Answer;
pub use browser::Browser;
pub use call::{Call, HOME, Tokens, call, credentials, delete, get, post};
pub use network::Network;
pub use rules::{RULES, Rule, SITE_RULES, SiteRule, run_all, run_over_network};
pub use site::Site;
pub use world::World;

use crate::auth::Auth;
use crate::http::RequestHead;
use crate::policy::Quota;

/// The address that most rules sign up with.
pub const EMAIL: &str = "ada@example.com";

/// The password of everybody.
pub const PASSWORD: &str = "a long walk in the rain";

/// What an adapter is asked to serve, with the routes that [`Adapter`] lists.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Application {
    /// Who decides.
    pub auth: Auth,
    /// How often the limited routes may be called.
    pub quota: Quota,
}

/// What the limit of `GET /tenant` counts by: a header that somebody in front of the application has checked.
pub fn tenant(head: RequestHead<'_>) -> Option<String> {
    Some(head.headers.get("x-tenant")?.to_str().ok()?.to_owned())
}

/// An adapter of a web framework, under test.
///
/// It serves one application, made of all that an adapter offers. In the names that all adapters share:
///
/// | route | made of | answers with |
/// |---|---|---|
/// | everything below `/auth` | `routes(&auth, Transport::Cookie)` | |
/// | everything below `/api/auth` | `routes(&auth, Transport::Bearer)` | |
/// | everything below `/orgs/{id}/auth` | the same | |
/// | everything below `/closed/auth` | `routes(&auth, Mount::from(Transport::Cookie).without(Endpoint::SIGN_UP))` | |
/// | everything below `/guarded/auth` | the same, behind `require_user` | |
/// | everything below `/outer/inner/auth` | the same, below two nests | |
/// | `GET /private` | `CurrentUser` | the user's id |
/// | `GET /maybe` | `Option<CurrentUser>`, `MaybeUser` | the user's id, or `nobody` |
/// | `GET /claims` | `Claims` | the user's id |
/// | `GET /session` | `CurrentSession` | the session's id |
/// | `POST /note` | `CurrentUser` | `noted for ` and the user's id |
/// | `GET /everything` | a rate limit named `everything`, of [`quota`](Application::quota), `per_user`, around `require_user`, around all four extractors | the user's id |
/// | `GET /members/news` | `require_user` | `news` |
/// | `GET /admin/users` | `require_role`, of [`Role::ADMIN`](crate::Role::ADMIN) | `all` |
/// | `GET /search` | a rate limit named `search`, of [`quota`](Application::quota) | `found` |
/// | `GET /mine` | a rate limit named `mine`, of the same quota, `per_user` | `found` |
/// | `GET /tenant` | a rate limit named `tenant`, of the same quota, `by` [`tenant`] | `found` |
///
/// Every answer is a 200 with the plain text that is named. All other paths are the framework's to answer with 404;
/// those below `/members` and `/admin` too, so guards stand before routes and not before paths that do not exist.
///
/// ```
/// use std::net::IpAddr;
///
/// use async_trait::async_trait;
/// use auth_core::conformance::http::{Adapter, Application, Server, World, get};
/// use auth_core::http::{Body, Endpoint, Recall, Request, Transport};
/// use auth_core::{Auth, ErrorKind};
/// use bytes::Bytes;
///
/// /// A framework that has one route.
/// struct OneRoute;
///
/// #[async_trait(?Send)]
/// impl Adapter for OneRoute {
///     async fn serve(&self, app: &Application) -> Box<dyn Server> {
///         Box::new(Running(app.auth.clone()))
///     }
///
///     async fn serve_at_root(&self, app: &Application) -> Box<dyn Server> {
///         self.serve(app).await
///     }
/// }
///
/// struct Running(Auth);
///
/// #[async_trait(?Send)]
/// impl Server for Running {
///     async fn send(&self, peer: Option<IpAddr>, request: http::Request<Bytes>) -> http::Response<Bytes> {
///         if request.uri().path() != "/auth/me" {
///             return auth_core::http::problem::response(&ErrorKind::NotFound.into());
///         }
///         let (parts, body) = request.into_parts();
///         let (transport, body) = (Transport::Cookie, Body::from(body));
///         let (method, headers, recall) = (parts.method, parts.headers, Recall::default());
///         let request = Request { transport, method, headers, peer, recall, id: None, body };
///         self.0.http().handle(Endpoint::ME, request).await
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let world = World::new(&OneRoute).await;
/// world.send(get("/auth/me")).await.problem(401, "unauthenticated");
/// world.send(get("/auth/sessions")).await.problem(404, "not_found");
/// # }
/// ```
#[async_trait(?Send)]
pub trait Adapter {
    /// Starts the application.
    async fn serve(&self, app: &Application) -> Box<dyn Server>;

    /// Starts another application: `routes_at_root(&auth, Transport::Bearer)`, and after it `GET /` with `home`, `GET
    /// /about` with `about`, `GET /below/page` with `page` in a nest or scope. To all other paths it answers 404 with
    /// `a page of the application`.
    async fn serve_at_root(&self, app: &Application) -> Box<dyn Server>;
}

/// A running application: what stands in a process of a framework, or at the other end of a socket.
///
/// A client of a real server has no cookie jar, follows no redirect, and sends path, headers and body as they are.
#[async_trait(?Send)]
pub trait Server {
    /// Answers a request that came from an address, or from a socket that has none.
    ///
    /// The target is a path, and now and then a whole URI, as HTTP/2 has it. Over a network `peer` means nothing.
    async fn send(&self, peer: Option<IpAddr>, request: Request<Bytes>) -> Response<Bytes>;
}
