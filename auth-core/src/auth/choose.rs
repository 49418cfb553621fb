//! Which of several credentials counts.

use std::cmp::Reverse;

use crate::auth::Auth;
use crate::auth::authenticate::{Found, Proof, is_open};
use crate::auth::refresh::unknown_token;
use crate::error::{Error, ErrorKind};
use crate::token::{Claims, RefreshToken};

/// What came with one request and has a good form: the claims of live access tokens, and refresh tokens. One session
/// counts at most.
pub(crate) struct Candidates {
    pub(crate) claims: Vec<Claims>,
    pub(crate) tokens: Vec<RefreshToken>,
}

impl Candidates {
    /// Returns the newest claims, if the access tokens tell by themselves which session counts.
    pub(crate) fn newest_claims(&self) -> Option<&Claims> {
        let newest = self.claims.iter().max_by_key(|claims| claims.generation)?;
        let session = newest.session_id;
        let has_token = self.tokens.is_empty() || self.tokens.iter().any(|token| token.session_id() == session);
        (has_token && self.claims.iter().all(|claims| claims.session_id == session)).then_some(newest)
    }
}

impl Auth {
    /// Finds the credential that is accepted, the newest of one session, by one query for each candidate.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unauthenticated`] when none is accepted, or those of several sessions are;
    /// [`ErrorKind::Unavailable`] when the store cannot tell.
    pub(crate) async fn choose(&self, candidates: Candidates) -> Result<Proof, Error> {
        self.accepted(candidates).await?.into_iter().next().ok_or_else(|| ErrorKind::Unauthenticated.into())
    }

    /// Finds the refresh token that is accepted, as [`choose`](Self::choose) does.
    pub(crate) async fn choose_token(&self, mut candidates: Candidates) -> Result<RefreshToken, Error> {
        if let Some(session) = candidates.newest_claims().map(|claims| claims.session_id) {
            candidates.tokens.retain(|token| token.session_id() == session);
        }
        let tokens = self.accepted(candidates).await?.into_iter().filter_map(|proof| match proof {
            Proof::Refresh(token) => Some(token),
            Proof::Access(_) | Proof::Earlier(_) => None,
        });
        { tokens }.next().ok_or_else(unknown_token)
    }

    /// Finds the credentials that are accepted, the newest first, if all are of one session.
    async fn accepted(&self, candidates: Candidates) -> Result<Vec<Proof>, Error> {
        let Candidates { claims, tokens } = candidates;
        let proofs = claims.into_iter().map(Proof::Access).chain(tokens.into_iter().map(Proof::Refresh));
        let now = self.now();
        let mut accepted = Vec::new();
        for proof in proofs {
            let Found::Proven(record, generation) = self.find_proven(&proof, now).await? else { continue };
            if is_open(&record.user, &record.session) && !self.has_expired(&record.session, now) {
                accepted.push((generation, proof));
            }
        }
        accepted.sort_by_key(|(generation, _)| Reverse(*generation));
        let accepted: Vec<_> = accepted.into_iter().map(|(_, proof)| proof).collect();
        let session = accepted.first().map(Proof::session_id);
        let is_one = accepted.iter().all(|proof| Some(proof.session_id()) == session);
        if is_one { Ok(accepted) } else { Err(ErrorKind::Unauthenticated.into()) }
    }
}
