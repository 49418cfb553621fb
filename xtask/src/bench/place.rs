//! A database with users and sessions, for one comparison.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use throwaway::Postgres;

use super::process::{Folder, pinned};
use super::programs::Programs;
use crate::step::Failure;

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Database {
    Postgres,
    Sqlite,
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Postgres => "PostgreSQL",
            Self::Sqlite => "SQLite",
        })
    }
}

/// How many sessions there are that nobody uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filling {
    /// None.
    Empty,
    /// A million.
    Million,
}

/// What a place holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contents {
    /// `browser` or `bearer`.
    pub(crate) kind: &'static str,
    /// Sessions whose tokens are known.
    pub(crate) sessions: usize,
    pub(crate) filling: Filling,
}

impl Contents {
    /// One browser's session.
    pub(crate) const ONE: Self = Self { kind: "browser", sessions: 1, filling: Filling::Empty };
}

/// What a commit costs is part of what is compared: it is on the disk, as in production.
const DURABLE: &[(&str, &str)] = &[("fsync", "on")];

/// A database that is there for one comparison.
pub(crate) struct Place {
    folder: Folder,
    url: String,
    first: Option<Tokens>,
    /// Gone with this value.
    _server: Option<Postgres>,
}

/// What is in the database.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts {
    /// Refreshes, of all sessions that are there.
    pub(crate) rotations: f64,
    pub(crate) sessions: f64,
    /// Rows of the audit log.
    pub(crate) events: f64,
}

/// What a client holds of one session.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
    /// The id of the session, which the servers without the library take for the whole credential.
    pub(crate) session: String,
}

impl Place {
    /// Makes a database, with tokens that are signed as `settings` say.
    pub(crate) fn create(
        programs: &Programs,
        database: Database,
        contents: Contents,
        settings: &[(&str, String)],
    ) -> Result<Self, Failure> {
        let folder = Folder::create(&format!("{database}-{:?}", contents.filling))?;
        let server = match database {
            Database::Postgres => Some(Postgres::start_with(DURABLE).map_err(|error| Failure::new(error.to_string()))?),
            Database::Sqlite => None,
        };
        let file = format!("sqlite://{}?mode=rwc", folder.join("bench.db").display());
        let url = server.as_ref().map_or(file, Postgres::url);
        let mut place = Self { folder, url, first: None, _server: server };
        place.seed(programs, contents, settings)?;
        Ok(place)
    }

    /// Returns what a server has to know.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        vec![("BENCH_DATABASE", self.url.clone())]
    }

    /// Returns the tokens of the first session.
    pub(crate) fn first(&self) -> Result<&Tokens, Failure> {
        self.first.as_ref().ok_or_else(|| Failure::new("the database has no session"))
    }

    /// Returns the folder, for whatever else a comparison needs.
    pub(crate) fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Counts what was written.
    pub(crate) fn counts(&self, programs: &Programs) -> Result<Counts, Failure> {
        let mut count = Command::new(programs.path("seed"));
        let output = count.arg("count").envs(self.settings()).output();
        let output = output.map_err(|error| Failure::new(format!("seed: {error}")))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let numbers: Vec<f64> = text.split_whitespace().filter_map(|number| number.parse().ok()).collect();
        let [rotations, sessions, events] = numbers[..] else {
            return Err(Failure::new(format!("seed count says {text}")));
        };
        Ok(Counts { rotations, sessions, events })
    }

    fn seed(&mut self, programs: &Programs, contents: Contents, settings: &[(&str, String)]) -> Result<(), Failure> {
        let Contents { kind, sessions, filling } = contents;
        let mut seed = pinned(&programs.path("seed"));
        seed.args([kind, &sessions.to_string()]).envs(self.settings());
        seed.envs(settings.iter().map(|(name, value)| (name, value)));
        if filling == Filling::Million {
            eprintln!("   a million sessions are made");
            seed.arg("filled");
        }
        let status = seed.stdin(Stdio::null()).stdout(self.folder.file("tokens")?).status();
        let status = status.map_err(|error| Failure::new(format!("seed: {error}")))?;
        if !status.success() {
            return Err(Failure::new("the database could not be filled"));
        }
        let mut line = String::new();
        let tokens = File::open(self.folder.join("tokens"));
        let read = tokens.and_then(|tokens| BufReader::new(tokens).read_line(&mut line));
        read.map_err(|error| Failure::new(format!("the tokens: {error}")))?;
        self.first = Tokens::read(line.trim_end());
        Ok(())
    }
}

impl Tokens {
    fn read(line: &str) -> Option<Self> {
        let mut words = line.split(' ').map(str::to_owned);
        Some(Self { access: words.next()?, refresh: words.next()?, session: words.next()? })
    }

    /// Returns the header that a browser sends, and with it what the servers without the library look at.
    pub(crate) fn cookies(&self) -> String {
        format!("Cookie: access={}; refresh={}; sid={}", self.access, self.refresh, self.session)
    }

    /// Returns the headers that an API client sends, and with them what the servers without the library look at.
    pub(crate) fn bearer(&self) -> [String; 2] {
        [format!("Authorization: Bearer {}", self.access), format!("Cookie: sid={}", self.session)]
    }
}
