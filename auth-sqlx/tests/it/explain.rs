//! How a database carries out a statement, as it says itself.

use std::fmt;

use serde_json::Value;
use sqlx::mysql::MySqlRow;
use sqlx::{AssertSqlSafe, Executor, MySql, Pool, Postgres, Row, Sqlite};

/// One step of a plan, in the database's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Reads from some place in an index on, or up to it: all of it, unless something makes it stop.
    Range(String),
    /// Reads a table or an index from end to end.
    Scan(String),
    /// Finds rows by their values in an index.
    Search(String),
    /// Puts what was found into order, or somewhere aside.
    Sort(String),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Range(words) | Self::Scan(words) | Self::Search(words) | Self::Sort(words)) = self;
        f.write_str(words)
    }
}

/// A database that says how it would carry out a statement that the store sends, whatever the arguments are.
pub(crate) trait Explain: sqlx::Database {
    /// Returns the steps that read.
    async fn explain(pool: &Pool<Self>, sql: &str) -> sqlx::Result<Vec<Step>>;
}

/// Of SQLite, whose planner does not look at arguments.
impl Explain for Sqlite {
    async fn explain(pool: &Pool<Self>, sql: &str) -> sqlx::Result<Vec<Step>> {
        let rows = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"))).fetch_all(pool).await?;
        let details: Vec<String> = rows.iter().map(|row| row.try_get("detail")).collect::<sqlx::Result<_>>()?;
        Ok(details.into_iter().filter_map(sqlite_step).collect())
    }
}

/// See <https://www.sqlite.org/eqp.html>. An automatic index is made for this one time, of all rows.
fn sqlite_step(detail: String) -> Option<Step> {
    if detail.starts_with("SCAN") || detail.contains("AUTOMATIC") {
        Some(Step::Scan(detail))
    } else if detail.starts_with("SEARCH") {
        Some(if detail.contains("=?") { Step::Search(detail) } else { Step::Range(detail) })
    } else if detail.starts_with("USE TEMP B-TREE") {
        Some(Step::Sort(detail))
    } else {
        None
    }
}

/// Of PostgreSQL: the plan that it makes when it does not look at the arguments, and keeps for a prepared statement.
impl Explain for Postgres {
    async fn explain(pool: &Pool<Self>, sql: &str) -> sqlx::Result<Vec<Step>> {
        let mut connection = pool.acquire().await?;
        let prepare = format!("SET plan_cache_mode = force_generic_plan; PREPARE asked AS {sql}");
        connection.execute(AssertSqlSafe(prepare)).await?;
        let arguments = vec!["NULL"; sql.matches('$').count()].join(", ");
        let explain = sqlx::raw_sql(AssertSqlSafe(format!("EXPLAIN (FORMAT JSON) EXECUTE asked ({arguments})")));
        let row = explain.fetch_one(&mut *connection).await?;
        connection.execute("DEALLOCATE asked; RESET plan_cache_mode").await?;
        let plan: Value = serde_json::from_str(row.try_get_unchecked(0)?).unwrap_or_default();
        let mut steps = Vec::new();
        postgres_steps(plan.pointer("/0/Plan").unwrap_or(&Value::Null), &mut steps);
        Ok(steps)
    }
}

/// See <https://www.postgresql.org/docs/current/using-explain.html>. A scan of an index without a condition on it reads
/// it from one end. One of a CTE reads what another part of the statement has found.
fn postgres_steps(node: &Value, steps: &mut Vec<Step>) {
    let text = |name: &str| node.get(name).and_then(Value::as_str).unwrap_or_default();
    let kind = text("Node Type");
    let index = text("Index Name");
    let condition = text("Index Cond");
    if kind.ends_with("Scan") && !["Bitmap Heap Scan", "CTE Scan"].contains(&kind) {
        let words = format!("{kind} {} {index} {condition}", text("Relation Name"));
        steps.push(match condition {
            "" => Step::Scan(words),
            _ if condition.contains(" = ") => Step::Search(words),
            _ => Step::Range(words),
        });
    } else if kind.contains("Sort") || kind == "Materialize" {
        steps.push(Step::Sort(kind.to_owned()));
    }
    for child in node.get("Plans").and_then(Value::as_array).into_iter().flatten() {
        postgres_steps(child, steps);
    }
}

