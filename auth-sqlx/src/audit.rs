//! The audit log.

use async_trait::async_trait;
use auth_core::audit::{AuditDetail, AuditEvent, AuditKind};
use auth_core::id::{AuditEventId, SessionId, UserId};
use auth_core::session::Client;
use auth_core::store::{AuditQuery, AuditStore, StoreError};
use uuid::Uuid;

use crate::backend::{Backend, Statement};
use crate::error::{corrupt, store_error};
use crate::store::{SqlxStore, instant, micros};

#[async_trait]
impl<DB: Backend> AuditStore for SqlxStore<DB> {
    async fn record_event(&self, event: AuditEvent) -> Result<(), StoreError> {
        insert::<DB>(&mut *self.write().await?, &event).await.map_err(store_error::<DB>)
    }

    async fn list_events(&self, query: AuditQuery) -> Result<Vec<AuditEvent>, StoreError> {
        // Without a bound the greatest possible id stands for "before nothing".
        let before = query.before.map_or(Uuid::max(), |id| id.as_uuid());
        let limit = i64::from(query.limit);
        let statement = match query.user_id {
            Some(user) => {
                Statement::new("SELECT * FROM auth_audit_log WHERE user_id = ? AND id < ? ORDER BY id DESC LIMIT ?")
                    .bind(user.as_uuid())
            }
            None => Statement::<DB>::new("SELECT * FROM auth_audit_log WHERE id < ? ORDER BY id DESC LIMIT ?"),
        };
        let rows = statement.bind(before).bind(limit).fetch_all(&mut *self.read().await?).await;
        rows.map_err(store_error::<DB>)?.iter().map(event::<DB>).collect()
    }
}

/// Adds an event in the transaction of the change that it tells of.
pub(crate) async fn insert<DB: Backend>(connection: &mut DB::Connection, event: &AuditEvent) -> sqlx::Result<()> {
    let sql = "INSERT INTO auth_audit_log (id, at, kind, user_id, session_id, ip, user_agent, detail) \
               VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    Statement::<DB>::new(sql)
        .bind(event.id.as_uuid())
        .bind(micros(event.at))
        .bind(event.kind.as_str().to_owned())
        .bind(event.user_id.map(|id| id.as_uuid()))
        .bind(event.session_id.map(|id| id.as_uuid()))
        .bind(event.client.ip.map(|ip| ip.to_string()))
        .bind(event.client.user_agent.clone())
        .bind(event.detail.map(|detail| detail.as_str().to_owned()))
        .execute(connection)
        .await
        .map(|_| ())
}

fn event<DB: Backend>(row: &DB::Row) -> Result<AuditEvent, StoreError> {
    let failed = store_error::<DB>;
    let kind: String = DB::get(row, "kind").map_err(failed)?;
    let detail: Option<String> = DB::get(row, "detail").map_err(failed)?;
    let user_id: Option<Uuid> = DB::get(row, "user_id").map_err(failed)?;
    let session_id: Option<Uuid> = DB::get(row, "session_id").map_err(failed)?;
    let detail = detail.map(|word| AuditDetail::from_word(&word).ok_or_else(|| corrupt("detail"))).transpose()?;
    Ok(AuditEvent {
        id: AuditEventId::from_uuid(DB::get(row, "id").map_err(failed)?),
        at: instant(DB::get(row, "at").map_err(failed)?, "at")?,
        kind: AuditKind::from_word(&kind).ok_or_else(|| corrupt("kind"))?,
        user_id: user_id.map(UserId::from_uuid),
        session_id: session_id.map(SessionId::from_uuid),
        client: client::<DB>(row)?,
        detail,
    })
}

/// Reads the columns that say where a request came from.
pub(crate) fn client<DB: Backend>(row: &DB::Row) -> Result<Client, StoreError> {
    let ip: Option<String> = DB::get(row, "ip").map_err(store_error::<DB>)?;
    let user_agent = DB::get(row, "user_agent").map_err(store_error::<DB>)?;
    let ip = ip.map(|text| text.parse().map_err(|_| corrupt("ip"))).transpose()?;
    Ok(Client { ip, user_agent })
}
