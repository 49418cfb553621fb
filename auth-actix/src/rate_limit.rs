//! Rate limits for the application's own routes.

use std::future::{Ready, ready};

use actix_web::HttpRequest;
use actix_web::body::EitherBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use auth_core::http::{Passage, RateLimit, Recall, RequestHead};
use auth_core::policy::Quota;
use auth_core::{Auth, Error};

use crate::gate::{Check, Gate};
use crate::request::{head, recall};

/// Limits how often the routes below it may be called: by one client address, one user, or whatever else.
///
/// All routes below one layer count together, under its name, and so do all workers. It counts with the limiter of
/// [`Auth`], behind the same trusted proxies. Every answer says where the client stands, in the headers `RateLimit` and
/// `RateLimit-Policy`; a client over the limit gets 429 with `Retry-After`.
///
/// Around a scope it also counts the paths that do not exist; around a resource, it counts that alone.
///
/// ```
/// use actix_web::{App, web};
/// use auth_actix::auth_core::MemoryStore;
/// use auth_actix::{Auth, Quota, RateLimitLayer, SigningKeys};
///
/// let auth = Auth::builder(MemoryStore::new(), SigningKeys::ephemeral()?).build()?;
/// let limit = RateLimitLayer::new(&auth, "search", Quota::per_minute(30));
/// let search = web::resource("/search").wrap(limit).get(|| async { "found" });
/// let app = App::new().app_data(web::Data::new(auth)).service(search);
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
    /// # use actix_web::{dev::HttpServiceFactory, web};
    /// # use auth_actix::{Auth, Quota, RateLimitLayer};
    /// # fn routes(auth: &Auth, quota: Quota) -> impl HttpServiceFactory {
    /// let limit = RateLimitLayer::new(auth, "export", quota).per_user();
    /// web::resource("/export").wrap(limit).get(|| async { "all of it" })
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
    /// # use actix_web::{dev::HttpServiceFactory, web};
    /// # use auth_actix::{Auth, Quota, RateLimitLayer};
    /// # fn routes(auth: &Auth, quota: Quota) -> impl HttpServiceFactory {
    /// // A proxy in front of the application sets this header, whatever the client sent.
    /// let tenant = |head: auth_actix::RequestHead<'_>| Some(head.headers.get("x-tenant")?.to_str().ok()?.to_owned());
    /// let limit = RateLimitLayer::new(auth, "report", quota).by(tenant);
    /// web::resource("/report").wrap(limit).get(|| async { "sums" })
    /// # }
    /// ```
    pub fn by(self, key: impl Fn(RequestHead<'_>) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { limit: self.limit.by(key), ..self }
    }
}

impl<S, B> Transform<S, ServiceRequest> for RateLimitLayer
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error> + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = actix_web::Error;
    type InitError = ();
    type Transform = Gate<S, Self>;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(Gate::new(inner, self.clone())))
    }
}

impl Check for RateLimitLayer {
    async fn check(&self, request: &HttpRequest) -> Result<Passage, Error> {
        let recall = if self.limit.is_per_user() { recall(request) } else { Recall::default() };
        let head = head(&self.auth, request.head())?;
        Ok(self.auth.http().rate_limit(head.borrowed(), &recall, &self.limit).await)
    }
}
