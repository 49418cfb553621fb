//! Checking a request's credential against its session, and the session again where the request goes on.

use std::fmt;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::audit::{AuditEvent, AuditKind};
use crate::auth::Auth;
use crate::auth::flow::Flow;
use crate::error::{Error, ErrorKind};
use crate::id::SessionId;
use crate::session::{Client, Session, SessionRecord};
use crate::store::{Look, SessionCache, Touch};
use crate::telemetry::{self, CheckSource};
use crate::token::{Claims, Presented, RefreshToken, Verified};
use crate::user::{User, UserStatus};

/// What a request shows to prove its session. It prints redacted.
pub enum Credential<'a> {
    /// An access token, as text.
    Access(&'a str),
    /// A refresh token, where it comes in a cookie whose access cookie has lapsed.
    Refresh(RefreshToken),
}

impl fmt::Debug for Credential<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Access(_) => f.write_str("Access(..)"),
            Self::Refresh(token) => f.debug_tuple("Refresh").field(token).finish(),
        }
    }
}

/// The user and session behind a request, read from the store for this request. A copy costs next to nothing.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Authenticated {
    /// The user.
    pub user: Arc<User>,
    /// The session.
    pub session: Arc<Session>,
}

/// A session as the store had it, with what decides whether its use is to be noted. Nobody has accepted it yet.
#[derive(Debug, Clone)]
pub(crate) struct FoundSession {
    pub(crate) current: Authenticated,
    pub(crate) generation: i64,
    pub(crate) is_confirmed: bool,
}

/// A credential whose own text has been checked; what it claims of the session has not.
pub(crate) enum Proof {
    Access(Claims),
    /// What an earlier request proved.
    Earlier(Authenticated),
    Refresh(RefreshToken),
}

/// How fresh an answer about a session has to be. An answer from the store serves where a cached one would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Freshness {
    /// As the session cache has it, if there is one.
    Cached,
    /// As the store has it.
    Stored,
}

/// What a proof has turned out to be.
pub(super) enum Found {
    /// No session, or one that it does not prove.
    Nothing,
    /// A session that it proves, and the generation that the proof belongs to; a replaced refresh token has none.
    Proven(SessionRecord, i64),
    /// A session whose tokens are in two hands: it was good for it once.
    Stolen(SessionRecord),
}

impl Auth {
    /// Finds the user and session of a credential: one query, which sees any revocation at once, or none where a
    /// [session cache](crate::policy::SessionCachePolicy) is set and has read the session just now.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unauthenticated`] when the session is not accepted, whatever the reason;
    /// [`ErrorKind::Unavailable`] when the store cannot tell.
    pub async fn authenticate(&self, credential: &Credential<'_>) -> Result<Authenticated, Error> {
        let proof = match credential {
            Credential::Access(token) => self.live_claims(token).map(Proof::Access),
            Credential::Refresh(token) => Ok(Proof::Refresh(token.duplicate())),
        };
        self.authenticate_proof(proof, Freshness::Cached).await
    }

    /// Finds the user and session of a credential whose own text has been checked, or refused.
    ///
    /// No `async fn`, and the store's part in a box: each would make the future larger that every handler carries.
    pub(crate) fn authenticate_proof(
        &self,
        proof: Result<Proof, Error>,
        needed: Freshness,
    ) -> impl Future<Output = Result<Authenticated, Error>> {
        let cache = self.base().cache.as_deref().filter(|_| needed == Freshness::Cached);
        let work = async move {
            let proof = match proof {
                Ok(proof) => proof,
                Err(refused) => return counted(CheckSource::Token, Err(refused)),
            };
            let look = cache.and_then(|cache| proof.look(cache));
            if let Some(current) = look.as_ref().and_then(|look| self.find_kept(look, &proof)) {
                return counted(CheckSource::Cache, Ok(current));
            }
            let found = counted(CheckSource::Database, Box::pin(self.ask_store(proof)).await)?;
            if let Some(look) = look {
                look.keep(found.clone());
            }
            Ok(found.current)
        };
        Flow::Authenticate.run(accepted, work)
    }

