-- post.lua - what wrk sends in the bench, and one line for the bench to read.
--
-- Times are in microseconds. wrk counts as `status` the answers of 400 and above. The line's order
-- is known to stand.py alone.
wrk.method = "POST"
wrk.body = '{"amount":1.89}'
wrk.headers["Content-Type"] = "application/json"

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format("measured %d %d %d %d %d %d %d\n",
        summary.requests, summary.duration,
        latency:percentile(50), latency:percentile(99), latency.max,
        errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
