use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use auth_core::policy::HashPolicy;
use futures_util::future::join_all;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use super::{EMAIL, PASSWORD, every_flow, sign_up};
use crate::fixture::Fixture;

/// The flows of [`every_flow`], and how each ends.
const STORY: &[(&str, &str)] = &[
    ("auth.sign_up", "signed_up"),
    ("auth.sign_up", "email_taken"),
    ("auth.sign_up", "password_rejected"),
    ("auth.sign_up", "invalid_input"),
    ("auth.sign_in", "invalid_credentials"),
    ("auth.sign_in", "invalid_credentials"),
    ("auth.sign_up", "signed_up"),
    ("auth.sign_in", "account_disabled"),
    ("auth.sign_in", "signed_in"),
    ("auth.authenticate", "accepted"),
    ("auth.authenticate", "unauthenticated"),
    ("auth.recheck", "accepted"),
    ("auth.verify_access_token", "accepted"),
    ("auth.verify_access_token", "unauthenticated"),
    ("auth.profile", "read"),
    ("auth.refresh", "refreshed"),
    ("auth.refresh", "refreshed"),
    ("auth.refresh", "reuse_detected"),
    ("auth.refresh", "unauthenticated"),
    ("auth.sign_in", "signed_in"),
    ("auth.authenticate", "accepted"),
    ("auth.sessions.list", "listed"),
    ("auth.sessions.revoke", "revoked"),
    ("auth.sessions.revoke", "not_found"),
    ("auth.sign_out", "signed_out"),
    ("auth.sign_out", "already_over"),
    ("auth.ensure_role", "created"),
    ("auth.ensure_role", "unchanged"),
    ("auth.ensure_role", "wrong_password"),
    ("auth.ensure_role", "granted"),
    ("auth.prune", "pruned"),
    ("auth.sign_up", "unavailable"),
    ("auth.sign_in", "unavailable"),
    ("auth.refresh", "unavailable"),
    ("auth.authenticate", "unavailable"),
    ("auth.prune", "unavailable"),
    ("auth.sign_in", "invalid_credentials"),
    ("auth.sign_in", "invalid_credentials"),
    ("auth.sign_in", "invalid_credentials"),
    ("auth.sign_in", "invalid_credentials"),
    ("auth.sign_in", "invalid_credentials"),
];

/// The flows' spans that a request's checks have, which only a log at DEBUG is told of.
const CHECKS: [&str; 3] = ["auth.authenticate", "auth.recheck", "auth.verify_access_token"];

#[tokio::test]
async fn each_flow_has_one_span_and_one_outcome() {
    let heard = Heard::default();
    let _guard = heard.listen(Level::TRACE);
    every_flow(&Fixture::new()).await;
    let spans: Vec<_> = STORY.iter().map(|(span, _)| (*span).to_owned()).collect();
    assert_eq!(heard.0.lock().unwrap().flows, spans);
    let outcomes: Vec<_> = STORY.iter().map(|(span, outcome)| format!("{span}: {outcome}")).collect();
    assert_eq!(heard.0.lock().unwrap().outcomes, outcomes);
}

#[tokio::test]
async fn an_overload_is_an_outcome() {
    let heard = Heard::default();
    let _guard = heard.listen(Level::TRACE);
    let slow = HashPolicy { memory_kib: 16_384, threads: 1, queue: 1, ..HashPolicy::insecure_for_tests() };
    let fixture = Fixture::with(|builder| builder.hash_policy(slow));
    join_all((0..6).map(|_| fixture.try_sign_in(EMAIL, PASSWORD))).await;
    join_all((0..6).map(|_| fixture.try_sign_up(sign_up(EMAIL, PASSWORD)))).await;
    let heard = heard.0.lock().unwrap();
    for flow in ["auth.sign_in: overloaded", "auth.sign_up: overloaded"] {
        assert!(heard.outcomes.iter().any(|outcome| outcome == flow), "{:?}", heard.outcomes);
    }
    assert_eq!((heard.flows.len(), heard.outcomes.len()), (12, 12));
}

