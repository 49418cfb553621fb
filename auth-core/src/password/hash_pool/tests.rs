use std::sync::Weak;
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc;

use super::*;
use crate::clock::ManualClock;
#[cfg(target_os = "linux")]
use crate::policy::HashPriority;

/// A pool of cheap hashes with a clock that stands still.
fn pool(threads: usize, queue: usize) -> (HashPool, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new());
    let policy = HashPolicy { threads, queue, ..HashPolicy::insecure_for_tests() };
    (HashPool::new(&policy, Arc::<ManualClock>::clone(&clock)).unwrap(), clock)
}

/// Keeps one thread busy until the sender that it returns is dropped.
fn occupy_a_thread(pool: &HashPool) -> mpsc::Sender<()> {
    let (release, released) = mpsc::channel::<()>();
    let (started, has_started) = mpsc::channel();
    let answer = pool.submit(move |_| {
        started.send(()).unwrap();
        released.recv().unwrap_err();
        Ok(())
    });
    has_started.recv().unwrap();
    // Hanging up on a job that runs already changes nothing.
    drop(answer);
    release
}

#[track_caller]
fn overloaded<T>(outcome: Result<T, Error>) {
    let error = outcome.err().expect("refused");
    assert_eq!(error.kind(), ErrorKind::Overloaded);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3)));
}

#[tokio::test]
async fn work_runs_on_a_named_thread_and_answers() {
    let (pool, _) = pool(1, 1);
    let name = pool.run(|_| Ok(thread::current().name().map(String::from))).await.unwrap();
    assert_eq!(name.as_deref(), Some("auth-hash-0"));
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let (pool, _) = pool(1, 2);
    let release = occupy_a_thread(&pool);
    let first = pool.submit(|_| Ok(1)).unwrap();
    let second = pool.submit(|_| Ok(2)).unwrap();
    overloaded(pool.run(|_| Ok(3)).await);
    drop(release);
    assert_eq!((first.await.unwrap().unwrap(), second.await.unwrap().unwrap()), (1, 2));
}

#[tokio::test]
async fn dropped_requests_are_skipped_unhashed() {
    let (pool, _) = pool(1, 8);
    let release = occupy_a_thread(&pool);
    drop(pool.submit(|workspace| workspace.hash_in(8, |_| ())).unwrap());
    let patient = pool.submit(|workspace| workspace.hash_in(8, |_| ())).unwrap();
    drop(release);
    patient.await.unwrap().unwrap();
    assert_eq!(pool.hashes_run(), 1);
}

#[tokio::test]
async fn dropped_requests_leave_their_place_in_a_full_queue() {
    let (pool, _) = pool(1, 1);
    let release = occupy_a_thread(&pool);
    drop(pool.submit(|_| Ok(())).unwrap());
    // No thread has looked at the queue since.
    let patient = pool.submit(|_| Ok(())).unwrap();
    drop(release);
    patient.await.unwrap().unwrap();
}

#[tokio::test]
async fn requests_that_waited_too_long_are_refused_unhashed() {
    let (pool, clock) = pool(1, 8);
    let release = occupy_a_thread(&pool);
    let stale = pool.submit(|workspace| workspace.hash_in(8, |_| ())).unwrap();
    clock.advance(Duration::from_secs(1));
    let fresh = pool.submit(|workspace| workspace.hash_in(8, |_| ())).unwrap();
    clock.advance(Duration::from_millis(2_001));
    drop(release);
    overloaded(stale.await.unwrap());
    fresh.await.unwrap().unwrap();
    assert_eq!(pool.hashes_run(), 1);
}

#[tokio::test]
async fn setting_the_wall_clock_back_does_not_shorten_the_wait() {
    let (pool, clock) = pool(1, 8);
    let release = occupy_a_thread(&pool);
    let waiting = pool.submit(|_| Ok(())).unwrap();
    clock.step_back(Duration::from_hours(1));
    drop(release);
    waiting.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_panic_is_an_error_and_the_thread_goes_on() {
    let (pool, _) = pool(1, 1);
    for _ in 0..3 {
        let outcome: Result<(), Error> = pool.run(|_| panic!("a bug")).await;
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Internal);
    }
    pool.run(|_| Ok(())).await.unwrap();
}

