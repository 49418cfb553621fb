//! Two servers in turns, and what their figures say of each other.

use super::load::Sample;
use crate::step::Failure;

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Effort {
    /// How often each of the two takes its turn.
    pub(crate) pairs: usize,
    /// How long a turn takes.
    pub(crate) seconds: u32,
}

/// What the library and its counterpart have measured, turn by turn.
pub(crate) struct Pairs<T> {
    pub(crate) ours: Vec<T>,
    pub(crate) bare: Vec<T>,
}

impl<T> Pairs<T> {
    /// Measures one and the other, in turns: what the machine does besides then troubles both.
    pub(crate) fn measure(
        name: &str,
        effort: Effort,
        mut ours: impl FnMut(usize) -> Result<T, Failure>,
        mut bare: impl FnMut(usize) -> Result<T, Failure>,
    ) -> Result<Self, Failure> {
        let mut pairs = Self { ours: Vec::new(), bare: Vec::new() };
        for turn in 0..effort.pairs {
            eprintln!("   {name}: turn {} of {}", turn + 1, effort.pairs);
            pairs.ours.push(ours(turn)?);
            pairs.bare.push(bare(turn)?);
        }
        Ok(pairs)
    }

    /// Compares one figure.
    pub(crate) fn compare(&self, figure: impl Fn(&T) -> f64) -> Comparison {
        let ours: Vec<f64> = self.ours.iter().map(&figure).collect();
        let bare: Vec<f64> = self.bare.iter().map(&figure).collect();
        Comparison::of(&ours, &bare)
    }
}

/// A figure of both, and their ratio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Comparison {
    pub(crate) ours: f64,
    pub(crate) bare: f64,
    /// The ratio of the medians.
    pub(crate) ratio: f64,
    /// The least and the greatest ratio of two turns that followed each other.
    pub(crate) spread: (f64, f64),
}

impl Comparison {
    fn of(ours: &[f64], bare: &[f64]) -> Self {
        let ratios: Vec<f64> = ours.iter().zip(bare).map(|(ours, bare)| ours / bare).collect();
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let most = ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (ours, bare) = (median(ours), median(bare));
        Self { ours, bare, ratio: ours / bare, spread: (least, most) }
    }
}

/// Returns the median; of an even number of values, the mean of the two in the middle.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
    if sorted.len() % 2 == 1 { at(middle) } else { f64::midpoint(at(middle.wrapping_sub(1)), at(middle)) }
}

/// What every run tells: requests a second, CPU for each, and the slow ones.
pub(crate) const RATE: fn(&Sample) -> f64 = |sample| sample.rate;
pub(crate) const CPU: fn(&Sample) -> f64 = |sample| sample.cpu;
pub(crate) const P50: fn(&Sample) -> f64 = |sample| sample.p50 / 1000.0;
pub(crate) const P99: fn(&Sample) -> f64 = |sample| sample.p99 / 1000.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_is_the_ratio_of_the_medians_and_the_spread_of_the_pairs() {
        let comparison = Comparison::of(&[80.0, 90.0, 10.0], &[100.0, 90.0, 40.0]);
        assert_eq!(comparison, Comparison { ours: 80.0, bare: 90.0, ratio: 80.0 / 90.0, spread: (0.25, 1.0) });
    }

    #[test]
    fn an_even_number_of_values_has_a_median() {
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]).to_string(), "2.5");
        assert!(median(&[]).is_nan());
    }
}
