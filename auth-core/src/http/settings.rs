//! What the HTTP side of the library was configured with.

use std::sync::{Arc, Once};

use crate::http::client_ip::TrustedProxies;
use crate::http::cookie::CookiePolicy;
use crate::http::csrf::Origins;
use crate::http::refused_origins::RefusedOrigins;
use crate::policy::RateLimitPolicy;
use crate::throttle::RateLimiter;

/// What the HTTP side of the library was configured with.
pub(crate) struct HttpSettings {
    pub(crate) origins: Origins,
    pub(crate) refused_origins: RefusedOrigins,
    pub(crate) cookies: CookiePolicy,
    /// Whether the log was told of a browser with several cookies of one name.
    pub(crate) several_told: Once,
    pub(crate) proxies: TrustedProxies,
    pub(crate) limiter: Arc<dyn RateLimiter>,
    pub(crate) limits: RateLimitPolicy,
}
