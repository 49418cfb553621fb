//! A fault at every call that any flow makes to the store: of every kind, before the effect of the call and after it.
//!
//! The flows stand in tables: what each calls, what comes of it, what of it is lost with an answer, and which failure
//! it passes over, with the reason. The rules are below, and each is held against every fault of every flow.

mod account;
mod case;
mod exchange;
mod flow;
mod http;
mod operator;
mod race;
mod session;
mod source;
mod state;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use auth_core::audit::AuditKind;
use auth_core::conformance::faulty::{CAUSE, Fault, FaultKind, Moment};
use auth_core::{Error, ErrorKind};

use case::{Case, Course, Ended};
use flow::{Flow, said};
use state::State;

fn flows() -> Vec<Flow> {
    [account::flows(), session::flows(), exchange::flows(), operator::flows()].into_iter().flatten().collect()
}

/// Lets each flow meet every fault at each of its calls, in a scene of its own each time.
async fn sweep(flows: Vec<Flow>, holds: impl AsyncFn(Case<'_>)) {
    for flow in flows {
        let course = Course::of(&flow).await;
        for number in 1..=course.calls.len() {
            for fault in Fault::ALL {
                holds(Case::run(&flow, &course, number, fault).await).await;
            }
        }
    }
}

#[tokio::test]
async fn without_a_fault_the_flows_run_as_their_tables_say() {
    for flow in flows() {
        let course = Course::of(&flow).await;
        let name = flow.name;
        assert_eq!(course.calls, flow.calls, "{name}");
        assert_eq!((course.said.as_str(), course.said_again.as_str()), (flow.answer, flow.answer_again), "{name}");
        assert_eq!(course.states.len(), course.calls.len() + 1, "{name}");
        assert!(flow.ignored.is_none_or(|(call, reason)| course.calls.contains(&call) && !reason.is_empty()), "{name}");
        assert_eq!(events_between(course.end(), &course.twice), flow.events_again, "{name}");
        assert_eq!(course.twice.rows.accounts.len(), course.end().rows.accounts.len(), "{name}");
    }
}

/// The kinds of the events that one state has and the other has not yet.
fn events_between(before: &State, after: &State) -> Vec<AuditKind> {
    let mut counts = BTreeMap::<&str, (AuditKind, i32)>::new();
    for (state, count) in [(before, -1), (after, 1)] {
        for event in &state.rows.events {
            counts.entry(event.kind.as_str()).or_insert((event.kind, 0)).1 += count;
        }
    }
    counts
        .into_values()
        .filter(|(_, count)| *count != 0)
        .inspect(|(_, count)| assert_eq!(*count, 1))
        .map(|(kind, _)| kind)
        .collect()
}

/// A flow that is missing here meets no fault anywhere: it comes into the tables, and then into this list.
#[test]
fn every_flow_is_swept() {
    let swept = [
        "authenticate",
        "ensure_role",
        "profile",
        "prune",
        "recheck",
        "refresh",
        "revoke_session",
        "sessions",
        "sign_in",
        "sign_out",
        "sign_up",
    ];
    assert_eq!(source::names_after("pub async fn "), BTreeSet::from(swept.map(str::to_owned)));
}

#[test]
fn every_call_of_a_flow_to_the_store_is_swept() {
    let swept: BTreeSet<_> = flows().iter().flat_map(|flow| flow.calls).map(|call| (*call).to_owned()).collect();
    let mut called = source::names_after("store().");
    assert!(called.remove("check_profile"), "it touches no database");
    assert_eq!(called, swept);
}

#[tokio::test]
async fn a_fault_issues_nothing_and_passes_no_verdict() {
    sweep(flows(), async |case| issues_nothing(&case)).await;
}

#[track_caller]
fn issues_nothing(case: &Case<'_>) {
    let name = case.name();
    match (&case.ended, case.fault.kind) {
        (Ended::Answered(outcome), FaultKind::Fail) if case.is_ignored() => {
            assert_eq!((said(outcome).as_str(), case.calls.as_slice()), (case.flow.answer, case.flow.calls), "{name}");
            return;
        }
        (Ended::Answered(outcome), FaultKind::Fail) => is_unavailable(outcome.as_ref().as_ref().err(), &name),
        (Ended::Hung, FaultKind::Hang) | (Ended::Panicked, FaultKind::Panic) => {}
        _ => panic!("{name}: the flow went on"),
    }
    assert_eq!(case.calls, case.flow.calls[..case.number], "{name}: nothing is asked after the fault");
}

#[track_caller]
fn is_unavailable(error: Option<&Error>, name: &str) {
    let error = error.unwrap_or_else(|| panic!("{name}: the fault was passed over"));
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{name}");
    assert!(error.retry_after().is_some(), "{name}");
    assert!(error.fields().is_empty() && !error.to_string().contains(CAUSE), "{name}: a stranger reads the cause");
    assert!(format!("{error:?}").contains(CAUSE), "{name}: the operator's log lacks the cause");
}

#[tokio::test]
async fn a_fault_leaves_nothing_half_done() {
    sweep(flows(), async |case| {
        let name = case.name();
        assert_eq!(case.after.lines, case.expected_after(), "{name}");
        let is_whole = [case.course.start(), case.course.end()].iter().any(|state| state.lines == case.after.lines);
        assert!(is_whole || case.flow.in_steps.is_some(), "{name}: neither the start nor the end");
        if case.after.lines == case.before.lines {
            assert_eq!(case.after.rows, case.before.rows, "{name}: to the byte");
        }
    })
    .await;
}

/// For longer than that no failed touch is tried again.
const PAUSE: Duration = Duration::from_secs(5);

#[tokio::test]
async fn the_same_request_again_leads_to_where_it_would_have_led_without_the_fault() {
    sweep(flows(), async |case| {
        let (name, scene) = (case.name(), &case.scene);
        scene.fixture.store.heal();
        if case.is_ignored() {
            scene.fixture.clock.advance(PAUSE);
        }
        scene.fixture.store.take_calls();
        let outcome = (case.flow.run)(scene).await;
        let calls = scene.fixture.store.take_calls();
        if case.is_ignored() {
            let expected = (case.flow.answer_again.to_owned(), case.fault.moment == Moment::BeforeEffect);
            assert_eq!((said(&outcome), calls.contains(&case.call())), expected, "{name}: it is made up for");
        } else {
            let course = case.course;
            let (answer, state) =
                if case.is_done() { (&course.said_again, &course.twice) } else { (&course.said, course.end()) };
            assert_eq!((said(&outcome), scene.state().await.lines), (answer.clone(), state.lines.clone()), "{name}");
        }
        if let Some(then) = case.flow.then {
            then(scene, outcome.ok().and_then(|answer| answer.signed_in).as_ref()).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_fault_is_never_evidence_of_theft_and_never_makes_a_second_account() {
    sweep(flows(), async |case| {
        let name = case.name();
        let count = |state: &State, kind| state.rows.events.iter().filter(|event| event.kind == kind).count();
        let thefts = |state: &State| count(state, AuditKind::RefreshReuseDetected);
        case.scene.fixture.store.heal();
        drop((case.flow.run)(&case.scene).await);
        let again = case.scene.state().await;
        for state in [&case.after, &again] {
            assert!(thefts(state) <= thefts(case.course.end()), "{name}");
            assert!(count(state, AuditKind::SignUpSuccess) <= state.rows.accounts.len(), "{name}");
            assert!(state.rows.accounts.len() <= 1, "{name}");
        }
        assert_eq!(thefts(&again), thefts(case.course.end()), "{name}");
    })
    .await;
}

#[tokio::test]
async fn a_fault_in_a_lost_race_is_no_worse_than_another() {
    for flow in race::flows() {
        let course = Course::of(&flow).await;
        assert_eq!((course.calls.as_slice(), course.said.as_str()), (flow.calls, flow.answer), "{}", flow.name);
    }
    sweep(race::flows(), async |case| {
        issues_nothing(&case);
        let (name, scene) = (case.name(), &case.scene);
        scene.fixture.store.heal();
        let outcome = (case.flow.run)(scene).await;
        assert!([case.flow.answer, case.flow.answer_again].contains(&said(&outcome).as_str()), "{name}");
        if let Some(then) = case.flow.then {
            then(scene, outcome.ok().and_then(|answer| answer.signed_in).as_ref()).await;
        }
        let events = scene.state().await.rows.events;
        assert!(events.iter().all(|event| event.kind != AuditKind::RefreshReuseDetected), "{name}");
    })
    .await;
}
