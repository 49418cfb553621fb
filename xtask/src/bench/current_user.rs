//! `CurrentUser` against a server of the same framework that runs the same query.

use super::Bench;
use super::load::Load;
use super::measure::{CPU, P50, P99, Pairs, RATE};
use super::place::{Contents, Database, Filling, Place};
use super::process::Process;
use super::table::{Row, Target};
use crate::step::Failure;

const LEAST_RATE: Target = Target::AtLeast(0.90);
const MOST_CPU: Target = Target::AtMost(1.10);
const MOST_P99: Target = Target::AtMost(1.20);

/// Compares each way to send a token, on each database and each framework.
pub(crate) fn run(bench: &Bench) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    for database in [Database::Sqlite, Database::Postgres] {
        for framework in ["axum", "actix"] {
            if bench.wants(&format!("current-user/{database}/{framework}")) {
                rows.extend(framework_rows(bench, database, framework)?);
            }
        }
    }
    Ok(rows)
}

fn framework_rows(bench: &Bench, database: Database, framework: &str) -> Result<Vec<Row>, Failure> {
    let place = Place::create(&bench.programs, database, Contents::ONE, &[])?;
    let settings = place.settings();
    let ours = Process::start(&bench.programs.path(&format!("ours_{framework}")), &settings, "/private")?;
    let bare = Process::start(&bench.programs.path(&format!("bare_{framework}")), &settings, "/private")?;
    let tokens = place.first()?;
    let mut rows = Vec::new();
    for (transport, headers) in [("cookie", vec![tokens.cookies()]), ("bearer", tokens.bearer().to_vec())] {
        let name = format!("CurrentUser, {transport}, {database}, {framework}");
        let load = Load::get("/private", &headers);
        load.run(&ours, 1)?;
        load.run(&bare, 1)?;
        let seconds = bench.effort.seconds;
        let pairs = Pairs::measure(&name, bench.effort, |_| load.run(&ours, seconds), |_| load.run(&bare, seconds))?;
        rows.extend(Row::either([
            Row::compared(&name, "requests/s", pairs.compare(RATE), LEAST_RATE),
            Row::compared(&name, "CPU us/request", pairs.compare(CPU), MOST_CPU),
        ]));
        rows.push(Row::compared(&name, "p50 ms", pairs.compare(P50), Target::None));
        rows.push(Row::compared(&name, "p99 ms", pairs.compare(P99), MOST_P99));
    }
    Ok(rows)
}

/// Compares a million sessions with one.
pub(crate) fn scale(bench: &Bench) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    for database in [Database::Sqlite, Database::Postgres] {
        if bench.wants(&format!("scale/{database}")) {
            rows.extend(scale_rows(bench, database)?);
        }
    }
    Ok(rows)
}

fn scale_rows(bench: &Bench, database: Database) -> Result<[Row; 2], Failure> {
    let name = format!("CurrentUser, cookie, {database}, axum: a million sessions against one");
    let full = Contents { filling: Filling::Million, ..Contents::ONE };
    let places = [full, Contents::ONE].map(|contents| Place::create(&bench.programs, database, contents, &[]));
    let [full, one] = places;
    let (full, one) = (full?, one?);
    let program = bench.programs.path("ours_axum");
    let at_full = Process::start(&program, &full.settings(), "/private")?;
    let at_one = Process::start(&program, &one.settings(), "/private")?;
    let full_load = Load::get("/private", &[full.first()?.cookies()]);
    let one_load = Load::get("/private", &[one.first()?.cookies()]);
    full_load.run(&at_full, 1)?;
    one_load.run(&at_one, 1)?;
    let seconds = bench.effort.seconds;
    let turns = (|_| full_load.run(&at_full, seconds), |_| one_load.run(&at_one, seconds));
    let pairs = Pairs::measure(&name, bench.effort, turns.0, turns.1)?;
    Ok([
        Row::compared(&name, "requests/s", pairs.compare(RATE), LEAST_RATE),
        Row::compared(&name, "CPU us/request", pairs.compare(CPU), Target::None),
    ])
}
