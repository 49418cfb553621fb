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
