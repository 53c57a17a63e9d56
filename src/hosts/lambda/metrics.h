/*
 * metrics.h - a line of metrics for each invocation, in CloudWatch's embedded metric format (AWS's
 * page "Specification: Embedded metric format").
 *
 * CloudWatch extracts the metrics from the log, so they cost no API call. They have the dimensions
 * `function`, and `function` with `statusClass`, for alarms on either.
 */
#ifndef DIME_HOSTS_LAMBDA_METRICS_H
#define DIME_HOSTS_LAMBDA_METRICS_H

#include "base/buffer.h"

/* What is measured of one invocation. */
struct metrics {
    const char *function;
    int status;
    int64_t duration_ns;
    int64_t now_ms;       /* since the epoch */
    dime_text request_id; /* a property, to find the other lines by */
};

/* Whether the environment asks for them: DIME_METRICS=emf. */
bool metrics_wanted(void);

/* Appends the line, with its newline. */
void metrics_put(const struct metrics *metrics, struct buffer *out);

/* Writes the line to stdout with one write(2). What can't be written is lost. */
void metrics_write(const struct metrics *metrics);

#endif
