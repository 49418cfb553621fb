//! Guards: a session, or a role, for a whole group of routes.

use std::future::{Ready, ready};

use actix_web::HttpRequest;
use actix_web::body::EitherBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use auth_core::http::Passage;
use auth_core::{Auth, Error, Role};
use http::HeaderMap;

use crate::gate::{Check, Gate};
use crate::request::{evidence, head};

/// Lets only signed-in users through to the routes below it.
///
/// Around a scope it guards every path that begins like it, whether there is a route or not: without a session, a path
/// that does not exist is a 401 as well, and a 404 only with one. Around a single resource, it guards that alone.
///
/// ```
/// use actix_web::{App, web};
/// use auth_actix::auth_core::MemoryStore;
/// use auth_actix::{Auth, Role, SigningKeys, require_role, require_user};
///
/// let auth = Auth::builder(MemoryStore::new(), SigningKeys::ephemeral()?).build()?;
/// let news = web::resource("/news").wrap(require_user(&auth)).get(|| async { "news" });
/// let users = web::resource("/users").get(|| async { "all" });
/// let admins = web::scope("/admin").wrap(require_role(&auth, Role::ADMIN)).service(users);
/// let app = App::new().app_data(web::Data::new(auth)).service(news).service(admins);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn require_user(auth: &Auth) -> RequireLayer {
    RequireLayer { auth: auth.clone(), role: None }
}

/// Lets only users with the role through to the routes below it.
///
/// The role is read from the database for each request, so taking it away works at once.
pub fn require_role(auth: &Auth, role: Role) -> RequireLayer {
    RequireLayer { auth: auth.clone(), role: Some(role) }
}

/// The layer of [`require_user`] and [`require_role`]; a middleware, for `wrap`.
#[derive(Debug, Clone)]
pub struct RequireLayer {
    auth: Auth,
    role: Option<Role>,
}

impl<S, B> Transform<S, ServiceRequest> for RequireLayer
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

impl Check for RequireLayer {
    async fn check(&self, request: &HttpRequest) -> Result<Passage, Error> {
        let checked = evidence(&self.auth, request)?.require(self.role.as_ref()).await;
        if let (Err(error), Ok(head)) = (&checked, head(&self.auth, request.head())) {
            self.auth.http().record_refusal(head.borrowed(), error).await;
        }
        checked.map(|_| Passage::Open(HeaderMap::new()))
    }
}