#[tokio::test]
async fn no_more_hashes_run_at_once_than_there_are_threads() {
    let (pool, _) = pool(2, 64);
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut answers = Vec::new();
    for _ in 0..32 {
        let (running, most) = (Arc::clone(&running), Arc::clone(&most));
        let work = move |_: &mut Workspace| {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(1));
            running.fetch_sub(1, Ordering::SeqCst);
            Ok(())
        };
        answers.push(pool.submit(work).unwrap());
    }
    for answer in answers {
        answer.await.unwrap().unwrap();
    }
    assert!(most.load(Ordering::SeqCst) <= 2);
}

#[tokio::test]
async fn a_thread_keeps_the_memory_of_the_policy_and_no_more() {
    let (pool, _) = pool(1, 1);
    for (blocks, lent) in [(8, 8), (1_024, 1_024), (4, 8), (1_024, 1_024)] {
        let seen = pool.run(move |workspace| workspace.hash_in(blocks, |memory| memory.len())).await.unwrap();
        assert_eq!(seen, lent);
        let kept = pool.run(|workspace| Ok(workspace.kept.capacity())).await.unwrap();
        assert!(kept <= 8, "{kept}");
    }
}

#[tokio::test]
async fn memory_that_cannot_be_had_is_an_error() {
    let (pool, _) = pool(1, 1);
    let outcome = pool.run(|workspace| workspace.hash_in(usize::MAX, |_| ())).await;
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Internal);
}

/// The nice value of the calling thread: the 19th field of its line, where the second, its name, may hold spaces.
#[cfg(target_os = "linux")]
fn nice() -> i32 {
    let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
    let (_, from_the_third) = stat.rsplit_once(") ").unwrap();
    from_the_third.split(' ').nth(19 - 3).unwrap().parse().unwrap()
}

/// Returns the nice values of all threads of a pool.
#[cfg(target_os = "linux")]
async fn nice_values(threads: usize, priority: HashPriority) -> Vec<i32> {
    let policy = HashPolicy { threads, priority, ..HashPolicy::insecure_for_tests() };
    let pool = HashPool::new(&policy, Arc::new(ManualClock::new())).unwrap();
    // None is done before all have begun, so each thread has one.
    let all_have_begun = Arc::new(std::sync::Barrier::new(threads));
    let mut answers = Vec::new();
    for _ in 0..threads {
        let all_have_begun = Arc::clone(&all_have_begun);
        let work = move |_: &mut Workspace| {
            all_have_begun.wait();
            Ok(nice())
        };
        answers.push(pool.submit(work).unwrap());
    }
    let mut values = Vec::new();
    for answer in answers {
        values.push(answer.await.unwrap().unwrap());
    }
    values
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn only_the_hashing_threads_run_at_a_lower_priority() {
    let before = nice();
    assert_eq!(nice_values(3, HashPriority::Low).await, [10, 10, 10]);
    assert_eq!(nice_values(3, HashPriority::Lowest).await, [19, 19, 19]);
    assert_eq!(nice(), before);
    // A thread starts with the priority of the one that makes it.
    assert_eq!(thread::spawn(nice).join().unwrap(), before);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn hashing_threads_keep_the_priority_of_the_process_if_the_policy_says_so() {
    assert_eq!(nice_values(2, HashPriority::Normal).await, [nice(), nice()]);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_flood_of_other_requests_leaves_hashing_a_share_unless_the_policy_says_otherwise() {
    let priority = HashPolicy::default().priority;
    assert_eq!(nice_values(1, priority).await, [10], "a tenth of a core beside a thread that never rests");
}

#[test]
fn dropping_the_pool_stops_its_threads() {
    let (pool, _) = pool(4, 1);
    let release = occupy_a_thread(&pool);
    let shared: Weak<Shared> = Arc::downgrade(&pool.shared);
    drop(pool);
    drop(release);
    for _ in 0..1_000 {
        if shared.strong_count() == 0 {
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
    panic!("threads are still alive");
}
