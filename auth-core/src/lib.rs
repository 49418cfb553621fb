#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod audit;
pub mod auth;
pub mod clock;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod email;
pub mod error;
pub mod http;
pub mod id;
pub mod memory;
pub mod password;
pub mod policy;
pub mod role;
mod secret;
pub mod session;
pub mod store;
mod telemetry;
mod text;
pub mod throttle;
pub mod token;
pub mod user;

pub use auth::{Auth, Authenticated, ConfigError, Credential};
pub use email::Email;
pub use error::{Error, ErrorKind};
pub use http::Transport;
pub use id::{SessionId, UserId};
pub use memory::MemoryStore;
pub use password::{Password, PasswordHash};
pub use role::Role;
pub use secret::TokenHash;
pub use session::{Client, SessionKind};
pub use token::{Claims, SigningKeys};
pub use user::User;
