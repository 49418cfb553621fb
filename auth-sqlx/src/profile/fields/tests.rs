use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::*;

#[derive(Debug, PartialEq, Deserialize)]
struct Person {
    nickname: String,
    level: Level,
    years: u8,
    #[serde(default)]
    languages: Vec<Language>,
    laptop: Option<Laptop>,
    #[serde(default)]
    scores: BTreeMap<Course, i8>,
    #[serde(default)]
    by_year: BTreeMap<u16, Level>,
    #[serde(default)]
    contact: Option<Contact>,
    #[serde(default)]
    place: Option<(f64, f64)>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Level {
    Beginner,
    Expert,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Language {
    name: String,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Laptop {
    memory_gib: u32,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct Course(String);

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Contact {
    None,
    Phone(u64),
    Post { city: String },
    Grid(u8, u8),
}

fn whole() -> ProfileFields {
    let Value::Object(fields) = json!({
        "nickname": "Ada", "level": "expert", "years": 3, "languages": [{ "name": "Rust" }, { "name": "C" }],
        "laptop": { "memory_gib": 32 }, "scores": { "logic": -1 }, "by_year": { "1843": "beginner" },
        "contact": { "post": { "city": "London" } }, "place": [51.5, -1],
    }) else {
        unreachable!()
    };
    fields
}

fn with(field: &str, value: Value) -> ProfileFields {
    let mut fields = whole();
    fields.insert(field.to_owned(), value);
    fields
}

#[track_caller]
fn assert_refused(fields: &ProfileFields, expected: &[(&str, &str)]) {
    let errors = read::<Person>(fields).unwrap_err();
    let errors: Vec<_> = errors.as_slice().iter().map(|error| (error.field.as_ref(), error.code.as_ref())).collect();
    assert_eq!(errors, expected, "{fields:?}");
}

#[test]
fn a_profile_is_read() {
    let person = read::<Person>(&whole()).unwrap();
    assert_eq!(person.languages[1], Language { name: "C".to_owned() });
    assert_eq!(person.level, Level::Expert);
    assert_eq!(person.laptop, Some(Laptop { memory_gib: 32 }));
    assert_eq!(person.scores[&Course("logic".to_owned())], -1);
    assert_eq!(person.by_year[&1843], Level::Beginner);
    assert_eq!(person.contact, Some(Contact::Post { city: "London".to_owned() }));
    assert_eq!(person.place, Some((51.5, -1.0)));
}

#[test]
fn every_kind_of_variant_is_read() {
    for (value, expected) in [
        (json!("none"), Some(Contact::None)),
        (json!({ "phone": 44 }), Some(Contact::Phone(44))),
        (json!({ "grid": [1, 2] }), Some(Contact::Grid(1, 2))),
        (json!(null), None),
    ] {
        assert_eq!(read::<Person>(&with("contact", value)).unwrap().contact, expected);
    }
}

#[test]
fn what_may_be_left_out_may_be_left_out() {
    let mut fields = whole();
    for optional in ["languages", "laptop", "scores", "by_year", "contact", "place"] {
        fields.remove(optional);
    }
    assert_eq!(read::<Person>(&fields).unwrap().laptop, None);
    assert_eq!(read::<Person>(&with("laptop", json!(null))).unwrap().laptop, None);
}

#[test]
fn a_missing_field_is_named() {
    let mut fields = whole();
    fields.remove("nickname");
    assert_refused(&fields, &[("nickname", "required")]);
    assert_refused(&with("languages", json!([{ "name": "C" }, {}])), &[("languages[1].name", "required")]);
    assert_refused(&with("laptop", json!({})), &[("laptop.memory_gib", "required")]);
    assert_refused(&with("contact", json!({ "post": {} })), &[("contact.post.city", "required")]);
}

#[test]
fn every_unknown_field_is_named() {
    let mut fields = with("roles", json!(["admin"]));
    fields.insert("id".to_owned(), json!(1));
    assert_refused(&fields, &[("id", "unknown_field"), ("roles", "unknown_field")]);
    let nested = json!([{ "name": "C", "level": { "deep": [] } }]);
    assert_refused(&with("languages", nested), &[("languages[0].level", "unknown_field")]);
    assert_refused(&with("laptop", json!({ "memory_gib": 1, "x": 1 })), &[("laptop.x", "unknown_field")]);
    fields.remove("years");
    assert_refused(&fields, &[("id", "unknown_field"), ("roles", "unknown_field"), ("years", "required")]);
}

#[test]
fn a_value_of_another_type_is_named() {
    for (field, value, named) in [
        ("nickname", json!(7), "nickname"),
        ("nickname", json!(null), "nickname"),
        ("nickname", json!({ "$ne": "" }), "nickname"),
        ("years", json!("3"), "years"),
        ("years", json!(1.5), "years"),
        ("level", json!(1), "level"),
        ("level", json!({}), "level"),
        ("languages", json!({}), "languages"),
        ("languages", json!([{ "name": "C" }, "Rust"]), "languages[1]"),
        ("laptop", json!(true), "laptop"),
        ("laptop", json!({ "memory_gib": [] }), "laptop.memory_gib"),
        ("scores", json!({ "logic": "A" }), "scores.logic"),
        ("by_year", json!({ "first": "expert" }), "by_year.first"),
        ("contact", json!("phone"), "contact"),
        ("contact", json!({ "none": 1 }), "contact"),
        ("place", json!(["51", 0]), "place[0]"),
    ] {
        assert_refused(&with(field, value), &[(named, "invalid_type")]);
    }
}

#[test]
fn a_value_that_is_not_accepted_is_named() {
    for (field, value, named) in [
        ("years", json!(256), "years"),
        ("years", json!(-1), "years"),
        ("level", json!("guru"), "level"),
        ("by_year", json!({ "70000": "expert" }), "by_year.70000"),
        ("place", json!([1, 2, 3]), "place"),
        ("place", json!([1]), "place"),
    ] {
        assert_refused(&with(field, value), &[(named, "invalid_value")]);
    }
}

#[test]
fn messages_help_and_repeat_no_value() {
    let errors = read::<Person>(&with("level", json!("guru"))).unwrap_err();
    assert_eq!(errors.as_slice()[0].message, "Expected one of: beginner, expert.");
    let errors = read::<Person>(&with("scores", json!({ "x\n".repeat(1000): "secret" }))).unwrap_err();
    let [error] = errors.as_slice() else { panic!("{errors:?}") };
    assert!(error.field.chars().count() <= 64 && !error.field.contains('\n'), "{error:?}");
    assert!(!format!("{errors:?}").contains("secret"));
}
