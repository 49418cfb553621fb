#![doc = include_str!("../README.md")]

mod extract;
mod gate;
mod guard;
mod rate_limit;
mod request;
mod routes;

pub use extract::{Claims, CurrentSession, CurrentUser, Rejection};
pub use gate::Gate;
pub use guard::{RequireLayer, require_role, require_user};
pub use rate_limit::RateLimitLayer;
pub use routes::routes;
