//! Refresh: a refresh token for a new pair of tokens.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::audit::{AuditDetail, AuditEvent, AuditKind};
use crate::auth::flow::Flow;
use crate::auth::{Auth, SignedIn};
use crate::error::{Error, ErrorKind, Refused};
use crate::id::UserId;
use crate::secret::{self, TokenHash};
use crate::session::{Client, RefreshState, Session, SessionRecord};
use crate::store::{SwapRefresh, SwapRefreshOutcome, Touch};
use crate::token::{Presented, RefreshToken, classify};

/// How often a lost race is run again. Each loss means that somebody else made progress, and a generation can be
/// overtaken only by its rotation, its confirmation and a few recoveries.
const ATTEMPTS: u32 = 8;

/// What became of a presented token that was known.
enum Refreshed {
    /// It was exchanged, or the answer to an exchange repeated.
    SignedIn(Box<SignedIn>),
    /// It had been replaced for good, and its session was ended.
    Stolen,
}

impl Refreshed {
    fn as_str(&self) -> &'static str {
        match self {
            Self::SignedIn(_) => "refreshed",
            Self::Stolen => "reuse_detected",
        }
    }
}

/// A change of a session's row, and the token that is handed out once it is made.
struct Exchange {
    session: Session,
    next: RefreshState,
    token: RefreshToken,
    detail: Option<AuditDetail>,
}

impl Auth {
    /// Exchanges a refresh token for a new access token and the token's successor.
    ///
    /// A token that was replaced for good ends its session, for it is in two hands. A store that fails proves
    /// nothing: the session stays as it was, and the same token may be tried again.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unauthenticated`] for a token that is not accepted, whatever the reason; [`ErrorKind::RateLimited`]
    /// for a session that was refreshed [too often](crate::policy::RateLimitPolicy::refresh);
    /// [`ErrorKind::Unavailable`] when the store or the limiter cannot tell.
    pub async fn refresh(&self, token: &RefreshToken, client: &Client) -> Result<SignedIn, Error> {
        match Flow::Refresh.run(Refreshed::as_str, self.exchange(token, client)).await? {
            Refreshed::SignedIn(signed_in) => Ok(*signed_in),
            Refreshed::Stolen => Err(ErrorKind::Unauthenticated.into()),
        }
    }

    async fn exchange(&self, token: &RefreshToken, client: &Client) -> Result<Refreshed, Error> {
        for attempt in 0..ATTEMPTS {
            let now = self.now();
            let found = self.store().find_session(token.session_id()).await?;
            let record = found.ok_or_else(|| unproven(AuditDetail::UnknownSession, None))?;
            let presented = self.judge(token, &record.refresh, now);
            if presented == Presented::Unknown {
                return Err(unproven(AuditDetail::UnknownToken, Some(record.user.id)));
            }
            self.end_if_over(&record.user, &record.session, now).await?;
            // A stolen token ends its session, however often that session was refreshed.
            if attempt == 0 && presented != Presented::Theft {
                self.take_refresh(&record.session).await?;
            }
            let is_noteworthy = is_noteworthy(&record, client);
            let exchange = match presented {
                Presented::Current => self.rotate(token, &record, client, now)?,
                Presented::PredecessorLost => self.recover(token, &record, now)?,
                Presented::CurrentInGrace | Presented::PredecessorInGrace if is_noteworthy => {
                    self.repetition(token, presented, &record, now)?
                }
                Presented::CurrentInGrace => return self.repeat_current(token, record, now).await.map(refreshed),
                Presented::PredecessorInGrace => return self.repeat_successor(token, record, now).map(refreshed),
                Presented::Theft | Presented::Unknown => {
                    self.end_stolen(&record, client, now).await?;
                    return Ok(Refreshed::Stolen);
                }
            };
            if let Some(signed_in) = self.swap(exchange, record, client, now).await? {
                return Ok(refreshed(signed_in));
            }
        }
        Err(Error::new(ErrorKind::Unavailable).with_retry_after(Duration::from_secs(1)))
    }

    /// Counts a token that has proved itself against the limit of its session: nobody else can spend that.
    async fn take_refresh(&self, session: &Session) -> Result<(), Error> {
        let (key, quota) = (session.id.to_string(), self.settings().limits.refresh);
        self.take_attempt("auth:refresh", &key, quota, AuditDetail::Refresh, Some(session.user_id)).await
    }

    /// Judges a presented refresh token of this application.
    pub(super) fn judge(&self, token: &RefreshToken, state: &RefreshState, now: DateTime<Utc>) -> Presented {
        classify(token, state, &self.base().realm, &self.base().sessions, now)
    }

    /// Commits an exchange, unless somebody was faster.
    async fn swap(
        &self,
        exchange: Exchange,
        record: SessionRecord,
        client: &Client,
        now: DateTime<Utc>,
    ) -> Result<Option<SignedIn>, Error> {
        let Exchange { session, next, token, detail } = exchange;
        let mut event = AuditEvent::new(AuditKind::Refresh, client, now)?.of_session(&session);
        event.detail = detail;
        let generation = next.generation;
        let swap = SwapRefresh {
            session_id: session.id,
            expected: record.refresh,
            next,
            client: session.client.clone(),
            expires_at: session.expires_at,
            seen_at: session.last_seen_at,
            event: event.clone(),
        };
        match self.store().swap_refresh(swap).await? {
            SwapRefreshOutcome::Lost => Ok(None),
            SwapRefreshOutcome::Swapped => {
                self.base().publish(&event);
                self.base().signed_in(record.user, session, token, generation, now).map(Some)
            }
        }
    }

