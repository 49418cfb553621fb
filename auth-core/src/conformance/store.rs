//! What every [`Store`] does alike, rule by rule.
//!
//! The rules share one database, which may hold other rows: each makes users, sessions and events of its own, under
//! random ids and addresses. They read no clock. The store has no profile.
//!
//! Calls race as futures that one task polls together, in an order that is drawn anew each time. A pool of
//! connections runs those side by side; a store that never waits runs them one after the other.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! auth_core::conformance::store::run_all(&auth_core::MemoryStore::new()).await;
//! # }
//! ```

pub mod audit;
mod fixture;
pub mod race;
pub mod refresh;
pub mod session;
pub mod sign_out;
pub mod user;

use crate::store::Store;

/// Checks every rule, one after the other.
///
/// # Panics
///
/// At the first rule that the store breaks, and when the store fails.
pub async fn run_all(store: &dyn Store) {
    user::run_all(store).await;
    session::run_all(store).await;
    refresh::run_all(store).await;
    sign_out::run_all(store).await;
    audit::run_all(store).await;
    race::run_all(store).await;
}
