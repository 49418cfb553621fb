//! Waiting for what happens in another process.

use std::thread;
use std::time::{Duration, Instant};

const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(20);

/// Tries until there is a value, and returns `None` when there is none `within` that time.
#[expect(clippy::disallowed_methods, reason = "other processes go by the real clock: there is none to inject")]
pub(crate) fn wait_for<T>(within: Duration, mut attempt: impl FnMut() -> Option<T>) -> Option<T> {
    let started = Instant::now();
    loop {
        if let Some(value) = attempt() {
            return Some(value);
        }
        if started.elapsed() >= within {
            return None;
        }
        thread::sleep(BETWEEN_ATTEMPTS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_ends_with_the_value_or_with_the_time() {
        let mut attempts = 0;
        let third = || {
            attempts += 1;
            (attempts == 3).then_some(attempts)
        };
        assert_eq!(wait_for(Duration::from_mins(1), third), Some(3));
        assert_eq!(wait_for(Duration::ZERO, || None::<u8>), None);
    }
}
