//! The small database beside the big one.

use std::ops::Range;
use std::time::{Duration, Instant};

use auth_sqlx::SqlxStore;
use sqlx::{Executor, Pool};

use crate::call::Call;
use crate::crowd::{Crowd, Settle};
use crate::explain::Explain;
use crate::place::Place;
use crate::plan::Plan;
use crate::recording::record;
use crate::sample::{self, SAMPLES, Sample};
use crate::table::{self, Durations, LIMIT};

/// Users of the small database, and so the rows of its smallest table.
const SMALL: u64 = 1_000;

/// Rounds that count. There is one before them to warm up.
const ROUNDS: usize = 9;

/// Calls in a row on one side, before the other has its turn: a disk that is slow for a while is so for both.
const SLICE: usize = 4;

/// Whether calls take longer where there is more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// At least one does.
    Grows,
    /// None does.
    Stays,
}

/// Compares the calls on two databases, of which the big one has so many users.
pub(crate) async fn compare<P: Place>(users: u64) -> Verdict
where
    P::Driver: Explain + Settle,
    for<'c> &'c mut <P::Driver as sqlx::Database>::Connection: Executor<'c, Database = P::Driver>,
    for<'c> &'c Pool<P::Driver>: Executor<'c, Database = P::Driver>,
{
    println!("\n## {}\n", P::NAME);
    let small = Side::<P>::fill("small", SMALL).await;
    let big = Side::<P>::fill("big", users).await;
    println!("{}; at most {} connections", P::text(big.store.pool(), P::SETTINGS).await, big.connections());
    let is_even = measure_all(&small, &big).await;
    let is_planned = explain(&small, &big).await;
    if is_even && is_planned { Verdict::Stays } else { Verdict::Grows }
}

/// One of the two.
struct Side<P: Place> {
    store: SqlxStore<P::Driver>,
    samples: Vec<Sample>,
    place: P,
}

impl<P: Place> Side<P>
where
    P::Driver: Settle,
    for<'c> &'c mut <P::Driver as sqlx::Database>::Connection: Executor<'c, Database = P::Driver>,
    for<'c> &'c Pool<P::Driver>: Executor<'c, Database = P::Driver>,
{
    async fn fill(name: &str, users: u64) -> Self {
        let (place, start) = (P::new(name).await, Instant::now());
        let store = place.store().await;
        store.migrate().await.unwrap();
        let seconds = || start.elapsed().as_secs();
        let crowd = Crowd { users, sessions_each: 5 };
        let progress = |done| println!("{name}: {done} of {users} users, {} s", seconds());
        crowd.settle(store.pool(), progress).await.unwrap();
        store.pool().execute(P::Driver::ANALYZE).await.unwrap();
        store.pool().execute(P::CHECKPOINT).await.unwrap();
        println!("{name}: statistics, {} s", seconds());
        // New connections, which know the statistics.
        store.pool().close().await;
        let store = place.store().await;
        let samples = sample::draw::<P>(&store, users).await;
        println!("{name}: {} samples, {} s", samples.len(), seconds());
        Self { store, samples, place }
    }

    fn connections(&self) -> u32 {
        self.store.pool().options().get_max_connections()
    }

    /// Calls some times, each time for another sample.
    async fn measure(&self, call: Call, turns: Range<usize>) -> Vec<Duration> {
        let mut durations = Vec::new();
        for turn in turns {
            durations.push(call.measure(&self.store, &self.samples, turn).await);
        }
        durations
    }
}

/// Measures every call on both sides in turns, and returns whether none takes longer on the big one.
async fn measure_all<P: Place>(small: &Side<P>, big: &Side<P>) -> bool
where
    P::Driver: Settle,
    for<'c> &'c mut <P::Driver as sqlx::Database>::Connection: Executor<'c, Database = P::Driver>,
    for<'c> &'c Pool<P::Driver>: Executor<'c, Database = P::Driver>,
{
    println!("{ROUNDS} rounds\n");
    table::print_head();
    let mut grown = Vec::new();
    for call in Call::ALL {
        let (mut of_small, mut of_big) = (Durations::default(), Durations::default());
        for round in 0..=ROUNDS {
            let (mut in_small, mut in_big) = (Vec::new(), Vec::new());
            let first = round * call.repetitions();
            for slice in 0..call.repetitions() / SLICE {
                let turns = first + slice * SLICE..first + (slice + 1) * SLICE;
                // Who comes first alternates, too.
                if slice % 2 == 0 {
                    in_small.extend(small.measure(call, turns.clone()).await);
                    in_big.extend(big.measure(call, turns).await);
                } else {
                    in_big.extend(big.measure(call, turns.clone()).await);
                    in_small.extend(small.measure(call, turns).await);
                }
            }
            if round > 0 {
                of_small.add_round(in_small);
                of_big.add_round(in_big);
            }
        }
        if table::print_line(call, &of_small, &of_big) >= LIMIT {
            grown.push(call);
        }
    }
    println!("\nlimit of the ratio: {LIMIT}; reached by: {grown:?}");
    grown.is_empty()
}

/// Prints how the big database carries out what the calls send, and returns whether no cost grows.
async fn explain<P: Place>(small: &Side<P>, big: &Side<P>) -> bool
where
    P::Driver: Explain,
    for<'c> &'c Pool<P::Driver>: Executor<'c, Database = P::Driver>,
{
    let pool = small.place.one_connection().await;
    let store = SqlxStore::new(pool.clone());
    let every_call = async {
        for call in Call::ALL {
            // A sample that no round has used.
            call.measure(&store, &small.samples, SAMPLES - 1).await;
        }
    };
    let ((), statements) = record(&pool, every_call).await;
    let plans = Plan::of_each(&big.place.one_connection().await, statements).await.unwrap();
    println!("\nplans on the big database:\n");
    for plan in &plans {
        println!("{plan}");
    }
    let faults: Vec<_> = plans.iter().flat_map(Plan::faults).collect();
    println!("\nsteps whose cost grows: {faults:?}");
    faults.is_empty()
}
