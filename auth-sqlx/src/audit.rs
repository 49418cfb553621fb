//! The audit log.

use async_trait::async_trait;
use auth_core::audit::{AuditEvent, AuditKind};
use auth_core::id::{AuditEventId, SessionId, UserId};
use auth_core::session::Client;
use auth_core::store::{AuditQuery, AuditStore, StoreError};
use uuid::Uuid;

use crate::backend::Backend;
use crate::columns::Columns;
use crate::error::Failure;
use crate::statement::Statement;
use crate::store::{SqlxStore, micros, to_its_end};

const LIST: &str = "SELECT id, at, kind, user_id, session_id, ip, user_agent, detail FROM {auth_audit_log} \
                    WHERE id < ? ORDER BY id DESC LIMIT ?";

const LIST_OF_USER: &str = "SELECT id, at, kind, user_id, session_id, ip, user_agent, detail FROM {auth_audit_log} \
                            WHERE user_id = ? AND id < ? ORDER BY id DESC LIMIT ?";

/// Where an event goes; the values, or what selects them, come next.
pub(crate) const INSERT_EVENT: &str =
    "INSERT INTO {auth_audit_log} (id, at, kind, user_id, session_id, ip, user_agent, detail)";

#[async_trait]
impl<DB: Backend> AuditStore for SqlxStore<DB> {
    async fn record_event(&self, event: AuditEvent) -> Result<(), StoreError> {
        let store = self.clone();
        to_its_end::<DB, _>(async move { store.repeat(|| store.try_record_event(&event)).await }).await
    }

    async fn list_events(&self, query: AuditQuery) -> Result<Vec<AuditEvent>, StoreError> {
        let store = self.clone();
        to_its_end::<DB, _>(async move { store.repeat(|| store.try_list_events(query)).await }).await
    }
}

impl<DB: Backend> SqlxStore<DB> {
    async fn try_record_event(&self, event: &AuditEvent) -> Result<(), Failure> {
        let mut lease = self.write().await?;
        let inserted = self.insert_event(&mut lease, event).await.map_err(Failure::from);
        if inserted.as_ref().is_err_and(Failure::is_unique_violation) {
            // An event of this id is there, which is never changed: most likely this one, before the connection was
            // lost.
            return Ok(());
        }
        inserted?;
        Ok(lease.commit().await?)
    }

    async fn try_list_events(&self, query: AuditQuery) -> Result<Vec<AuditEvent>, Failure> {
        let statement = match query.user_id {
            Some(user) => self.sql(LIST_OF_USER).bind(user.as_uuid()),
            None => self.sql(LIST),
        };
        // Without a bound the greatest possible id stands for "before nothing".
        let before = query.before.map_or(Uuid::max(), |id| id.as_uuid());
        let statement = statement.bind(before).bind(i64::from(query.limit));
        statement.fetch_all(&mut *self.read().await?).await?.iter().map(event::<DB>).collect()
    }

    /// Adds an event in the transaction of the change that it tells of.
    pub(crate) async fn insert_event(&self, connection: &mut DB::Connection, event: &AuditEvent) -> sqlx::Result<()> {
        let insert = self.sql(INSERT_EVENT).then(" VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
        bind_event(insert, event).execute(connection).await.map(drop)
    }
}

/// Binds the columns of an event, in the order of [`INSERT_EVENT`].
pub(crate) fn bind_event<'s, DB: Backend>(insert: Statement<'s, DB>, event: &AuditEvent) -> Statement<'s, DB> {
    insert
        .bind(event.id.as_uuid())
        .bind(micros(event.at))
        .bind(event.kind.as_str().to_owned())
        .bind(event.user_id.map(|id| id.as_uuid()))
        .bind(event.session_id.map(|id| id.as_uuid()))
        .bind(event.client.ip.map(|ip| ip.to_string()))
        .bind(event.client.user_agent.clone())
        .bind(event.detail_text())
}

fn event<DB: Backend>(row: &DB::Row) -> Result<AuditEvent, Failure> {
    let mut columns = Columns::<DB>::of(row);
    let id = AuditEventId::from_uuid(columns.get("id")?);
    let at = columns.instant("at")?;
    let kind: String = columns.get("kind")?;
    let user_id: Option<Uuid> = columns.get("user_id")?;
    let session_id: Option<Uuid> = columns.get("session_id")?;
    let client = client(&mut columns)?;
    let detail: Option<String> = columns.get("detail")?;
    let (detail, count) = AuditEvent::read_detail(detail.as_deref()).ok_or_else(|| Failure::corrupt("detail"))?;
    Ok(AuditEvent {
        id,
        at,
        kind: AuditKind::from_word(&kind).ok_or_else(|| Failure::corrupt("kind"))?,
        user_id: user_id.map(UserId::from_uuid),
        session_id: session_id.map(SessionId::from_uuid),
        client,
        detail,
        count,
    })
}

/// Reads the columns that say where a request came from.
pub(crate) fn client<DB: Backend>(columns: &mut Columns<'_, DB>) -> Result<Client, Failure> {
    let ip: Option<String> = columns.get("ip")?;
    let ip = ip.map(|text| text.parse().map_err(|_| Failure::corrupt("ip"))).transpose()?;
    Ok(Client { ip, user_agent: columns.get("user_agent")? })
}
