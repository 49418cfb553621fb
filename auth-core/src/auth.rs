//! `Auth`: the one handle through which an application uses the library.

mod admin;
mod authenticate;
mod base;
mod builder;
mod choose;
mod flow;
mod issue;
mod prune;
mod refresh;
mod refuse;
mod sessions;
mod sign_in;
mod sign_out;
mod sign_up;

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use jsonwebtoken::jwk::JwkSet;

pub use admin::EnsureRoleOutcome;
pub use authenticate::{Authenticated, Credential};
pub(crate) use authenticate::{FoundSession, Freshness, Proof};
pub(crate) use base::Base;
pub use builder::{AuthBuilder, ConfigError};
pub(crate) use choose::Candidates;
pub use issue::SignedIn;
pub use prune::Pruned;
pub(crate) use refresh::unknown_token;
pub use sign_in::{SignIn, SignInOutcome};
pub use sign_out::{SignOutOutcome, SignOutScope};
pub(crate) use sign_up::CheckedSignUp;
pub use sign_up::{SignUp, SignUpOutcome};

use crate::http::settings::HttpSettings;
use crate::store::Store;
use crate::token::SigningKeys;

/// Everything the library does, behind one handle: cheap to clone, without type parameters.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use auth_core::auth::{Auth, SignIn, SignInOutcome, SignUp};
/// use auth_core::{Client, Credential, Email, MemoryStore, Password, SessionKind, SigningKeys};
///
/// let keys = SigningKeys::hs256("an example secret of 32 bytes or more")?;
/// let auth = Auth::builder(MemoryStore::new(), keys).build()?;
///
/// let client = Client::default();
/// let email = Email::parse("ada@example.com")?;
/// let password = || Password::new("a long walk in the rain");
/// auth.sign_up(SignUp::new(email.clone(), password(), SessionKind::Browser), &client).await?;
///
/// let sign_in = SignIn { email, password: password(), kind: SessionKind::Bearer };
/// let SignInOutcome::SignedIn(signed_in) = auth.sign_in(sign_in, &client).await? else { unreachable!() };
/// let current = auth.authenticate(&Credential::Access(signed_in.access_token.expose())).await?;
/// assert_eq!(current.user.id, signed_in.user.id);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Auth(Arc<Inner>);

struct Inner {
    base: Base,
    http: HttpSettings,
}

impl Auth {
    /// Starts the configuration, with the two things that have no default: where to store, and what to sign with.
    pub fn builder(store: impl Store, keys: SigningKeys) -> AuthBuilder {
        AuthBuilder::new(Arc::new(store), keys)
    }

    /// Returns the public keys that verify the access tokens, as a JWK set; empty with a shared secret.
    pub fn jwks(&self) -> JwkSet {
        self.base().tokens.jwks()
    }

    /// Returns how many passwords were hashed since the start: the work that sign-ins and sign-ups made.
    pub fn password_hashes_run(&self) -> u64 {
        self.base().passwords.hashes_run()
    }

    pub(crate) fn settings(&self) -> &HttpSettings {
        &self.0.http
    }

    /// Returns whether this is the same `Auth`, or a clone of it.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn caches_sessions(&self) -> bool {
        self.base().cache.is_some()
    }

    pub(crate) fn base(&self) -> &Base {
        &self.0.base
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.base().now()
    }

    pub(crate) fn store(&self) -> &dyn Store {
        self.base().store()
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth").finish_non_exhaustive()
    }
}
