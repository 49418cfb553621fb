//! The application under test, and requests to it without a socket.

use std::net::{IpAddr, SocketAddr};

use actix_http::Request as ActixRequest;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::header::{HeaderName as ActixName, HeaderValue as ActixValue};
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, Error, HttpResponse, Route, body, guard};
use async_trait::async_trait;
use auth_actix::{
    Auth, Claims, CurrentSession, CurrentUser, Endpoint, MaybeUser, Mount, Quota, RateLimitLayer, Role, SigningKeys,
    Transport, require_role, require_user, routes, routes_at_root,
};
use auth_core::MemoryStore;
use auth_core::auth::AuthBuilder;
use auth_core::conformance::faulty::FaultyStore;
use auth_core::conformance::http::{Adapter, Application, Server, tenant};
use auth_core::policy::HashPolicy;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response};
use serde_json::{Value, json};

/// The address that requests come from.
pub(crate) const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 7));

/// The adapter under test.
pub(crate) struct Actix;

#[async_trait(?Send)]
impl Adapter for Actix {
    async fn serve(&self, asked: &Application) -> Box<dyn Server> {
        Box::new(Running(init_service(App::new().configure(app(&asked.auth, asked.quota))).await))
    }

    async fn serve_at_root(&self, asked: &Application) -> Box<dyn Server> {
        let page = async || HttpResponse::NotFound().body("a page of the application");
        let app = App::new()
            .app_data(Data::new(asked.auth.clone()))
            .default_service(web::to(page))
            .configure(routes_at_root(&asked.auth, Transport::Bearer))
            .route("/", get().to(async || "home"))
            .route("/about", get().to(async || "about"))
            .service(web::scope("/below").route("/page", get().to(async || "page")));
        Box::new(Running(init_service(app).await))
    }
}

/// A running application.
struct Running<S>(S);

#[async_trait(?Send)]
impl<S: Service<ActixRequest, Response = ServiceResponse, Error = Error>> Server for Running<S> {
    async fn send(&self, peer: Option<IpAddr>, request: Request<Bytes>) -> Response<Bytes> {
        answer(&self.0, actix_request(peer, request)).await
    }
}

/// An `Auth` in memory, and the switch that makes its store fail.
pub(crate) fn auth() -> (Auth, FaultyStore<MemoryStore>) {
    auth_with(|builder| builder)
}

pub(crate) fn auth_with(configure: impl FnOnce(AuthBuilder) -> AuthBuilder) -> (Auth, FaultyStore<MemoryStore>) {
    let store = FaultyStore::new(MemoryStore::new());
    let builder = Auth::builder(store.clone(), SigningKeys::hs256("a secret for tests of 32 bytes or more").unwrap());
    (configure(builder.hash_policy(HashPolicy::insecure_for_tests())).build().unwrap(), store)
}

/// Everything that the adapter offers, in one application.
pub(crate) fn app(auth: &Auth, quota: Quota) -> impl FnOnce(&mut ServiceConfig) {
    let (members, admins) = (require_user(auth), require_role(auth, Role::ADMIN));
    let (mount, all) = (require_user(auth), require_user(auth));
    let limit_of_all = RateLimitLayer::new(auth, "everything", quota).per_user();
    let search = RateLimitLayer::new(auth, "search", quota);
    let mine = RateLimitLayer::new(auth, "mine", quota).per_user();
    let by_tenant = RateLimitLayer::new(auth, "tenant", quota).by(tenant);
    let closed = Mount::from(Transport::Cookie).without(Endpoint::SIGN_UP);
    let auth = auth.clone();
    move |config| {
        config
            .app_data(Data::new(auth.clone()))
            .service(web::scope("/auth").configure(routes(&auth, Transport::Cookie)))
            .service(web::scope("/api/auth").configure(routes(&auth, Transport::Bearer)))
            .service(web::scope("/orgs/{id}/auth").configure(routes(&auth, Transport::Bearer)))
            .service(web::scope("/closed/auth").configure(routes(&auth, closed)))
            .service(web::scope("/guarded/auth").wrap(mount).configure(routes(&auth, Transport::Bearer)))
            .service(
                web::scope("/outer").service(
                    web::scope("/inner").service(web::scope("/auth").configure(routes(&auth, Transport::Bearer))),
                ),
            )
            .service(web::resource("/everything").wrap(all).wrap(limit_of_all).route(get().to(everything)))
            .route("/private", get().to(async |user: CurrentUser| user.id.to_string()))
            .route("/maybe", get().to(maybe))
            .route("/claims", get().to(async |claims: Claims| claims.user_id.to_string()))
            .route("/session", get().to(async |session: CurrentSession| session.session.id.to_string()))
            .route("/note", web::post().to(async |user: CurrentUser| format!("noted for {}", user.id)))
            .service(web::resource("/search").wrap(search).route(get().to(async || "found")))
            .service(web::resource("/mine").wrap(mine).route(get().to(async || "found")))
            .service(web::resource("/tenant").wrap(by_tenant).route(get().to(async || "found")))
            .service(web::resource("/members/news").wrap(members).route(get().to(async || "news")))
            .service(web::resource("/admin/users").wrap(admins).route(get().to(async || "all")));
    }
}

