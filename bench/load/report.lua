-- Prints what wrk has measured in one line: requests, microseconds, p50 and p99 in microseconds, failures.
-- The other scripts of this folder take it over by `dofile`.

function report(summary, latency)
   local errors = summary.errors
   local failures = errors.connect + errors.read + errors.write + errors.status + errors.timeout
   io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(50),
                          latency:percentile(99), failures))
end

function done(summary, latency, requests)
   report(summary, latency)
end
