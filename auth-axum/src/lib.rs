#![doc = include_str!("../README.md")]

mod extract;
mod from_layer;
mod gate;
mod guard;
mod rate_limit;
pub mod recipes;
mod request;
mod routes;

/// All of `auth-core`, so that an application needs no dependency on it by name.
pub use auth_core;
pub use auth_core::auth::{AuthBuilder, EnsureRoleOutcome};
pub use auth_core::error::FieldErrors;
pub use auth_core::http::{Endpoint, Mount, RequestHead};
pub use auth_core::policy::{
    AuditPolicy, HashPolicy, PasswordPolicy, Quota, RateLimitPolicy, SessionCachePolicy, SessionPolicy, TokenPolicy,
};
pub use auth_core::{
    Auth, Authenticated, ConfigError, Email, Error, ErrorKind, Password, Role, SessionId, SigningKeys, Transport, User,
    UserId, role,
};
pub use extract::{Claims, CurrentSession, CurrentUser, Rejection};
pub use from_layer::{FromLayer, auth_layer};
pub use gate::Gate;
pub use guard::{RequireLayer, require_role, require_user};
pub use rate_limit::RateLimitLayer;
pub use routes::{routes, routes_at_root};
