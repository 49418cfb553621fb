//! A store that fails, hangs or panics where a test says so, around one that works.
//!
//! A database fails at any call, and either before or after it did what it was asked: in the second case the caller
//! cannot know. A flow that is right leaves nothing half done, hands nothing out, and can be run again.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use auth_core::auth::SignUp;
//! use auth_core::conformance::faulty::{Fault, FaultKind, FaultyStore, Moment};
//! use auth_core::{Auth, Client, Email, ErrorKind, MemoryStore, Password, SessionKind, SigningKeys};
//!
//! let store = FaultyStore::new(MemoryStore::new());
//! let keys = SigningKeys::hs256("an example secret of 32 bytes or more")?;
//! let auth = Auth::builder(store.clone(), keys).build()?;
//!
//! let (email, client) = (Email::parse("ada@example.com")?, Client::default());
//! let ada = || SignUp::new(email.clone(), Password::new("a long walk in the rain"), SessionKind::Bearer);
//! store.fault_at(1, Fault { kind: FaultKind::Fail, moment: Moment::AfterEffect });
//! let lost = auth.sign_up(ada(), &client).await.unwrap_err();
//! assert_eq!(lost.kind(), ErrorKind::Unavailable);
//! let again = auth.sign_up(ada(), &client).await.unwrap_err();
//! assert_eq!(again.kind(), ErrorKind::EmailTaken, "the first one was stored, and its answer lost");
//! assert_eq!(store.take_calls(), ["create_user", "create_user", "record_event"]);
//! # Ok(())
//! # }
//! ```

mod calls;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::store::{StoreError, StoreErrorKind};

/// The cause of every failure, as databases word it: no answer to a stranger may repeat it.
pub const CAUSE: &str = "connection refused at db.internal:5432";

/// A store around another, which it obeys until a fault is due. Clones share all of it.
pub struct FaultyStore<S> {
    inner: Arc<S>,
    script: Arc<Mutex<Script>>,
}

/// What befalls a call, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fault {
    /// What happens.
    pub kind: FaultKind,
    /// Whether the call does its work all the same.
    pub moment: Moment,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 6] = [
        Self { kind: FaultKind::Fail, moment: Moment::BeforeEffect },
        Self { kind: FaultKind::Fail, moment: Moment::AfterEffect },
        Self { kind: FaultKind::Hang, moment: Moment::BeforeEffect },
        Self { kind: FaultKind::Hang, moment: Moment::AfterEffect },
        Self { kind: FaultKind::Panic, moment: Moment::BeforeEffect },
        Self { kind: FaultKind::Panic, moment: Moment::AfterEffect },
    ];
}

/// What happens in the place of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// An error of the kind [`StoreErrorKind::Unavailable`], with [`CAUSE`].
    Fail,
    /// Nothing, ever: the caller gives up, which drops the call.
    Hang,
    /// A panic. The panic hook is not told, so that no backtrace of it stands in the report of a test.
    Panic,
}

/// When a fault comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Moment {
    /// The work is done, and the answer is lost.
    AfterEffect,
    /// Nothing is done.
    BeforeEffect,
}

type Meanwhile = Pin<Box<dyn Future<Output = ()> + Send>>;

#[derive(Default)]
struct Script {
    calls: Vec<&'static str>,
    made: usize,
    hanging: usize,
    is_down: bool,
    numbered: BTreeMap<usize, Fault>,
    failing: BTreeMap<&'static str, Moment>,
    meanwhile: BTreeMap<&'static str, VecDeque<Meanwhile>>,
    overtaking: BTreeMap<&'static str, Meanwhile>,
}

impl<S> FaultyStore<S> {
    /// Puts a store under observation; nothing fails yet.
    pub fn new(inner: S) -> Self {
        Self { inner: Arc::new(inner), script: Arc::default() }
    }

    /// Lets one call meet a fault: the `n`-th from now, counted from 1.
    pub fn fault_at(&self, n: usize, fault: Fault) {
        let mut script = self.script();
        let number = script.made + n;
        script.numbered.insert(number, fault);
    }

    /// Lets every call of a method fail from now on.
    pub fn fail_method(&self, method: &'static str, moment: Moment) {
        self.script().failing.insert(method, moment);
    }

    /// Lets every call fail from now on, before its effect: the database is down.
    pub fn fail_all(&self) {
        self.script().is_down = true;
    }

    /// Lets every call succeed again, and forgets the faults that are still to come.
    pub fn heal(&self) {
        let mut script = self.script();
        script.is_down = false;
        script.numbered.clear();
        script.failing.clear();
    }

    /// Does something else just before the next call of a method reaches the store, as another node may. What is
    /// added for a method twice happens before the next call and the one after it.
    pub fn before(&self, method: &'static str, meanwhile: impl Future<Output = ()> + Send + 'static) {
        self.script().meanwhile.entry(method).or_default().push_back(Box::pin(meanwhile));
    }

    /// Does something else just after the next call of a method has done its work, while its answer is on the way.
    pub fn after(&self, method: &'static str, meanwhile: impl Future<Output = ()> + Send + 'static) {
        self.script().overtaking.insert(method, Box::pin(meanwhile));
    }

    /// Returns the names of the methods that were called, those that met a fault included.
    pub fn calls(&self) -> Vec<&'static str> {
        self.script().calls.clone()
    }

    /// Returns the names of the methods that were called since the last time that this was asked.
    pub fn take_calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.script().calls)
    }

    /// Returns how many calls hung so far. Once one does, whoever waits for it makes no more progress.
    pub fn hanging(&self) -> usize {
        self.script().hanging
    }

    /// Returns the store inside: calls to it are neither seen nor disturbed.
    pub fn inner(&self) -> &S {
        &self.inner
    }

    /// Passes a call on, unless a fault is due.
    async fn run<T, E>(&self, method: &'static str, effect: E) -> Result<T, StoreError>
    where
        E: Future<Output = Result<T, StoreError>>,
    {
        let (meanwhile, fault) = self.script().enter(method);
        if let Some(meanwhile) = meanwhile {
            meanwhile.await;
        }
        let Some(Fault { kind, moment }) = fault else {
            let answer = effect.await;
            let overtaking = self.script().overtaking.remove(method);
            if let Some(overtaking) = overtaking {
                overtaking.await;
            }
            return answer;
        };
        if moment == Moment::AfterEffect {
            drop(effect.await);
        }
        match kind {
            FaultKind::Fail => Err(StoreError::new(StoreErrorKind::Unavailable, CAUSE)),
            FaultKind::Hang => {
                self.script().hanging += 1;
                std::future::pending().await
            }
            FaultKind::Panic => std::panic::resume_unwind(Box::new("the store panics, as it was told to")),
        }
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Script {
    /// Notes a call, and says what comes before it and what becomes of it.
    fn enter(&mut self, method: &'static str) -> (Option<Meanwhile>, Option<Fault>) {
        self.calls.push(method);
        self.made += 1;
        let down = self.is_down.then_some(Moment::BeforeEffect);
        let failing = down.or_else(|| self.failing.get(method).copied());
        let failure = failing.map(|moment| Fault { kind: FaultKind::Fail, moment });
        let meanwhile = self.meanwhile.get_mut(method).and_then(VecDeque::pop_front);
        (meanwhile, self.numbered.remove(&self.made).or(failure))
    }
}

impl<S> Clone for FaultyStore<S> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), script: Arc::clone(&self.script) }
    }
}

impl<S: Default> Default for FaultyStore<S> {
    fn default() -> Self {
        Self::new(S::default())
    }
}

impl<S> fmt::Debug for FaultyStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyStore").field("calls", &self.script().calls).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
