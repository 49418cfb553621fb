//! The application: the two mounts, three guarded routes, and the page.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header::ALLOW;
use actix_web::middleware::{DefaultHeaders, Next, from_fn};
use actix_web::rt::time::Instant;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, Error, FromRequest, Handler, HttpResponse, Resource, Responder, guard};
use auth_actix::{Auth, Claims, CloseUnread, CurrentUser, Role, Transport, require_role, routes};
use example_shared::page;
use tracing::Instrument;

use crate::connection::track;

/// Builds the application.
pub(crate) fn app(
    auth: Auth,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let admin = get("/admin", async || "hello administrator\n").wrap(require_role(&auth, Role::ADMIN));
    let browsers = web::scope("/auth").configure(routes(&auth, Transport::Cookie));
    let clients = web::scope("/api/auth").configure(routes(&auth, Transport::Bearer));
    App::new()
        .app_data(Data::new(auth))
        .service(get("/private", private))
        .service(get("/claims", claims))
        .service(admin)
        .service(browsers)
        .service(clients)
        .configure(page)
        .wrap(security_headers())
        .wrap(from_fn(trace))
        .wrap(CloseUnread)
        .wrap(from_fn(track))
}

/// Asks the database, so it sees at once that a session was ended.
async fn private(user: CurrentUser) -> String {
    format!("hello {}\n", user.id)
}

/// Asks nobody: up to 15 minutes behind.
async fn claims(claims: Claims) -> String {
    format!("hello {}, signed in at {}\n", claims.user_id, claims.auth_time.to_rfc3339())
}

/// Logs what a request log needs, and nothing that may hold a secret: no headers, no query.
async fn trace(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let span = tracing::info_span!("request", method = %request.method(), path = request.path());
    let begun = Instant::now();
    let response = next.call(request).instrument(span.clone()).await?;
    let (latency, status) = (begun.elapsed().as_millis(), response.status().as_u16());
    tracing::info!(parent: &span, latency = %format_args!("{latency} ms"), status, "finished processing request");
    Ok(response)
}

fn security_headers() -> DefaultHeaders {
    page::SECURITY_HEADERS.into_iter().fold(DefaultHeaders::new(), DefaultHeaders::add)
}

/// Serves the page and what it is made of.
fn page(config: &mut ServiceConfig) {
    for file in &page::FILES {
        config.service(get(file.path, async || HttpResponse::Ok().content_type(file.content_type).body(file.text)));
    }
}

/// Answers `GET`, and `HEAD` with the same headers. Left to itself, actix-web refuses `HEAD`, and does not tell which
/// methods there are.
fn get<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args, Output: Responder + 'static>,
    Args: FromRequest + 'static,
{
    let reading = guard::Any(guard::Get()).or(guard::Head());
    web::resource(path).route(web::route().guard(reading).to(handler)).default_service(web::to(method_not_allowed))
}

async fn method_not_allowed() -> HttpResponse {
    HttpResponse::MethodNotAllowed().insert_header((ALLOW, "GET,HEAD")).finish()
}
