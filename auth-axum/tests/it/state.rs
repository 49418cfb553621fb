//! Where the application has a state of its own, and answers in its own way.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use auth_axum::{Claims, CurrentSession, CurrentUser, FromLayer, Rejection, auth_layer, routes};
use auth_core::conformance::http::{EMAIL, World};
use auth_core::http::Transport;
use auth_core::{Auth, conformance};
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, FromRef};
use axum::response::IntoResponse;
use axum::routing::get;
use http::Request;
use tower::ServiceExt;

use crate::app::Axum;

#[derive(Clone)]
struct AppState {
    auth: Auth,
    greeting: &'static str,
}

impl FromRef<AppState> for Auth {
    fn from_ref(state: &AppState) -> Self {
        state.auth.clone()
    }
}

#[tokio::test]
async fn an_application_may_have_a_state_of_its_own() {
    let world = World::new(&Axum).await;
    let tokens = world.tokens(EMAIL).await;
    let greet = |axum::extract::State(state): axum::extract::State<AppState>, user: CurrentUser| async move {
        format!("{} {}", state.greeting, user.email.as_ref().unwrap().as_str())
    };
    let app = Router::new()
        .nest("/auth", routes(&world.auth, Transport::Cookie))
        .route("/", get(greet))
        .with_state(AppState { auth: world.auth.clone(), greeting: "hello" });
    for (path, status) in [("/", 200), ("/auth/me", 200), ("/auth/nothing", 404)] {
        let request = Request::get(path)
            .header("authorization", format!("Bearer {}", tokens.access))
            .extension(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 1))))
            .body(Body::empty());
        let response = app.clone().oneshot(request.unwrap()).await.unwrap();
        assert_eq!(response.status(), status, "{path}");
    }
}

#[tokio::test]
async fn an_application_may_answer_a_refusal_in_its_own_way() {
    let world = World::new(&Axum).await;
    let home = |user: Result<CurrentUser, Rejection>| async move {
        match user {
            Ok(user) => user.id.to_string().into_response(),
            Err(rejection) => format!("{:?}", rejection.into_inner().kind()).into_response(),
        }
    };
    let app = Router::new().route("/", get(home)).with_state(world.auth.clone());
    let response = app.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
    let body = axum::body::to_bytes(response.into_body(), 1_000).await.unwrap();
    assert_eq!(body, "Unauthenticated");
}

/// A state that no application can implement `FromRef` for.
fn any_state() -> Router<Arc<AppState>> {
    Router::new()
        .route("/private", get(|FromLayer(user): FromLayer<CurrentUser>| async move { user.id.to_string() }))
        .route("/claims", get(|claims: FromLayer<Claims>| async move { claims.user_id.to_string() }))
        .route("/session", get(|session: FromLayer<CurrentSession>| async move { session.user.id.to_string() }))
        .route("/maybe", get(|user: FromLayer<Option<CurrentUser>>| async move { user.is_some().to_string() }))
        .route("/perhaps", get(|user: Option<FromLayer<CurrentUser>>| async move { user.is_some().to_string() }))
}

#[tokio::test]
async fn every_extractor_works_with_any_state_below_the_layer() {
    let world = World::new(&Axum).await;
    let tokens = world.tokens(EMAIL).await;
    let id = world.send(conformance::http::get("/private").bearer(&tokens.access)).await.is(200).text().to_owned();
    let state = Arc::new(AppState { auth: world.auth.clone(), greeting: "hello" });
    let mount = routes(&world.auth, Transport::Cookie);
    let app = any_state().layer(auth_layer(&world.auth)).nest("/auth", mount).with_state(state);
    let ask = async |path: &str, token: &str| {
        let request = Request::get(path).header("authorization", format!("Bearer {token}")).body(Body::empty());
        let response = app.clone().oneshot(request.unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), 1_000).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    };
    for path in ["/private", "/claims", "/session"] {
        assert_eq!(ask(path, &tokens.access).await, (200, id.clone()), "{path}");
        assert_eq!(ask(path, "").await.0, 401, "{path}");
    }
    for path in ["/maybe", "/perhaps"] {
        assert_eq!(ask(path, &tokens.access).await, (200, "true".to_owned()), "{path}");
        assert_eq!(ask(path, "").await, (200, "false".to_owned()), "{path}");
    }
    assert_eq!(ask("/auth/me", &tokens.access).await.0, 200);
}

#[tokio::test]
async fn a_forgotten_layer_is_a_500_and_one_line_that_names_it() {
    let world = World::new(&Axum).await;
    let app = any_state().with_state(Arc::new(AppState { auth: world.auth.clone(), greeting: "hello" }));
    for path in ["/private", "/claims", "/session", "/maybe", "/perhaps"] {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        let guard = tracing::subscriber::set_default(subscriber);
        let response = app.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        drop(guard);
        assert_eq!(response.status(), 500, "{path}");
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.matches("ERROR").count(), 1, "{text}");
        assert!(text.contains("add `.layer(auth_layer(&auth))`"), "{text}");
        let body = axum::body::to_bytes(response.into_body(), 1_000).await.unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("layer"), "the log is told, and not the client");
    }
}

/// What a subscriber wrote.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