/// A route for `GET` and, what `web::get()` leaves out, `HEAD`.
fn get() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

async fn everything(user: CurrentUser, session: CurrentSession, maybe: MaybeUser, claims: Claims) -> String {
    assert_eq!(maybe.as_ref().unwrap().id, user.id);
    assert_eq!((claims.user_id, claims.session_id), (user.id, session.session.id));
    user.id.to_string()
}

async fn maybe(MaybeUser(user): MaybeUser) -> String {
    user.map_or_else(|| "nobody".to_owned(), |user| user.id.to_string())
}

/// Sends one request to an application of its own.
pub(crate) async fn send(config: impl FnOnce(&mut ServiceConfig), request: Request<Bytes>) -> Response<Bytes> {
    let app = init_service(App::new().configure(config)).await;
    answer(&app, actix_request(Some(HOME), request)).await
}

/// Turns a request into one of actix-web, byte by byte.
pub(crate) fn actix_request(peer: Option<IpAddr>, request: Request<Bytes>) -> ActixRequest {
    let (parts, body) = request.into_parts();
    let method = actix_web::http::Method::from_bytes(parts.method.as_str().as_bytes()).unwrap();
    let mut test = TestRequest::with_uri(&parts.uri.to_string()).method(method).set_payload(body);
    if let Some(ip) = peer {
        test = test.peer_addr(SocketAddr::new(ip, 50_000));
    }
    for (name, value) in &parts.headers {
        let name = ActixName::from_bytes(name.as_str().as_bytes()).unwrap();
        test = test.append_header((name, ActixValue::from_bytes(value.as_bytes()).unwrap()));
    }
    test.to_request()
}

/// Sends a request and reads the answer as a client would see it: to `HEAD`, the server sends no body.
pub(crate) async fn answer<B: MessageBody>(
    app: &impl Service<ActixRequest, Response = ServiceResponse<B>, Error = Error>,
    request: ActixRequest,
) -> Response<Bytes> {
    let head = request.method() == "HEAD";
    let answer = call_service(app, request).await;
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = http::StatusCode::from_u16(answer.status().as_u16()).unwrap();
    for (name, value) in answer.headers() {
        let name = HeaderName::from_bytes(name.as_str().as_bytes()).unwrap();
        response.headers_mut().append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    if !head {
        *response.body_mut() = body::to_bytes(answer.into_body()).await.ok().unwrap();
    }
    response
}

/// Any request of one method to a path.
pub(crate) fn request(method: &str, path: &str) -> Request<Bytes> {
    Request::builder().method(method).uri(path).header("host", "app.test").body(Bytes::new()).unwrap()
}

pub(crate) fn with_json(mut request: Request<Bytes>, body: &Value) -> Request<Bytes> {
    request.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
    *request.body_mut() = body.to_string().into();
    request
}

pub(crate) fn with_bearer(mut request: Request<Bytes>, token: &str) -> Request<Bytes> {
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    request
}

/// What a sign-up and a sign-in ask for.
pub(crate) fn credentials() -> Value {
    json!({ "email": "ada@example.com", "password": "a long walk in the rain" })
}

/// Signs somebody up and returns their access token.
pub(crate) async fn sign_up(auth: &Auth) -> String {
    let request = with_json(request("POST", "/api/auth/signup"), &credentials());
    let answer = send(app(auth, quota()), request).await;
    assert_eq!(answer.status(), 201);
    json_of(&answer)["access_token"].as_str().unwrap().to_owned()
}

/// Twice a minute.
pub(crate) fn quota() -> Quota {
    Quota::per_minute(2)
}

#[track_caller]
pub(crate) fn json_of(answer: &Response<Bytes>) -> Value {
    serde_json::from_slice(answer.body()).unwrap()
}

/// Asserts status and code of a problem.
#[track_caller]
pub(crate) fn assert_problem(answer: &Response<Bytes>, status: u16, code: &str) {
    assert_eq!(answer.status(), status, "{answer:?}");
    assert_eq!(answer.headers()["content-type"], "application/problem+json", "{answer:?}");
    assert_eq!(json_of(answer)["code"], code);
}
