//! The life of an example's process: from its settings to the signal that ends it.

use std::io::{self, IsTerminal};
use std::net::TcpListener;
use std::pin::Pin;
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

/// Ends when the process is asked to stop, by Ctrl-C or by its supervisor.
pub type StopSignal = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Sets up what the environment says, and hands it to the server until that ends.
pub async fn run(serve: impl AsyncFnOnce(TcpListener, Auth, StopSignal) -> io::Result<()>) -> ExitCode {
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

async fn start(serve: impl AsyncFnOnce(TcpListener, Auth, StopSignal) -> io::Result<()>) -> Result<(), String> {
    // Before anything that takes time. The first process of a container gets no signal that it does not listen for.
    let mut stop = stop_signal().map_err(|cause| format!("no signal can be listened for: {cause}"))?;
    let settings = Settings::from_env()?;
    let (addr, base_url) = (settings.addr, settings.base_url.clone());
    let listener = TcpListener::bind(addr).map_err(|cause| format!("ADDR {addr}: {cause}"))?;
    let addr = listener.local_addr().map_err(|cause| format!("ADDR {addr}: {cause}"))?;
    if let Some(addr) = settings.metrics_addr {
        metrics::serve(addr)?;
    }
    tokio::select! {
        () = &mut stop => {}
        auth = auth::set_up(settings) => {
            tracing::info!("listening on {addr}; open {base_url} in a browser");
            serve(listener, auth?, stop).await.map_err(|cause| format!("ADDR {addr}: {cause}"))?;
        }
    }
    tracing::info!("stopped");
    Ok(())
}

/// Listens from now on, and not only once somebody waits for it.
#[cfg(unix)]
fn stop_signal() -> io::Result<StopSignal> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(Box::pin(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }))
}

#[cfg(windows)]
fn stop_signal() -> io::Result<StopSignal> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(Box::pin(async move { interrupt.recv().await.unwrap_or_default() }))
}
