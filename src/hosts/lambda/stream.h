/*
 * stream.h - a function's response to Lambda piece by piece, as it is flushed.
 *
 * What goes out is AWS's streamed HTTP response: a head in JSON, eight NULs, the body. A stream
 * takes the whole answer, also one that is never flushed, since a function URL that streams reads
 * all answers so.
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
    bool begun;   /* the head has gone */
    size_t bytes; /* how many have gone */
};

/* Makes a stream that hasn't begun. What it's given must outlast it. */
void lambda_stream_open(struct lambda_stream *stream, struct runtime_api *api,
                        struct invocation *invocation);

/* Sends the rest of the invocation's response; runtime_api_answered tells what became of it. */
void lambda_stream_end(struct lambda_stream *stream);

#endif
