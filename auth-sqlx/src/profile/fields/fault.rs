//! What is wrong about a field, as data.

use std::fmt;

use auth_core::error::FieldErrors;
use serde::de::{Expected, Unexpected};

/// The longest name of a field that an answer repeats, in code points.
const MAX_FIELD_CHARS: usize = 64;

/// Where a value stands, such as `languages[2].name`.
#[derive(Clone, Copy)]
pub(super) enum Path<'p> {
    Root,
    Field(&'p Path<'p>, &'p str),
    Item(&'p Path<'p>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Field(Path::Root, name) => f.write_str(name),
            Self::Field(parent, name) => write!(f, "{parent}.{name}"),
            Self::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// What is wrong, and where, once the reader at that place has had it in hands.
#[derive(Debug)]
pub(super) struct Fault {
    what: What,
    field: Option<String>,
}

#[derive(Debug)]
pub(super) enum What {
    Missing(&'static str),
    Type,
    Unknown(String),
    Value,
    Word(&'static [&'static str]),
}

impl Fault {
    pub(super) fn new(what: What) -> Self {
        Self { what, field: None }
    }

    /// Notes the place, unless one further inside has been noted.
    pub(super) fn at(mut self, path: Path<'_>) -> Self {
        self.field.get_or_insert_with(|| match &self.what {
            What::Missing(name) => Path::Field(&path, name).to_string(),
            What::Unknown(name) => Path::Field(&path, name).to_string(),
            What::Type | What::Value | What::Word(_) => path.to_string(),
        });
        self
    }

    /// Notes the place of a field whose very name is wrong.
    pub(super) fn at_name(self, path: Path<'_>) -> Self {
        Self { field: Some(path.to_string()), ..self }
    }

    pub(super) fn push_to(self, errors: &mut FieldErrors) {
        let field = self.field.unwrap_or_default();
        if let What::Unknown(_) = self.what {
            return errors.push_unknown(&field);
        }
        // Keys of a map are the sender's own text, so they are cut as names of unknown fields are.
        let field: String = field.chars().filter(|char| !char.is_control()).take(MAX_FIELD_CHARS).collect();
        match self.what {
            What::Missing(_) => errors.push(field, "required", "This field is missing."),
            What::Type => errors.push(field, "invalid_type", "This field is of another type."),
            What::Unknown(_) | What::Value => {
                errors.push(field, "invalid_value", "This field has a value that is not accepted.");
            }
            What::Word(words) => errors.push(field, "invalid_value", format!("Expected one of: {}.", words.join(", "))),
        }
    }
}

impl serde::de::Error for Fault {
    /// The text may repeat the value, so it is dropped.
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::new(What::Value)
    }

    fn invalid_type(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self::new(What::Type)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(What::Missing(field))
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self::new(What::Unknown(field.to_owned()))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::new(What::Word(expected))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the profile cannot be read")
    }
}

impl std::error::Error for Fault {}
