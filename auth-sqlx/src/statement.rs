//! Statements in the one form that all databases share.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, PoisonError, RwLock};

use sqlx::error::BoxDynError;
use sqlx::{AssertSqlSafe, Connection as _, SqlSafeStr as _, SqlStr};

use crate::backend::{Backend, Fault, Holds, Prepared};
use crate::error::Retried;
use crate::schema::Schema;

/// A statement with `?` for each argument, whatever the database calls them, and `{braces}` around the name of each
/// table, whose schema goes in front.
pub(crate) struct Statement<'s, DB: Backend> {
    text: Text,
    arguments: Result<DB::Arguments, BoxDynError>,
    bound: usize,
    texts: &'s Texts,
    prepared: Prepared,
}

/// What a statement's text is made of.
#[derive(Clone, Copy)]
struct Text {
    /// What follows one upon the other; the rest is empty.
    parts: [&'static str; MAX_PARTS],
    /// The place of the one `?` that stands for several values, and for how many.
    list: Option<(usize, usize)>,
}

/// The most parts of a text.
const MAX_PARTS: usize = 6;

impl<'s, DB: Backend> Statement<'s, DB> {
    pub(crate) fn new(sql: &'static str, texts: &'s Texts, prepared: Prepared) -> Self {
        let text = Text::new(sql);
        Self { text, arguments: Ok(DB::Arguments::default()), bound: 0, texts, prepared }
    }

    /// Binds the next `?`.
    pub(crate) fn bind<T>(mut self, value: T) -> Self
    where
        DB: Holds<T>,
    {
        self.bound += 1;
        self.add(value)
    }

    /// Binds the next `?` to several values, separated by commas; there is one such in a statement at most.
    pub(crate) fn bind_each<T>(mut self, values: impl ExactSizeIterator<Item = T>) -> Self
    where
        DB: Holds<T>,
    {
        // To one value it is the statement that it seems.
        if values.len() != 1 {
            self.text.list = Some((self.bound, values.len()));
            self.prepared = Prepared::Once;
        }
        self.bound += 1;
        values.fold(self, Self::add)
    }

    fn add<T>(mut self, value: T) -> Self
    where
        DB: Holds<T>,
    {
        self.arguments = self.arguments.and_then(|mut arguments| {
            DB::bind(&mut arguments, value)?;
            Ok(arguments)
        });
        self
    }

    /// Goes on with another text, of at most six that are not empty.
    pub(crate) fn then(mut self, sql: &'static str) -> Self {
        let free = self.text.parts.iter_mut().find(|part| part.is_empty());
        debug_assert!(free.is_some() || sql.is_empty(), "one part too many: {sql}");
        if let Some(free) = free {
            *free = sql;
        }
        self
    }

    pub(crate) async fn execute(self, connection: &mut DB::Connection) -> sqlx::Result<u64> {
        let (text, arguments, prepared) = self.finish()?;
        let done = DB::execute(text, arguments, prepared, &mut *connection).await;
        forget_outdated::<DB, _>(done, connection).await
    }

    pub(crate) async fn fetch_optional(self, connection: &mut DB::Connection) -> sqlx::Result<Option<DB::Row>> {
        let (text, arguments, prepared) = self.finish()?;
        let done = DB::fetch_optional(text, arguments, prepared, &mut *connection).await;
        forget_outdated::<DB, _>(done, connection).await
    }

    pub(crate) async fn fetch_all(self, connection: &mut DB::Connection) -> sqlx::Result<Vec<DB::Row>> {
        let (text, arguments, prepared) = self.finish()?;
        let done = DB::fetch_all(text, arguments, prepared, &mut *connection).await;
        forget_outdated::<DB, _>(done, connection).await
    }

    fn finish(self) -> sqlx::Result<(SqlStr, DB::Arguments, Prepared)> {
        let arguments = self.arguments.map_err(sqlx::Error::Encode)?;
        Ok((self.texts.get::<DB>(self.text), arguments, self.prepared))
    }
}

/// Lets a connection forget its prepared statements where one of them is outdated: others most likely are as well, and
/// each would fail once.
pub(crate) async fn forget_outdated<DB: Backend, T>(
    done: sqlx::Result<T>,
    connection: &mut DB::Connection,
) -> sqlx::Result<T> {
    if done.as_ref().is_err_and(|error| error.fault::<DB>() == Fault::Outdated) {
        // A connection that fails in this is lost, which it says when it is used again.
        connection.clear_cached_statements().await.unwrap_or_default();
    }
    done
}

/// The statements' texts as the database reads them, each made once. There are as many as this crate's source has.
#[derive(Debug, Default)]
pub struct Texts {
    schema: Schema,
    made: RwLock<HashMap<Key, Arc<str>>>,
}

/// The addresses of a text's static parts: they tell them apart without reading them.
type Key = [(usize, usize); MAX_PARTS];

impl Texts {
    #[cfg(feature = "postgres")]
    pub(crate) fn new(schema: Schema) -> Self {
        Self { schema, made: RwLock::default() }
    }

