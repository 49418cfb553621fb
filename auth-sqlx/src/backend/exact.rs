//! Text that is compared byte by byte.

use std::error::Error;

use sqlx::encode::IsNull;
use sqlx::{Database, Decode, Encode, Type};

/// Text whose columns no collation touches: two values are the same only if all their bytes are.
///
/// SQLite and PostgreSQL compare text like that when told so. MySQL's collations that come closest still ignore
/// trailing blanks, so there such text is kept as bytes.
#[derive(Debug, Clone)]
pub struct Exact(pub(crate) String);

/// Stores the text as the driver stores another type.
macro_rules! exact_as {
    ($database:ty, $stored:ty, $to:expr, $from:expr) => {
        impl Type<$database> for Exact {
            fn type_info() -> <$database as Database>::TypeInfo {
                <$stored as Type<$database>>::type_info()
            }

            fn compatible(info: &<$database as Database>::TypeInfo) -> bool {
                <$stored as Type<$database>>::compatible(info)
            }
        }

        impl<'q> Encode<'q, $database> for Exact {
            fn encode_by_ref(
                &self,
                buffer: &mut <$database as Database>::ArgumentBuffer,
            ) -> Result<IsNull, Box<dyn Error + Send + Sync>> {
                let stored: $stored = $to(self.0.clone());
                Encode::<'q, $database>::encode(stored, buffer)
            }
        }

        impl<'r> Decode<'r, $database> for Exact {
            fn decode(value: <$database as Database>::ValueRef<'r>) -> Result<Self, Box<dyn Error + Send + Sync>> {
                let stored = <$stored as Decode<'r, $database>>::decode(value)?;
                Ok(Self($from(stored)?))
            }
        }
    };
}

#[cfg(feature = "sqlite")]
exact_as!(sqlx::Sqlite, String, std::convert::identity, Ok::<_, std::convert::Infallible>);
#[cfg(feature = "postgres")]
exact_as!(sqlx::Postgres, String, std::convert::identity, Ok::<_, std::convert::Infallible>);
#[cfg(feature = "mysql")]
exact_as!(sqlx::MySql, Vec<u8>, String::into_bytes, String::from_utf8);
