//! The columns of a row, each by its name.

use chrono::{DateTime, Utc};
use sqlx::{Column, Row};

use crate::backend::{Backend, Holds};
use crate::error::Failure;

/// Reads the columns of a row.
///
/// In the order in which the statement selects them, each is found where it is expected; any other is looked up, which
/// for a session with its user came to a twentieth of the whole query.
pub(crate) struct Columns<'r, DB: Backend> {
    row: &'r DB::Row,
    next: usize,
}

impl<'r, DB: Backend> Columns<'r, DB> {
    pub(crate) fn of(row: &'r DB::Row) -> Self {
        Self { row, next: 0 }
    }

    pub(crate) fn get<T>(&mut self, name: &'static str) -> sqlx::Result<T>
    where
        DB: Holds<T>,
    {
        let place = self.next;
        if self.row.columns().get(place).is_some_and(|column| column.name() == name) {
            self.next += 1;
            return DB::get_at(self.row, place);
        }
        DB::get(self.row, name)
    }

    /// Reads an instant.
    pub(crate) fn instant(&mut self, name: &'static str) -> Result<DateTime<Utc>, Failure> {
        DateTime::from_timestamp_micros(self.get(name)?).ok_or_else(|| Failure::corrupt(name))
    }

    /// Reads an instant that may be missing.
    pub(crate) fn optional_instant(&mut self, name: &'static str) -> Result<Option<DateTime<Utc>>, Failure> {
        let micros: Option<i64> = self.get(name)?;
        micros.map(|micros| DateTime::from_timestamp_micros(micros).ok_or_else(|| Failure::corrupt(name))).transpose()
    }
}