/// Of MySQL and MariaDB, which do look at arguments: they are taken from rows that are there.
impl Explain for MySql {
    async fn explain(pool: &Pool<Self>, sql: &str) -> sqlx::Result<Vec<Step>> {
        let mut connection = pool.acquire().await?;
        let sources = argument_sources(sql);
        let arguments: Vec<_> = (0..sources.len()).map(|place| format!("@argument_{place}")).collect();
        let values: Vec<_> = arguments.iter().zip(&sources).map(|(name, value)| format!("{name} = {value}")).collect();
        connection.execute(AssertSqlSafe(format!("SET {}", values.join(", ")))).await?;
        let prepare = format!("PREPARE asked FROM 'EXPLAIN {}'", sql.replace('\'', "''"));
        connection.execute(AssertSqlSafe(prepare)).await?;
        let explain = format!("EXECUTE asked USING {}", arguments.join(", "));
        let rows = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_all(&mut *connection).await?;
        connection.execute("DEALLOCATE PREPARE asked").await?;
        rows.iter().try_fold(Vec::new(), |steps, row| Ok([steps, mysql_steps(row)?].concat()))
    }
}

/// Rows of the longest list that the store sends.
const MOST: usize = 1_000;

/// See <https://mariadb.com/kb/en/explain/>. A list of values counts as a range, too, but so the number of rows tells
/// them apart. Without a type no row was looked for, so that nothing was learnt.
fn mysql_steps(row: &MySqlRow) -> sqlx::Result<Vec<Step>> {
    let column = |name: &str| row.try_get_unchecked::<Option<String>, _>(name).map(Option::unwrap_or_default);
    let (kind, extra) = (column("type")?, column("Extra")?);
    let words = format!("{} {kind} {} {} rows {extra}", column("table")?, column("key")?, column("rows")?);
    let rows: usize = column("rows")?.parse().unwrap_or_default();
    let mut steps = vec![match kind.as_str() {
        "" | "ALL" | "index" => Step::Scan(words.clone()),
        "range" if rows > MOST => Step::Range(words.clone()),
        _ => Step::Search(words.clone()),
    }];
    if extra.contains("Using filesort") || extra.contains("Using temporary") {
        steps.push(Step::Sort(words));
    }
    Ok(steps)
}

/// Returns for each `?` an expression for its value: what the column beside it holds. All columns are read from one row
/// in the middle of the table, but for the values of a list.
fn argument_sources(sql: &str) -> Vec<String> {
    let words: Vec<_> = sql.split(' ').collect();
    let table = words.windows(2).find(|pair| ["FROM", "UPDATE"].contains(&pair[0])).map_or("", |pair| pair[1]);
    let (places, _end) = sql.rsplit_once('?').unwrap_or_default();
    let mut column = "";
    let mut row = MIDDLE;
    let mut sources = Vec::new();
    for before in places.split('?') {
        row = match before {
            ", " if row == MIDDLE => 0,
            ", " => row + 1,
            _ => MIDDLE,
        };
        let before =
            before.trim_end_matches([' ', '=', '<', '>', '(']).trim_end_matches(" IN").trim_end_matches(" + 0");
        match before.rsplit([' ', '.', ',']).next().unwrap_or_default() {
            // Of a list, or of a CASE.
            "" | "THEN" => {}
            word => column = word,
        }
        sources.push(match column {
            "LIMIT" => "100".to_owned(),
            // In the order of the primary key.
            _ => format!("(SELECT {column} FROM {table} FORCE INDEX (PRIMARY) LIMIT 1 OFFSET {row})"),
        });
    }
    sources
}

/// The row to take arguments from: half of the rows are before it.
const MIDDLE: usize = 10_000;
