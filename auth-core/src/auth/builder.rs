//! The configuration of an `Auth`, and every check that spans more than one setting.

mod cookies;

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Once};
use std::time::Duration;

use cookies::cookie_policy;

use crate::audit::{AuditSink, Refusals};
use crate::auth::base::Base;
use crate::auth::{Auth, Inner};
use crate::clock::{Clock, SystemClock};
use crate::error::{Error, fmt_chain};
use crate::http::base_url::BaseUrl;
use crate::http::client_ip::TrustedProxies;
use crate::http::cookie::SameSite;
use crate::http::csrf::Origins;
use crate::http::refused_origins::RefusedOrigins;
use crate::http::settings::HttpSettings;
use crate::id::{SessionId, UserId};
use crate::password::Passwords;
use crate::policy::{
    AuditPolicy, HashPolicy, PasswordPolicy, RateLimitPolicy, SessionCachePolicy, SessionPolicy, TokenPolicy,
};
use crate::session::{Client, Session, SessionKind};
use crate::store::{SessionCache, Store, WatchedStore};
use crate::telemetry;
use crate::throttle::{DangerouslyUnlimited, GovernorLimiter, RateLimiter};
use crate::token::{AccessTokens, Realm, SigningKeys};
use crate::user::User;

/// The issuer and audience of tokens while no base URL and no issuer are set.
const DEFAULT_ISSUER: &str = "auth";

/// The longest issuer and audience, in bytes.
const MAX_NAME_BYTES: usize = 256;

/// Collects the settings; every one has a safe default.
///
/// ```
/// use auth_core::policy::PasswordPolicy;
/// use auth_core::{Auth, MemoryStore, SigningKeys};
///
/// let keys = SigningKeys::hs256("an example secret of 32 bytes or more")?;
/// let auth = Auth::builder(MemoryStore::new(), keys)
///     .base_url("https://app.example.com")
///     .password_policy(PasswordPolicy::nist())
///     .build()?;
///
/// let keys = SigningKeys::hs256("an example secret of 32 bytes or more")?;
/// let error = Auth::builder(MemoryStore::new(), keys).base_url("http://app.example.com").build().unwrap_err();
/// assert!(error.to_string().starts_with("base_url: "));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct AuthBuilder {
    store: Arc<dyn Store>,
    keys: SigningKeys,
    clock: Arc<dyn Clock>,
    sink: Option<Arc<dyn AuditSink>>,
    limiter: Option<Arc<dyn RateLimiter>>,
    base_url: Option<String>,
    issuer: Option<String>,
    audience: Option<String>,
    trusted_origins: Vec<String>,
    trusted_proxies: String,
    same_site: SameSite,
    shared_domain: Option<String>,
    former_domains: Vec<String>,
    sessions: SessionPolicy,
    session_cache: Option<SessionCachePolicy>,
    tokens: TokenPolicy,
    audit: AuditPolicy,
    passwords: PasswordPolicy,
    hashing: HashPolicy,
    limits: RateLimitPolicy,
}

impl AuthBuilder {
    pub(super) fn new(store: Arc<dyn Store>, keys: SigningKeys) -> Self {
        Self {
            store,
            keys,
            clock: Arc::new(SystemClock::new()),
            sink: None,
            limiter: None,
            base_url: None,
            issuer: None,
            audience: None,
            trusted_origins: Vec::new(),
            trusted_proxies: String::new(),
            same_site: SameSite::Lax,
            shared_domain: None,
            former_domains: Vec::new(),
            sessions: SessionPolicy::default(),
            session_cache: None,
            audit: AuditPolicy::default(),
            tokens: TokenPolicy::default(),
            passwords: PasswordPolicy::default(),
            hashing: HashPolicy::default(),
            limits: RateLimitPolicy::default(),
        }
    }

    /// Sets where users find the application, such as `https://app.example.com`.
    ///
    /// Its origin becomes a trusted one and the issuer of tokens, so changing it signs everybody out, unless
    /// [`issuer`](Self::issuer) keeps the former one. Only for plain `http` on a loopback host, that is in
    /// development, do the cookies lose their `__Host-` prefix and the `Secure` attribute, since some clients do not
    /// send such cookies back there.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Sets the issuer of tokens. Default the base URL's origin, else `auth`.
    ///
    /// Issuer and audience name the application: they stand in its access tokens and are hashed with its refresh
    /// tokens. Applications that share a database do not accept each other's tokens as long as one of the two differs.
    /// A changed one ends every session that is open; nothing else happens, and people sign in again. An application
    /// that moves to another base URL keeps its sessions by setting the former origin here.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Sets the audience of tokens. Default the issuer.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// Adds an origin whose pages may call the application, such as `https://admin.example.com`.
    pub fn trusted_origin(mut self, origin: impl Into<String>) -> Self {
        self.trusted_origins.push(origin.into());
        self
    }

