//! Which tests to run.

use crate::step::Failure;

/// A database that the stores are tested on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Database {
    MySql,
    Postgres,
    Sqlite,
}

impl Database {
    const ALL: [(&str, Self); 3] = [("mysql", Self::MySql), ("postgres", Self::Postgres), ("sqlite", Self::Sqlite)];

    fn parse(name: &str) -> Result<Self, Failure> {
        let known = Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, database)| *database);
        known.ok_or_else(|| {
            Failure::usage(format!("`{name}` is no database of these tests: they know mysql, postgres and sqlite"))
        })
    }
}

/// How much is run of what takes long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Effort {
    /// What a change has to pass: what takes long is run in part, or in combinations.
    #[default]
    Gate,
    /// Everything, however long it takes.
    Thorough,
}

/// Which tests to run: those of the gate, unless it says less or more.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// The one database to test.
    only: Option<Database>,
    /// What the names of the tests contain.
    name: Option<String>,
    effort: Effort,
}

impl Selection {
    /// Reads the arguments of `cargo xtask test`: `[--all] [--only DATABASE] [NAME]`.
    pub(crate) fn parse(args: &[&str]) -> Result<Self, Failure> {
        let mut selection = Self::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            match *arg {
                "--all" if selection.effort == Effort::Gate => selection.effort = Effort::Thorough,
                "--only" if selection.only.is_none() => {
                    let database = args.next().ok_or_else(|| Failure::usage("`--only` wants a database"))?;
                    selection.only = Some(Database::parse(database)?);
                }
                name if !name.starts_with('-') && selection.name.is_none() => selection.name = Some(name.to_owned()),
                other => return Err(Failure::usage(format!("`cargo xtask test` does not know what `{other}` is for"))),
            }
        }
        Ok(selection)
    }

    /// Returns whether tests of `database` are among the selected.
    pub(crate) fn includes(&self, database: Database) -> bool {
        self.only.is_none_or(|only| only == database)
    }

    /// Returns the one database to test, if it is one.
    pub(crate) fn only(&self) -> Option<Database> {
        self.only
    }

    /// Returns what the names of the tests contain.
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Returns how much is run of what takes long.
    pub(crate) fn effort(&self) -> Effort {
        self.effort
    }

    /// Returns why nothing but tests of crates is selected, if so. The browser and the examples of the documentation
    /// use SQLite.
    pub(crate) fn leaves_out_the_rest(&self) -> Option<&'static str> {
        match self {
            Self { name: Some(_), .. } => Some("a name selects tests"),
            Self { only: Some(Database::MySql | Database::Postgres), .. } => Some("--only selects another database"),
            Self { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn selection(args: &[&str], only: Option<Database>, name: Option<&str>) {
        let expected = Selection { only, name: name.map(str::to_owned), effort: Effort::Gate };
        assert_eq!(Selection::parse(args).unwrap(), expected, "{args:?}");
    }

    #[test]
    fn a_database_and_a_name_come_in_any_order() {
        selection(&[], None, None);
        selection(&["refresh"], None, Some("refresh"));
        selection(&["--only", "sqlite"], Some(Database::Sqlite), None);
        selection(&["--only", "postgres"], Some(Database::Postgres), None);
        selection(&["--only", "mysql", "refresh"], Some(Database::MySql), Some("refresh"));
        selection(&["refresh", "--only", "mysql"], Some(Database::MySql), Some("refresh"));
    }

    #[test]
    fn everything_is_run_where_it_is_asked_for() {
        let selection = Selection::parse(&["--only", "mysql", "--all"]).unwrap();
        assert_eq!((selection.effort(), selection.only()), (Effort::Thorough, Some(Database::MySql)));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for args in [
            ["--only"].as_slice(),
            &["--only", "refresh"],
            &["--only", "sqlite", "--only", "mysql"],
            &["--olny", "sqlite"],
            &["--all", "--all"],
            &["one", "two"],
        ] {
            Selection::parse(args).expect_err("these arguments mean nothing");
        }
    }

    #[test]
    fn the_browser_and_the_documentation_are_tested_on_sqlite() {
        let left_out = |args: &[&str]| Selection::parse(args).unwrap().leaves_out_the_rest().is_some();
        assert!(!left_out(&[]) && !left_out(&["--only", "sqlite"]));
        assert!(left_out(&["--only", "mysql"]) && left_out(&["refresh"]) && left_out(&["--only", "sqlite", "refresh"]));
    }
}
