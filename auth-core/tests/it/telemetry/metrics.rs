//! Hashes are measured on threads of their own, so the recorder of one test hears the whole process. Where numbers are
//! compared, the test's thread has a recorder of its own.

use std::collections::{BTreeMap, BTreeSet};

use auth_core::conformance::faulty::Moment;
use auth_core::policy::{HashPolicy, SessionCachePolicy};
use futures_util::future::join_all;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};

use super::{EMAIL, PASSWORD, every_flow};
use crate::fixture::{Fixture, sign_up};

const GUIDE: &str = include_str!("../../../../docs/operating.md");
const ALERTS: &str = include_str!("../../../../docs/alerts.yml");

/// A series, as Prometheus writes it, and its value; of a histogram the number of its values.
type Series = BTreeMap<(String, Vec<(String, String)>), u64>;

#[tokio::test]
async fn the_guide_lists_what_is_measured_with_its_labels_and_nothing_else() {
    let recorder = DebuggingRecorder::new();
    let process = recorder.snapshotter();
    recorder.install().unwrap();
    let secrets = every_flow(&Fixture::new()).await;
    overload().await;
    let series = series(&process);
    let measured: BTreeSet<_> = series.iter().filter(|(_, value)| **value > 0).map(|((name, _), _)| name).collect();
    assert_eq!(measured.into_iter().collect::<Vec<_>>(), guide().keys().collect::<Vec<_>>());
    for (_, word) in series.keys().flat_map(|(_, labels)| labels) {
        assert!(!secrets.iter().any(|secret| word.contains(secret.as_str())), "{word}");
    }
    assert_eq!(words_by_name(&series), guide());
}

/// The labels of each metric and their values; where a call is one, it is no other than the guide lists.
fn words_by_name(series: &Series) -> BTreeMap<String, BTreeSet<String>> {
    let calls: BTreeSet<_> = words_of(section("The calls are", "Words of outcomes")).collect();
    let mut words_by_name = BTreeMap::<_, BTreeSet<_>>::new();
    let mut called = BTreeSet::new();
    for (name, labels) in series.keys() {
        let words = words_by_name.entry(name.clone()).or_default();
        for (label, word) in labels {
            words.insert(label.clone());
            if label == "call" {
                called.insert(word.clone())
            } else {
                words.insert(word.clone())
            };
        }
    }
    assert_eq!(called, calls, "the errors of each begin at zero");
    // One limit is enough to see the label, whose values the guide lists as examples.
    words_by_name
        .entry("auth_rate_limited_total".to_owned())
        .or_default()
        .extend(["auth:sign_up", "auth:refresh", "auth:refresh_unproven"].map(str::to_owned));
    words_by_name
}

#[tokio::test]
async fn each_flow_is_counted_by_its_outcome() {
    let recorder = DebuggingRecorder::new();
    let _guard = metrics::set_default_local_recorder(&recorder);
    every_flow(&Fixture::new()).await;
    let series = series(&recorder.snapshotter());
    let by = |name: &str, labels: &[(&str, &str)]| count(&series, name, labels);
    let outcome = |name: &str, word: &str| by(name, &[("outcome", word)]);
    for (word, expected) in [("signed_in", 2), ("invalid_credentials", 7), ("account_disabled", 1), ("unavailable", 1)]
    {
        assert_eq!(outcome("auth_sign_ins_total", word), expected, "{word}");
    }
    for (word, expected) in [("signed_up", 2), ("email_taken", 1), ("password_rejected", 1), ("invalid_input", 1)] {
        assert_eq!(outcome("auth_sign_ups_total", word), expected, "{word}");
    }
    for (word, expected) in [("refreshed", 2), ("reuse_detected", 1), ("unauthenticated", 1), ("unavailable", 1)] {
        assert_eq!(outcome("auth_refreshes_total", word), expected, "{word}");
    }
    assert_eq!(outcome("auth_sign_outs_total", "signed_out"), 1);
    assert_eq!(outcome("auth_sign_outs_total", "already_over"), 1);
    assert_eq!(outcome("auth_prunes_total", "pruned"), 1);
    assert_eq!(outcome("auth_prunes_total", "unavailable"), 1);
    for (source, outcome, expected) in [
        ("database", "accepted", 3),
        ("database", "unavailable", 1),
        ("token", "accepted", 1),
        ("token", "unauthenticated", 2),
        ("cache", "accepted", 0),
    ] {
        let labels = [("source", source), ("outcome", outcome)];
        assert_eq!(by("auth_session_checks_total", &labels), expected, "{source} {outcome}");
    }
    assert_eq!(by("auth_rate_limited_total", &[("bucket", "auth:sign_in")]), 1);
    assert_eq!(by("auth_store_errors_total", &[("call", "find_credentials"), ("kind", "unavailable")]), 1);
    assert_eq!(by("auth_pruned_rows_total", &[("table", "sessions")]), 1, "the others were ended");
    let find_session = by("auth_store_call_seconds", &[("call", "find_session")]);
    assert!(find_session > 5, "{find_session}");
}

