//! The router of a mount: every row of core's table.

use std::collections::BTreeMap;

use auth_core::Auth;
use auth_core::http::{Body, Endpoint, Mount, Request, Route, Transport};
use axum::Router;
use axum::extract::RawPathParams;
use axum::extract::rejection::RawPathParamsRejection;
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, any, on};

use crate::request::{peer, read_body, response, take_authority};

/// Returns the routes of core's table, to be nested where the application wants them. Other paths below the mount are
/// answered by a problem; merged into the application's router they would take all of its paths, which is what
/// [`routes_at_root`] does not.
///
/// Each mount has its transport: cookies for browsers, bearer tokens for API clients. One application can have both.
///
/// ```
/// use auth_axum::auth_core::MemoryStore;
/// use auth_axum::{Auth, SigningKeys, Transport, routes};
/// use axum::Router;
///
/// let auth = Auth::builder(MemoryStore::new(), SigningKeys::ephemeral()?).build()?;
/// let app: Router = Router::new()
///     .nest("/auth", routes(&auth, Transport::Cookie))
///     .nest("/api/auth", routes(&auth, Transport::Bearer))
///     .with_state(auth);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn routes<S>(auth: &Auth, mount: impl Into<Mount>) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    // Routes and no fallback: that of a router below two nests is lost.
    routes_at_root(auth, mount).route("/", any(not_found)).route("/{*path}", any(not_found))
}

/// Returns the routes of core's table, to be merged into the application's router where they stand at its root. All
/// other paths are the application's, and so is the fallback.
///
/// ```
/// # use auth_axum::auth_core::MemoryStore;
/// # use auth_axum::{Auth, SigningKeys, Transport};
/// # use axum::{Router, http::StatusCode, routing::get};
/// # let keys = SigningKeys::hs256("an example secret of 32 bytes or more")?;
/// # let auth = Auth::builder(MemoryStore::new(), keys).build()?;
/// let app: Router = Router::new()
///     .route("/", get(|| async { "home" }))
///     .fallback(|| async { (StatusCode::NOT_FOUND, "a page of the application") })
///     .merge(auth_axum::routes_at_root(&auth, Transport::Cookie))
///     .with_state(auth);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn routes_at_root<S>(auth: &Auth, mount: impl Into<Mount>) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let mount = mount.into();
    let mut by_path: BTreeMap<&str, Vec<Route>> = BTreeMap::new();
    for route in auth.http().routes(&mount) {
        by_path.entry(route.path).or_default().push(route);
    }
    let methods = |rows| methods(auth, rows, mount.transport());
    by_path.into_iter().fold(Router::new(), |router, (path, rows)| router.route(path, methods(rows)))
}

fn methods<S>(auth: &Auth, rows: Vec<Route>, transport: Transport) -> MethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    let rows = rows.into_iter().filter_map(|row| Some((MethodFilter::try_from(row.method).ok()?, row.endpoint)));
    rows.fold(MethodRouter::new().fallback(method_not_allowed), |methods, (filter, endpoint)| {
        let auth = auth.clone();
        methods.merge(on(filter, async move |path: PathParams, request: axum::extract::Request| {
            handle(&auth, endpoint, transport, path, request).await
        }))
    })
}

/// The segments of the path; an error where one is not UTF-8 once decoded, and then it names nothing.
type PathParams = Result<RawPathParams, RawPathParamsRejection>;

async fn handle(
    auth: &Auth,
    endpoint: Endpoint,
    transport: Transport,
    path: PathParams,
    request: axum::extract::Request,
) -> Response {
    let (mut parts, body) = request.into_parts();
    take_authority(&mut parts);
    let request = Request {
        transport,
        peer: peer(auth, &parts),
        recall: parts.extensions.remove().unwrap_or_default(),
        method: parts.method,
        headers: parts.headers,
        // The last, since the path of the mount may have parameters of its own.
        id: path.ok().and_then(|path| Some(path.iter().filter(|(name, _)| *name == "id").last()?.1.to_owned())),
        body: if endpoint.reads_body() { read_body(body).await } else { Body::EMPTY },
    };
    response(auth.http().handle(endpoint, request).await)
}

async fn not_found() -> Response {
    response(auth_core::http::problem::response(&auth_core::ErrorKind::NotFound.into()))
}

async fn method_not_allowed() -> Response {
    response(auth_core::http::problem::response(&auth_core::ErrorKind::MethodNotAllowed.into()))
}
