//! Rate limits of the application's own routes: whose requests count together, and what the client is told.
//!
//! Clients are told by the `RateLimit-Policy` and `RateLimit` headers of draft-ietf-httpapi-ratelimit-headers-10, so
//! that a good one need never be refused: the policy's `q` requests may come at once and are all back after `w`
//! seconds; `r` of them are left, and in `t` seconds there are more. One that is refused gets 429 with `Retry-After`
//! besides.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response};

use crate::audit::{AuditDetail, AuditKind};
use crate::auth::Auth;
use crate::error::{Error, ErrorKind, Refused};
use crate::http::call::Http;
use crate::http::client_ip::ClientKey;
use crate::http::problem::{self, whole_seconds};
use crate::http::recall::Recall;
use crate::http::request::RequestHead;
use crate::id::UserId;
use crate::policy::Quota;
use crate::telemetry;
use crate::throttle::Decision;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// A limit on how often some routes may be called.
///
/// ```
/// use auth_core::http::rate_limit::RateLimit;
/// use auth_core::policy::Quota;
///
/// let searches = RateLimit::new("search", Quota::per_minute(30)).per_user();
/// # Ok::<(), std::num::TryFromIntError>(())
/// ```
#[derive(Debug, Clone)]
pub struct RateLimit {
    name: &'static str,
    quota: Quota,
    key: RateLimitKey,
}

/// Whose requests count together.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum RateLimitKey {
    /// Those with the same key of the application's making.
    By(Arc<KeyFn>),
    /// Those from the same address, as [`ClientKey`] has it.
    #[default]
    Client,
    /// Those of the same signed-in user.
    User,
}

/// Returns the key of a request; `None` where it counts by its client's address.
pub type KeyFn = dyn Fn(RequestHead<'_>) -> Option<String> + Send + Sync;

impl RateLimit {
    /// Creates a limit for each client address, under a name of its own: limits of one name and quota count together.
    ///
    /// Clients see the name.
    pub fn new(name: &'static str, quota: Quota) -> Self {
        Self { name, quota, key: RateLimitKey::Client }
    }

    /// Counts by the signed-in user instead, wherever they come from.
    ///
    /// A request without a session counts by its client's address. A store that cannot tell is a 503, and cookies that
    /// a page of another origin sent are a 403, as wherever a user is asked for.
    pub fn per_user(self) -> Self {
        Self { key: RateLimitKey::User, ..self }
    }

    /// Counts by what a function makes of the request instead, such as the id of an API key that was checked before.
    ///
    /// # Security
    ///
    /// What a client may choose freely is no limit to it. A key of more than 256 bytes counts together with all others
    /// that are as long.
    pub fn by(self, key: impl Fn(RequestHead<'_>) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { key: RateLimitKey::By(Arc::new(key)), ..self }
    }

    /// Returns whether a request is counted by its user, who has to be found first.
    pub fn is_per_user(&self) -> bool {
        matches!(self.key, RateLimitKey::User)
    }

    /// The headers that tell a client where it stands.
    fn headers(&self, decision: Decision) -> HeaderMap {
        let (remaining, wait) = match decision {
            Decision::Allowed { remaining, next_after } if next_after.is_zero() => (remaining, 0),
            Decision::Allowed { remaining, next_after } => (remaining, whole_seconds(next_after)),
            Decision::Limited { retry_after } => (0, whole_seconds(retry_after)),
        };
        let (name, quota, window) = (quoted(self.name), self.quota.burst, whole_seconds(self.quota.period));
        let fields = [
            (RATE_LIMIT_POLICY, format!("{name};q={quota};w={window}")),
            (RATE_LIMIT, format!("{name};r={remaining};t={wait}")),
        ];
        fields.into_iter().filter_map(|(name, text)| Some((name, HeaderValue::try_from(text).ok()?))).collect()
    }
}

impl fmt::Debug for RateLimitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::By(_) => "By(..)",
            Self::Client => "Client",
            Self::User => "User",
        })
    }
}

/// Whether a request may pass a [`RateLimit`].
#[derive(Debug)]
#[must_use]
pub enum Passage {
    /// It may not: this is the answer.
    Closed(Response<Bytes>),
    /// It may. These headers are to be added to the answer, beside those of other limits.
    Open(HeaderMap),
}

