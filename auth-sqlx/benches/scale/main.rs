//! Does a call take longer where there are a thousand times as many rows?
//!
//! Two databases of each kind, a small and a big one, are filled alike. Every call that a request makes then runs on
//! both, through the store, in turns. The medians are compared, so that neither the machine nor what else it does
//! matters much. It fails when a call takes 1.5 times as long on the big one, or when a statement's plan has a step
//! whose cost grows with the table.
//!
//! ```text
//! cargo bench -p auth-sqlx --bench scale --all-features -- [sqlite] [postgres] [--users 1000000]
//! ```
//!
//! Files are made in a folder of their own under `SCALE_DIR`, or where temporary files go: 3 GB for SQLite. The
//! databases `auth_scale_small` and `auth_scale_big` are made on the server that `TEST_POSTGRES_URL` names, whose user
//! must be a superuser: 4 GB. All of it is deleted in the end, and what a run that was killed has left on a server, by
//! the next. The figures of one run, and what they mean, are in the README beside this file.

#![expect(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program to measure with: it reads the clock, prints, and stops at the first surprise"
)]

mod call;
mod comparison;
#[path = "../../tests/it/crowd.rs"]
mod crowd;
#[path = "../../tests/it/explain.rs"]
mod explain;
mod machine;
mod place;
#[path = "../../tests/it/plan.rs"]
mod plan;
#[path = "../../tests/it/recording.rs"]
mod recording;
#[path = "../../tests/it/rows.rs"]
mod rows;
mod sample;
mod table;

use std::process::ExitCode;

use comparison::{Verdict, compare};
use place::{PostgresPlace, SqlitePlace};

/// Rows of the big database's smallest table, unless the command line says otherwise.
const USERS: u64 = 1_000_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // Cargo adds `--bench`.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let users = arguments.iter().position(|argument| argument == "--users");
    let users = users.map_or(USERS, |place| arguments[place + 1].replace('_', "").parse().unwrap());
    let is_wanted = |name: &str| arguments.iter().any(|a| a == name) || !arguments.iter().any(|a| is_database(a));
    machine::describe();
    let mut verdicts = Vec::new();
    if is_wanted("sqlite") {
        verdicts.push(compare::<SqlitePlace>(users).await);
    }
    if is_wanted("postgres") {
        verdicts.push(compare::<PostgresPlace>(users).await);
    }
    if verdicts.contains(&Verdict::Grows) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn is_database(argument: &str) -> bool {
    ["sqlite", "postgres"].contains(&argument)
}