    /// Finds the user and session as the store has them, and notes that they were asked for.
    async fn ask_store(&self, proof: Proof) -> Result<FoundSession, Error> {
        let now = self.now();
        // A stolen token is acted upon where it is exchanged or signed out with, not by a page that is merely read.
        let Found::Proven(record, generation) = self.find_proven(&proof, now).await? else {
            return Err(ErrorKind::Unauthenticated.into());
        };
        let found = FoundSession::from(record);
        self.end_if_over(&found.current.user, &found.current.session, now).await?;
        self.note_use(&found, generation, now).await;
        Ok(found)
    }

    /// Accepts a session that was read a moment ago, unless there is something to refuse or to write down: then the
    /// store is asked.
    fn find_kept(&self, look: &Look<'_>, proof: &Proof) -> Option<Authenticated> {
        let Proof::Access(claims) = proof else { return None };
        look.find(|kept| self.accepts_kept(kept, claims, look.now()))
    }

    fn accepts_kept(&self, kept: &FoundSession, claims: &Claims, now: DateTime<Utc>) -> bool {
        let Authenticated { user, session } = &kept.current;
        let is_proven = is_proven(claims, user, session) && claims.generation <= kept.generation;
        let is_accepted = is_proven && is_open(user, session) && !self.has_expired(session, now);
        is_accepted && !self.is_worth_noting(kept, claims.generation, now)
    }

    /// Finds the user and session of an earlier request as they are now, for a connection that outlives its request.
    ///
    /// A WebSocket or a stream of events is authenticated when it opens, and goes on when its session has ended. Asked
    /// at an interval, this tells: the same one query and the same rules as for a request, but for the token, which was
    /// shown when the connection opened and may have lapsed since.
    ///
    /// It does not count as use of the session. The server asks, and not the user: where there is an idle timeout, a
    /// page that was left open must not hold it off.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use auth_core::auth::{SignOutScope, SignUp, SignUpOutcome};
    /// # use auth_core::{Auth, Client, Credential, Email, ErrorKind, MemoryStore, Password, SessionKind, SigningKeys};
    /// # let auth = Auth::builder(MemoryStore::new(), SigningKeys::ephemeral()?).build()?;
    /// # let (client, email) = (Client::default(), Email::parse("ada@example.com")?);
    /// # let sign_up = SignUp::new(email, Password::new("a long walk in the rain"), SessionKind::Bearer);
    /// # let SignUpOutcome::SignedIn(tokens) = auth.sign_up(sign_up, &client).await? else { unreachable!() };
    /// let credential = Credential::Access(tokens.access_token.expose());
    /// let opened = auth.authenticate(&credential).await?;
    /// assert!(auth.recheck(&opened).await.is_ok());
    ///
    /// auth.sign_out(&credential, SignOutScope::Session, &client).await?;
    /// assert_eq!(auth.recheck(&opened).await.unwrap_err().kind(), ErrorKind::Unauthenticated);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unauthenticated`] when the session is not accepted any more, whatever the reason;
    /// [`ErrorKind::Unavailable`] when the store cannot tell, which says nothing about the session.
    pub async fn recheck(&self, earlier: &Authenticated) -> Result<Authenticated, Error> {
        let work = async { counted(CheckSource::Database, self.check_again(earlier).await) };
        Flow::Recheck.run(accepted, work).await
    }

    async fn check_again(&self, earlier: &Authenticated) -> Result<Authenticated, Error> {
        let now = self.now();
        let Found::Proven(record, _) = self.find_proven(&Proof::Earlier(earlier.clone()), now).await? else {
            return Err(ErrorKind::Unauthenticated.into());
        };
        let FoundSession { current, .. } = record.into();
        self.end_if_over(&current.user, &current.session, now).await?;
        Ok(current)
    }

