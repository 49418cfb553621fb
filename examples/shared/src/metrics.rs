//! The metrics of the process, for Prometheus, on an address of their own.

use std::net::SocketAddr;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder};

use crate::chain;

/// From a look-up in memory to a call that is given up.
const STORE_SECONDS: [f64; 13] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0];

/// A hash at the default cost takes 20 to 50 ms; in the queue it may wait for 3 seconds.
const HASH_SECONDS: [f64; 11] = [0.005, 0.01, 0.02, 0.035, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0, 10.0];

/// Measures from now on, and serves what was measured at `/metrics`. What is set up before that is not described.
///
/// # Errors
///
/// A line for the log that names the setting.
pub(crate) fn serve(addr: SocketAddr) -> Result<(), String> {
    install(addr).map_err(|cause| format!("METRICS_ADDR {addr}: {}", chain(&cause)))?;
    tracing::info!("metrics at http://{addr}/metrics");
    Ok(())
}

fn install(addr: SocketAddr) -> Result<(), BuildError> {
    PrometheusBuilder::new()
        .with_http_listener(addr)
        .set_buckets_for_metric(Matcher::Prefix("auth_store_".to_owned()), &STORE_SECONDS)?
        .set_buckets_for_metric(Matcher::Prefix("auth_hash_".to_owned()), &HASH_SECONDS)?
        .install()
}
