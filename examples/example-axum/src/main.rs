//! A small server with sign-up, sign-in, sessions and profiles, on axum.
//!
//! The README beside this file lists its environment.

mod routes;
mod serve;

use std::io::IsTerminal;
use std::process::ExitCode;

use example_shared::auth;
use example_shared::settings::Settings;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(std::io::stdout().is_terminal()).init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), String> {
    let settings = Settings::from_env()?;
    let (addr, base_url) = (settings.addr, settings.base_url.clone());
    let listener = TcpListener::bind(addr).await.map_err(|cause| format!("ADDR {addr}: {cause}"))?;
    let addr = listener.local_addr().map_err(|cause| format!("ADDR {addr}: {cause}"))?;
    let auth = auth::set_up(settings).await?;
    tracing::info!("listening on {addr}; open {base_url} in a browser");
    serve::serve(listener, routes::app(auth), stop_signal()).await;
    tracing::info!("stopped");
    Ok(())
}

/// Ends when the process is asked to stop, by Ctrl-C or by its supervisor.
async fn stop_signal() {
    tokio::select! {
        () = terminated() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    if let Ok(mut terminate) = signal(SignalKind::terminate()) {
        terminate.recv().await;
    } else {
        std::future::pending::<()>().await;
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}
