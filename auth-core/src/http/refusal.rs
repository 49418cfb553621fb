//! The audit log's share of a request that is refused.

use crate::audit::{AuditKind, Refusal};
use crate::error::{Error, ErrorKind, Refused};
use crate::http::call::Http;
use crate::http::endpoint::Endpoint;
use crate::http::request::RequestHead;

/// What is recorded of errors that say nothing more of themselves.
const BY_ERROR: [(ErrorKind, AuditKind); 2] =
    [(ErrorKind::CrossOrigin, AuditKind::CrossOrigin), (ErrorKind::Forbidden, AuditKind::Forbidden)];

impl Http<'_> {
    /// Records the request that an error refuses, with its client, where that is worth an audit event: a page of
    /// another origin, a user without the role.
    ///
    /// Adapters call it for what extractors and guards refuse; [`handle`](Self::handle) and
    /// [`rate_limit`](Self::rate_limit) have done so by themselves. One event a minute stands for all refusals of the
    /// same kind, user and client address. It never fails: where the store does, the log has a line.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use auth_core::http::RequestHead;
    /// use auth_core::store::{AuditQuery, AuditStore};
    /// use auth_core::{Auth, ErrorKind, MemoryStore, SigningKeys};
    /// use http::{HeaderMap, Method};
    ///
    /// let store = MemoryStore::new();
    /// let auth = Auth::builder(store.clone(), SigningKeys::ephemeral()?).build()?;
    /// let peer = Some([203, 0, 113, 7].into());
    /// let head = RequestHead { method: &Method::POST, headers: &HeaderMap::new(), peer };
    /// auth.http().record_refusal(head, &ErrorKind::CrossOrigin.into()).await;
    ///
    /// let events = store.list_events(AuditQuery { user_id: None, before: None, limit: 10 }).await?;
    /// assert_eq!((events[0].kind.as_str(), events[0].client.ip), ("cross_origin", peer));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn record_refusal(&self, head: RequestHead<'_>, error: &Error) {
        self.record_refusal_of(head, error, None).await;
    }

    pub(super) async fn record_refusal_of(&self, head: RequestHead<'_>, error: &Error, endpoint: Option<Endpoint>) {
        let by_error = || {
            let (_, kind) = BY_ERROR.into_iter().find(|(kind, _)| *kind == error.kind())?;
            Some(Refused { kind, detail: endpoint.and_then(|endpoint| endpoint.0.detail), user_id: None })
        };
        let Some(Refused { kind, detail, user_id }) = error.refused().or_else(by_error) else { return };
        // In a box, so that the future of every handler need not have the room for it.
        Box::pin(self.auth.record_refusal(Refusal { kind, detail, user_id, client: self.client(head) })).await;
    }
}
