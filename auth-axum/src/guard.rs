//! Guards: a session, or a role, for a whole group of routes.

use auth_core::http::Passage;
use auth_core::{Auth, Error, Role};
use http::HeaderMap;
use http::request::Parts;
use tower::Layer;

use crate::gate::{Check, Gate};
use crate::request::ask;

/// Lets only signed-in users through to the routes below it.
///
/// Add it with `route_layer`, so that a path that does not exist stays a 404.
///
/// ```
/// use auth_axum::auth_core::MemoryStore;
/// use auth_axum::{Auth, Role, SigningKeys, require_role, require_user};
/// use axum::Router;
/// use axum::routing::get;
///
/// let auth = Auth::builder(MemoryStore::new(), SigningKeys::ephemeral()?).build()?;
/// let members = Router::new().route("/news", get(|| async { "news" })).route_layer(require_user(&auth));
/// let admins = Router::new().route("/users", get(|| async { "all" })).route_layer(require_role(&auth, Role::ADMIN));
/// let app: Router = Router::new().merge(members).nest("/admin", admins).with_state(auth);
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

/// The layer of [`require_user`] and [`require_role`].
#[derive(Debug, Clone)]
pub struct RequireLayer {
    auth: Auth,
    role: Option<Role>,
}

impl<S> Layer<S> for RequireLayer {
    type Service = Gate<S, Self>;

    fn layer(&self, inner: S) -> Self::Service {
        Gate::new(inner, self.clone())
    }
}

impl Check for RequireLayer {
    async fn check(&self, parts: &mut Parts) -> Result<Passage, Error> {
        ask(&self.auth, parts, |evidence| evidence.require(self.role.as_ref())).await?;
        Ok(Passage::Open(HeaderMap::new()))
    }
}
