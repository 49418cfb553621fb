//! Statements in the one form that all databases share.

use sqlx::error::BoxDynError;
use sqlx::{Connection as _, SqlStr};

use crate::backend::{Backend, Fault, Holds, Prepared};
use crate::error::Retried;
use crate::texts::{Text, Texts};

/// A statement with `?` for each argument, whatever the database calls them, and `{braces}` around the name of each
/// table, whose schema goes in front.
pub(crate) struct Statement<'s, DB: Backend> {
    text: Text,
    arguments: Result<DB::Arguments, BoxDynError>,
    bound: usize,
    texts: &'s Texts,
    prepared: Prepared,
}

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

    /// Goes on with another text. With more than there is room for it is an error to run the statement.
    pub(crate) fn then(mut self, sql: &'static str) -> Self {
        if !self.text.push(sql) {
            self.arguments = Err(format!("a statement has too many parts for {sql}").into());
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
        Ok((self.texts.get(self.text, DB::NUMBERS_ARGUMENTS), arguments, self.prepared))
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
