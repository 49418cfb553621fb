//! The server of the README to the letter, but for where the database is and where to listen.

use std::env;
use std::net::SocketAddr;

use auth_axum::{Auth, CurrentUser, SigningKeys, Transport, routes};
use auth_sqlx::{PRUNE_INTERVAL, SqliteStore, prune_regularly};
use axum::{Router, routing::get};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt::init();
    let store = SqliteStore::connect(&env::var("BENCH_DATABASE")?).await?;
    store.migrate().await?;
    let secret = env::var("AUTH_SECRET").map_err(|_| "set AUTH_SECRET to 32 random bytes or more")?;
    let keys = SigningKeys::hs256(secret)?;
    let auth = Auth::builder(store, keys).base_url("http://localhost:8000").build()?;
    tokio::spawn(prune_regularly(auth.clone(), PRUNE_INTERVAL));

    let app = Router::new()
        .route("/private", get(|user: CurrentUser| async move { format!("hello {}", user.id) }))
        .nest("/auth", routes(&auth, Transport::Cookie))
        .nest("/api/auth", routes(&auth, Transport::Bearer))
        .with_state(auth);

    let listener = tokio::net::TcpListener::bind(env::var("BENCH_LISTEN")?).await?;
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}
