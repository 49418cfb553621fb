//! The table of endpoints: which of them a mount has.

use crate::http::call::Http;
use crate::http::endpoint::{Endpoint, Route};
use crate::http::mount::Mount;

const ENDPOINTS: [Endpoint; 8] = [
    Endpoint::JWKS,
    Endpoint::LIST_SESSIONS,
    Endpoint::ME,
    Endpoint::REFRESH,
    Endpoint::REVOKE_SESSION,
    Endpoint::SIGN_IN,
    Endpoint::SIGN_OUT,
    Endpoint::SIGN_UP,
];

impl Http<'_> {
    /// Returns the routes of a mount, for an adapter to register. To all others its router answers as to any path that
    /// is not there.
    ///
    /// ```
    /// use auth_core::http::{Endpoint, Mount, Transport};
    /// use auth_core::{Auth, MemoryStore, SigningKeys};
    ///
    /// let auth = Auth::builder(MemoryStore::new(), SigningKeys::ephemeral()?).build()?;
    /// let closed = Mount::from(Transport::Cookie).without(Endpoint::SIGN_UP);
    /// assert!(auth.http().routes(&closed).any(|route| route.path == "/signin"));
    /// assert!(!auth.http().routes(&closed).any(|route| route.path == "/signup"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn routes(&self, mount: &Mount) -> impl Iterator<Item = Route> {
        ENDPOINTS.into_iter().filter(|endpoint| mount.has(*endpoint)).flat_map(|endpoint| {
            let Endpoint(row) = endpoint;
            let paths = [row.path].into_iter().chain(row.aliases.iter().copied());
            paths.map(move |path| Route { method: row.method.clone(), path, endpoint })
        })
    }
}
