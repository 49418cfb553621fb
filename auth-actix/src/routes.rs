//! The routes of a mount: every row of core's table.

use std::collections::BTreeMap;
use std::future::ready;

use actix_web::dev::RequestHead;
use actix_web::guard::fn_guard;
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, Resource};
use auth_core::http::{Body, Mount, Request, Route, Transport, problem};
use auth_core::{Auth, ErrorKind};
use http::header::ALLOW;
use http::{HeaderValue, Method};
use percent_encoding::percent_decode_str;

use crate::extract::Rejection;
use crate::request::{head, read_body, response};
use crate::unread::{CloseUnread, hold};

/// Returns the routes of core's table, to be configured into the scope where the application wants them. Other paths
/// below the mount are answered by a problem; configured into the application itself they would take the place of its
/// `default_service`, which is what [`routes_at_root`] does not.
///
/// Each mount has its transport: cookies for browsers, bearer tokens for API clients. One application can have both.
///
/// ```
/// use actix_web::{App, web};
/// use auth_actix::auth_core::MemoryStore;
/// use auth_actix::{Auth, SigningKeys, Transport, routes};
///
/// let auth = Auth::builder(MemoryStore::new(), SigningKeys::ephemeral()?).build()?;
/// let app = App::new()
///     .app_data(web::Data::new(auth.clone()))
///     .service(web::scope("/auth").configure(routes(&auth, Transport::Cookie)))
///     .service(web::scope("/api/auth").configure(routes(&auth, Transport::Bearer)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn routes<M: Into<Mount>>(auth: &Auth, mount: M) -> impl FnOnce(&mut ServiceConfig) + use<M> {
    let routes = routes_at_root(auth, mount);
    move |config| {
        config.configure(routes);
        config.default_service(web::to(|payload: Payload| ready(not_found(payload))));
    }
}

/// Returns the routes of core's table, to be configured into the application itself where they stand at its root. All
/// other paths are the application's, and so is the `default_service`.
///
/// Into the application and not into `web::scope("")`, which keeps all paths for itself that come after it.
///
/// ```
/// # use actix_web::{App, web};
/// # use auth_actix::auth_core::MemoryStore;
/// # use auth_actix::{Auth, SigningKeys, Transport};
/// # let keys = SigningKeys::hs256("an example secret of 32 bytes or more")?;
/// # let auth = Auth::builder(MemoryStore::new(), keys).build()?;
/// let app = App::new()
///     .app_data(web::Data::new(auth.clone()))
///     .configure(auth_actix::routes_at_root(&auth, Transport::Cookie))
///     .route("/", web::get().to(async || "home"))
///     .default_service(web::to(async || "a page of the application"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn routes_at_root<M: Into<Mount>>(auth: &Auth, mount: M) -> impl FnOnce(&mut ServiceConfig) + use<M> {
    let (auth, mount) = (auth.clone(), mount.into());
    move |config| {
        let mut by_path: BTreeMap<&'static str, Vec<Route>> = BTreeMap::new();
        for route in auth.http().routes(&mount) {
            by_path.entry(route.path).or_default().push(route);
        }
        for (path, rows) in by_path {
            config.service(resource(&auth, path, rows, mount.transport()).wrap(CloseUnread));
        }
    }
}

fn resource(auth: &Auth, path: &'static str, rows: Vec<Route>, transport: Transport) -> Resource {
    let allowed = allowed(&rows);
    let resource = web::resource(path)
        .guard(fn_guard(move |context| is_literally(path, context.head())))
        .default_service(web::to(move || ready(method_not_allowed(&allowed))));
    rows.into_iter().fold(resource, |resource, row| {
        let method = row.method.clone();
        let this_method = fn_guard(move |context| answers(&method, context.head().method.as_str()));
        let auth = auth.clone();
        let handler = move |request, payload| handle(auth.clone(), row.clone(), transport, request, payload);
        resource.route(web::route().guard(this_method).to(handler))
    })
}

async fn handle(
    auth: Auth,
    route: Route,
    transport: Transport,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Rejection> {
    let head = head(&auth, request.head())?;
    let recall = request.extensions().get().cloned().unwrap_or_default();
    let core_request = Request {
        transport,
        peer: head.peer,
        recall,
        method: head.method,
        headers: head.headers,
        id: id(route.path, request.uri().path()),
        body: if route.endpoint.reads_body() { read_body(payload).await } else { Body::EMPTY },
    };
    Ok(response(auth.http().handle(route.endpoint, core_request).await))
}

/// Returns whether a path is spelled as the table spells it. actix-web decodes a path before it compares; `m%65` is
/// as little `me` here as it is in any other framework.
fn is_literally(pattern: &str, head: &RequestHead) -> bool {
    segments(pattern, head.uri.path()).all(|(name, segment)| name == ID || name == segment)
}

/// Returns the segment in the place of `{id}`, decoded once; `None` when it is not UTF-8 then, and names nothing.
///
/// It is taken from the path as it came: actix-web decodes most of it before and the rest after it is cut, and puts
/// replacement characters where it fails.
fn id(pattern: &str, path: &str) -> Option<String> {
    let (_, segment) = segments(pattern, path).find(|(name, _)| *name == ID)?;
    Some(percent_decode_str(segment).decode_utf8().ok()?.into_owned())
}

const ID: &str = "{id}";

/// Pairs the segments of a pattern with those of a path, from the end, since the path begins with that of the mount.
fn segments<'a>(pattern: &'a str, path: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    pattern.trim_start_matches('/').rsplit('/').zip(path.rsplit('/'))
}

/// Returns whether a row answers a method: `HEAD` goes with `GET`, and actix-web sends such an answer without its body.
fn answers(row: &Method, asked: &str) -> bool {
    row.as_str() == asked || (row == Method::GET && asked == "HEAD")
}

fn allowed(rows: &[Route]) -> String {
    let names = rows.iter().map(|row| if row.method == Method::GET { "GET,HEAD" } else { row.method.as_str() });
    names.collect::<Vec<_>>().join(",")
}

fn not_found(payload: Payload) -> HttpResponse {
    hold(response(problem::response(&ErrorKind::NotFound.into())), payload.into_inner())
}

fn method_not_allowed(allowed: &str) -> HttpResponse {
    let mut answer = problem::response(&ErrorKind::MethodNotAllowed.into());
    if let Ok(allowed) = HeaderValue::from_str(allowed) {
        answer.headers_mut().insert(ALLOW, allowed);
    }
    response(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn names(path: &str, expected: Option<&str>) {
        assert_eq!(id("/sessions/{id}", path).as_deref(), expected, "{path}");
    }

    #[test]
    fn an_id_is_decoded_once_and_is_text() {
        names("/auth/sessions/a-b", Some("a-b"));
        names("/a/b/c/sessions/a%2Db", Some("a-b"));
        names("/sessions/a%252Db", Some("a%2Db"));
        names("/sessions/%%34%31", Some("%41"));
        names("/sessions/a%2Fb", Some("a/b"));
        names("/sessions/a+b%", Some("a+b%"));
        names("/sessions/%ff", None);
        assert_eq!(id("/me", "/auth/me"), None);
    }

    #[test]
    fn get_brings_head_along() {
        assert!(answers(&Method::GET, "GET") && answers(&Method::GET, "HEAD"));
        assert!(!answers(&Method::GET, "get") && !answers(&Method::POST, "HEAD"));
        let row = |method| Route { method, path: "/", endpoint: auth_core::http::Endpoint::ME };
        assert_eq!(allowed(&[row(Method::GET), row(Method::DELETE)]), "GET,HEAD,DELETE");
    }
}
