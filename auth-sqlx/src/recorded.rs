//! A change and the record of it: one statement, where the database has such statements.

use auth_core::audit::AuditEvent;

use crate::audit::{INSERT_EVENT, bind_event};
use crate::backend::Backend;
use crate::lease::Lease;
use crate::statement::Statement;
use crate::store::SqlxStore;

impl<DB: Backend> SqlxStore<DB> {
    /// A connection for a change and its record: with a transaction, unless they are one statement.
    pub(crate) async fn record(&self) -> sqlx::Result<Lease<DB>> {
        if DB::CHANGES_WITHIN_INSERT { self.write().await } else { self.begin().await.map(Lease::Transaction) }
    }

    /// A statement that adds one row, to be [executed and recorded](Self::execute_recorded).
    pub(crate) fn insert_sql(&self, sql: &'static str) -> Statement<'_, DB> {
        if DB::CHANGES_WITHIN_INSERT { self.sql("WITH changed AS (").then(sql) } else { self.sql(sql) }
    }

    /// A statement that changes one row, to be [executed and recorded](Self::execute_recorded). It ends with conditions.
    pub(crate) fn change_sql(&self, sql: &'static str) -> Statement<'_, DB> {
        self.insert_sql(sql).then(DB::BOUND_WAIT)
    }

    /// Runs a statement that changes one row, and records the event if there was such a row. Says whether there was.
    pub(crate) async fn execute_recorded(
        &self,
        change: Statement<'_, DB>,
        event: &AuditEvent,
        connection: &mut DB::Connection,
    ) -> sqlx::Result<bool> {
        if DB::CHANGES_WITHIN_INSERT {
            let insert = change
                .then(" RETURNING 1), recorded AS (")
                .then(INSERT_EVENT)
                .then(" SELECT ?, ?, ?, ?, ?, ?, ?, ? FROM changed) SELECT count(*) AS changes FROM changed");
            let row = bind_event(insert, event).fetch_optional(&mut *connection).await?;
            let changes: i64 = row.map_or(Ok(0), |row| DB::get(&row, "changes"))?;
            return Ok(changes > 0 || self.is_recorded(event, connection).await?);
        }
        if change.execute(&mut *connection).await? == 0 {
            return Ok(false);
        }
        self.insert_event(connection, event).await.map(|()| true)
    }

    /// Whether the event is there already: the change was made, and the connection lost before that was told.
    async fn is_recorded(&self, event: &AuditEvent, connection: &mut DB::Connection) -> sqlx::Result<bool> {
        let find = self.sql("SELECT id FROM {auth_audit_log} WHERE id = ?").bind(event.id.as_uuid());
        find.fetch_optional(connection).await.map(|row| row.is_some())
    }
}
