//! Session settings that the statements rely on.

use crate::migration::MigrateError;

/// A session setting that changes what a statement or a COMMIT means.
pub(super) struct Setting {
    /// The names of the setting, as releases of the database report it.
    pub(super) names: &'static [&'static str],
    /// The statement that gives the setting its right value.
    pub(super) set: &'static str,
    /// Whether the statements are right with this value.
    pub(super) suffices: fn(&str) -> bool,
    /// What happens with another value.
    pub(super) otherwise: &'static str,
}

impl Setting {
    /// Refuses a value of the setting, under one of its names, with which the statements would mean something else.
    pub(super) fn check(&self, name: &str, value: &str) -> Result<(), MigrateError> {
        let Self { set, suffices, otherwise, .. } = self;
        if suffices(value) {
            return Ok(());
        }
        Err(MigrateError::Setting(format!(
            "the connections of the pool have {name} = {value}, with which {otherwise}: run `{set}` on each of them, \
             in `after_connect` of the pool's options"
        )))
    }
}
