//! The application under test, on axum.

use std::net::{IpAddr, SocketAddr};

use async_trait::async_trait;
use auth_axum::{
    Claims, CurrentSession, CurrentUser, RateLimitLayer, require_role, require_user, routes, routes_at_root,
};
use auth_core::conformance::http::{Adapter, Application, Server, tenant};
use auth_core::http::{Endpoint, Mount, Transport};
use auth_core::policy::Quota;
use auth_core::{Auth, Role};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::routing::{get, post};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;

/// The adapter under test.
pub(crate) struct Axum;

#[async_trait(?Send)]
impl Adapter for Axum {
    async fn serve(&self, app: &Application) -> Box<dyn Server> {
        Box::new(Running(router(&app.auth, app.quota)))
    }

    async fn serve_at_root(&self, app: &Application) -> Box<dyn Server> {
        let page = || async { (StatusCode::NOT_FOUND, "a page of the application") };
        let router = Router::new()
            .fallback(page)
            .merge(routes_at_root(&app.auth, Transport::Bearer))
            .route("/", get(|| async { "home" }))
            .route("/about", get(|| async { "about" }))
            .nest("/below", Router::new().route("/page", get(|| async { "page" })))
            .with_state(app.auth.clone());
        Box::new(Running(router))
    }
}

struct Running(Router);

#[async_trait(?Send)]
impl Server for Running {
    async fn send(&self, peer: Option<IpAddr>, request: Request<Bytes>) -> Response<Bytes> {
        answer(&self.0, peer, request.map(Body::from)).await
    }
}

/// Sends a request whose body may arrive piece by piece.
pub(crate) async fn answer(router: &Router, peer: Option<IpAddr>, mut request: Request<Body>) -> Response<Bytes> {
    if let Some(ip) = peer {
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(ip, 50_000)));
    }
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    Response::from_parts(parts, body.collect().await.unwrap().to_bytes())
}

/// The application, as the suite describes it.
pub(crate) fn router(auth: &Auth, quota: Quota) -> Router {
    let members = Router::new().route("/news", get(|| async { "news" })).route_layer(require_user(auth));
    let admins = Router::new().route("/users", get(|| async { "all" })).route_layer(require_role(auth, Role::ADMIN));
    let everything = Router::new()
        .route("/everything", get(everything))
        .route_layer(require_user(auth))
        .route_layer(RateLimitLayer::new(auth, "everything", quota).per_user());
    let limited = |path, limit: RateLimitLayer| Router::new().route(path, get(|| async { "found" })).route_layer(limit);
    Router::new()
        .nest("/auth", routes(auth, Transport::Cookie))
        .nest("/api/auth", routes(auth, Transport::Bearer))
        .nest("/orgs/{id}/auth", routes(auth, Transport::Bearer))
        .nest("/closed/auth", routes(auth, Mount::from(Transport::Cookie).without(Endpoint::SIGN_UP)))
        .nest("/guarded/auth", routes(auth, Transport::Bearer).layer(require_user(auth)))
        .nest("/outer", Router::new().nest("/inner", Router::new().nest("/auth", routes(auth, Transport::Bearer))))
        .route("/private", get(|user: CurrentUser| async move { user.id.to_string() }))
        .route("/maybe", get(maybe))
        .route("/claims", get(|claims: Claims| async move { claims.user_id.to_string() }))
        .route("/session", get(|session: CurrentSession| async move { session.session.id.to_string() }))
        .route("/note", post(|user: CurrentUser| async move { format!("noted for {}", user.id) }))
        .merge(everything)
        .merge(limited("/search", RateLimitLayer::new(auth, "search", quota)))
        .merge(limited("/mine", RateLimitLayer::new(auth, "mine", quota).per_user()))
        .merge(limited("/tenant", RateLimitLayer::new(auth, "tenant", quota).by(tenant)))
        .nest("/members", members)
        .nest("/admin", admins)
        .with_state(auth.clone())
}

async fn everything(user: CurrentUser, session: CurrentSession, maybe: Option<CurrentUser>, claims: Claims) -> String {
    assert_eq!(maybe.unwrap().id, user.id);
    assert_eq!((claims.user_id, claims.session_id), (user.id, session.session.id));
    user.id.to_string()
}

async fn maybe(user: Option<CurrentUser>) -> String {
    user.map_or_else(|| "nobody".to_owned(), |user| user.id.to_string())
}
