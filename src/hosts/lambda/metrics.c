/*
 * metrics.c - the embedded metric format.
 *
 * The line isn't wrapped in a log line: CloudWatch accepts only a JSON object that has `_aws` at
 * its top level.
 */
#include "hosts/lambda/metrics.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/json_put.h"

bool metrics_wanted(void)
{
    return text_equal_nocase(text_of(getenv("DIME_METRICS")), TEXT("emf"));
}

void metrics_put(const struct metrics *metrics, struct buffer *out)
{
    static const dime_text WHAT = TEXT(
        "[{\"Namespace\":\"dime\",\"Dimensions\":[[\"function\"],[\"function\",\"statusClass\"]],"
        "\"Metrics\":[{\"Name\":\"duration\",\"Unit\":\"Milliseconds\"},"
        "{\"Name\":\"invocations\",\"Unit\":\"Count\"}]}]");
    const char class[] = {(char)('0' + metrics->status / 100), 'x', 'x', '\0'};
    json_begin_object(out, NULL);
    json_begin_object(out, "_aws");
    json_put_integer(out, "Timestamp", metrics->now_ms);
    json_put_raw(out, "CloudWatchMetrics", WHAT);
    json_end_object(out);
    json_put_text(out, "function", text_of(metrics->function));
    json_put_text(out, "statusClass", text_of(class));
    json_put_decimal(out, "duration", metrics->duration_ns / 1000, 3);
    json_put_integer(out, "invocations", 1);
    json_put_text(out, "requestId", metrics->request_id);
    json_end_object(out);
    buffer_puts(out, "\n");
}

void metrics_write(const struct metrics *metrics)
{
    char room[PIPE_BUF];
    struct buffer line;
    buffer_over(&line, room, sizeof room);
    metrics_put(metrics, &line);
    if (!line.failed && write(STDOUT_FILENO, line.data, line.length) < 0)
        return; /* not requested */
}
