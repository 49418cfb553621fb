//! Rate limits for the application's own routes.

use auth_core::http::{Passage, RateLimit, Recall, RequestHead};
use auth_core::policy::Quota;
use auth_core::{Auth, Error};
use http::request::Parts;
use tower::Layer;

use crate::gate::{Check, Gate};
use crate::request::{head, recall};

/// Limits how often the routes below it may be called: by one client address, one user, or whatever else.
///
/// All routes below one layer count together, under its name. It counts with the limiter of [`Auth`], behind the same
/// trusted proxies. Every answer says where the client stands, in the headers `RateLimit` and `RateLimit-Policy`; a
/// client over the limit gets 429 with `Retry-After`.
///
/// Add it with `route_layer`: a `layer` also limits what a router answers to paths that it does not have, and takes
/// that along when the router is merged into another.
///
/// ```
/// use auth_axum::auth_core::MemoryStore;
/// use auth_axum::{Auth, Quota, RateLimitLayer, SigningKeys};
/// use axum::Router;
/// use axum::routing::get;
///
/// let auth = Auth::builder(MemoryStore::new(), SigningKeys::ephemeral()?).build()?;
/// let limit = RateLimitLayer::new(&auth, "search", Quota::per_minute(30));
/// let app: Router = Router::new().route("/search", get(|| async { "found" })).route_layer(limit).with_state(auth);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct RateLimitLayer {
    auth: Auth,
    limit: RateLimit,
}

impl RateLimitLayer {
    /// Creates a layer that counts each client address, under a name of its own.
    pub fn new(auth: &Auth, name: &'static str, quota: Quota) -> Self {
        Self { auth: auth.clone(), limit: RateLimit::new(name, quota) }
    }

    /// Counts by the signed-in user instead, wherever they come from.
    ///
    /// A request without a session counts by its client's address. A database that does not answer is a 503: nobody is
    /// taken for a stranger because of it.
    ///
    /// ```
    /// # use auth_axum::{Auth, Quota, RateLimitLayer};
    /// # use axum::{Router, routing::get};
    /// # fn routes(auth: &Auth, quota: Quota) -> Router<Auth> {
    /// let limit = RateLimitLayer::new(auth, "export", quota).per_user();
    /// Router::new().route("/export", get(|| async { "all of it" })).route_layer(limit)
    /// # }
    /// ```
    pub fn per_user(self) -> Self {
        Self { limit: self.limit.per_user(), ..self }
    }

    /// Counts by what a function makes of the request instead; `None` counts by the client's address.
    ///
    /// # Security
    ///
    /// What a client may choose freely is no limit to it: let the function return only what was checked before.
    ///
    /// ```
    /// # use auth_axum::{Auth, Quota, RateLimitLayer};
    /// # use axum::{Router, routing::get};
    /// # fn routes(auth: &Auth, quota: Quota) -> Router<Auth> {
    /// // A proxy in front of the application sets this header, whatever the client sent.
    /// let tenant = |head: auth_axum::RequestHead<'_>| Some(head.headers.get("x-tenant")?.to_str().ok()?.to_owned());
    /// let limit = RateLimitLayer::new(auth, "report", quota).by(tenant);
    /// Router::new().route("/report", get(|| async { "sums" })).route_layer(limit)
    /// # }
    /// ```
    pub fn by(self, key: impl Fn(RequestHead<'_>) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { limit: self.limit.by(key), ..self }
    }
}

impl<S> Layer<S> for RateLimitLayer {
    type Service = Gate<S, Self>;

    fn layer(&self, inner: S) -> Self::Service {
        Gate::new(inner, self.clone())
    }
}

impl Check for RateLimitLayer {
    async fn check(&self, parts: &mut Parts) -> Result<Passage, Error> {
        let recall = if self.limit.is_per_user() { recall(parts).clone() } else { Recall::default() };
        Ok(self.auth.http().rate_limit(head(&self.auth, parts), &recall, &self.limit).await)
    }
}