    /// Puts the successor in the place of the current token.
    fn rotate(
        &self,
        token: &RefreshToken,
        record: &SessionRecord,
        client: &Client,
        now: DateTime<Utc>,
    ) -> Result<Exchange, Error> {
        let salt = secret::random()?;
        let successor = token.successor(&salt);
        let next = rotated(&record.refresh, successor.hash(&self.base().realm), salt, now);
        let session = Session { client: client.clone(), ..self.extended(&record.session, now) };
        Ok(Exchange { session, next, token: successor, detail: None })
    }

    /// Gives the current token to the holder of the one before it, whose answer was lost.
    fn recover(&self, token: &RefreshToken, record: &SessionRecord, now: DateTime<Utc>) -> Result<Exchange, Error> {
        let next = recovered(&record.refresh, now);
        let session = self.extended(&record.session, now);
        Ok(Exchange {
            session,
            next,
            token: self.recompute(token, &record.refresh)?,
            detail: Some(AuditDetail::Recovered),
        })
    }

    fn extended(&self, session: &Session, now: DateTime<Utc>) -> Session {
        let expires_at = self.base().expiry(session.kind, session.created_at, now);
        Session { expires_at, last_seen_at: now, ..session.clone() }
    }

    /// Gives the current token back with a fresh access token; presenting it shows that it arrived.
    async fn repeat_current(
        &self,
        token: &RefreshToken,
        record: SessionRecord,
        now: DateTime<Utc>,
    ) -> Result<SignedIn, Error> {
        let SessionRecord { session, refresh, user } = record;
        if !refresh.confirmed {
            let touch = Touch { session_id: session.id, seen_at: now, generation: refresh.generation };
            self.store().touch_session(touch).await?;
        }
        self.base().signed_in(user, session, token.duplicate(), refresh.generation, now)
    }

    /// Gives the presented token's successor once more.
    fn repeat_successor(
        &self,
        token: &RefreshToken,
        record: SessionRecord,
        now: DateTime<Utc>,
    ) -> Result<SignedIn, Error> {
        let SessionRecord { session, refresh, user } = record;
        let successor = self.recompute(token, &refresh)?;
        self.base().signed_in(user, session, successor, refresh.generation, now)
    }

    /// Gives the current token within the grace window, and notes that, so that the event is written once a generation.
    fn repetition(
        &self,
        token: &RefreshToken,
        presented: Presented,
        record: &SessionRecord,
        now: DateTime<Utc>,
    ) -> Result<Exchange, Error> {
        let state = &record.refresh;
        let is_current = presented == Presented::CurrentInGrace;
        let token = if is_current { token.duplicate() } else { self.recompute(token, state)? };
        let recoveries = state.recoveries.with_repetition_noted();
        let next = RefreshState { confirmed: state.confirmed || is_current, recoveries, ..state.clone() };
        let session = Session { last_seen_at: now.max(record.session.last_seen_at), ..record.session.clone() };
        Ok(Exchange { session, next, token, detail: Some(AuditDetail::Repeated) })
    }

    /// Computes the current token from the one it replaced.
    fn recompute(&self, token: &RefreshToken, state: &RefreshState) -> Result<RefreshToken, Error> {
        let successor = state.rotation_salt.map(|salt| token.successor(&salt));
        successor.filter(|successor| successor.hash(&self.base().realm) == state.token_hash).ok_or_else(|| {
            Error::new(ErrorKind::Internal).with_source("the rotation salt does not lead to the current token")
        })
    }

    /// Ends a session whose tokens are in two hands. It commits although the request gets nothing.
    pub(super) async fn end_stolen(
        &self,
        record: &SessionRecord,
        client: &Client,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let session = &record.session;
        let event = AuditEvent::new(AuditKind::RefreshReuseDetected, client, now)?.of_session(session);
        self.base().delete_session(session.id, session.user_id, event).await.map(|_| ())
    }
}

/// The error for text in the place of a refresh token that is none, or that no session has.
pub(crate) fn unknown_token() -> Error {
    unproven(AuditDetail::UnknownToken, None)
}

fn unproven(detail: AuditDetail, user_id: Option<UserId>) -> Error {
    let refused = Refused { kind: AuditKind::RefreshFailed, detail: Some(detail), user_id };
    Error::new(ErrorKind::Unauthenticated).with_refused(refused)
}

fn refreshed(signed_in: SignedIn) -> Refreshed {
    Refreshed::SignedIn(Box::new(signed_in))
}

fn rotated(state: &RefreshState, token_hash: TokenHash, salt: [u8; 32], now: DateTime<Utc>) -> RefreshState {
    RefreshState {
        family_hash: state.family_hash,
        token_hash,
        previous_hash: Some(state.token_hash),
        rotation_salt: Some(salt),
        rotated_at: now,
        generation: state.generation + 1,
        confirmed: false,
        recoveries: state.recoveries.after_rotation(),
    }
}

/// The grace window starts anew, so that several tabs which wake with the same old token count as one recovery.
fn recovered(state: &RefreshState, now: DateTime<Utc>) -> RefreshState {
    RefreshState { rotated_at: now, recoveries: state.recoveries.with_recovery(), ..state.clone() }
}

/// Whether the audit log should tell that this client gets tokens that another client's rotation made.
fn is_noteworthy(record: &SessionRecord, client: &Client) -> bool {
    record.session.client != *client && !record.refresh.recoveries.is_repetition_noted()
}

#[cfg(test)]
mod tests;