    /// Sets the networks of the reverse proxies in front, separated by commas: only their `X-Forwarded-For` is
    /// believed. Default none.
    ///
    /// `unix:` stands for a proxy that comes through a Unix socket.
    /// [`TrustedProxies::parse`] says when that is safe.
    pub fn trusted_proxies(mut self, networks: impl Into<String>) -> Self {
        self.trusted_proxies = networks.into();
        self
    }

    /// Sets the `SameSite` attribute of the cookies. Default [`SameSite::Lax`].
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// Shares the session between all hosts of a domain, such as `example.com` for `app.example.com` and
    /// `www.example.com`. Default none: only the host that set them is sent the cookies.
    ///
    /// The cookies are then `__Secure-access` and `__Secure-refresh`, with `Domain`. All applications that share the
    /// session need this setting, the same [issuer](Self::issuer) and signing keys, and the same database, or `Claims`
    /// alone. The base URL has to be `https` and within the domain.
    ///
    /// # Security
    ///
    /// The session is as safe as the least of the hosts in the domain. Each of them is sent the tokens, a forgotten
    /// one that somebody else has taken over as well. Each may set cookies of these names, so it can sign a visitor
    /// out, or in as somebody else. To browsers they are all one site: `SameSite` does not keep their pages from
    /// calling this application. The cross-origin check does, until their origins are
    /// [trusted](Self::trusted_origin).
    ///
    /// Browsers take no cookie for a domain under which anybody can register, such as `co.uk` or `github.io`; which
    /// these are is not known here.
    pub fn share_cookies_in(mut self, domain: impl Into<String>) -> Self {
        self.shared_domain = Some(domain.into());
        self
    }

    /// Adds a domain that [`share_cookies_in`](Self::share_cookies_in) has named before. Default none.
    ///
    /// Browsers keep the cookies of that time beside those of today, for as long as a remembered session lives: 30
    /// days. They are cleared whenever cookies are set or cleared, as they are on the base URL's host and on the names
    /// between it and the shared domain, which need not be named. The base URL has to be within the domain.
    pub fn former_cookie_domain(mut self, domain: impl Into<String>) -> Self {
        self.former_domains.push(domain.into());
        self
    }

    /// Sets how long sessions live.
    pub fn session_policy(mut self, policy: SessionPolicy) -> Self {
        self.sessions = policy;
        self
    }

    /// Keeps sessions in the memory of this process for some seconds. Default off: every request asks the store.
    ///
    /// [`SessionCachePolicy`] says what it costs: what another node changes is seen late.
    pub fn session_cache(mut self, policy: SessionCachePolicy) -> Self {
        self.session_cache = Some(policy);
        self
    }

    /// Sets how access tokens are made.
    pub fn token_policy(mut self, policy: TokenPolicy) -> Self {
        self.tokens = policy;
        self
    }

    /// Sets how long audit events are kept.
    pub fn audit_policy(mut self, policy: AuditPolicy) -> Self {
        self.audit = policy;
        self
    }

    /// Sets what new passwords must be like.
    pub fn password_policy(mut self, policy: PasswordPolicy) -> Self {
        self.passwords = policy;
        self
    }

    /// Sets what a password hash costs.
    pub fn hash_policy(mut self, policy: HashPolicy) -> Self {
        self.hashing = policy;
        self
    }

    /// Sets how often one client may try.
    pub fn rate_limit_policy(mut self, policy: RateLimitPolicy) -> Self {
        self.limits = policy;
        self
    }

    /// Sets the limiter, for several nodes that count together. Default one in memory.
    pub fn rate_limiter(mut self, limiter: impl RateLimiter) -> Self {
        self.limiter = Some(Arc::new(limiter));
        self
    }

    /// Switches all rate limits off.
    ///
    /// # Security
    ///
    /// For load tests only: without them passwords can be guessed as fast as they can be hashed.
    pub fn dangerously_without_rate_limits(self) -> Self {
        self.rate_limiter(DangerouslyUnlimited)
    }

    /// Sets who else is told of audit events.
    pub fn audit_sink(mut self, sink: impl AuditSink) -> Self {
        self.sink = Some(Arc::new(sink));
        self
    }

