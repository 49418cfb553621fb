//! The one error type of the flows, and the policy behind it.
//!
//! An error has two audiences. Its kind, its fields and its `Display` are for whoever sent the request: constant
//! text, the same for every cause, safe to show a stranger. Its [`source`](std::error::Error::source) is for the
//! operator's log and holds what really happened.

mod kind;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::audit::words::{AuditDetail, AuditKind};
use crate::id::UserId;
use crate::secret::NoRandomness;

pub use kind::ErrorKind;

/// A failed flow: what to tell the caller, when to try again, and the cause for the log.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    retry_after: Option<Duration>,
    fields: FieldErrors,
    source: Option<Box<dyn StdError + Send + Sync>>,
    refused: Option<Refused>,
}

/// What the audit log should know of a request that ends in an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) kind: AuditKind,
    pub(crate) detail: Option<AuditDetail>,
    /// The user who was refused, where one is known.
    pub(crate) user_id: Option<UserId>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind) -> Self {
        let fields = FieldErrors::default();
        Self(Box::new(Inner { kind, retry_after: None, fields, source: None, refused: None }))
    }

    /// Creates the error for input that fails a check, with what is wrong about each field.
    pub fn invalid_input(fields: FieldErrors) -> Self {
        let mut error = Self::new(ErrorKind::InvalidInput);
        error.0.fields = fields;
        error
    }

    /// Creates the error for a server that is not set up right, with what is missing for the log.
    ///
    /// An adapter uses it where the compiler cannot ask for what it needs.
    pub fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(ErrorKind::Internal).with_source(cause)
    }

    /// Creates the error for a backend that did not answer, with what it said for the log.
    pub fn unavailable(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(ErrorKind::Unavailable).with_retry_after(UNAVAILABLE_FOR).with_source(cause)
    }

    pub(crate) fn password_rejected(fields: FieldErrors) -> Self {
        let mut error = Self::new(ErrorKind::PasswordRejected);
        error.0.fields = fields;
        error
    }

    #[must_use]
    pub(crate) fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    #[must_use]
    pub(crate) fn with_source(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(cause.into());
        self
    }

    /// Says what the audit log should know of the request.
    #[must_use]
    pub(crate) fn with_refused(mut self, refused: Refused) -> Self {
        self.0.refused = Some(refused);
        self
    }

    pub(crate) fn refused(&self) -> Option<Refused> {
        self.0.refused
    }

    /// Returns what went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns how long to wait before the same request has a chance, where that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    pub(crate) fn into_fields(self) -> FieldErrors {
        self.0.fields
    }

    /// Returns what is wrong about each field; empty unless the kind is about input.
    pub fn fields(&self) -> &[FieldError] {
        &self.0.fields.0
    }
}

/// When a backend that did not answer is worth asking again.
const UNAVAILABLE_FOR: Duration = Duration::from_secs(2);

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self::new(kind)
    }
}

impl From<NoRandomness> for Error {
    fn from(cause: NoRandomness) -> Self {
        Self::internal(cause)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.kind.message())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("retry_after", &self.0.retry_after)
            .field("fields", &self.0.fields.0)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.source {
            Some(source) => Some(source.as_ref()),
            None => None,
        }
    }
}

/// Writes an error with its causes in one line: the `Debug` of errors that end a program, since `main` shows that one.
pub(crate) fn fmt_chain(error: &dyn StdError, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut last = error.to_string();
    f.write_str(&last)?;
    for cause in std::iter::successors(error.source(), |cause: &&dyn StdError| (*cause).source()) {
        let cause = cause.to_string();
        // Drivers repeat the cause in their own text.
        if !last.ends_with(&cause) {
            write!(f, ": {cause}")?;
        }
        last = cause;
    }
    Ok(())
}

/// What is wrong about one field of the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The field's name; a path such as `languages[2]` inside a profile.
    pub field: Cow<'static, str>,
    /// A stable word for programs, such as `too_short`.
    pub code: Cow<'static, str>,
    /// A sentence for people. It never repeats the input.
    pub message: Cow<'static, str>,
}

/// Enough for a form, and few enough that an answer is not much longer than the request it refuses.
const MAX_FIELD_ERRORS: usize = 20;

/// All that is wrong about an input, field by field.
///
/// ```
/// use auth_core::error::FieldErrors;
///
/// let errors = FieldErrors::one("nickname", "too_long", "A nickname has at most 20 characters.");
/// assert_eq!(errors.as_slice()[0].code, "too_long");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// Creates a list of one.
    pub fn one(
        field: impl Into<Cow<'static, str>>,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        let mut errors = Self::default();
        errors.push(field, code, message);
        errors
    }

    /// Adds one more, up to 20 in all.
    pub fn push(
        &mut self,
        field: impl Into<Cow<'static, str>>,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) {
        if self.0.len() < MAX_FIELD_ERRORS {
            self.0.push(FieldError { field: field.into(), code: code.into(), message: message.into() });
        }
    }

    /// Creates the list of fields that nobody asked for: what a store without a profile says of any.
    pub fn unknown<'a>(fields: impl IntoIterator<Item = &'a String>) -> Self {
        let mut errors = Self::default();
        fields.into_iter().for_each(|field| errors.push_unknown(field));
        errors
    }

    /// Adds a field that nobody asked for.
    pub fn push_unknown(&mut self, field: &str) {
        // The name is the sender's own text: cut it, so that an answer stays small.
        let name: String = field.chars().filter(|char| !char.is_control()).take(64).collect();
        self.push(name, "unknown_field", "This field is not known here.");
    }

    /// Adds all of another list.
    pub fn extend(&mut self, other: Self) {
        let room = MAX_FIELD_ERRORS.saturating_sub(self.0.len());
        self.0.extend(other.0.into_iter().take(room));
    }

    /// Returns whether something is wrong about a field.
    pub fn concern(&self, field: &str) -> bool {
        self.0.iter().any(|error| error.field == field)
    }

    /// Returns whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the list.
    pub fn as_slice(&self) -> &[FieldError] {
        &self.0
    }

    /// Returns `value` when nothing is wrong, else the list.
    ///
    /// # Errors
    ///
    /// The list itself, unless it is empty.
    pub fn or_ok<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }
}
