//! A change and the record of it: one call, where the database can do that.

use auth_core::audit::AuditEvent;

use crate::audit::{INSERT_EVENT, bind_event};
use crate::backend::{Backend, Recorded};
use crate::statement::Statement;
use crate::store::SqlxStore;

impl<DB: Backend> SqlxStore<DB> {
    /// A statement that adds one row within a transaction, to be [executed with its record](Self::execute_recorded).
    pub(crate) fn insert_sql(&self, sql: &'static str) -> Statement<'_, DB> {
        self.sql(DB::RECORDED.map_or("", |texts| texts.before)).then(sql)
    }

    /// A statement that changes one row, to be [recorded](Self::record). It ends with conditions.
    pub(crate) fn change_sql(&self, sql: &'static str) -> Statement<'_, DB> {
        let (begin, before) = self.recorded().map_or(("", ""), |texts| (texts.begin, texts.before));
        self.sql(begin).then(before).then(sql).then(DB::BOUND_WAIT)
    }

    /// Makes a change, and records the event if there was a row to change. Says whether there was.
    pub(crate) async fn record(&self, change: Statement<'_, DB>, event: &AuditEvent) -> sqlx::Result<bool> {
        let Some(texts) = self.recorded() else { return self.record_in_steps(change, event).await };
        let mut lease = self.write().await?;
        // Nobody gives this up halfway: it runs to its end, or its runtime ends, and with it the connection.
        let rows = with_record(change, &texts, event).then(texts.commit).fetch_all(&mut lease).await;
        if rows.is_err() && !texts.rollback.is_empty() {
            // It fails where the database has done so by itself.
            DB::execute_script(texts.rollback, &mut lease).await.unwrap_or_default();
        }
        if rows?.is_empty() && !(DB::MAY_FALL_SILENT && self.is_recorded(event, &mut lease).await?) {
            return Ok(false);
        }
        lease.commit().await.map(|()| true)
    }

    /// How a change and its record are one call. A connection that comes with a transaction begins no other.
    fn recorded(&self) -> Option<Recorded> {
        DB::RECORDED.filter(|texts| texts.begin.is_empty() || !self.is_behind_pooler())
    }

    async fn record_in_steps(&self, change: Statement<'_, DB>, event: &AuditEvent) -> sqlx::Result<bool> {
        let mut tx = self.begin().await?;
        if change.execute(&mut tx).await? == 0 {
            return Ok(false);
        }
        self.insert_event(&mut tx, event).await?;
        tx.commit().await.map(|()| true)
    }

    /// Adds a row and the record of it.
    pub(crate) async fn execute_recorded(
        &self,
        insert: Statement<'_, DB>,
        event: &AuditEvent,
        tx: &mut DB::Connection,
    ) -> sqlx::Result<()> {
        if let Some(texts) = DB::RECORDED {
            return with_record(insert, &texts, event).fetch_all(tx).await.map(drop);
        }
        insert.execute(&mut *tx).await?;
        self.insert_event(tx, event).await
    }

    /// Whether the event is there already: the change was made, and the connection lost before that was told.
    async fn is_recorded(&self, event: &AuditEvent, connection: &mut DB::Connection) -> sqlx::Result<bool> {
        let find = self.sql("SELECT id FROM {auth_audit_log} WHERE id = ?").bind(event.id.as_uuid());
        find.fetch_optional(connection).await.map(|row| row.is_some())
    }
}

/// Goes on with the insertion of the record. What comes of it is a row for each that was changed.
fn with_record<'s, DB: Backend>(change: Statement<'s, DB>, texts: &Recorded, event: &AuditEvent) -> Statement<'s, DB> {
    bind_event(change.then(texts.between).then(INSERT_EVENT).then(texts.after), event)
}
