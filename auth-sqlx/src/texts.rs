//! The texts of statements, and how each database reads them.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, PoisonError, RwLock};

use sqlx::{AssertSqlSafe, SqlSafeStr as _, SqlStr};

use crate::schema::Schema;

/// What a statement's text is made of.
#[derive(Clone, Copy)]
pub(crate) struct Text {
    /// What follows one upon the other; the rest is empty.
    parts: [&'static str; MAX_PARTS],
    /// The place of the one `?` that stands for several values, and for how many.
    pub(crate) list: Option<(usize, usize)>,
}

/// The most parts of a text.
const MAX_PARTS: usize = 6;

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

    pub(crate) fn get(&self, text: Text, numbers_arguments: bool) -> SqlStr {
        if text.list.is_some() {
            return AssertSqlSafe(text.write(&self.schema, numbers_arguments)).into_sql_str();
        }
        let key = text.parts.map(|part| (part.as_ptr().addr(), part.len()));
        let known = self.made.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let text = known.unwrap_or_else(|| {
            let made: Arc<str> = text.write(&self.schema, numbers_arguments).into();
            self.made.write().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&made));
            made
        });
        AssertSqlSafe(text).into_sql_str()
    }
}

impl Text {
    pub(crate) fn new(sql: &'static str) -> Self {
        Self { parts: [sql, "", "", "", "", ""], list: None }
    }

    /// Goes on with another text. Returns whether there is room for it.
    #[must_use]
    pub(crate) fn push(&mut self, sql: &'static str) -> bool {
        match self.parts.iter_mut().find(|part| part.is_empty()) {
            Some(free) => *free = sql,
            None => return sql.is_empty(),
        }
        true
    }

    fn write(self, schema: &Schema, numbers_arguments: bool) -> String {
        let mut text = String::new();
        let mut arguments = 0;
        for (place, part) in self.parts.concat().split('?').enumerate() {
            if place > 0 {
                let values = self.list.filter(|(list, _)| list + 1 == place).map_or(1, |(_, values)| values);
                for value in 0..values {
                    arguments += 1;
                    text.push_str(if value > 0 { ", " } else { "" });
                    push_placeholder(&mut text, arguments, numbers_arguments);
                }
            }
            push_with_tables(&mut text, part, schema);
        }
        text
    }
}

fn push_placeholder(text: &mut String, number: usize, numbers_arguments: bool) {
    // Writing to a string does not fail.
    let written = if numbers_arguments { write!(text, "${number}") } else { write!(text, "?") };
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

#[cfg(all(test, feature = "postgres"))]
mod tests {
    use super::*;

    const SQL: &str =
        "SELECT id FROM {auth_users} WHERE id IN (?) AND name = ? OR id = (SELECT id FROM {auth_sessions})";

    #[test]
    fn each_argument_is_written_as_the_database_has_it() {
        let text = Text { parts: ["SELECT ?", ", ?", " FOR UPDATE", "", "", ""], list: None };
        assert_eq!(text.write(&Schema::default(), false), "SELECT ?, ? FOR UPDATE");
        assert_eq!(text.write(&Schema::default(), true), "SELECT $1, $2 FOR UPDATE");
    }

    #[test]
    fn a_list_has_as_many_arguments_as_values_and_tables_have_their_schema() {
        let text = Text { list: Some((0, 3)), ..Text::new(SQL) };
        let schema = Schema::named("app").unwrap();
        assert_eq!(
            text.write(&schema, true),
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
            assert!(texts.get(plain, false).as_str().contains("IN (?) AND"));
            assert!(texts.get(longer, false).as_str().ends_with(" FOR UPDATE"));
            assert!(texts.get(Text { list: Some((0, 2)), ..plain }, false).as_str().contains("IN (?, ?) AND"));
        }
        assert_eq!(texts.made.read().unwrap().len(), 2);
    }

    #[test]
    fn a_text_takes_no_more_parts_than_it_has_room_for() {
        let mut text = Text::new("SELECT 1");
        assert!((1..MAX_PARTS).all(|_| text.push(" + 1")));
        assert!(text.push(""));
        assert!(!text.push(" + 1"));
    }
}
