//! What stands in the place of the `metrics` facade where the feature is off: the same words, and nothing behind them.

/// A counter, gauge or histogram that nobody reads.
pub(crate) struct Nothing;

impl Nothing {
    /// Uses what a series would be called by, so that it need not be left out.
    pub(super) const fn of<T: Copy>(_name_and_labels: T) -> Self {
        Self
    }

    pub(super) const fn increment<T: Copy>(self, _by: T) {
        let Self = self;
    }

    pub(super) const fn decrement(self, _by: f64) {
        let Self = self;
    }

    pub(super) const fn record(self, _value: f64) {
        let Self = self;
    }

    pub(super) const fn set(self, _value: f64) {
        let Self = self;
    }
}

macro_rules! nothing {
    ($name:expr $(, $label:literal => $word:expr)*) => {
        $crate::telemetry::disabled::Nothing::of(($name, $($word,)*))
    };
    ($name:expr, $help:expr) => {
        $crate::telemetry::disabled::Nothing::of(($name, $help))
    };
}

pub(super) use {
    nothing as counter, nothing as describe_counter, nothing as describe_gauge, nothing as describe_histogram,
    nothing as gauge, nothing as histogram,
};
