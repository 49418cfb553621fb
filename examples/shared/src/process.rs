//! The life of an example's process: from its settings to the signal that ends it.

use std::io::{self, IsTerminal};
use std::net::TcpListener;
use std::process::ExitCode;
use std::time::Duration;

use auth_core::Auth;
use tracing_subscriber::EnvFilter;

use crate::auth;
use crate::metrics;
use crate::settings::Settings;

/// How long a client may take to send the headers of a request. Without it, a few hundred clients that send nothing
/// hold all the sockets that the process may have.
pub const HEADER_WAIT: Duration = Duration::from_secs(10);

/// How long requests that are under way may take to end after the signal to stop.
pub const GRACE: Duration = Duration::from_secs(10);

/// What is logged unless `RUST_LOG` says otherwise. The server of actix-web also tells of each of its workers.
const LOGGED: &str = "info,actix_server=warn";

/// Sets up what the environment says, and hands it to the server until that ends.
pub async fn run(serve: impl AsyncFnOnce(TcpListener, Auth) -> io::Result<()>) -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(LOGGED));
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(io::stdout().is_terminal()).init();
    match start(serve).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn start(serve: impl AsyncFnOnce(TcpListener, Auth) -> io::Result<()>) -> Result<(), String> {
    let settings = Settings::from_env()?;
    let (addr, base_url) = (settings.addr, settings.base_url.clone());
    let listener = TcpListener::bind(addr).map_err(|cause| format!("ADDR {addr}: {cause}"))?;
    let addr = listener.local_addr().map_err(|cause| format!("ADDR {addr}: {cause}"))?;
    if let Some(addr) = settings.metrics_addr {
        metrics::serve(addr)?;
    }
    let auth = auth::set_up(settings).await?;
    tracing::info!("listening on {addr}; open {base_url} in a browser");
    serve(listener, auth).await.map_err(|cause| format!("ADDR {addr}: {cause}"))?;
    tracing::info!("stopped");
    Ok(())
}

/// Ends when the process is asked to stop, by Ctrl-C or by its supervisor.
pub async fn stop_signal() {
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
