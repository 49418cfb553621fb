//! Hashes a password again and again: `hash_loop [reused|allocated] SECONDS`. Prints how often a second, and the
//! microseconds of CPU for each.

use std::env;
use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use bench::settings::PASSWORD;

/// The library's default, OWASP's first choice.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

fn main() {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).unwrap();
    let mut memory = vec![Block::new(); params.block_count()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut reused = || {
        let mut tag = [0; 32];
        argon2.hash_password_into_with_memory(PASSWORD.as_bytes(), &[7; 16], &mut tag, &mut memory).unwrap();
    };
    let args: Vec<String> = env::args().skip(1).collect();
    let seconds = args.get(1).and_then(|seconds| seconds.parse().ok()).expect("hash_loop [reused|allocated] SECONDS");
    let seconds = Duration::from_secs_f64(seconds);
    let (rate, cpu) = match args.first().map(String::as_str) {
        Some("allocated") => rate(seconds, || {
            black_box(argon2.hash_password(PASSWORD.as_bytes()).unwrap());
        }),
        _ => rate(seconds, &mut reused),
    };
    println!("{rate:.3} {cpu:.3}");
}

/// Runs `work` for so long, after once that does not count.
fn rate(time: Duration, mut work: impl FnMut()) -> (f64, f64) {
    work();
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let mut count = 0.0;
    while start.elapsed() < time {
        work();
        count += 1.0;
    }
    (count / start.elapsed().as_secs_f64(), (cpu_seconds() - cpu) / count * 1e6)
}

/// Returns the CPU that this process has used: user and system time, in hundredths of a second.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    fields.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<f64>().unwrap() / 100.0).sum()
}