impl Http<'_> {
    /// Counts a request against a limit.
    pub async fn rate_limit(&self, head: RequestHead<'_>, recall: &Recall, limit: &RateLimit) -> Passage {
        let decision = match self.rate_limit_key(head, recall, &limit.key).await {
            Ok(key) => self.auth.settings().limiter.check(limit.name, &key, limit.quota).await,
            Err(error) => Err(error),
        };
        match decision {
            Ok(decision @ Decision::Allowed { .. }) => Passage::Open(limit.headers(decision)),
            Ok(decision @ Decision::Limited { retry_after }) => {
                let mut response = problem::response(&limited(limit.name, retry_after));
                response.headers_mut().extend(limit.headers(decision));
                Passage::Closed(response)
            }
            Err(error) => {
                self.record_refusal(head, &error).await;
                Passage::Closed(problem::response(&error))
            }
        }
    }

    /// Counts a request of this client to one of the endpoints.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::RateLimited`] with the time to wait; [`ErrorKind::Unavailable`] when the limiter cannot tell.
    pub(super) async fn count(&self, head: RequestHead<'_>, counted: Counted) -> Result<(), Error> {
        let limits = &self.auth.settings().limits;
        let (bucket, quota, detail) = match counted {
            Counted::SignIn => ("auth:sign_in", limits.sign_in, AuditDetail::SignIn),
            Counted::SignUp => ("auth:sign_up", limits.sign_up, AuditDetail::SignUp),
            Counted::UnprovenRefresh => ("auth:refresh_unproven", limits.refresh, AuditDetail::Refresh),
        };
        self.auth.take_attempt(bucket, &self.client_key(head), quota, detail, None).await
    }

    async fn rate_limit_key(
        &self,
        head: RequestHead<'_>,
        recall: &Recall,
        key: &RateLimitKey,
    ) -> Result<String, Error> {
        // The prefixes keep what an application makes from being taken for a user or an address.
        let key = match key {
            RateLimitKey::By(key) => key(head).map(|key| format!("by {key}")),
            RateLimitKey::Client => None,
            RateLimitKey::User => {
                let evidence = self.evidence(head.method, head.headers).recalling(recall);
                let current = evidence.maybe_user().await?;
                current.map(|current| format!("user {}", current.user.id))
            }
        };
        Ok(key.unwrap_or_else(|| self.client_key(head)))
    }

    fn client_key(&self, head: RequestHead<'_>) -> String {
        ClientKey::from(self.auth.settings().proxies.client_ip(head.peer, head.headers)).to_string()
    }
}

/// What counts by the client's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    SignIn,
    SignUp,
    /// A refresh whose token proved nothing.
    UnprovenRefresh,
}

impl Auth {
    /// Counts an attempt by a key; the audit log is to know which it was and, where that is known, whose.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::RateLimited`] with the time to wait; [`ErrorKind::Unavailable`] when the limiter cannot tell.
    pub(crate) async fn take_attempt(
        &self,
        bucket: &'static str,
        key: &str,
        quota: Quota,
        detail: AuditDetail,
        user_id: Option<UserId>,
    ) -> Result<(), Error> {
        match self.settings().limiter.check(bucket, key, quota).await? {
            Decision::Allowed { .. } => Ok(()),
            Decision::Limited { retry_after } => {
                let refused = Refused { kind: AuditKind::RateLimited, detail: Some(detail), user_id };
                Err(limited(bucket, retry_after).with_refused(refused))
            }
        }
    }
}

fn limited(bucket: &'static str, retry_after: Duration) -> Error {
    telemetry::rate_limited(bucket);
    Error::new(ErrorKind::RateLimited).with_retry_after(retry_after)
}

/// A string as structured fields have it (RFC 9651): visible ASCII and blanks between quotes.
fn quoted(name: &str) -> String {
    let mut text = String::from('"');
    for char in name.chars() {
        match char {
            '"' | '\\' => text.extend(['\\', char]),
            ' '..='~' => text.push(char),
            _ => text.push('_'),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn says(limit: &RateLimit, decision: Decision, policy: &str, rest: &str) {
        let headers = limit.headers(decision);
        assert_eq!(headers[RATE_LIMIT_POLICY], policy);
        assert_eq!(headers[RATE_LIMIT], rest);
    }

    #[test]
    fn a_client_is_told_in_whole_seconds_and_never_too_few() {
        let limit = RateLimit::new("a", Quota { burst: 5.try_into().unwrap(), period: Duration::from_millis(59_001) });
        let millis = Duration::from_millis;
        let policy = "\"a\";q=5;w=60";
        says(&limit, Decision::Allowed { remaining: 3, next_after: millis(11_001) }, policy, "\"a\";r=3;t=12");
        says(&limit, Decision::Allowed { remaining: 5, next_after: millis(0) }, policy, "\"a\";r=5;t=0");
        says(&limit, Decision::Limited { retry_after: millis(0) }, policy, "\"a\";r=0;t=1");
    }

    #[test]
    fn a_name_cannot_break_out_of_its_quotes() {
        assert_eq!(quoted("a \"b\" \\ c\r\nd é"), r#""a \"b\" \\ c__d _""#);
    }
}
