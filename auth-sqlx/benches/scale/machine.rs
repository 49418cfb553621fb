//! What the figures were measured on.

use std::fs;
use std::thread::available_parallelism;

/// Prints the processor.
pub(crate) fn describe() {
    let cores = available_parallelism().map_or(0, usize::from);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown processor");
    println!("machine: {cores} cores of {}", model.trim_start_matches(['\t', ' ', ':']));
}
