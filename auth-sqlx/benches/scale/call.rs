//! The calls that are measured.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use auth_core::audit::AuditKind;
use auth_core::store::{
    AuditQuery, ConsumeToken, ConsumeTokenOutcome, CreateTokenOutcome, CreateUserOutcome, DeadRows,
    DeleteSessionOutcome, OpenSessionOutcome, Prune, Store, SwapRefreshOutcome, SwapThrottleOutcome, Touch,
};
use auth_core::token::TokenPurpose;
use chrono::{DateTime, TimeDelta, Utc};

use crate::rows;
use crate::sample::{SAMPLES, Sample};

/// A call of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    FindSession,
    FindCredentials,
    ListSessions,
    ListEvents,
    FindThrottle,
    TouchSession,
    SwapRefresh,
    OpenSession,
    DeleteSession,
    CreateUser,
    RecordEvent,
    CreateToken,
    ConsumeToken,
    SwapThrottle,
    Prune,
}

/// Dead sessions that one call prunes: so few that in the small database, too, hardly two share a page of an index. The
/// way to a row is what is compared.
const BATCH: usize = 10;

impl Call {
    /// Reads first: writes change what they find.
    pub(crate) const ALL: [Self; 15] = [
        Self::FindSession,
        Self::FindCredentials,
        Self::ListSessions,
        Self::ListEvents,
        Self::FindThrottle,
        Self::TouchSession,
        Self::SwapRefresh,
        Self::OpenSession,
        Self::DeleteSession,
        Self::CreateUser,
        Self::RecordEvent,
        Self::CreateToken,
        Self::ConsumeToken,
        Self::SwapThrottle,
        Self::Prune,
    ];

    /// Returns how often a round calls it. Writes are fewer, so that all rounds find rows that none has written.
    pub(crate) fn repetitions(self) -> usize {
        match self {
            Self::FindSession | Self::FindCredentials | Self::ListSessions | Self::ListEvents | Self::FindThrottle => {
                500
            }
            Self::Prune => 16,
            Self::TouchSession
            | Self::SwapRefresh
            | Self::OpenSession
            | Self::DeleteSession
            | Self::CreateUser
            | Self::RecordEvent
            | Self::CreateToken
            | Self::ConsumeToken
            | Self::SwapThrottle => 80,
        }
    }

    /// Calls it, and returns how long that took. What it needs is made before.
    pub(crate) async fn measure(self, store: &dyn Store, samples: &[Sample], turn: usize) -> Duration {
        let sample = &samples[turn % SAMPLES];
        let user = &sample.user;
        match self {
            Self::FindSession => time(store.find_session(sample.session.session.id), Option::is_some).await,
            Self::FindCredentials => time(store.find_credentials(user.email.as_ref().unwrap()), Option::is_some).await,
            Self::ListSessions => time(store.list_sessions(user.id), |found| found.len() >= 3).await,
            Self::ListEvents => {
                let query = AuditQuery { user_id: Some(user.id), before: None, limit: 20 };
                time(store.list_events(query), |found| !found.is_empty()).await
            }
            Self::FindThrottle => time(store.find_throttle(sample.throttle), Option::is_some).await,
            Self::TouchSession => {
                let touch = Touch { session_id: sample.session.session.id, seen_at: rows::now(), generation: 3 };
                time(store.touch_session(touch), |()| true).await
            }
            Self::SwapRefresh => {
                time(store.swap_refresh(rows::swap(&sample.session)), |done| *done == SwapRefreshOutcome::Swapped).await
            }
            Self::OpenSession => {
                time(store.open_session(rows::open(user)), |done| *done == OpenSessionOutcome::Opened).await
            }
            Self::DeleteSession => {
                let event = rows::event(AuditKind::SignOut, user.id);
                let delete = store.delete_session(sample.last_session.session.id, user.id, event);
                time(delete, |done| *done == DeleteSessionOutcome::Deleted).await
            }
            Self::CreateUser => {
                time(store.create_user(rows::new_user()), |done| *done == CreateUserOutcome::Created).await
            }
            Self::RecordEvent => {
                time(store.record_event(rows::event(AuditKind::SignInFailed, user.id)), |()| true).await
            }
            Self::CreateToken => {
                time(store.create_token(rows::new_token(user)), |done| *done == CreateTokenOutcome::Created).await
            }
            Self::ConsumeToken => {
                let purpose = TokenPurpose::PasswordReset;
                let consume = ConsumeToken { hash: sample.token, purpose, now: rows::now() };
                time(store.consume_token(consume), |done| *done != ConsumeTokenOutcome::Refused).await
            }
            Self::SwapThrottle => {
                let failure = rows::first_failure(rows::now() + TimeDelta::days(1));
                time(store.swap_throttle(failure), |done| *done == SwapThrottleOutcome::Swapped).await
            }
            Self::Prune => {
                for sample in samples.iter().cycle().skip(turn * BATCH).take(BATCH) {
                    open_dead(store, sample).await;
                }
                let prune = Prune { rows: DeadRows::Sessions, until: long_ago(), limit: 1_000 };
                time(store.prune(prune), |deleted| usize::try_from(*deleted) == Ok(BATCH)).await
            }
        }
    }
}

/// The year 2001, when no session of the crowd has ended.
fn long_ago() -> DateTime<Utc> {
    DateTime::from_timestamp_secs(1_000_000_000).unwrap()
}

async fn open_dead(store: &dyn Store, sample: &Sample) {
    let mut open = rows::open(&sample.user);
    // To open one deletes those of the user that have expired by then.
    open.new.session.created_at = long_ago() - TimeDelta::days(365);
    open.new.session.expires_at = long_ago();
    store.open_session(open).await.unwrap();
}

async fn time<T: Debug, E: Debug>(work: impl Future<Output = Result<T, E>>, is_right: impl Fn(&T) -> bool) -> Duration {
    let start = Instant::now();
    let done = work.await.unwrap();
    let elapsed = start.elapsed();
    assert!(is_right(&done), "the call found what it should: {done:?}");
    elapsed
}
