//! What a request shows of who sent it, and the questions that can be asked of it.

use std::fmt;

use crate::audit::AuditKind;
use crate::auth::{Auth, Authenticated, Candidates, Freshness, Proof};
use crate::error::{Error, ErrorKind, Refused};
use crate::http::recall::{CredentialKey, Recall};
use crate::role::Role;
use crate::token::{Claims, RefreshToken};

/// What a request shows of who sent it, read and checked as far as that takes no store: see
/// [`Http::evidence`](super::Http::evidence).
///
/// It holds nothing of the request, which may change meanwhile. It answers one question, to be asked at once: the time
/// of an access token was held against the clock when it was read.
pub struct Evidence {
    auth: Auth,
    read: Read,
    recall: Recall,
}

/// `Err` is a request without a credential that could be used, which does not count as a check. Within `Ok`, `Err` is
/// an access token that was refused for what it says, which does.
pub(super) type Read = Result<Result<Shown, Error>, Error>;

/// A credential whose own text has been checked.
pub(super) enum Shown {
    /// What an access token claims.
    Access(Claims),
    /// A refresh token in a cookie.
    Refresh(RefreshToken),
    /// Several of them, of which the store has to say which counts.
    Several(Candidates),
}

impl Shown {
    fn key(&self) -> CredentialKey {
        match self {
            Self::Access(claims) => claims.into(),
            Self::Refresh(token) => token.into(),
            Self::Several(Candidates { claims, tokens }) => {
                let claims = claims.iter().map(CredentialKey::from);
                CredentialKey::Several(claims.chain(tokens.iter().map(CredentialKey::from)).collect())
            }
        }
    }
}

impl Evidence {
    pub(super) fn new(auth: &Auth, read: Read) -> Self {
        Self { auth: auth.clone(), read, recall: Recall::default() }
    }

    /// Answers with what an earlier question about the same request found, and keeps what this one finds.
    pub fn recalling(self, recall: &Recall) -> Self {
        Self { recall: recall.clone(), ..self }
    }

    /// Returns whether [`claims`](Self::claims) takes no look at the store, so that there is nothing to recall.
    pub fn says_claims(&self) -> bool {
        !matches!(self.read, Ok(Ok(Shown::Refresh(_) | Shown::Several(_))))
    }

    /// Finds the user and session of the request by one query, so that a revocation is seen at once; by none where a
    /// [session cache](crate::policy::SessionCachePolicy) is set and has read the session just now, or an earlier
    /// question about the request has [found](Self::recalling) them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unauthenticated`] without a session that is accepted, [`ErrorKind::CrossOrigin`] for an unsafe
    /// request that a page of another origin made with the user's cookies, [`ErrorKind::Unavailable`] when the store
    /// cannot tell.
    pub async fn current_user(self) -> Result<Authenticated, Error> {
        self.find(Freshness::Cached).await
    }

    /// Finds the user and session of the request as the store has them, for what shows or changes them.
    pub(super) async fn current_user_in_store(self) -> Result<Authenticated, Error> {
        self.find(Freshness::Stored).await
    }

    async fn find(self, needed: Freshness) -> Result<Authenticated, Error> {
        let Self { auth, read, recall } = self;
        let shown = match read? {
            Ok(shown) => shown,
            Err(refused) => return auth.authenticate_proof(Err(refused), needed).await,
        };
        let credential = shown.key();
        if let Some(found) = recall.find(&auth, &credential, needed) {
            return found;
        }
        let proof = match shown {
            Shown::Access(claims) => Ok(Proof::Access(claims)),
            Shown::Refresh(token) => Ok(Proof::Refresh(token)),
            Shown::Several(candidates) => Box::pin(auth.choose(candidates)).await,
        };
        let found = auth.authenticate_proof(proof, needed).await;
        recall.keep(&auth, credential, needed, &found);
        found
    }

    /// Returns whether the request is refused because a page of another origin may have sent it, whatever is asked.
    ///
    /// For an adapter that cannot keep the request until the answer, but is to [record](super::Http::record_refusal)
    /// the refusal.
    pub fn is_cross_origin(&self) -> bool {
        matches!(&self.read, Err(error) if error.kind() == ErrorKind::CrossOrigin)
    }

    /// Finds the user of a request that may have none.
    ///
    /// # Errors
    ///
    /// As [`current_user`](Self::current_user), but a request without an accepted session is `None`. A store that
    /// cannot tell is still an error: nobody is taken for a stranger because the database is down.
    pub async fn maybe_user(self) -> Result<Option<Authenticated>, Error> {
        match self.current_user().await {
            Err(error) if error.kind() == ErrorKind::Unauthenticated => Ok(None),
            found => found.map(Some),
        }
    }

    /// Finds the user of a request who, where one is asked for, has the role as of now.
    ///
    /// # Errors
    ///
    /// As [`current_user`](Self::current_user), and [`ErrorKind::Forbidden`] for a user without the role.
    pub async fn require(self, role: Option<&Role>) -> Result<Authenticated, Error> {
        let current = self.current_user().await?;
        if role.is_some_and(|role| !current.user.has_role(role)) {
            let refused = Refused { kind: AuditKind::Forbidden, detail: None, user_id: Some(current.user.id) };
            return Err(Error::new(ErrorKind::Forbidden).with_refused(refused));
        }
        Ok(current)
    }

    /// Reads the claims of the request's access token, without a query: up to its lifetime behind a revocation.
    ///
    /// When the access cookie has lapsed, the refresh cookie is checked instead, with one query.
    ///
    /// # Errors
    ///
    /// As [`current_user`](Self::current_user).
    pub async fn claims(self) -> Result<Claims, Error> {
        match self.read {
            Ok(Ok(Shown::Access(claims))) => Auth::accept_claims(Ok(claims)),
            Ok(Err(refused)) => Auth::accept_claims(Err(refused)),
            read => {
                let auth = self.auth.clone();
                let current = Self { read, ..self }.current_user().await?;
                Ok(auth.claims_of(&current))
            }
        }
    }
}

impl fmt::Debug for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Evidence").finish_non_exhaustive()
    }
}
