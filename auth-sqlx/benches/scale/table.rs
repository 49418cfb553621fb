//! From durations to the table.

use std::time::Duration;

use crate::call::Call;

/// The ratio of medians from which on a call grows with the table.
pub(crate) const LIMIT: f64 = 1.5;

/// The durations of a call, round by round.
#[derive(Debug, Default)]
pub(crate) struct Durations {
    rounds: Vec<Duration>,
    all: Vec<Duration>,
}

impl Durations {
    pub(crate) fn add_round(&mut self, round: Vec<Duration>) {
        self.all.extend(&round);
        self.rounds.push(median(round));
    }

    fn median(&self) -> Duration {
        median(self.rounds.clone())
    }

    fn mean(&self) -> Duration {
        self.all.iter().sum::<Duration>() / u32::try_from(self.all.len()).unwrap()
    }

    fn spread(&self) -> String {
        let (least, most) = (self.rounds.iter().min().unwrap(), self.rounds.iter().max().unwrap());
        format!("{}..{}", micros(*least), micros(*most))
    }
}

fn median(mut durations: Vec<Duration>) -> Duration {
    durations.sort_unstable();
    durations[durations.len() / 2]
}

fn micros(duration: Duration) -> u128 {
    duration.as_micros()
}

/// Prints the head of the table.
pub(crate) fn print_head() {
    println!("| call | small, µs | big, µs | ratio | small, rounds | big, rounds | ratio of means |");
    println!("|---|--:|--:|--:|--:|--:|--:|");
}

/// Prints a line of it, and returns the ratio of the medians.
pub(crate) fn print_line(call: Call, small: &Durations, big: &Durations) -> f64 {
    let ratio = big.median().div_duration_f64(small.median());
    println!(
        "| {call:?} | {} | {} | {ratio:.2} | {} | {} | {:.2} |",
        micros(small.median()),
        micros(big.median()),
        small.spread(),
        big.spread(),
        big.mean().div_duration_f64(small.mean()),
    );
    ratio
}
