//! Sign-up, sign-in and a route for signed-in users on axum-login, tower-sessions and password-auth, as their examples
//! show them, on SQLite in WAL mode.

use std::env;

use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use axum_login::tower_sessions::SessionManagerLayer;
use axum_login::{AuthManagerLayerBuilder, AuthUser, AuthnBackend, UserId};
use serde::Deserialize;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{FromRow, SqlitePool};
use tokio::task::spawn_blocking;
use tower_sessions_sqlx_store::SqliteStore;

#[derive(Clone, Debug, FromRow)]
struct User {
    id: i64,
    password: String,
}

impl AuthUser for User {
    type Id = i64;

    fn id(&self) -> i64 {
        self.id
    }

    fn session_auth_hash(&self) -> &[u8] {
        self.password.as_bytes()
    }
}

#[derive(Clone, Deserialize)]
struct Credentials {
    email: String,
    password: String,
}

#[derive(Clone)]
struct Backend(SqlitePool);

impl AuthnBackend for Backend {
    type User = User;
    type Credentials = Credentials;
    type Error = sqlx::Error;

    async fn authenticate(&self, credentials: Credentials) -> Result<Option<User>, sqlx::Error> {
        let query = sqlx::query_as("SELECT id, password FROM users WHERE email = ?").bind(credentials.email);
        let user: Option<User> = query.fetch_optional(&self.0).await?;
        let verify =
            move || user.filter(|user| password_auth::verify_password(credentials.password, &user.password).is_ok());
        Ok(spawn_blocking(verify).await.unwrap())
    }

    async fn get_user(&self, id: &UserId<Self>) -> Result<Option<User>, sqlx::Error> {
        sqlx::query_as("SELECT id, password FROM users WHERE id = ?").bind(id).fetch_optional(&self.0).await
    }
}

type AuthSession = axum_login::AuthSession<Backend>;

#[tokio::main]
async fn main() {
    tracing_subscriber::fmt::init();
    let options: SqliteConnectOptions = env::var("BENCH_DATABASE").unwrap().parse().unwrap();
    let pool = SqlitePool::connect_with(options.journal_mode(SqliteJournalMode::Wal)).await.unwrap();
    let table = "CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, \
                 password TEXT NOT NULL)";
    sqlx::query(table).execute(&pool).await.unwrap();
    let store = SqliteStore::new(pool.clone());
    store.migrate().await.unwrap();
    let layer = AuthManagerLayerBuilder::new(Backend(pool), SessionManagerLayer::new(store)).build();

    let app = Router::new()
        .route("/private", get(private))
        .route("/signup", post(sign_up))
        .route("/signin", post(sign_in))
        .layer(layer);
    let listener = tokio::net::TcpListener::bind(env::var("BENCH_LISTEN").unwrap()).await.unwrap();
    axum::serve(listener, app).await.unwrap();
}

async fn private(session: AuthSession) -> Result<String, StatusCode> {
    session.user.map(|user| format!("hello {}", user.id)).ok_or(StatusCode::UNAUTHORIZED)
}

async fn sign_up(session: AuthSession, Json(credentials): Json<Credentials>) -> StatusCode {
    let hash = spawn_blocking(|| password_auth::generate_hash(credentials.password)).await.unwrap();
    let insert = sqlx::query("INSERT INTO users (email, password) VALUES (?, ?)").bind(credentials.email).bind(hash);
    insert.execute(&session.backend.0).await.map_or(StatusCode::CONFLICT, |_| StatusCode::CREATED)
}

async fn sign_in(mut session: AuthSession, Json(credentials): Json<Credentials>) -> StatusCode {
    match session.authenticate(credentials).await {
        Ok(Some(user)) if session.login(&user).await.is_ok() => StatusCode::OK,
        Ok(None) => StatusCode::UNAUTHORIZED,
        Ok(Some(_)) | Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
