//! What the store really sends, overheard at the driver.
//!
//! `sqlx` reports every statement to `tracing` when it is done. A subscriber for the whole process keeps those that
//! were sent within one of its spans: SQLite's driver works in a thread of its own, and takes the span along.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use sqlx::{Executor, Pool};
use tracing::field::{Field, Visit};
use tracing::{Event, Instrument, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

const DRIVER: &str = "sqlx::query";
const RECORDING: &str = "recording";

/// The statements of each recording that goes on, by the id of its span.
static RECORDINGS: Mutex<Option<HashMap<u64, Vec<String>>>> = Mutex::new(None);

/// Returns what the work returned, and the statements that it sent through a pool of one connection, in their order.
///
/// Those that begin and end transactions are left out: not every driver reports them.
pub(crate) async fn record<DB, T>(pool: &Pool<DB>, work: impl Future<Output = T>) -> (T, Vec<String>)
where
    DB: sqlx::Database,
    for<'c> &'c Pool<DB>: Executor<'c, Database = DB>,
{
    let (done, calls) = record_all(pool, Box::pin(work)).await;
    let is_control = |sql: &&str| ["BEGIN", "COMMIT", "ROLLBACK"].iter().any(|word| sql.starts_with(word));
    let statements = calls.iter().flat_map(|sql| statements_of(sql)).filter(|sql| !is_control(sql));
    (done, statements.map(str::to_owned).collect())
}

/// The same call by call, with those that begin and end transactions, as far as the driver reports them. A call may
/// have several [statements](statements_of).
pub(crate) async fn record_all<DB, T>(pool: &Pool<DB>, work: impl Future<Output = T>) -> (T, Vec<String>)
where
    DB: sqlx::Database,
    for<'c> &'c Pool<DB>: Executor<'c, Database = DB>,
{
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        let wanted = Targets::new().with_target(DRIVER, Level::DEBUG).with_target(RECORDING, Level::INFO);
        let subscriber = tracing_subscriber::registry().with(wanted).with(Recorder);
        tracing::subscriber::set_global_default(subscriber).unwrap();
    });
    assert_eq!(pool.options().get_max_connections(), 1, "what another connection sends may be heard too late");
    let span = tracing::info_span!(target: RECORDING, "recording");
    let id = span.id().unwrap().into_u64();
    with_recordings(|recordings| recordings.insert(id, Vec::new()));
    let done = work.instrument(span).await;
    // SQLite's thread answers first and reports then. When it answers again, it has reported.
    pool.execute("SELECT 1").await.unwrap();
    let statements = with_recordings(|recordings| recordings.remove(&id)).unwrap_or_default();
    (done, statements)
}

/// Takes the statements of one call apart. None of ours has a semicolon in itself.
pub(crate) fn statements_of(sql: &str) -> impl Iterator<Item = &str> {
    sql.split(';').map(str::trim).filter(|sql| !sql.is_empty())
}

fn with_recordings<T>(work: impl FnOnce(&mut HashMap<u64, Vec<String>>) -> T) -> T {
    work(RECORDINGS.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default())
}

struct Recorder;

impl<S: Subscriber + for<'l> LookupSpan<'l>> Layer<S> for Recorder {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let Some(scope) = context.event_scope(event).filter(|_| event.metadata().target() == DRIVER) else { return };
        let mut sql = Statement::default();
        event.record(&mut sql);
        for span in scope {
            let (id, text) = (span.id().into_u64(), sql.text());
            with_recordings(|recordings| recordings.get_mut(&id).map(|recording| recording.push(text)));
        }
    }
}

/// The text of a statement: the first words, and all of it if there are more.
#[derive(Default)]
struct Statement {
    summary: String,
    whole: String,
}

impl Statement {
    fn text(&self) -> String {
        let text = if self.whole.is_empty() { &self.summary } else { &self.whole };
        text.trim().to_owned()
    }
}

impl Visit for Statement {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.clone_into(&mut self.whole),
            _ => {}
        }
    }

    fn record_debug(&mut self, _field: &Field, _value: &dyn std::fmt::Debug) {}
}
