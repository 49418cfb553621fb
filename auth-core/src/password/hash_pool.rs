//! Where passwords are hashed: a fixed set of threads behind a bounded queue.
//!
//! A hash takes tens of milliseconds of a core and tens of megabytes, and strangers may ask for one. So the number of
//! threads, and with it the memory, is fixed when the pool starts; what does not fit into the queue is refused; and
//! the async runtime, whichever it is, never blocks. A request that hangs up frees nothing early: the running hash
//! owns all that it uses.

mod priority;

use std::collections::TryReserveError;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use argon2::Block;
use futures_channel::oneshot;

use crate::clock::Clock;
use crate::error::{Error, ErrorKind};
use crate::policy::HashPolicy;
use crate::telemetry::{self, HashRefusal};

/// The threads that hash. Dropping the pool stops them once their current hash is done.
pub(super) struct HashPool {
    shared: Arc<Shared>,
}

impl HashPool {
    /// Starts the threads.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Internal`] when the system refuses a thread.
    pub(super) fn new(policy: &HashPolicy, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let kept = usize::try_from(policy.memory_kib).map_err(internal)?;
        let pool = Self {
            shared: Arc::new(Shared {
                queue: Mutex::default(),
                wake: Condvar::new(),
                room: policy.queue.saturating_add(policy.threads),
                max_wait: policy.max_wait,
                clock,
                hashes: Arc::default(),
            }),
        };
        let wanted = policy.priority;
        for number in 0..policy.threads {
            let shared = Arc::clone(&pool.shared);
            let workspace = Workspace { kept: Vec::new(), keep: kept, hashes: Arc::clone(&shared.hashes) };
            thread::Builder::new()
                .name(format!("auth-hash-{number}"))
                .spawn(move || {
                    priority::take(wanted);
                    shared.serve(workspace);
                })
                .map_err(internal)?;
        }
        Ok(pool)
    }

    /// Runs `work` on one of the threads and waits for what it returns.
    ///
    /// # Errors
    ///
    /// Those of `work`; [`ErrorKind::Overloaded`] when the queue is full or the wait was too long, and
    /// [`ErrorKind::Internal`] when `work` panics.
    pub(super) async fn run<T, W>(&self, work: W) -> Result<T, Error>
    where
        T: Send + 'static,
        W: FnOnce(&mut Workspace) -> Result<T, Error> + Send + 'static,
    {
        self.submit(work)?.await.unwrap_or_else(|canceled| Err(internal(canceled)))
    }

    /// Returns how many hashes were computed since the pool started.
    pub(super) fn hashes_run(&self) -> u64 {
        self.shared.hashes.load(Ordering::Relaxed)
    }

    fn submit<T, W>(&self, work: W) -> Result<oneshot::Receiver<Result<T, Error>>, Error>
    where
        T: Send + 'static,
        W: FnOnce(&mut Workspace) -> Result<T, Error> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.shared.enqueue(Box::new(Request { work, reply }))?;
        Ok(answer)
    }
}

impl Drop for HashPool {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.wake.notify_all();
    }
}

/// What the requests and the threads have in common.
struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
    /// Requests inside, waiting or running, before the next is refused.
    room: usize,
    max_wait: Duration,
    clock: Arc<dyn Clock>,
    hashes: Arc<AtomicU64>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    running: usize,
    closed: bool,
}

struct Waiting {
    since: Duration,
    job: Box<dyn Job>,
}

impl Shared {
    fn enqueue(&self, job: Box<dyn Job>) -> Result<(), Error> {
        let since = self.clock.elapsed();
        let mut queue = self.lock();
        if queue.waiting.len() + queue.running >= self.room {
            // Those who hung up must not keep out those who are still there.
            queue.waiting.retain(|waiting| !waiting.job.is_abandoned());
        }
        if queue.waiting.len() + queue.running >= self.room {
            telemetry::hash_refused(HashRefusal::QueueFull);
            return Err(self.overloaded());
        }
        queue.waiting.push_back(Waiting { since, job });
        drop(queue);
        self.wake.notify_one();
        Ok(())
    }

