/*
 * stream.h - sends a function's response to Lambda piece by piece, as it is flushed.
 *
 * The format is AWS's streamed HTTP response: a head in JSON, eight NULs, the body. Even an answer
 * that is never flushed is sent as a stream, since a function URL in streaming mode expects that.
 */
#ifndef DIME_HOSTS_LAMBDA_STREAM_H
#define DIME_HOSTS_LAMBDA_STREAM_H

#include "request/response.h"
#include "events/invoke.h"
#include "hosts/lambda/runtime_api.h"

struct lambda_stream {
    struct stream stream;
    struct runtime_api *api;
    struct invocation *invocation;
    bool begun;   /* the head was sent */
    size_t bytes; /* how many were sent */
};

/* Makes a stream that hasn't begun. The arguments must outlast it. */
void lambda_stream_open(struct lambda_stream *stream, struct runtime_api *api,
                        struct invocation *invocation);

/* Sends the rest of the invocation's response; runtime_api_answered returns the outcome. */
void lambda_stream_end(struct lambda_stream *stream);

#endif
