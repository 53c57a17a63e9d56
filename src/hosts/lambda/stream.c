/*
 * stream.c - the head of a streamed response, its pieces, and its end.
 *
 * Once the head has been sent, a failure can't be answered with a problem any more. The end of the
 * stream then says that it is incomplete, so that its reader doesn't take a part for the whole.
 */
#include "hosts/lambda/stream.h"

#include "request/problem.h"
#include "request/run.h"

enum { PRELUDE_MAX = 128 * 1024 };

static void send_head(struct lambda_stream *stream, struct response *response)
{
    static const char NULS[8];
    struct buffer head;
    run_add_headers(&stream->invocation->event.request, response);
    buffer_open(&head, response->arena, PRELUDE_MAX);
    event_prelude(&stream->invocation->event, response, &head);
    buffer_put(&head, (dime_text){NULS, sizeof NULS});
    if (head.failed) { /* out of memory: send a fixed head instead */
        head.length = 0;
        buffer_over(&head, stream->invocation->room, sizeof stream->invocation->room);
        run_out_of_memory(&stream->invocation->event.request, response);
        event_prelude(&stream->invocation->event, response, &head);
        buffer_put(&head, (dime_text){NULS, sizeof NULS});
    }
    stream->begun = true;
    stream->bytes = head.length;
    runtime_api_stream(stream->api, buffer_text(&head));
}

static void flush(struct stream *base, struct response *response)
{
    struct lambda_stream *stream = (struct lambda_stream *)base;
    if (!stream->begun)
        send_head(stream, response);
    if (stream->invocation->event.request.method != DIME_HEAD && response->content_type) {
        stream->bytes += response->body.length;
        runtime_api_stream_more(stream->api, buffer_text(&response->body));
    }
    response->body.length = 0;
}

void lambda_stream_open(struct lambda_stream *stream, struct runtime_api *api,
                        struct invocation *invocation)
{
    *stream =
        (struct lambda_stream){.stream = {.flush = flush}, .api = api, .invocation = invocation};
}

void lambda_stream_end(struct lambda_stream *stream)
{
    struct response *response = &stream->invocation->response;
    bool broken = stream->begun && response->answer == ANSWER_PROBLEM;
    dime_text why = broken ? problem_detail(response) : (dime_text){0};
    if (!broken)
        flush(&stream->stream, response);
    runtime_api_stream_end(stream->api, broken ? &why : NULL);
}
