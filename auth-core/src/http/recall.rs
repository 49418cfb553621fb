//! What has been found out about who sent a request, kept with the request.

use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::auth::{Auth, Authenticated, Freshness};
use crate::error::{Error, ErrorKind};
use crate::id::{SessionId, UserId};
use crate::secret::TokenHash;
use crate::token::{Claims, RefreshToken};

/// What has been found out about who sent a request: the store is asked once, whoever wants to know.
///
/// An adapter keeps it with the request and hands it over with each question, so that guards, limits, extractors and
/// endpoints name the same user for one query. It answers for the credential and the [`Auth`] that the first question
/// was about, and for no other. A store that could not tell leaves nothing here: the next question asks it again.
///
/// It does not change while the request lasts. A handler that ends the session or changes the user knows that it did;
/// [`Auth::recheck`] asks the store again.
#[derive(Clone, Default)]
pub struct Recall(Option<Arc<OnceLock<Known>>>);

/// The answer, and to which question.
struct Known {
    auth: Auth,
    credential: CredentialKey,
    freshness: Freshness,
    /// `None` is a credential that the store does not accept.
    found: Option<Authenticated>,
}

/// Which credential was shown, once its own text was checked.
#[derive(PartialEq, Eq)]
pub(super) enum CredentialKey {
    /// An access token, by what it claims of its session.
    Access { session: SessionId, user: UserId, epoch: i64, generation: i64 },
    /// A refresh token.
    Refresh(TokenHash),
    /// Several of them.
    Several(Vec<CredentialKey>),
}

impl From<&Claims> for CredentialKey {
    fn from(claims: &Claims) -> Self {
        let Claims { session_id, user_id, auth_epoch, generation, .. } = *claims;
        Self::Access { session: session_id, user: user_id, epoch: auth_epoch, generation }
    }
}

impl From<&RefreshToken> for CredentialKey {
    fn from(token: &RefreshToken) -> Self {
        Self::Refresh(TokenHash::of("recall", token.expose().as_bytes()))
    }
}

impl Recall {
    /// Creates the place for what will be found; the default is a place where nothing is kept.
    pub fn new() -> Self {
        Self(Some(Arc::default()))
    }

    /// Finds what an earlier question about the same credential found.
    pub(super) fn find(
        &self,
        auth: &Auth,
        credential: &CredentialKey,
        needed: Freshness,
    ) -> Option<Result<Authenticated, Error>> {
        let known = self.0.as_ref()?.get()?;
        let is_answer = known.auth.is(auth) && known.credential == *credential && known.freshness >= needed;
        is_answer.then(|| known.found.clone().ok_or_else(|| ErrorKind::Unauthenticated.into()))
    }

    /// Keeps what was found, if it is the first that was, and not that the store could not tell.
    pub(super) fn keep(
        &self,
        auth: &Auth,
        credential: CredentialKey,
        freshness: Freshness,
        found: &Result<Authenticated, Error>,
    ) {
        let Some(place) = &self.0 else { return };
        let freshness = if auth.caches_sessions() { freshness } else { Freshness::Stored };
        let found = match found {
            Ok(current) => Some(current.clone()),
            Err(error) if error.kind() == ErrorKind::Unauthenticated => None,
            Err(_) => return,
        };
        place.get_or_init(|| Known { auth: auth.clone(), credential, freshness, found });
    }
}

impl fmt::Debug for Recall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recall").finish_non_exhaustive()
    }
}
