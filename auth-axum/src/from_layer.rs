//! Extractors for an application whose state cannot hold an `Auth`.

use std::ops::Deref;

use auth_core::{Auth, Error};
use axum::Extension;
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

use crate::extract::Rejection;

/// Hands an [`Auth`] to the routes below it, for [`FromLayer`].
pub fn auth_layer(auth: &Auth) -> Extension<Auth> {
    Extension(auth.clone())
}

/// An extractor of this crate that takes its [`Auth`] from [`auth_layer`] instead of the state.
///
/// It is for routers of any state: `Arc<AppState>`, say, for which an application cannot implement
/// [`FromRef`](axum::extract::FromRef). Where that can be implemented, the bare extractors are better: a forgotten
/// state does not compile. A forgotten layer is a 500 to each request, and the log names it.
///
/// ```
/// use std::sync::Arc;
///
/// use auth_axum::auth_core::MemoryStore;
/// use auth_axum::{Auth, CurrentUser, FromLayer, SigningKeys, Transport, auth_layer, routes};
/// use axum::Router;
/// use axum::extract::State;
/// use axum::routing::get;
///
/// struct AppState {
///     greeting: &'static str,
/// }
///
/// async fn home(State(state): State<Arc<AppState>>, user: FromLayer<Option<CurrentUser>>) -> String {
///     format!("{} {}", state.greeting, if user.is_some() { "again" } else { "stranger" })
/// }
///
/// async fn private(FromLayer(user): FromLayer<CurrentUser>) -> String {
///     user.id.to_string()
/// }
///
/// let auth = Auth::builder(MemoryStore::new(), SigningKeys::hs256("an example secret of 32 bytes or more")?).build()?;
/// let app: Router = Router::new()
///     .route("/", get(home))
///     .route("/private", get(private))
///     .layer(auth_layer(&auth))
///     .nest("/auth", routes(&auth, Transport::Cookie))
///     .with_state(Arc::new(AppState { greeting: "hello" }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct FromLayer<T>(pub T);

impl<T> Deref for FromLayer<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<S, T> FromRequestParts<S> for FromLayer<T>
where
    S: Send + Sync,
    T: FromRequestParts<Auth, Rejection = Rejection>,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        let auth = auth(parts)?;
        T::from_request_parts(parts, &auth).await.map(Self)
    }
}

impl<S, T> OptionalFromRequestParts<S> for FromLayer<T>
where
    S: Send + Sync,
    T: OptionalFromRequestParts<Auth, Rejection = Rejection>,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Rejection> {
        let auth = auth(parts)?;
        Ok(T::from_request_parts(parts, &auth).await?.map(Self))
    }
}

fn auth(parts: &Parts) -> Result<Auth, Error> {
    parts.extensions.get::<Auth>().cloned().ok_or_else(|| {
        Error::internal("the router has no `Auth` for `FromLayer`: add `.layer(auth_layer(&auth))` below its routes")
    })
}