    /// Checks an access token by itself: no query, and up to its lifetime behind a revocation.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unauthenticated`] for a token that is not ours or has expired.
    pub fn verify_access_token(&self, token: &str) -> Result<Claims, Error> {
        Flow::VerifyAccessToken.run_now(accepted, || counted(CheckSource::Token, self.live_claims(token)))
    }

    /// As [`verify_access_token`](Self::verify_access_token), for a token that was read before.
    pub(crate) fn accept_claims(read: Result<Claims, Error>) -> Result<Claims, Error> {
        Flow::VerifyAccessToken.run_now(accepted, || counted(CheckSource::Token, read))
    }

    /// Reads the claims of an access token that has not expired.
    pub(crate) fn live_claims(&self, token: &str) -> Result<Claims, Error> {
        match self.base().tokens.verify(token, self.now())? {
            Verified::Live(claims) => Ok(claims),
            Verified::Expired(_) => Err(ErrorKind::Unauthenticated.into()),
        }
    }

    /// Returns what a fresh access token of this session would say.
    pub(crate) fn claims_of(&self, current: &Authenticated) -> Claims {
        let Authenticated { user, session } = current;
        let now = self.now();
        let ttl = TimeDelta::from_std(self.base().tokens.ttl()).unwrap_or_default();
        Claims {
            user_id: user.id,
            session_id: session.id,
            roles: user.roles.clone(),
            auth_time: session.created_at,
            issued_at: now,
            expires_at: (now + ttl).min(session.expires_at),
            auth_epoch: session.auth_epoch,
            generation: NO_GENERATION,
        }
    }

    /// Reads the session that a proof names, and holds the proof against it.
    pub(super) async fn find_proven(&self, proof: &Proof, now: DateTime<Utc>) -> Result<Found, Error> {
        let Some(record) = self.store().find_session(proof.session_id()).await? else { return Ok(Found::Nothing) };
        Ok(match proof {
            Proof::Access(claims) if is_proven(claims, &record.user, &record.session) => {
                Found::Proven(record, claims.generation)
            }
            Proof::Earlier(Authenticated { user, session })
                if user.id == record.user.id && session.auth_epoch == record.session.auth_epoch =>
            {
                Found::Proven(record, NO_GENERATION)
            }
            Proof::Access(_) | Proof::Earlier(_) => Found::Nothing,
            Proof::Refresh(token) => match self.judge(token, &record.refresh, now) {
                Presented::Current | Presented::CurrentInGrace => {
                    let generation = record.refresh.generation;
                    Found::Proven(record, generation)
                }
                Presented::PredecessorInGrace | Presented::PredecessorLost => Found::Proven(record, NO_GENERATION),
                Presented::Theft => Found::Stolen(record),
                Presented::Unknown => Found::Nothing,
            },
        })
    }

    /// Refuses a session that is over. One that has expired is deleted, so that it stays so if the clock steps back.
    pub(super) async fn end_if_over(&self, user: &User, session: &Session, now: DateTime<Utc>) -> Result<(), Error> {
        if !is_open(user, session) {
            return Err(ErrorKind::Unauthenticated.into());
        }
        if !self.has_expired(session, now) {
            return Ok(());
        }
        if let Err(error) = self.end_expired(session, now).await {
            tracing::warn!(session = %session.id, cause = ?error, "an expired session could not be deleted");
        }
        Err(ErrorKind::Unauthenticated.into())
    }

    async fn end_expired(&self, session: &Session, now: DateTime<Utc>) -> Result<(), Error> {
        let event = AuditEvent::new(AuditKind::SessionExpired, &Client::default(), now)?.of_session(session);
        self.base().delete_session(session.id, session.user_id, event).await.map(|_| ())
    }

    /// Whether a session's time is over; both limits are half-open.
    pub(super) fn has_expired(&self, session: &Session, now: DateTime<Utc>) -> bool {
        let idle = self.base().sessions.idle_timeout.and_then(|idle| TimeDelta::from_std(idle).ok());
        now >= session.expires_at || idle.is_some_and(|idle| now - session.last_seen_at >= idle)
    }

