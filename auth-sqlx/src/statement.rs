//! Statements in the one form that all databases share.

use sqlx::QueryBuilder;

use crate::backend::{Backend, Holds, Prepared};
use crate::schema::Schema;

/// A statement with `?` for each argument, whatever the database calls them, and `{braces}` around the name of each
/// table, whose schema goes in front.
pub(crate) struct Statement<'s, DB: Backend> {
    query: QueryBuilder<DB>,
    rest: &'static str,
    schema: &'s Schema,
    prepared: Prepared,
}

impl<'s, DB: Backend> Statement<'s, DB> {
    pub(crate) fn new(sql: &'static str, schema: &'s Schema, prepared: Prepared) -> Self {
        let mut statement = Self { query: QueryBuilder::default(), rest: sql, schema, prepared };
        statement.copy();
        statement
    }

    /// Binds the next `?`.
    pub(crate) fn bind<T>(mut self, value: T) -> Self
    where
        DB: Holds<T>,
    {
        DB::bind(&mut self.query, value);
        self.copy();
        self
    }

    /// Binds the next `?` to several values, separated by commas.
    pub(crate) fn bind_each<T>(mut self, values: impl IntoIterator<Item = T>) -> Self
    where
        DB: Holds<T>,
    {
        for (place, value) in values.into_iter().enumerate() {
            if place > 0 {
                self.query.push(", ");
            }
            DB::bind(&mut self.query, value);
        }
        self.prepared = Prepared::Once;
        self.copy();
        self
    }

    /// Appends what only some databases say.
    pub(crate) fn and(mut self, sql: &'static str) -> Self {
        self.query.push(sql);
        self
    }

    /// Copies the text up to the next `?`.
    fn copy(&mut self) {
        let (text, rest) = self.rest.split_once('?').unwrap_or((self.rest, ""));
        for (place, part) in text.split('{').enumerate() {
            if place > 0 {
                self.query.push(self.schema);
            }
            for text in part.split('}') {
                self.query.push(text);
            }
        }
        self.rest = rest;
    }

    pub(crate) async fn execute(self, connection: &mut DB::Connection) -> sqlx::Result<u64> {
        DB::execute(self.query, self.prepared, connection).await
    }

    pub(crate) async fn fetch_optional(self, connection: &mut DB::Connection) -> sqlx::Result<Option<DB::Row>> {
        DB::fetch_optional(self.query, self.prepared, connection).await
    }

    pub(crate) async fn fetch_all(self, connection: &mut DB::Connection) -> sqlx::Result<Vec<DB::Row>> {
        DB::fetch_all(self.query, self.prepared, connection).await
    }
}
