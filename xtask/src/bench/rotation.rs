//! Refreshing and signing out against a bare transaction that writes the same rows.

use super::Bench;
use super::load::{Load, Sample};
use super::measure::{CPU, P99, Pairs, RATE};
use super::place::{Contents, Database, Filling, Place};
use super::process::Process;
use super::table::{Row, Target};
use crate::step::Failure;

const LEAST_RATE: Target = Target::AtLeast(0.80);

/// Tokens that are in turn: more than connections, so that each is answered before it comes round again.
const REFRESH_TOKENS: usize = 64;

/// Sessions to sign out of in a second of a turn: more than any server here manages.
const SIGN_OUTS_A_SECOND: usize = 24_000;

const CONNECTIONS: u32 = 32;

/// The longest turn of sign-outs, so that the tokens for all of them are made soon.
const SIGN_OUT_SECONDS: u32 = 2;

/// Compares refreshes on each database.
pub(crate) fn refresh(bench: &Bench) -> Result<Vec<Row>, Failure> {
    What::Refresh.on_each_database(bench)
}

/// Compares sign-outs on each database.
pub(crate) fn sign_out(bench: &Bench) -> Result<Vec<Row>, Failure> {
    What::SignOut.on_each_database(bench)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Refresh,
    SignOut,
}

/// The two servers, on one database.
struct Contest {
    place: Place,
    ours: Process,
    bare: Process,
    /// Tokens that a turn takes.
    share: usize,
}

impl What {
    fn name(self) -> &'static str {
        match self {
            Self::Refresh => "refresh",
            Self::SignOut => "sign-out",
        }
    }

    fn on_each_database(self, bench: &Bench) -> Result<Vec<Row>, Failure> {
        let mut rows = Vec::new();
        for database in [Database::Sqlite, Database::Postgres] {
            if bench.wants(&format!("{}/{database}", self.name())) {
                rows.extend(self.rows(bench, database)?);
            }
        }
        Ok(rows)
    }

    fn rows(self, bench: &Bench, database: Database) -> Result<Vec<Row>, Failure> {
        let seconds = self.seconds(bench);
        let share = match self {
            Self::Refresh => REFRESH_TOKENS,
            Self::SignOut => SIGN_OUTS_A_SECOND * usize::try_from(seconds).unwrap_or(usize::MAX),
        };
        let contest = Contest::start(bench, database, share)?;
        let name = format!("{}, bearer, {database}, axum, against a bare transaction", self.name());
        // Tokens are for one use: the first two shares are for the warm-up, and each turn has one of its own.
        self.ours(bench, &contest, 0)?;
        self.bare(bench, &contest, 1)?;
        let turns = (|turn| self.ours(bench, &contest, 2 + 2 * turn), |turn| self.bare(bench, &contest, 3 + 2 * turn));
        let pairs = Pairs::measure(&name, bench.effort, turns.0, turns.1)?;
        Ok(vec![
            Row::compared(&name, "requests/s", pairs.compare(RATE), LEAST_RATE),
            Row::compared(&name, "CPU us/request", pairs.compare(CPU), Target::None),
            Row::compared(&name, "p99 ms", pairs.compare(P99), Target::None),
        ])
    }

    fn seconds(self, bench: &Bench) -> u32 {
        match self {
            Self::Refresh => bench.effort.seconds,
            Self::SignOut => bench.effort.seconds.min(SIGN_OUT_SECONDS),
        }
    }

    fn ours(self, bench: &Bench, contest: &Contest, turn: usize) -> Result<Sample, Failure> {
        let path = match self {
            Self::Refresh => "/api/auth/refresh",
            Self::SignOut => "/api/auth/signout",
        };
        self.run(bench, contest, &contest.ours, path, turn)
    }

    fn bare(self, bench: &Bench, contest: &Contest, turn: usize) -> Result<Sample, Failure> {
        let path = match self {
            Self::Refresh => "/refresh",
            Self::SignOut => "/signout",
        };
        self.run(bench, contest, &contest.bare, path, turn)
    }

    /// Runs one turn, and makes sure that every request that was answered has written what it should.
    fn run(
        self,
        bench: &Bench,
        contest: &Contest,
        server: &Process,
        path: &str,
        turn: usize,
    ) -> Result<Sample, Failure> {
        let Contest { place, share, .. } = contest;
        let script = match self {
            Self::Refresh => "refresh.lua",
            Self::SignOut => "sign_out.lua",
        };
        let tokens = place.folder().join("tokens").display().to_string();
        let args = vec![tokens, (turn * share).to_string(), share.to_string()];
        let before = place.counts(&bench.programs)?;
        let sample = Load::script(path, script, args, CONNECTIONS).run(server, self.seconds(bench))?;
        server.settle()?;
        let after = place.counts(&bench.programs)?;
        let changed = match self {
            Self::Refresh => after.rotations - before.rotations,
            Self::SignOut => before.sessions - after.sessions,
        };
        // Some were under way when the load ended: written, and not answered.
        let written = sample.requests..=sample.requests + f64::from(CONNECTIONS);
        if written.contains(&changed) && written.contains(&(after.events - before.events)) {
            return Ok(sample);
        }
        Err(Failure::new(format!("{path}: {} requests made {changed} changes: {before:?} {after:?}", sample.requests)))
    }
}

impl Contest {
    /// Starts both on a database with a share of tokens for each turn, and for their warm-ups.
    fn start(bench: &Bench, database: Database, share: usize) -> Result<Self, Failure> {
        let contents =
            Contents { kind: "bearer", sessions: share * (2 + 2 * bench.effort.pairs), filling: Filling::Empty };
        let place = Place::create(&bench.programs, database, contents, &[])?;
        // Without the grace window every refresh rotates, as the bare one does.
        let settings = [place.settings(), vec![("BENCH_NO_GRACE", "1".to_owned())]].concat();
        let ours = Process::start(&bench.programs.path("ours_axum"), &settings, "/private")?;
        let bare = Process::start(&bench.programs.path("bare_axum"), &settings, "/private")?;
        Ok(Self { place, ours, bare, share })
    }
}