    /// Sets the clock, for tests.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Checks all settings, starts the hashing threads, and signs and verifies once with each key.
    ///
    /// # Errors
    ///
    /// [`ConfigError`], which names the setting and what is wrong about it.
    pub fn build(self) -> Result<Auth, ConfigError> {
        self.check_policies()?;
        let base_url = self.base_url.as_deref().map(BaseUrl::parse).transpose();
        let base_url = base_url.map_err(|cause| ConfigError::new("base_url", cause.to_string()))?;
        let issuer = self.issuer.or_else(|| Some(base_url.as_ref()?.origin().to_owned()));
        let issuer = issuer.unwrap_or_else(|| DEFAULT_ISSUER.to_owned());
        let audience = self.audience.unwrap_or_else(|| issuer.clone());
        let realm = Realm::new(&issuer, &audience);
        let tokens = AccessTokens::new(self.keys, issuer, audience, self.tokens);
        self_test(&tokens, self.clock.as_ref()).map_err(|cause| ConfigError::caused_by("keys", &cause))?;
        let passwords = Passwords::new(&self.hashing, self.passwords, Arc::clone(&self.clock))
            .map_err(|cause| ConfigError::caused_by("hash_policy", &cause))?;
        let own_origin = base_url.as_ref().map(|url| url.origin().to_owned());
        let origins: Vec<_> = own_origin.iter().cloned().chain(self.trusted_origins).collect();
        let shared_domain = self.shared_domain.as_deref();
        let cookies = cookie_policy(base_url.as_ref(), self.same_site, shared_domain, &self.former_domains)?;
        let http = HttpSettings {
            origins: Origins::parse(&origins).map_err(|cause| ConfigError::new("trusted_origin", cause.to_string()))?,
            refused_origins: RefusedOrigins::new(own_origin.as_deref()),
            cookies,
            several_told: Once::new(),
            proxies: TrustedProxies::parse(&self.trusted_proxies)
                .map_err(|cause| ConfigError::new("trusted_proxies", cause.to_string()))?,
            limiter: self.limiter.unwrap_or_else(|| Arc::new(GovernorLimiter::new(Arc::clone(&self.clock)))),
            limits: self.limits,
        };
        telemetry::describe(self.hashing.queue);
        let cache = self.session_cache.map(|policy| Arc::new(SessionCache::new(&policy, Arc::clone(&self.clock))));
        let base = Base {
            store: WatchedStore::new(self.store, Arc::clone(&self.clock), cache.clone()),
            cache,
            clock: self.clock,
            sink: self.sink,
            passwords,
            tokens,
            realm,
            sessions: self.sessions,
            audit: self.audit,
            refusals: Refusals::default(),
            touches_resume_at: AtomicU64::new(0),
        };
        Ok(Auth(Arc::new(Inner { base, http })))
    }

    fn check_policies(&self) -> Result<(), ConfigError> {
        let problems = [
            ("session_policy", self.sessions.problem(self.tokens.access_ttl)),
            ("session_cache", self.session_cache.as_ref().and_then(SessionCachePolicy::problem)),
            ("token_policy", self.tokens.problem()),
            ("audit_policy", self.audit.problem()),
            ("password_policy", self.passwords.problem()),
            ("hash_policy", self.hashing.problem()),
            ("rate_limit_policy", self.limits.problem()),
            ("issuer", self.issuer.as_deref().and_then(name_problem)),
            ("audience", self.audience.as_deref().and_then(name_problem)),
        ];
        let first = problems.into_iter().find_map(|(setting, problem)| Some((setting, problem?)));
        first.map_or(Ok(()), |(setting, problem)| Err(ConfigError::new(setting, problem)))
    }
}

/// What is wrong about an issuer's or an audience's name: it stands in every access token, and a cookie has room for 4
/// KiB.
fn name_problem(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("must not be empty".to_owned());
    }
    let bytes = name.len();
    (bytes > MAX_NAME_BYTES).then(|| format!("must be at most {MAX_NAME_BYTES} bytes long, not {bytes}"))
}

/// Fails at start-up rather than at the first request, if a key or the crypto provider does not work.
fn self_test(tokens: &AccessTokens, clock: &dyn Clock) -> Result<(), Error> {
    let now = clock.now();
    let user = User::new(UserId::new(now)?, now);
    let session = Session {
        id: SessionId::new(now)?,
        user_id: user.id,
        auth_epoch: 0,
        kind: SessionKind::Bearer,
        client: Client::default(),
        created_at: now,
        expires_at: now + Duration::from_hours(1),
        last_seen_at: now,
    };
    tokens.self_test(&session, &user, now)
}

impl fmt::Debug for AuthBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthBuilder").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

/// A setting that cannot be used.
#[derive(thiserror::Error)]
#[error("{setting}: {problem}")]
pub struct ConfigError {
    setting: &'static str,
    problem: String,
}

impl ConfigError {
    fn new(setting: &'static str, problem: String) -> Self {
        Self { setting, problem }
    }

    fn caused_by(setting: &'static str, cause: &Error) -> Self {
        let inner = std::error::Error::source(cause).map_or_else(|| cause.to_string(), ToString::to_string);
        Self::new(setting, inner)
    }

    /// Returns the setting's name, as the builder's method is called.
    pub fn setting(&self) -> &'static str {
        self.setting
    }
}

impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_chain(self, f)
    }
}
