//! How `Auth` is set up: the part of an example that every application has.

use auth_core::auth::EnsureRoleOutcome;
use auth_core::http::cookie::SameSite;
use auth_core::policy::{CommonPasswords, PasswordPolicy};
use auth_core::{Auth, Role};
use auth_sqlx::{PRUNE_INTERVAL, prune_regularly};

use crate::chain;
use crate::settings::{Admin, Settings};
use crate::store;

/// Opens the database, creates what is missing in it, sets up [`Auth`], and has dead rows deleted from now on.
///
/// # Errors
///
/// A line for the log that names the setting at fault.
pub async fn set_up(settings: Settings) -> Result<Auth, String> {
    let builder = store::open(&settings.database_url, settings.keys).await?;
    let builder = builder
        .base_url(settings.base_url)
        .trusted_proxies(settings.trusted_proxies)
        .same_site(SameSite::Strict)
        // The examples of the documentation sign up with `password123`, which is on every list of common passwords.
        // A real application leaves the list on: it is the default. The address and the name are refused here as well.
        .password_policy(PasswordPolicy { common: CommonPasswords::Allow, ..PasswordPolicy::default() });
    let builder = if settings.rate_limits { builder } else { builder.dangerously_without_rate_limits() };
    // The variables are called as the builder's methods.
    let auth = builder.build().map_err(|cause| format!("{}: {}", cause.setting().to_uppercase(), chain(&cause)))?;
    if let Some(admin) = settings.admin {
        ensure_admin(&auth, admin).await?;
    }
    tokio::spawn(prune_regularly(auth.clone(), PRUNE_INTERVAL));
    Ok(auth)
}

async fn ensure_admin(auth: &Auth, admin: Admin) -> Result<(), String> {
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