#[tokio::test]
async fn the_checks_of_each_request_leave_no_trace_at_info() {
    let heard = Heard::default();
    let _guard = heard.listen(Level::INFO);
    every_flow(&Fixture::new()).await;
    let spans: Vec<_> = STORY.iter().map(|(span, _)| *span).filter(|span| !CHECKS.contains(span)).collect();
    let heard = heard.0.lock().unwrap();
    assert_eq!(heard.flows, spans);
    assert_eq!(heard.outcomes, [""; 0], "the audit events tell of these at INFO");
    assert!(heard.text.contains("audit event"), "{}", heard.text);
}

#[tokio::test]
async fn calls_of_the_store_and_hashes_are_spans_of_their_flow() {
    let heard = Heard::default();
    let _guard = heard.listen(Level::TRACE);
    Fixture::new().try_sign_in(EMAIL, PASSWORD).await.unwrap_err();
    let heard = heard.0.lock().unwrap();
    assert_eq!(heard.inner, ["auth.sign_in > auth.store", "auth.sign_in > auth.hash", "auth.sign_in > auth.store"]);
    assert!(heard.text.contains("call=\"find_credentials\""), "{}", heard.text);
}

#[tokio::test]
async fn no_span_and_no_event_holds_a_secret_or_an_address() {
    let heard = Heard::default();
    let _guard = heard.listen(Level::TRACE);
    let secrets = every_flow(&Fixture::new()).await;
    let heard = heard.0.lock().unwrap();
    for secret in &secrets {
        assert!(!heard.text.contains(secret.as_str()), "{secret} is in the log:\n{}", heard.text);
    }
    assert!(heard.text.contains("wrong_password"), "the check would see it: {}", heard.text);
}

/// All that a subscriber is told.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Notes>>);

#[derive(Default)]
struct Notes {
    /// The spans of flows, in the order in which they were opened.
    flows: Vec<String>,
    /// Spans within those of flows.
    inner: Vec<String>,
    /// The outcomes, each with its span.
    outcomes: Vec<String>,
    /// Every name and every field of every span and event.
    text: String,
}

impl Heard {
    fn listen(&self, level: Level) -> tracing::subscriber::DefaultGuard {
        let subscriber = tracing_subscriber::registry().with(LevelFilter::from_level(level)).with(self.clone());
        tracing::subscriber::set_default(subscriber)
    }
}

impl<S: Subscriber + for<'l> LookupSpan<'l>> Layer<S> for Heard {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut notes = self.0.lock().unwrap();
        let name = attributes.metadata().name();
        match attributes.metadata().target() {
            "auth::flow" => notes.flows.push(name.to_owned()),
            "auth::hash" | "auth::store" => {
                let parent = context.span(id).and_then(|span| span.parent()).map(|span| span.name());
                notes.inner.push(format!("{} > {name}", parent.unwrap_or_default()));
            }
            _ => {}
        }
        notes.text.push_str(name);
        attributes.record(&mut Fields(&mut notes.text));
    }

    fn on_record(&self, _id: &Id, values: &Record<'_>, _context: Context<'_, S>) {
        values.record(&mut Fields(&mut self.0.lock().unwrap().text));
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut notes = self.0.lock().unwrap();
        if event.metadata().target() == "auth::flow" {
            let mut outcome = Outcome(String::new());
            event.record(&mut outcome);
            let flow = context.event_span(event).map(|span| span.name()).unwrap_or_default();
            notes.outcomes.push(format!("{flow}: {}", outcome.0));
        }
        notes.text.push_str(event.metadata().target());
        event.record(&mut Fields(&mut notes.text));
    }
}

/// Writes every field down.
struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        writeln!(self.0, " {field}={value:?}").unwrap();
    }
}

/// Writes the outcome down.
struct Outcome(String);

impl Visit for Outcome {
    fn record_str(&mut self, field: &Field, value: &str) {
        assert_eq!(field.name(), "outcome");
        self.0.push_str(value);
    }

    fn record_debug(&mut self, field: &Field, _value: &dyn Debug) {
        assert_eq!(field.name(), "message");
    }
}
