//! The JSON body of a request, read field by field.

use std::fmt;

use http::header::CONTENT_TYPE;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::{Map, Value};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::error::{Error, ErrorKind, FieldErrors};
use crate::http::body_bytes::Body;
use crate::http::request::Request;

/// The deepest nesting that is accepted. Nothing of ours nests; a profile may.
const MAX_DEPTH: usize = 32;

/// The fields of a body, taken out one by one, with all that is wrong about them collected on the way.
///
/// [`end`](Fields::end) or [`rest`](Fields::rest) must come last: before it nothing is known to be right.
pub(crate) struct Fields {
    values: Object,
    errors: FieldErrors,
}

impl Fields {
    /// Reads a body that must be there.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnsupportedMediaType`], [`ErrorKind::BodyTooLarge`], [`ErrorKind::RequestTimeout`],
    /// [`ErrorKind::Malformed`], [`ErrorKind::InvalidInput`] for JSON that is no object, or has a name twice.
    pub(crate) fn read(request: &Request) -> Result<Self, Error> {
        let bytes = complete(request)?;
        require_json(request)?;
        let values: Object = serde_json::from_slice(bytes).map_err(|error| match error.classify() {
            Category::Data => Error::invalid_input(FieldErrors::one("", "invalid", NOT_AN_OBJECT)),
            Category::Eof | Category::Io | Category::Syntax => ErrorKind::Malformed.into(),
        })?;
        if values.0.values().any(|value| depth(value) >= MAX_DEPTH) {
            return Err(ErrorKind::Malformed.into());
        }
        Ok(Self { values, errors: FieldErrors::default() })
    }

    /// Reads a body that may be left out.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub(crate) fn read_optional(request: &Request) -> Result<Self, Error> {
        if complete(request)?.is_empty() {
            return Ok(Self { values: Object::default(), errors: FieldErrors::default() });
        }
        Self::read(request)
    }

    /// Takes a text that must be there; empty when it is not, and then the reading ends in an error.
    pub(crate) fn text(&mut self, name: &'static str) -> String {
        self.optional_text(name).unwrap_or_else(|| {
            if !self.has_error(name) {
                self.errors.push(name, "required", "This field is required.");
            }
            String::new()
        })
    }

    /// Takes a text that may be left out or be null.
    pub(crate) fn optional_text(&mut self, name: &'static str) -> Option<String> {
        match self.values.0.remove(name)? {
            Value::Null => None,
            Value::String(text) => Some(text),
            mut other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                wipe(&mut other);
                self.errors.push(name, "invalid_type", "This field must be a string.");
                None
            }
        }
    }

    /// Takes a yes or no that is no when left out.
    pub(crate) fn flag(&mut self, name: &'static str) -> bool {
        match self.values.0.remove(name) {
            None | Some(Value::Null) => false,
            Some(Value::Bool(flag)) => flag,
            Some(mut other) => {
                wipe(&mut other);
                self.errors.push(name, "invalid_type", "This field must be true or false.");
                false
            }
        }
    }

    /// Returns whether something is known to be wrong about a field.
    pub(crate) fn has_error(&self, name: &str) -> bool {
        self.errors.concern(name)
    }

    /// Notes that something is wrong about a field.
    pub(crate) fn refuse(&mut self, name: &'static str, code: &'static str, message: &'static str) {
        self.errors.push(name, code, message);
    }

    /// Ends the reading: whatever is left is not known here.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] with all that is wrong.
    pub(crate) fn end(mut self) -> Result<(), Error> {
        self.errors.extend(FieldErrors::unknown(self.values.0.keys()));
        self.errors.or_ok(()).map_err(Error::invalid_input)
    }

    /// Ends the reading and returns what is left, together with what is wrong so far.
    pub(crate) fn rest(mut self) -> (Map<String, Value>, FieldErrors) {
        (std::mem::take(&mut self.values.0), self.errors)
    }
}

const NOT_AN_OBJECT: &str = "The body must be one JSON object that names each field once.";

fn complete(request: &Request) -> Result<&[u8], Error> {
    match &request.body {
        Body::Complete(bytes) => Ok(bytes),
        Body::Broken => Err(ErrorKind::Malformed.into()),
        Body::TooLarge => Err(ErrorKind::BodyTooLarge.into()),
        Body::TooSlow => Err(ErrorKind::RequestTimeout.into()),
    }
}

/// Only JSON is read: a form of another site can send every other type without asking the browser.
fn require_json(request: &Request) -> Result<(), Error> {
    let mut types = request.headers.get_all(CONTENT_TYPE).iter();
    match (types.next().and_then(|value| value.to_str().ok()), types.next()) {
        (Some(value), None) if is_json(value) => Ok(()),
        _ => Err(ErrorKind::UnsupportedMediaType.into()),
    }
}

