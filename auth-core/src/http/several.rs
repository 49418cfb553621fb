//! Several cookies of one name, where the hosts of a domain share them.
//!
//! A browser keeps a cookie for each domain that one was set in, and sends them all. After the domain was changed, or
//! where two applications name different ones, that is two sessions at once, for as long as the older cookie lives. To
//! take both for nobody would lock people out. So the cookie that verifies counts, if all that do are of one session:
//! access tokens by their signature, and where that leaves several sessions or none, by the store. Two sessions that
//! are both accepted are ambiguous, and so are more cookies than a change of the domain explains.
//!
//! What ends it: every answer that sets or clears cookies clears the others, in all domains that are known, and whoever
//! signs in or out with several cookies ends the sessions of all.

use crate::auth::Candidates;
use crate::error::{Error, ErrorKind};
use crate::http::call::Http;
use crate::http::cookie::{CookieName, MAX_VALUES};
use crate::http::headers::Headers;
use crate::text::visible_ascii;
use crate::token::RefreshToken;

impl Http<'_> {
    /// Returns whether a name stands several times among shared cookies.
    pub(super) fn has_several(&self, headers: &impl Headers) -> bool {
        let cookies = &self.auth.settings().cookies;
        let is_several = |name| cookies.values(headers, name).len() > 1;
        cookies.are_shared() && [CookieName::Access, CookieName::Refresh].into_iter().any(is_several)
    }

    /// Reads the cookies of a request in which one of the names stands several times.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unauthenticated`] when they are not shared, or too many.
    pub(super) fn several(&self, headers: &impl Headers) -> Result<Candidates, Error> {
        let accesses = self.few(headers, CookieName::Access)?;
        let refreshes = self.few(headers, CookieName::Refresh)?;
        Ok(Candidates {
            claims: accesses.into_iter().filter_map(|access| self.auth.live_claims(access).ok()).collect(),
            tokens: refreshes.into_iter().filter_map(RefreshToken::parse).collect(),
        })
    }

    fn few<'h>(&self, headers: &'h impl Headers, name: CookieName) -> Result<Vec<&'h str>, Error> {
        let settings = self.auth.settings();
        let values = settings.cookies.values(headers, name);
        if !settings.cookies.are_shared() || values.len() > MAX_VALUES {
            return Err(ErrorKind::Unauthenticated.into());
        }
        if values.len() > 1 {
            settings.several_told.call_once(|| {
                tracing::warn!(
                    target: "auth",
                    cookie = settings.cookies.name(name),
                    "a browser sent several cookies of one name, set for different domains; the one that verifies \
                     counts. If `share_cookies_in` has named another domain before, name that one by \
                     `former_cookie_domain`, so that its cookies are cleared"
                );
            });
        }
        Ok(values.into_iter().filter_map(visible_ascii).collect())
    }
}
