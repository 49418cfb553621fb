//! A load of sign-ups, sign-ins, refreshes and sign-outs that remembers what it was told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::suite::api::{Answer, Api, Tokens};
use crate::suite::servers::now;

/// Those who use each process at the same time.
const PEOPLE_EACH: usize = 2;

/// How long one of them rests between two requests.
const PAUSE: Duration = Duration::from_millis(20);

/// How long somebody waits who was told to try again later.
const RETRY: Duration = Duration::from_millis(100);

/// The people at work.
pub(crate) struct Load {
    notes: Arc<Mutex<Notes>>,
    people: Vec<JoinHandle<()>>,
}

/// What has happened by now.
#[derive(Debug, Default)]
struct Notes {
    is_over: bool,
    promoted: Option<Instant>,
    calls: Vec<(&'static str, Instant, u16)>,
    accounts: Vec<String>,
    signed_out: Vec<Tokens>,
    accepted_after_sign_out: Vec<Instant>,
}

/// What the load has seen. Times are from the promotion on; what was before it is at zero.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The addresses of everybody who was told that they have an account.
    pub(crate) accounts: Vec<String>,
    /// The sessions whose end was acknowledged.
    pub(crate) signed_out: Vec<Tokens>,
    /// The moments at which such a session was accepted nevertheless.
    pub(crate) accepted_after_sign_out: Vec<Duration>,
    pub(crate) failures: Vec<Failure>,
    /// The number of successes of each kind of call, and the moment of the first one after the promotion.
    successes: BTreeMap<&'static str, (usize, Option<Duration>)>,
}

/// A call that did not do what it was for.
#[derive(Debug)]
pub(crate) struct Failure {
    call: &'static str,
    /// The moment at which the call began.
    begun: Duration,
    pub(crate) status: u16,
}

impl Load {
    pub(crate) fn on(processes: &[Api]) -> Self {
        let notes: Arc<Mutex<Notes>> = Arc::default();
        let person = |place: usize| {
            let process = |place: usize| processes[place % processes.len()];
            let (name, notes) = (place.to_string(), Arc::clone(&notes));
            Person { name, notes, own: process(place), other: process(place + 1) }
        };
        let people = (0..processes.len() * PEOPLE_EACH).map(person);
        let people = people.map(|person| thread::spawn(move || person.live())).collect();
        Self { notes, people }
    }

    /// Waits until so many have come and gone.
    pub(crate) fn wait_for(&self, sign_outs: usize) {
        for _ in 0..600 {
            if lock(&self.notes).signed_out.len() >= sign_outs {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("a minute is enough for a few to come and go: {:?}", lock(&self.notes));
    }

    /// Notes that the standby is the primary now, and found at the address.
    pub(crate) fn note_promotion(&self) {
        lock(&self.notes).promoted = Some(now());
    }

    pub(crate) fn stop(self) -> Outcome {
        lock(&self.notes).is_over = true;
        for person in self.people {
            person.join().unwrap();
        }
        let notes = std::mem::take(&mut *lock(&self.notes));
        Outcome::from(notes)
    }
}

/// Somebody who signs up, in, refreshes, signs out, and comes back as somebody else.
struct Person {
    name: String,
    notes: Arc<Mutex<Notes>>,
    own: Api,
    /// Another process on the same database.
    other: Api,
}

impl Person {
    fn live(&self) {
        for number in 0.. {
            if lock(&self.notes).is_over {
                return;
            }
            // One who is told what they did not expect gives up.
            self.come_and_go(&format!("person-{}-{number}@example.com", self.name));
        }
    }

    fn come_and_go(&self, email: &str) -> Option<()> {
        // A sign-up whose answer was lost has made the account, perhaps.
        let signed_up = self.insist("sign_up", &[201, 409], || self.own.sign_up(email))?;
        if signed_up.status == 201 {
            lock(&self.notes).accounts.push(email.to_owned());
        }
        let signed_in = self.insist("sign_in", &[200], || self.own.sign_in(email))?.tokens();
        let tokens = self.insist("refresh", &[200], || self.own.refresh(&signed_in))?.tokens();
        self.insist("check", &[200], || self.other.private(&tokens))?;
        // Also one whose answer was lost has ended the session, perhaps.
        let signed_out = self.insist("sign_out", &[204, 401], || self.own.sign_out(&tokens))?;
        if signed_out.status == 204 {
            let is_accepted = self.other.private(&tokens).status == 200;
            let mut notes = lock(&self.notes);
            notes.signed_out.push(tokens);
            notes.accepted_after_sign_out.extend(is_accepted.then(now));
        }
        Some(())
    }

    /// Calls until it works, unless the answer is neither what was hoped for nor "later"; of several statuses the last
    /// one is right only for somebody who had to call again.
    fn insist(&self, call: &'static str, hoped_for: &[u16], send: impl Fn() -> Answer) -> Option<Answer> {
        let mut acceptable = &hoped_for[..1];
        loop {
            let begun = now();
            let answer = send();
            let is_right = acceptable.contains(&answer.status);
            let mut notes = lock(&self.notes);
            notes.calls.push((call, begun, if is_right { 200 } else { answer.status }));
            if is_right || answer.status != 503 || notes.is_over {
                drop(notes);
                thread::sleep(PAUSE);
                return is_right.then_some(answer);
            }
            drop(notes);
            acceptable = hoped_for;
            thread::sleep(RETRY);
        }
    }
}

impl Outcome {
    fn from(notes: Notes) -> Self {
        let promoted = notes.promoted.unwrap();
        let (mut failures, mut successes) = (Vec::new(), BTreeMap::<_, (usize, Option<Duration>)>::new());
        for (call, begun, status) in notes.calls {
            let after = begun.checked_duration_since(promoted);
            if status == 200 {
                let (count, first) = successes.entry(call).or_default();
                *count += 1;
                *first = first.or(after);
            } else {
                failures.push(Failure { call, begun: after.unwrap_or_default(), status });
            }
        }
        let accepted = notes.accepted_after_sign_out.iter().map(|at| at.saturating_duration_since(promoted));
        let accepted_after_sign_out = accepted.collect();
        Self { accounts: notes.accounts, signed_out: notes.signed_out, accepted_after_sign_out, failures, successes }
    }

    /// Prints what was measured.
    pub(crate) fn print(&self, what: &str) {
        eprintln!("{what}: {} accounts, {} sign-outs acknowledged", self.accounts.len(), self.signed_out.len());
        for Failure { call, begun, status } in &self.failures {
            eprintln!("  {call} failed {begun:.2?} after the promotion: {status}");
        }
        eprintln!("  {} accepted after their sign-out", self.accepted_after_sign_out.len());
        for (call, (count, first)) in &self.successes {
            eprintln!("  {call}: {count} succeeded, the first {:.2?} after the promotion", first.unwrap_or_default());
        }
    }

    /// Asserts that every kind of call works again, and that none that began later failed.
    pub(crate) fn assert_back_within(&self, limit: Duration) {
        let late: Vec<_> = self.failures.iter().filter(|failure| failure.begun > limit).collect();
        assert!(late.is_empty(), "these failed later than {limit:?} after the promotion: {late:?}");
        for call in ["sign_up", "sign_in", "refresh", "check", "sign_out"] {
            let first = self.successes.get(call).and_then(|(_, first)| *first);
            assert!(first.is_some_and(|first| first < limit), "{call} works again after {first:?}");
        }
    }
}

/// What a panic elsewhere leaves is as right as it was.
fn lock(notes: &Mutex<Notes>) -> MutexGuard<'_, Notes> {
    notes.lock().unwrap_or_else(PoisonError::into_inner)
}
