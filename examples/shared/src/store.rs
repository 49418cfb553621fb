//! The store, in whichever database the URL names. `Auth` has no type parameters, so nothing else depends on it.

use std::error::Error;

use auth_core::auth::AuthBuilder;
use auth_core::{Auth, SigningKeys};
use auth_sqlx::{Backend, Profile, SqlxStore};
use sqlx::{MySql, Postgres, Sqlite};

use crate::chain;
use crate::profile::{Backgrounds, Tables};
use crate::settings::DatabaseUrl;

/// Opens the database, creates what is missing in it, and starts to configure [`Auth`] with it.
pub(crate) async fn open(url: &DatabaseUrl, keys: SigningKeys) -> Result<AuthBuilder, String> {
    match url {
        DatabaseUrl::MySql(url) => open_in::<MySql>(url, keys).await,
        DatabaseUrl::Postgres(url) => open_in::<Postgres>(url, keys).await,
        DatabaseUrl::Sqlite(url) => open_in::<Sqlite>(url, keys).await,
    }
}

/// The errors are those of the driver and the server, which name the user and the database, but not the password.
async fn open_in<DB: Backend + Tables>(url: &str, keys: SigningKeys) -> Result<AuthBuilder, String>
where
    Backgrounds: Profile<DB>,
{
    let failed = |what: &str, cause: &dyn Error| format!("DATABASE_URL: {what}: {}", chain(cause));
    let store = SqlxStore::<DB>::connect(url).await.map_err(|cause| failed("the database cannot be opened", &cause))?;
    store.migrate().await.map_err(|cause| failed("the library's tables cannot be created", &cause))?;
    DB::create_tables(store.pool()).await.map_err(|cause| failed("the profile's tables cannot be created", &cause))?;
    Ok(Auth::builder(store.with_profile(Backgrounds), keys))
}
