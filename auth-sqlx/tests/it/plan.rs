//! Plans, and what may not stand in one.

use std::collections::BTreeMap;
use std::fmt;

use sqlx::Pool;

use crate::explain::{Explain, Step};

/// Parts of statements that may sort what they found, with the reason.
const MAY_SORT: &[&str] = &[
    // A user has few sessions, and the time of the last use changes too often to stand in an index.
    "FROM auth_sessions WHERE user_id",
];

/// A statement, and how the database carries it out.
#[derive(Debug)]
pub(crate) struct Plan {
    sql: String,
    steps: Vec<Step>,
}

impl Plan {
    /// Asks for the plan of each statement that finds rows, in the order of their texts.
    pub(crate) async fn of_each<DB: Explain>(pool: &Pool<DB>, statements: Vec<String>) -> sqlx::Result<Vec<Self>> {
        let mut plans = Vec::new();
        for sql in each_once(statements) {
            plans.push(Self { steps: DB::explain(pool, &sql).await?, sql });
        }
        Ok(plans)
    }

    /// Returns the steps whose cost grows with the table, and other surprises; nothing if all is well.
    pub(crate) fn faults(&self) -> Vec<String> {
        let is_fault = |step: &&Step| match step {
            // Reading in order ends at the limit.
            Step::Range(_) => !self.sql.contains(" LIMIT "),
            Step::Scan(_) => true,
            Step::Search(_) => false,
            Step::Sort(_) => !MAY_SORT.iter().any(|part| self.sql.contains(part)),
        };
        if self.steps.is_empty() {
            return vec![format!("nothing is read, in {self}")];
        }
        self.steps.iter().filter(is_fault).map(|step| format!("{step}, in {self}")).collect()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", short(&self.sql))?;
        self.steps.iter().try_for_each(|step| write!(f, "\n    {}", short(&step.to_string())))
    }
}

/// Returns what finds rows, each once. Of those that differ in the length of a list alone, the longest is the hardest.
fn each_once(statements: Vec<String>) -> Vec<String> {
    let mut each_once: BTreeMap<String, String> = BTreeMap::new();
    let finds_nothing = ["INSERT", "WITH changed AS (INSERT", "SELECT 1 WHERE changes() > 0"];
    let finds_rows = |sql: &String| !finds_nothing.iter().any(|start| sql.starts_with(start));
    for sql in statements.into_iter().filter(finds_rows) {
        let without_numbers = short(&sql).replace(|c: char| c.is_ascii_digit(), "");
        let kept = each_once.entry(without_numbers).or_default();
        if kept.len() < sql.len() {
            *kept = sql;
        }
    }
    each_once.into_values().collect()
}

/// Leaves the middle out of lists of arguments.
fn short(text: &str) -> String {
    let is_argument = |item: &str| item.strip_prefix(['?', '$']).is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()));
    text.split(", ").filter(|item| !is_argument(item)).collect::<Vec<_>>().join(", ")
}
