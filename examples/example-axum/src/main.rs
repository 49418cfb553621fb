//! A small server with sign-up, sign-in, sessions and profiles, on axum and SQLite.
//!
//! The README beside this file lists its environment.

mod page;
mod profile;
mod routes;
mod serve;
mod settings;

use std::error::Error;
use std::io::IsTerminal;
use std::process::ExitCode;

use auth_core::auth::EnsureRoleOutcome;
use auth_core::http::cookie::SameSite;
use auth_core::policy::{CommonPasswords, PasswordPolicy};
use auth_core::{Auth, Role};
use auth_sqlx::SqliteStore;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use crate::profile::Backgrounds;
use crate::settings::{Admin, Settings};

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(std::io::stdout().is_terminal()).init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{}", chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let settings = Settings::from_env()?;
    let listener =
        TcpListener::bind(settings.addr).await.map_err(|cause| format!("ADDR {}: {cause}", settings.addr))?;
    let store = open_store(&settings.database_url).await?;
    let base_url = settings.base_url.clone();
    let auth = configure(settings.keys, store, &base_url, &settings.trusted_proxies, settings.rate_limits)?;
    if let Some(admin) = settings.admin {
        ensure_admin(&auth, admin).await?;
    }
    tracing::info!("listening on {}; open {base_url} in a browser", listener.local_addr()?);
    serve::serve(listener, routes::app(auth), stop_signal()).await;
    tracing::info!("stopped");
    Ok(())
}

async fn open_store(url: &str) -> Result<SqliteStore, Box<dyn Error>> {
    let store = SqliteStore::connect(url).await.map_err(|cause| format!("DATABASE_URL: {}", chain(&cause)))?;
    store.migrate().await?;
    profile::create_tables(store.pool()).await?;
    Ok(store.with_profile(Backgrounds))
}

fn configure(
    keys: auth_core::SigningKeys,
    store: SqliteStore,
    base_url: &str,
    trusted_proxies: &str,
    rate_limits: bool,
) -> Result<Auth, auth_core::ConfigError> {
    let builder = Auth::builder(store, keys)
        .base_url(base_url)
        .trusted_proxies(trusted_proxies)
        .same_site(SameSite::Strict)
        // The examples of the documentation sign up with `password123`, which is on every list of common passwords.
        // A real application leaves the list on: it is the default.
        .password_policy(PasswordPolicy { common: CommonPasswords::Allow, ..PasswordPolicy::default() });
    if rate_limits { builder } else { builder.dangerously_without_rate_limits() }.build()
}

async fn ensure_admin(auth: &Auth, admin: Admin) -> Result<(), Box<dyn Error>> {
    let outcome = auth.ensure_role(&admin.email, &admin.password, Role::ADMIN).await;
    let outcome = outcome.map_err(|cause| {
        let mut reasons = vec!["ADMIN_EMAIL, ADMIN_PASSWORD".to_owned(), chain(&cause)];
        reasons.extend(cause.fields().iter().map(|field| field.message.to_string()));
        reasons.join(": ")
    })?;
    if outcome == EnsureRoleOutcome::WrongPassword {
        return Err("ADMIN_EMAIL: an account with this address exists, and ADMIN_PASSWORD is not its password".into());
    }
    tracing::info!(?outcome, "the administrator's account is in place");
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

/// An error with its causes, in one line.
fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |cause: &&dyn Error| (*cause).source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