#[tokio::test]
async fn a_check_is_counted_by_what_decided() {
    let recorder = DebuggingRecorder::new();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let fixture = Fixture::with(|builder| builder.session_cache(SessionCachePolicy::default()));
    let signed_in = fixture.try_sign_up(sign_up(EMAIL, PASSWORD)).await.unwrap();
    for _ in 0..3 {
        fixture.authenticate(&signed_in).await.unwrap();
    }
    fixture.sign_out_everywhere(&signed_in).await;
    fixture.authenticate(&signed_in).await.unwrap_err();
    let series = series(&recorder.snapshotter());
    for (source, outcome, expected) in [
        ("cache", "accepted", 2),
        ("cache", "unauthenticated", 0),
        ("database", "accepted", 1),
        ("database", "unauthenticated", 1),
    ] {
        let labels = [("source", source), ("outcome", outcome)];
        assert_eq!(count(&series, "auth_session_checks_total", &labels), expected, "{source} {outcome}");
    }
}

#[tokio::test]
async fn a_call_that_fails_is_measured_and_named() {
    let recorder = DebuggingRecorder::new();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let fixture = Fixture::new();
    fixture.store.fail_method("create_user", Moment::AfterEffect);
    fixture.try_sign_up(sign_up(EMAIL, PASSWORD)).await.unwrap_err();
    let series = series(&recorder.snapshotter());
    assert_eq!(count(&series, "auth_store_call_seconds", &[("call", "create_user")]), 1);
    assert_eq!(count(&series, "auth_store_errors_total", &[("call", "create_user"), ("kind", "unavailable")]), 1);
}

#[test]
fn what_is_counted_by_closed_sets_begins_at_zero() {
    let recorder = DebuggingRecorder::new();
    let _guard = metrics::set_default_local_recorder(&recorder);
    Fixture::new();
    let series = series(&recorder.snapshotter());
    let theft = [("outcome".to_owned(), "reuse_detected".to_owned())];
    assert_eq!(series.get(&("auth_refreshes_total".to_owned(), theft.to_vec())), Some(&0));
    assert_eq!(count(&series, "auth_hash_queue_capacity", &[]), 64);
}

#[test]
fn each_alert_is_explained_and_asks_for_what_is_measured() {
    let listed = guide();
    let explained: BTreeSet<_> = words_of(section("## Alerts", "## The log")).collect();
    let mut alerts = 0;
    for line in ALERTS.lines() {
        if let Some(name) = line.trim().strip_prefix("- alert: ") {
            assert!(explained.contains(name), "{name}");
            alerts += 1;
        }
        for word in line.split(|char: char| !(char.is_ascii_lowercase() || char == '_')) {
            let name = word.trim_end_matches("_bucket").trim_end_matches("_sum");
            assert!(!word.starts_with("auth_") || listed.contains_key(name), "{word}");
        }
    }
    assert_eq!(alerts, explained.iter().filter(|word| word.starts_with("Auth") && !word.contains(':')).count());
}

/// More sign-ins at once than one slow thread and a queue of one take in.
async fn overload() {
    let slow = HashPolicy { memory_kib: 16_384, threads: 1, queue: 1, ..HashPolicy::insecure_for_tests() };
    let fixture = Fixture::with(|builder| builder.hash_policy(slow));
    join_all((0..4).map(|_| fixture.try_sign_in(EMAIL, PASSWORD))).await;
}

fn series(snapshotter: &Snapshotter) -> Series {
    let all = snapshotter.snapshot().into_vec().into_iter().map(|(key, _, description, value)| {
        assert!(description.is_some(), "{key:?} is not described");
        let labels = key.key().labels().map(|label| (label.key().to_owned(), label.value().to_owned())).collect();
        let value = match value {
            DebugValue::Counter(count) => count,
            // Nothing waits by now, and that is a measurement as well.
            DebugValue::Gauge(level) if level.into_inner() < 1.0 => 1,
            DebugValue::Gauge(level) => format!("{level:.0}").parse().unwrap(),
            DebugValue::Histogram(values) => values.len().try_into().unwrap(),
        };
        ((key.key().name().to_owned(), labels), value)
    });
    all.collect()
}

fn count(series: &Series, name: &str, labels: &[(&str, &str)]) -> u64 {
    let labels = labels.iter().map(|(label, word)| ((*label).to_owned(), (*word).to_owned())).collect();
    series.get(&(name.to_owned(), labels)).copied().unwrap_or_default()
}

/// The metrics that the guide lists, and the words about their labels.
fn guide() -> BTreeMap<String, BTreeSet<String>> {
    let rows = section("## Metrics", "## Alerts").lines().filter_map(|line| line.strip_prefix("| `auth_"));
    let rows = rows.map(|row| {
        let mut columns = row.split(" | ");
        let name = format!("auth_{}", columns.next().unwrap().trim_end_matches('`'));
        (name, words_of(columns.nth(1).unwrap()).collect())
    });
    rows.collect()
}

/// What stands in backticks.
fn words_of(text: &str) -> impl Iterator<Item = String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned)
}

fn section(from: &str, to: &str) -> &'static str {
    GUIDE.split_once(from).unwrap().1.split_once(to).unwrap().0
}
