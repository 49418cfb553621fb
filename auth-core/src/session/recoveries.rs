//! How often lost answers to a refresh had to be given again, as one number that stores keep.

/// What is remembered of the repetitions of a session's refresh token.
///
/// Stores keep it as one number, `i64::from(recoveries)`, and compare it as one.
///
/// ```
/// use auth_core::session::Recoveries;
///
/// let none = Recoveries::default();
/// assert_eq!(i64::from(none), 0);
/// assert_eq!(Recoveries::try_from(0), Ok(none));
/// assert!(Recoveries::try_from(-1).is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recoveries {
    in_a_row: u16,
    is_recovered: bool,
    is_repetition_noted: bool,
}

impl Recoveries {
    /// Returns the recoveries in a row, of the current token and of those before it.
    ///
    /// The row ends with the first token that was exchanged for its successor and had been given to one client alone:
    /// neither again after the grace window, nor within it to a client of another address or user agent. Somebody who
    /// follows a session needs one of the two for every token.
    pub const fn in_a_row(self) -> u16 {
        self.in_a_row
    }

    /// Returns whether the current token had to be given again after the grace window.
    pub const fn is_recovered(self) -> bool {
        self.is_recovered
    }

    /// Returns whether the audit log has an event of another client that was given the current token within the grace
    /// window.
    pub const fn is_repetition_noted(self) -> bool {
        self.is_repetition_noted
    }

    /// What is left once the current token has been exchanged for its successor.
    pub(crate) fn after_rotation(self) -> Self {
        let in_a_row = if self.is_recovered || self.is_repetition_noted { self.in_a_row } else { 0 };
        Self { in_a_row, ..Self::default() }
    }

    pub(crate) fn with_recovery(self) -> Self {
        Self { in_a_row: self.in_a_row.saturating_add(1), is_recovered: true, ..self }
    }

    pub(crate) fn with_repetition_noted(self) -> Self {
        Self { is_repetition_noted: true, ..self }
    }
}

impl From<Recoveries> for i64 {
    fn from(recoveries: Recoveries) -> Self {
        let flag = |set, bit| if set { bit } else { 0 };
        Self::from(recoveries.in_a_row)
            | flag(recoveries.is_recovered, RECOVERED)
            | flag(recoveries.is_repetition_noted, REPETITION_NOTED)
    }
}

impl TryFrom<i64> for Recoveries {
    type Error = InvalidRecoveries;

    fn try_from(number: i64) -> Result<Self, InvalidRecoveries> {
        let in_a_row = u16::try_from(number & !(RECOVERED | REPETITION_NOTED)).map_err(|_| InvalidRecoveries)?;
        let is_recovered = number & RECOVERED != 0;
        Ok(Self { in_a_row, is_recovered, is_repetition_noted: number & REPETITION_NOTED != 0 })
    }
}

/// The number is none that [`Recoveries`] are kept as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a number that recoveries are kept as")]
pub struct InvalidRecoveries;

const RECOVERED: i64 = 1 << 16;
const REPETITION_NOTED: i64 = 1 << 17;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_read_back_from_its_number() {
        for in_a_row in [0, 1, 3, u16::MAX] {
            for (is_recovered, is_repetition_noted) in [(false, false), (false, true), (true, false), (true, true)] {
                let recoveries = Recoveries { in_a_row, is_recovered, is_repetition_noted };
                assert_eq!(Recoveries::try_from(i64::from(recoveries)), Ok(recoveries));
            }
        }
    }

    #[test]
    fn a_number_that_nobody_wrote_is_refused() {
        for number in [-1, i64::MIN, 1 << 18, i64::MAX] {
            assert_eq!(Recoveries::try_from(number), Err(InvalidRecoveries), "{number}");
        }
    }

    #[test]
    fn a_token_that_one_client_got_once_ends_the_row() {
        let once = Recoveries::default().with_recovery();
        assert_eq!((once.in_a_row(), once.is_recovered()), (1, true));
        let carried = once.after_rotation();
        assert_eq!((carried.in_a_row(), carried.is_recovered()), (1, false));
        assert_eq!(carried.after_rotation(), Recoveries::default());
        assert_eq!(carried.with_recovery().in_a_row(), 2);
        let in_two_hands = carried.with_repetition_noted().after_rotation();
        assert_eq!(in_two_hands, carried, "it neither counts nor ends the row");
    }
}
