use metrics_util::debugging::{DebugValue, DebuggingRecorder};

use super::*;
use crate::clock::ManualClock;

/// Returns what happened to a metric without labels since the last time that any was asked for.
fn change(recorder: &DebuggingRecorder, name: &str) -> Option<DebugValue> {
    let all = recorder.snapshotter().snapshot().into_vec();
    all.into_iter().find(|(key, ..)| key.key().name() == name).map(|(.., value)| value)
}

#[track_caller]
fn assert_depth_changed(recorder: &DebuggingRecorder, by: f64) {
    assert_eq!(change(recorder, HASH_QUEUE_DEPTH), Some(DebugValue::Gauge(by.into())));
}

#[test]
fn a_place_in_the_queue_is_given_up_once() {
    let recorder = DebuggingRecorder::new();
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::new());
    metrics::with_local_recorder(&recorder, || {
        let (hashed, abandoned) = (HashPlace::new(&clock), HashPlace::new(&clock));
        assert_depth_changed(&recorder, 2.0);
        hashed.run(|| assert_depth_changed(&recorder, -1.0));
        assert_depth_changed(&recorder, 0.0);
        drop(abandoned);
        assert_depth_changed(&recorder, -1.0);
    });
}

#[test]
fn the_wait_and_the_work_are_measured_apart() {
    for (name, seconds) in [(HASH_WAIT, 0.5), (HASH_RUN, 0.25)] {
        let recorder = DebuggingRecorder::new();
        let manual = Arc::new(ManualClock::new());
        let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(&manual);
        metrics::with_local_recorder(&recorder, || {
            let place = HashPlace::new(&clock);
            manual.advance(Duration::from_millis(500));
            place.run(|| manual.advance(Duration::from_millis(250)));
        });
        assert_eq!(change(&recorder, name), Some(DebugValue::Histogram(vec![f64::into(seconds)])));
    }
}