    /// Writes down that a session is in use, at most once an interval, and that its newest tokens arrived.
    ///
    /// The request goes on if that fails: it has proved what it had to, and a database that cannot be written to
    /// should still be read from.
    async fn note_use(&self, found: &FoundSession, generation: i64, now: DateTime<Utc>) {
        if !self.is_worth_noting(found, generation, now) {
            return;
        }
        let session = &found.current.session;
        let touch = Touch { session_id: session.id, seen_at: now, generation };
        if let Err(error) = self.store().touch_session(touch).await {
            tracing::warn!(session = %session.id, cause = ?error, "the use of a session could not be noted");
            self.pause_touches();
        }
    }

    fn is_worth_noting(&self, found: &FoundSession, generation: i64, now: DateTime<Utc>) -> bool {
        let due = now - found.current.session.last_seen_at >= self.touch_interval();
        // The first generation replaced nothing, so whether it arrived decides nothing.
        let confirms = generation == found.generation && generation > 0 && !found.is_confirmed;
        (due || confirms) && !self.touches_are_paused()
    }

    fn touches_are_paused(&self) -> bool {
        let elapsed = self.base().clock.elapsed().as_millis();
        elapsed < u128::from(self.base().touches_resume_at.load(Ordering::Relaxed))
    }

    /// A store that cannot be written to may take its time to say so, and readers should not wait for it again and
    /// again.
    fn pause_touches(&self) {
        let until = (self.base().clock.elapsed() + TOUCH_PAUSE).as_millis();
        self.base().touches_resume_at.store(u64::try_from(until).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// The policy's interval, or less where an idle timeout asks for a finer one.
    pub(super) fn touch_interval(&self) -> TimeDelta {
        let policy = &self.base().sessions;
        let interval = policy.idle_timeout.map_or(policy.touch_interval, |idle| policy.touch_interval.min(idle / 10));
        TimeDelta::from_std(interval).unwrap_or(TimeDelta::MAX)
    }
}

impl From<SessionRecord> for FoundSession {
    fn from(SessionRecord { session, refresh, user }: SessionRecord) -> Self {
        let current = Authenticated { user: Arc::new(user), session: Arc::new(session) };
        Self { current, generation: refresh.generation, is_confirmed: refresh.confirmed }
    }
}

/// Whether a session is the one that an access token was issued for, in the same epoch.
fn is_proven(claims: &Claims, user: &User, session: &Session) -> bool {
    claims.user_id == user.id && claims.auth_epoch == session.auth_epoch
}

/// Whether a session is accepted until its time is over.
pub(super) fn is_open(user: &User, session: &Session) -> bool {
    user.status == UserStatus::Active && user.auth_epoch == session.auth_epoch
}

/// Counts a check by what decided.
fn counted<T>(source: CheckSource, checked: Result<T, Error>) -> Result<T, Error> {
    telemetry::session_check(source, checked.as_ref().err().map(Error::kind));
    checked
}

/// The word for a session that is accepted, whatever is known of it.
fn accepted<T>(_: &T) -> &'static str {
    "accepted"
}

impl Proof {
    /// Looks where the session may be kept. Only access tokens are held against what was kept: whether a refresh token
    /// is the current one, the store alone knows.
    fn look<'c>(&self, cache: &'c SessionCache) -> Option<Look<'c>> {
        match self {
            Self::Access(claims) => cache.look(claims.session_id, claims.user_id),
            Self::Earlier(_) | Self::Refresh(_) => None,
        }
    }

    pub(super) fn session_id(&self) -> SessionId {
        match self {
            Self::Access(claims) => claims.session_id,
            Self::Earlier(current) => current.session.id,
            Self::Refresh(token) => token.session_id(),
        }
    }
}

const NO_GENERATION: i64 = -1;

/// For how long no use of a session is written down after that failed.
const TOUCH_PAUSE: Duration = Duration::from_secs(5);
