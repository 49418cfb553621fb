//! Identifiers: `UUIDv7`, made here from the injected clock, fit to be logged and never a secret.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::{Builder, Uuid};

use crate::secret::{self, NoRandomness};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            pub(crate) fn new(now: DateTime<Utc>) -> Result<Self, NoRandomness> {
                uuid_v7(now).map(Self)
            }

            /// Takes an identifier back from where a store kept it.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// Returns the identifier as the 128 bits that a store keeps.
            pub const fn as_uuid(&self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        /// Reads the hyphenated lower-case form and no other, so that one identifier has one spelling.
        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                let uuid = Uuid::try_parse(text).map_err(|_| ParseIdError)?;
                let mut canonical = Uuid::encode_buffer();
                if uuid.hyphenated().encode_lower(&mut canonical) == text { Ok(Self(uuid)) } else { Err(ParseIdError) }
            }
        }
    };
}

id! {
    /// Names a user, for ever: it is not reused and does not change with the e-mail address.
    UserId
}

id! {
    /// Names a session. It may be logged and listed: knowing it opens nothing.
    SessionId
}

id! {
    /// Names an audit event; later events have greater ids, to the millisecond.
    AuditEventId
}

/// The text is not an identifier in its one accepted spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier: expected a hyphenated lower-case UUID")]
pub struct ParseIdError;

/// Makes the 128 bits of a `UUIDv7` (RFC 9562): milliseconds first, 74 random bits after.
pub(crate) fn uuid_v7(now: DateTime<Utc>) -> Result<Uuid, NoRandomness> {
    let millis = u64::try_from(now.timestamp_millis()).unwrap_or_default();
    Ok(Builder::from_unix_timestamp_millis(millis, &secret::random()?).into_uuid())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, ManualClock};

    #[test]
    fn later_ids_sort_later() {
        let clock = ManualClock::new();
        let first = UserId::new(clock.now()).unwrap();
        clock.advance(std::time::Duration::from_millis(1));
        assert!(first < UserId::new(clock.now()).unwrap());
    }

    #[test]
    fn only_the_canonical_spelling_is_read() {
        let text = "01890a5d-ac96-774b-bcce-b302099a8057";
        assert_eq!(text.parse::<UserId>().unwrap().to_string(), text);
        for odd in [
            "01890A5D-AC96-774B-BCCE-B302099A8057",
            "{01890a5d-ac96-774b-bcce-b302099a8057}",
            "01890a5dac96774bbcceb302099a8057",
            "",
        ] {
            assert_eq!(odd.parse::<UserId>(), Err(ParseIdError), "{odd}");
        }
    }
}
