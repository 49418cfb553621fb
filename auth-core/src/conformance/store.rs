//! What every [`Store`] does alike, rule by rule.
//!
//! [`run_all`] proves a store right by one call. The rules share one database, which may hold other rows: each makes
//! users, sessions and events of its own, under random ids and addresses. They read no clock. The store has no profile.
//!
//! Calls race as futures that one task polls together, in an order that is drawn anew each time. A pool of
//! connections runs those side by side, so let it have as many as there are calls: [`Load`]. A store that
//! never waits runs them one after the other.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! auth_core::conformance::store::run_all(&auth_core::MemoryStore::new()).await;
//! # }
//! ```

pub mod audit;
mod fixture;
pub mod limit;
pub mod model;
pub mod prune;
pub mod race;
pub mod refresh;
pub mod session;
pub mod sign_out;
pub mod throttle;
pub mod token;
pub mod user;

use crate::conformance::store::race::Load;
use crate::store::Store;

/// Checks everything: the rules, the races and the pruning, for which it needs the database for itself.
///
/// # Panics
///
/// At the first rule that the store breaks, and when the store fails.
pub async fn run_all(store: &dyn Store) {
    run_rules(store).await;
    race::run_all(store, Load::default()).await;
    prune::run_all(store).await;
}

/// Checks every rule about one call after the other.
///
/// # Panics
///
/// At the first rule that the store breaks, and when the store fails.
pub async fn run_rules(store: &dyn Store) {
    user::run_all(store).await;
    session::run_all(store).await;
    refresh::run_all(store).await;
    sign_out::run_all(store).await;
    token::run_all(store).await;
    throttle::run_all(store).await;
    audit::run_all(store).await;
    limit::run_all(store).await;
    model::run_all(store).await;
}
