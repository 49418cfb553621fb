//! One run of a flow, with a fault at one of its calls, beside the run in which nothing failed.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use auth_core::Error;
use auth_core::conformance::faulty::{Fault, FaultKind, Moment};
use futures_util::FutureExt;

use super::flow::{Answer, Flow, Scene, said};
use super::state::{State, without_step};

/// How a flow runs when nothing fails.
pub(super) struct Course {
    pub(super) calls: Vec<&'static str>,
    pub(super) said: String,
    pub(super) said_again: String,
    /// What the store holds at the start, and after each call.
    pub(super) states: Vec<State>,
    /// What it holds after the flow was run twice.
    pub(super) twice: State,
}

impl Course {
    pub(super) async fn of(flow: &Flow) -> Self {
        let scene = (flow.prepare)().await;
        scene.fixture.store.take_calls();
        let first = (flow.run)(&scene).await;
        let calls = scene.fixture.store.take_calls();
        let again = (flow.run)(&scene).await;
        let twice = scene.state().await;
        let states = Self::states(flow, &calls).await;
        Self { calls, said: said(&first), said_again: said(&again), states, twice }
    }

    async fn states(flow: &Flow, calls: &[&'static str]) -> Vec<State> {
        let scene = (flow.prepare)().await;
        let states = Arc::<Mutex<Vec<State>>>::default();
        for call in calls {
            let (view, states) = (scene.view(), Arc::clone(&states));
            scene.fixture.store.before(call, async move {
                let state = view.read().await;
                states.lock().unwrap().push(state);
            });
        }
        drop((flow.run)(&scene).await);
        let mut states = std::mem::take(&mut *states.lock().unwrap());
        states.push(scene.state().await);
        states
    }

    pub(super) fn start(&self) -> &State {
        &self.states[0]
    }

    pub(super) fn end(&self) -> &State {
        self.states.last().unwrap()
    }
}

/// How a flow with a fault ended.
pub(super) enum Ended {
    Answered(Box<Result<Answer, Error>>),
    /// It waits for ever, and whoever called it hung up.
    Hung,
    Panicked,
}

/// A flow that met a fault.
pub(super) struct Case<'a> {
    pub(super) flow: &'a Flow,
    pub(super) course: &'a Course,
    /// Which of its calls met the fault, counted from 1.
    pub(super) number: usize,
    pub(super) fault: Fault,
    pub(super) scene: Scene,
    pub(super) before: State,
    pub(super) calls: Vec<&'static str>,
    pub(super) ended: Ended,
    pub(super) after: State,
}

impl<'a> Case<'a> {
    pub(super) async fn run(flow: &'a Flow, course: &'a Course, number: usize, fault: Fault) -> Self {
        let scene = (flow.prepare)().await;
        let before = scene.state().await;
        scene.fixture.store.take_calls();
        scene.fixture.store.fault_at(number, fault);
        let ended = end(flow, &scene).await;
        let calls = scene.fixture.store.take_calls();
        let after = scene.state().await;
        Self { flow, course, number, fault, scene, before, calls, ended, after }
    }

    /// What a failed assertion is about.
    pub(super) fn name(&self) -> String {
        let Fault { kind, moment } = self.fault;
        format!("{}: {kind:?} at call {} ({}), {moment:?}", self.flow.name, self.number, self.call())
    }

    pub(super) fn call(&self) -> &'static str {
        self.course.calls[self.number - 1]
    }

    /// Whether the flow goes on in spite of the fault.
    pub(super) fn is_ignored(&self) -> bool {
        self.fault.kind == FaultKind::Fail && self.flow.ignored.is_some_and(|(call, _)| call == self.call())
    }

    /// What the store must hold after the fault.
    pub(super) fn expected_after(&self) -> Vec<String> {
        let (before, after) = (&self.course.states[self.number - 1], &self.course.states[self.number]);
        match (self.is_ignored(), self.fault.moment) {
            (true, Moment::AfterEffect) => self.course.end().lines.clone(),
            (true, Moment::BeforeEffect) => without_step(self.course.end(), before, after),
            (false, Moment::AfterEffect) => after.lines.clone(),
            (false, Moment::BeforeEffect) => before.lines.clone(),
        }
    }

    /// Whether all was done, so that only the answer is missing.
    pub(super) fn is_done(&self) -> bool {
        let end = &self.course.end().lines;
        self.after.lines == *end && *end != self.course.start().lines
    }
}

/// Runs a flow until it answers or panics, or waits for a call that will never return.
async fn end(flow: &Flow, scene: &Scene) -> Ended {
    let mut running = pin!(AssertUnwindSafe((flow.run)(scene)).catch_unwind());
    std::future::poll_fn(|context| match running.as_mut().poll(context) {
        Poll::Ready(Ok(outcome)) => Poll::Ready(Ended::Answered(Box::new(outcome))),
        Poll::Ready(Err(_)) => Poll::Ready(Ended::Panicked),
        Poll::Pending if scene.fixture.store.hanging() > 0 => Poll::Ready(Ended::Hung),
        // A password is being hashed.
        Poll::Pending => Poll::Pending,
    })
    .await
}
