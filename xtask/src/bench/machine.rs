//! Where and when it was measured.

use std::fs;
use std::process::Command;

/// Returns a paragraph about the machine.
pub(crate) fn describe() -> String {
    // Not what this process may use: it is on one core by now.
    let cores = read("/proc/cpuinfo").lines().filter(|line| line.starts_with("processor")).count();
    let cpu = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "an unknown CPU".to_owned());
    let load = read("/proc/loadavg");
    let load = load.split(' ').take(3).collect::<Vec<_>>().join(" ");
    format!(
        "Measured on {} with {cpu}, {cores} cores, Linux {}, {}, load average {load} before it \
         began.\n",
        output("date", &["--utc", "+%Y-%m-%d"]),
        read("/proc/sys/kernel/osrelease").trim(),
        output("rustc", &["--version"]),
    )
}

/// What of a CPU decides which code is run: variants of `memcpy`, and of cryptography.
const FEATURES: [&str; 8] = ["aes", "avx", "avx2", "avx512f", "bmi2", "erms", "fsrm", "sha_ni"];

/// Returns what a count of instructions depends on beside the code, in one line.
pub(crate) fn counted_with() -> String {
    let cpu = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "an unknown CPU".to_owned());
    let flags = field("/proc/cpuinfo", "flags").unwrap_or_default();
    let flags: Vec<&str> = flags.split(' ').filter(|flag| FEATURES.contains(flag)).collect();
    format!(
        "{}, {}, {}, {cpu} ({})",
        output("rustc", &["--version"]),
        output("valgrind", &["--version"]),
        output("getconf", &["GNU_LIBC_VERSION"]),
        flags.join(" "),
    )
}

fn field(path: &str, name: &str) -> Option<String> {
    read(path).lines().find_map(|line| Some(line.strip_prefix(name)?.split_once(':')?.1.trim().to_owned()))
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn output(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}
