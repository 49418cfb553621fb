//! Pruning now and then, for applications without a scheduler.

use std::convert::Infallible;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use auth_core::Auth;

/// How often [`prune_regularly`] prunes where nothing asks for something else.
pub const PRUNE_INTERVAL: Duration = Duration::from_mins(10);

/// [Prunes](Auth::prune) for ever, about as often as the interval says: give it to `tokio::spawn`.
///
/// Each wait is drawn between half and one and a half of the interval, so that nodes that started together do not prune
/// together; if they do, they do no harm. What was deleted and what failed is logged, and the next time goes on from
/// there. Aborting the task leaves nothing half done.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use auth_sqlx::auth_core::{Auth, MemoryStore, SigningKeys};
/// # let auth = Auth::builder(MemoryStore::new(), SigningKeys::ephemeral()?).build()?;
/// let pruning = tokio::spawn(auth_sqlx::prune_regularly(auth.clone(), auth_sqlx::PRUNE_INTERVAL));
/// // ... serve ...
/// pruning.abort();
/// # Ok(()) }
/// ```
pub async fn prune_regularly(auth: Auth, interval: Duration) -> Infallible {
    loop {
        tokio::time::sleep(interval.mul_f64(0.5 + fraction())).await;
        match auth.prune().await {
            Ok(pruned) => tracing::debug!(?pruned, "pruned"),
            Err(error) => tracing::warn!(cause = ?error, "pruning failed, and goes on at the next time"),
        }
    }
}

/// A number from 0 to 1 that differs from process to process and from time to time. Nothing secret hangs on it.
pub(crate) fn fraction() -> f64 {
    let byte = RandomState::new().hash_one(0).to_be_bytes().first().copied().unwrap_or_default();
    f64::from(byte) / f64::from(u8::MAX)
}
