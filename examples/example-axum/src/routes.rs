//! The application: the two mounts, three guarded routes, and the page.

use auth_axum::{Auth, Claims, CurrentUser, Role, Transport, require_role, routes};
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue, Request};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::get;
use example_shared::page;
use tower_http::trace::{DefaultOnResponse, TraceLayer};
use tracing::{Level, Span};

/// Builds the router.
pub(crate) fn app(auth: Auth) -> Router {
    let admin = Router::new()
        .route("/admin", get(|| async { "hello administrator\n" }))
        .route_layer(require_role(&auth, Role::ADMIN));
    // A failure is logged where it happens, with its cause.
    let responses = DefaultOnResponse::new().level(Level::INFO);
    let trace = TraceLayer::new_for_http().make_span_with(span).on_response(responses).on_failure(());
    Router::new()
        .route("/private", get(private))
        .route("/claims", get(claims))
        .merge(admin)
        .nest("/auth", routes(&auth, Transport::Cookie))
        .nest("/api/auth", routes(&auth, Transport::Bearer))
        .merge(page())
        .layer(map_response(add_security_headers))
        .layer(trace)
        .with_state(auth)
}

/// Asks the database, so it sees at once that a session was ended.
async fn private(user: CurrentUser) -> String {
    format!("hello {}\n", user.id)
}

/// Asks nobody: up to 15 minutes behind.
async fn claims(claims: Claims) -> String {
    format!("hello {}, signed in at {}\n", claims.user_id, claims.auth_time.to_rfc3339())
}

/// What a request log needs, and nothing that may hold a secret: no headers, no query.
fn span<B>(request: &Request<B>) -> Span {
    tracing::info_span!("request", method = %request.method(), path = request.uri().path())
}

async fn add_security_headers(mut response: Response) -> Response {
    for (name, value) in page::SECURITY_HEADERS {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

/// Serves the page and what it is made of.
fn page() -> Router<Auth> {
    page::FILES.iter().fold(Router::new(), |router, file| {
        router.route(file.path, get(async || ([(CONTENT_TYPE, file.content_type)], file.text)))
    })
}
