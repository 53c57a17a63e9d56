/*
 * metrics.c - the embedded metric format.
 *
 * The line stands by itself, without the frame of a log line: CloudWatch takes only a JSON object
 * that has `_aws` at its top.
 */
#include "hosts/lambda/metrics.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

bool metrics_wanted(void)
{
    return text_equal_nocase(text_of(getenv("DIME_METRICS")), TEXT("emf"));
}

void metrics_put(const struct metrics *metrics, struct buffer *out)
{
    buffer_puts(out, "{\"_aws\":{\"Timestamp\":");
    buffer_int64(out, metrics->now_ms);
    buffer_puts(out, ",\"CloudWatchMetrics\":[{\"Namespace\":\"dime\",\"Dimensions\":"
                     "[[\"function\"],[\"function\",\"statusClass\"]],\"Metrics\":["
                     "{\"Name\":\"duration\",\"Unit\":\"Milliseconds\"},"
                     "{\"Name\":\"invocations\",\"Unit\":\"Count\"}]}]},\"function\":");
    buffer_json(out, text_of(metrics->function));
    buffer_printf(out, ",\"statusClass\":\"%dxx\",\"duration\":%lld.%03lld,\"invocations\":1",
                  metrics->status / 100, (long long)(metrics->duration_ns / 1000000),
                  (long long)(metrics->duration_ns / 1000 % 1000));
    buffer_puts(out, ",\"requestId\":");
    buffer_json(out, metrics->request_id);
    buffer_puts(out, "}\n");
}

void metrics_write(const struct metrics *metrics)
{
    char room[PIPE_BUF];
    struct buffer line;
    buffer_over(&line, room, sizeof room);
    metrics_put(metrics, &line);
    if (!line.failed && write(STDOUT_FILENO, line.data, line.length) < 0)
        return; /* nobody reads them */
}