    pub(crate) fn schema(&self) -> &Schema {
        &self.schema
    }

    fn get<DB: Backend>(&self, text: Text) -> SqlStr {
        if text.list.is_some() {
            return AssertSqlSafe(text.write::<DB>(&self.schema)).into_sql_str();
        }
        let key = text.parts.map(|part| (part.as_ptr().addr(), part.len()));
        let known = self.made.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let text = known.unwrap_or_else(|| {
            let made: Arc<str> = text.write::<DB>(&self.schema).into();
            self.made.write().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&made));
            made
        });
        AssertSqlSafe(text).into_sql_str()
    }
}

impl Text {
    fn new(sql: &'static str) -> Self {
        Self { parts: [sql, "", "", "", "", ""], list: None }
    }

    fn write<DB: Backend>(self, schema: &Schema) -> String {
        let mut text = String::new();
        let mut arguments = 0;
        for (place, part) in self.parts.concat().split('?').enumerate() {
            if place > 0 {
                let values = self.list.filter(|(list, _)| list + 1 == place).map_or(1, |(_, values)| values);
                for value in 0..values {
                    arguments += 1;
                    text.push_str(if value > 0 { ", " } else { "" });
                    push_placeholder::<DB>(&mut text, arguments);
                }
            }
            push_with_tables(&mut text, part, schema);
        }
        text
    }
}

fn push_placeholder<DB: Backend>(text: &mut String, number: usize) {
    // Writing to a string does not fail.
    let written = if DB::NUMBERS_ARGUMENTS { write!(text, "${number}") } else { write!(text, "?") };
    written.unwrap_or_default();
}

fn push_with_tables(text: &mut String, part: &str, schema: &Schema) {
    for (place, part) in part.split('{').enumerate() {
        if place > 0 {
            write!(text, "{schema}").unwrap_or_default();
        }
        text.extend(part.split('}'));
    }
}

#[cfg(all(test, feature = "postgres", feature = "sqlite"))]
mod tests {
    use sqlx::{Postgres, Sqlite};

    use super::*;

    const SQL: &str =
        "SELECT id FROM {auth_users} WHERE id IN (?) AND name = ? OR id = (SELECT id FROM {auth_sessions})";

    #[test]
    fn each_argument_is_written_as_the_database_has_it() {
        let text = Text { parts: ["SELECT ?", ", ?", " FOR UPDATE", "", "", ""], list: None };
        assert_eq!(text.write::<Sqlite>(&Schema::default()), "SELECT ?, ? FOR UPDATE");
        assert_eq!(text.write::<Postgres>(&Schema::default()), "SELECT $1, $2 FOR UPDATE");
    }

    #[test]
    fn a_list_has_as_many_arguments_as_values_and_tables_have_their_schema() {
        let text = Text { list: Some((0, 3)), ..Text::new(SQL) };
        let schema = Schema::named("app").unwrap();
        assert_eq!(
            text.write::<Postgres>(&schema),
            "SELECT id FROM \"app\".auth_users WHERE id IN ($1, $2, $3) AND name = $4 \
             OR id = (SELECT id FROM \"app\".auth_sessions)"
        );
    }

    #[test]
    fn a_text_is_made_once_and_one_with_a_list_is_not_kept() {
        let texts = Texts::default();
        let plain = Text::new(SQL);
        let longer = Text { parts: [SQL, " FOR UPDATE", "", "", "", ""], ..plain };
        for _ in 0..3 {
            assert!(texts.get::<Sqlite>(plain).as_str().contains("IN (?) AND"));
            assert!(texts.get::<Sqlite>(longer).as_str().ends_with(" FOR UPDATE"));
            assert!(texts.get::<Sqlite>(Text { list: Some((0, 2)), ..plain }).as_str().contains("IN (?, ?) AND"));
        }
        assert_eq!(texts.made.read().unwrap().len(), 2);
    }
}