fn is_json(content_type: &str) -> bool {
    let (essence, parameter) = content_type.split_once(';').unwrap_or((content_type, "charset=utf-8"));
    let parameter = parameter.trim().to_ascii_lowercase();
    essence.trim().eq_ignore_ascii_case("application/json")
        && matches!(parameter.as_str(), "" | "charset=utf-8" | "charset=\"utf-8\"")
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or_default(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// A JSON object in which no name stands twice: two readers could pick different ones. Its texts are wiped when it is
/// dropped, for any of them may be a password, under whatever name it was sent.
#[derive(Default)]
pub(super) struct Object(Map<String, Value>);

impl Drop for Object {
    fn drop(&mut self) {
        self.0.values_mut().for_each(wipe);
    }
}

impl ZeroizeOnDrop for Object {}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(fields) => fields.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor;

        impl<'de> Visitor<'de> for ObjectVisitor {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Object, A::Error> {
                let mut object = Object::default();
                while let Some((name, value)) = access.next_entry::<String, Value>()? {
                    if let Some(mut first) = object.0.insert(name, value) {
                        wipe(&mut first);
                        return Err(A::Error::custom("a name stands twice"));
                    }
                }
                Ok(object)
            }
        }

        deserializer.deserialize_map(ObjectVisitor)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue, Method};

    use super::*;
    use crate::http::recall::Recall;
    use crate::http::request::Transport;

    fn request(content_type: Option<&'static str>, body: &[u8]) -> Request {
        Request {
            transport: Transport::Cookie,
            method: Method::POST,
            headers: content_type
                .map(|value| (CONTENT_TYPE, HeaderValue::from_static(value)))
                .into_iter()
                .collect::<HeaderMap>(),
            peer: None,
            recall: Recall::default(),
            id: None,
            body: Body::from(Bytes::copy_from_slice(body)),
        }
    }

    #[track_caller]
    fn refused(content_type: Option<&'static str>, body: impl AsRef<[u8]>, expected: ErrorKind) {
        let result = Fields::read(&request(content_type, body.as_ref()));
        assert_eq!(result.map(|_| ()).unwrap_err().kind(), expected);
    }

    #[test]
    fn only_json_is_read() {
        for accepted in ["application/json", "Application/JSON; charset=UTF-8", "application/json;"] {
            assert!(Fields::read(&request(Some(accepted), b"{}")).is_ok(), "{accepted}");
        }
        for other in [
            None,
            Some("text/plain"),
            Some("application/jsonx"),
            Some("text/plain; application/json"),
            Some("application/json, text/plain"),
            Some("application/json;charset=utf-16"),
            Some("application/x-www-form-urlencoded"),
        ] {
            refused(other, "{}", ErrorKind::UnsupportedMediaType);
        }
    }

    #[test]
    fn what_is_not_one_object_is_refused() {
        const JSON: Option<&str> = Some("application/json");
        for broken in ["", "{", "{}{}", "{'a':1}", "\u{feff}{}", "{\"a\":\"\\ud800\"}", "{\"a\":NaN}", "{\"a\":1e999}"]
        {
            refused(JSON, broken, ErrorKind::Malformed);
        }
        refused(JSON, b"{\"a\":\"\xff\"}", ErrorKind::Malformed);
        refused(JSON, format!("{{\"a\":{}{}}}", "[".repeat(40), "]".repeat(40)), ErrorKind::Malformed);
        refused(JSON, "[".repeat(16_000), ErrorKind::InvalidInput);
        for other in ["[]", "null", "\"text\"", "{\"a\":1,\"a\":2}"] {
            refused(JSON, other, ErrorKind::InvalidInput);
        }
    }

    #[test]
    fn every_text_of_a_body_is_wiped_however_deep_it_stands() {
        let mut value = serde_json::json!(["a", { "b": "b", "c": ["d", 1, null, true] }]);
        wipe(&mut value);
        assert_eq!(value, serde_json::json!(["", { "b": "", "c": ["", 1, null, true] }]));
    }

    #[test]
    fn a_flood_of_unknown_fields_gets_a_short_answer() {
        let names: Vec<_> = (0..1_000).map(|number| format!("\"f{number}\":0")).collect();
        let body = format!("{{{}}}", names.join(","));
        let fields = Fields::read(&request(Some("application/json"), body.as_bytes())).unwrap();
        assert_eq!(fields.end().unwrap_err().fields().len(), 20);
    }

    #[test]
    fn every_wrong_field_is_told() {
        let mut fields =
            Fields::read(&request(Some("application/json"), br#"{"a":1,"flag":"yes","stray":true,"nothing":null}"#))
                .unwrap();
        fields.text("a");
        fields.text("missing");
        assert_eq!(fields.optional_text("nothing"), None);
        assert!(!fields.flag("flag"));
        let error = fields.end().unwrap_err();
        let told: Vec<_> = error.fields().iter().map(|error| (&*error.field, &*error.code)).collect();
        assert_eq!(
            told,
            [("a", "invalid_type"), ("missing", "required"), ("flag", "invalid_type"), ("stray", "unknown_field")]
        );
    }
}
