//! Rate limits for the application's own routes.

use auth_core::http::RequestHead;
use auth_core::policy::Quota;
use auth_core::{Auth, Error};
use tower::Layer;

use crate::gate::{Check, Gate};

/// Limits how often one client address may call the routes below it.
///
/// All routes below one layer count together, under its name. It counts with the limiter of [`Auth`], behind the same
/// trusted proxies. A client over the limit gets 429 with `Retry-After`.
///
/// Add it with `route_layer`: a `layer` also limits what a router answers to paths that it does not have, and takes that
/// along when the router is merged into another.
///
/// ```
/// use auth_axum::auth_core::MemoryStore;
/// use auth_axum::{Auth, Quota, RateLimitLayer, SigningKeys};
/// use axum::Router;
/// use axum::routing::get;
///
/// let auth = Auth::builder(MemoryStore::new(), SigningKeys::hs256([7; 32])?).build()?;
/// let limit = RateLimitLayer::new(&auth, "search", Quota::per_minute(30.try_into()?));
/// let app: Router = Router::new().route("/search", get(|| async { "found" })).route_layer(limit).with_state(auth);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct RateLimitLayer {
    auth: Auth,
    name: &'static str,
    quota: Quota,
}

impl RateLimitLayer {
    /// Creates a layer that counts under a name of its own.
    pub fn new(auth: &Auth, name: &'static str, quota: Quota) -> Self {
        Self { auth: auth.clone(), name, quota }
    }
}

impl<S> Layer<S> for RateLimitLayer {
    type Service = Gate<S, Self>;

    fn layer(&self, inner: S) -> Self::Service {
        Gate::new(inner, self.clone())
    }
}

impl Check for RateLimitLayer {
    async fn check(&self, head: RequestHead<'_>) -> Result<(), Error> {
        self.auth.http().rate_limit(head, self.name, self.quota).await
    }
}
