//! Reads a profile's data out of a sign-up's fields, so that every error names its field and repeats no value.
//!
//! What is missing and what is unknown reaches the error type of a deserializer as data. `serde_json` makes sentences
//! of it, with the sender's values in them, which is why this deserializer has an error type of its own.

mod fault;

use std::cell::RefCell;

use auth_core::error::FieldErrors;
use auth_core::store::ProfileFields;
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Value, map};

use fault::{Fault, Path, What};

/// Reads the data. A field that the data does not have is refused: somebody misspelt it, or hopes that it has a
/// meaning.
///
/// The list holds the unknown fields that were met, and the error that ended the reading.
pub(super) fn read<T: DeserializeOwned>(fields: &ProfileFields) -> Result<T, FieldErrors> {
    let unknown = RefCell::new(FieldErrors::default());
    let value = Value::Object(fields.clone());
    let read = T::deserialize(Reader { value: &value, path: Path::Root, unknown: &unknown });
    let mut errors = unknown.into_inner();
    match read {
        Ok(data) => errors.or_ok(data),
        Err(fault) => {
            fault.push_to(&mut errors);
            Err(errors)
        }
    }
}

/// A value with its place, and where to put the unknown fields in it.
#[derive(Clone, Copy)]
struct Reader<'de, 'p> {
    value: &'de Value,
    path: Path<'p>,
    unknown: &'p RefCell<FieldErrors>,
}

impl<'de, 'p> Reader<'de, 'p> {
    fn child<'c>(&'c self, value: &'de Value, path: Path<'c>) -> Reader<'de, 'c>
    where
        'p: 'c,
    {
        Reader { value, path, unknown: self.unknown }
    }

    fn visit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(value), _, _) => visitor.visit_u64(value),
                (_, Some(value), _) => visitor.visit_i64(value),
                (_, _, Some(value)) => visitor.visit_f64(value),
                (None, None, None) => Err(Fault::new(What::Value)),
            },
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(items) => {
                let mut access = Elements { items, next: 0, of: self };
                let read = visitor.visit_seq(&mut access)?;
                if access.next < items.len() { Err(Fault::new(What::Value)) } else { Ok(read) }
            }
            Value::Object(fields) => visitor.visit_map(Fields { entries: fields.iter(), value: None, of: self }),
        }
    }
}

impl<'de> Deserializer<'de> for Reader<'de, '_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.visit(visitor).map_err(|fault| fault.at(self.path))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.value.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self).map_err(|fault| fault.at(self.path))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let variant = match self.value {
            Value::String(name) => Some((name.as_str(), None)),
            Value::Object(fields) if fields.len() == 1 => {
                fields.iter().next().map(|(name, value)| (name.as_str(), Some(value)))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
        };
        let (name, value) = variant.ok_or_else(|| Fault::new(What::Type).at(self.path))?;
        visitor.visit_enum(Variant { name, value, of: self }).map_err(|fault| fault.at(self.path))
    }

    /// Where a struct throws away what it has no field for.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.unknown.borrow_mut().push_unknown(&self.path.to_string());
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier
    }
}

struct Elements<'de, 'p> {
    items: &'de [Value],
    next: usize,
    of: Reader<'de, 'p>,
}

impl<'de> SeqAccess<'de> for Elements<'de, '_> {
    type Error = Fault;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Fault> {
        let Some(item) = self.items.get(self.next) else { return Ok(None) };
        let path = Path::Item(&self.of.path, self.next);
        self.next += 1;
        seed.deserialize(self.of.child(item, path)).map_err(|fault| fault.at(path)).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len() - self.next)
    }
}

struct Fields<'de, 'p> {
    entries: map::Iter<'de>,
    value: Option<(&'de str, &'de Value)>,
    of: Reader<'de, 'p>,
}

impl<'de> MapAccess<'de> for Fields<'de, '_> {
    type Error = Fault;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Fault> {
        let Some((name, value)) = self.entries.next() else { return Ok(None) };
        self.value = Some((name, value));
        let path = Path::Field(&self.of.path, name);
        seed.deserialize(Name(name)).map_err(|fault| fault.at_name(path)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Fault> {
        let (name, value) = self.value.take().ok_or_else(|| Fault::new(What::Value))?;
        let path = Path::Field(&self.of.path, name);
        seed.deserialize(self.of.child(value, path)).map_err(|fault| fault.at(path))
    }
}

/// The name of a field, or the key of a map, which may be a number or an enum's word to the application.
struct Name<'de>(&'de str);

macro_rules! numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            match (self.0.parse(), self.0.parse()) {
                (Ok(number), _) => visitor.visit_u64(number),
                (_, Ok(number)) => visitor.visit_i64(number),
                (Err(_), Err(_)) => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Name<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_borrowed_str(self.0)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_enum(BorrowedStrDeserializer::new(self.0))
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16 deserialize_u32
        deserialize_u64
    }

    forward_to_deserialize_any! {
        bool i128 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq tuple tuple_struct map
        struct identifier ignored_any
    }
}

struct Variant<'de, 'p> {
    name: &'de str,
    value: Option<&'de Value>,
    of: Reader<'de, 'p>,
}

impl<'de> EnumAccess<'de> for Variant<'de, '_> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Fault> {
        seed.deserialize(Name(self.name)).map(|variant| (variant, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de, '_> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        if self.value.is_none_or(Value::is_null) { Ok(()) } else { Err(Fault::new(What::Type)) }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Fault> {
        let value = self.value.ok_or_else(|| Fault::new(What::Type))?;
        seed.deserialize(self.of.child(value, Path::Field(&self.of.path, self.name)))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        let value = self.value.ok_or_else(|| Fault::new(What::Type))?;
        self.of.child(value, Path::Field(&self.of.path, self.name)).deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        self.tuple_variant(0, visitor)
    }
}

#[cfg(test)]
mod tests;