    fn serve(&self, mut workspace: Workspace) {
        while let Some(Waiting { since, job }) = self.next() {
            if self.clock.elapsed().saturating_sub(since) > self.max_wait {
                telemetry::hash_refused(HashRefusal::WaitedTooLong);
                job.refuse(self.overloaded());
            } else {
                job.run(&mut workspace);
            }
            self.lock().running -= 1;
        }
    }

    /// Waits for a request whose sender is still there; `None` when the pool is gone.
    fn next(&self) -> Option<Waiting> {
        let mut queue = self.lock();
        while !queue.closed {
            match queue.waiting.pop_front() {
                Some(abandoned) if abandoned.job.is_abandoned() => {}
                Some(waiting) => {
                    queue.running += 1;
                    return Some(waiting);
                }
                None => queue = self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner),
            }
        }
        None
    }

    /// By the end of the longest wait, everything that stands in the queue now has been hashed or refused.
    fn overloaded(&self) -> Error {
        Error::new(ErrorKind::Overloaded).with_retry_after(self.max_wait.max(Duration::from_secs(1)))
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request whose result type is forgotten, so that one queue holds all of them.
trait Job: Send {
    fn is_abandoned(&self) -> bool;
    fn refuse(self: Box<Self>, error: Error);
    fn run(self: Box<Self>, workspace: &mut Workspace);
}

struct Request<T, W> {
    work: W,
    reply: oneshot::Sender<Result<T, Error>>,
}

impl<T, W> Job for Request<T, W>
where
    T: Send,
    W: FnOnce(&mut Workspace) -> Result<T, Error> + Send,
{
    fn is_abandoned(&self) -> bool {
        self.reply.is_canceled()
    }

    fn refuse(self: Box<Self>, error: Error) {
        // Whoever hung up needs no answer.
        drop(self.reply.send(Err(error)));
    }

    fn run(self: Box<Self>, workspace: &mut Workspace) {
        let Self { work, reply } = *self;
        // A panic leaves at worst half-filled blocks, which the next hash overwrites before it reads them.
        let outcome = catch_unwind(AssertUnwindSafe(|| work(workspace)));
        drop(reply.send(outcome.unwrap_or_else(|_| Err(internal("hashing a password panicked")))));
    }
}

/// What one thread hashes with: the memory that it keeps, and the common count.
///
/// The memory is not wiped between hashes, which would take a tenth of a hash's time. It holds no password, but what
/// was computed from the last one: whoever reads the process's memory can test guesses against that.
pub(super) struct Workspace {
    kept: Vec<Block>,
    keep: usize,
    hashes: Arc<AtomicU64>,
}

impl Workspace {
    /// Lends blocks to one hash, and counts it.
    ///
    /// More blocks than the policy's own are allocated for this one hash and then given back: a few dear hashes that
    /// another system made must not hold the memory for ever.
    pub(super) fn hash_in<T>(&mut self, blocks: usize, hash: impl FnOnce(&mut [Block]) -> T) -> Result<T, Error> {
        self.count_hash();
        if blocks > self.keep {
            let mut lent = Vec::new();
            grow(&mut lent, blocks).map_err(internal)?;
            return Ok(hash(&mut lent));
        }
        grow(&mut self.kept, self.keep).map_err(internal)?;
        Ok(hash(&mut self.kept))
    }

    /// Counts a hash that brings its own memory.
    pub(super) fn count_hash(&self) {
        self.hashes.fetch_add(1, Ordering::Relaxed);
    }
}

/// Fails where `vec!` would abort the process.
fn grow(blocks: &mut Vec<Block>, len: usize) -> Result<(), TryReserveError> {
    blocks.try_reserve_exact(len.saturating_sub(blocks.len()))?;
    blocks.resize(len, Block::new());
    Ok(())
}

fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(ErrorKind::Internal).with_source(cause)
}

#[cfg(test)]
mod tests;
