//! The priority of a hashing thread, on the systems where a thread has one of its own.

use crate::policy::HashPriority;

/// Gives the calling thread the priority that the policy asks for.
///
/// A system that refuses costs requests some of their speed, and nothing else: it is told to the operator, and the
/// thread hashes at the priority that it has.
pub(super) fn take(priority: HashPriority) {
    match priority {
        HashPriority::Low => lower_to(10),
        HashPriority::Lowest => lower_to(19),
        HashPriority::Normal => {}
    }
}

/// Linux reads "this process" as "this thread" (setpriority(2), "C library/kernel differences"). POSIX does not: on
/// other systems the same call would slow down the whole application.
#[cfg(any(target_os = "android", target_os = "linux"))]
fn lower_to(nice: i32) {
    if let Err(refused) = rustix::process::setpriority_process(None, nice) {
        tracing::warn!(cause = %refused, "a hashing thread runs at normal priority, because lowering it failed");
    }
}

#[cfg(not(any(target_os = "android", target_os = "linux")))]
fn lower_to(_nice: i32) {
    tracing::debug!("hashing threads run at normal priority: on this system only a process has one");
}
