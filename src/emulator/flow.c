/*
 * flow.c - the writer adds, libmicrohttpd takes, and a reader that has all is suspended.
 *
 * Writer and reader both hold a flow, since each may end first: the last of them frees it. A body
 * that breaks off ends without the last chunk, by which every reader of HTTP knows it.
 */
#include "emulator/flow.h"

#include <stdlib.h>

enum { CHUNK = 16 * 1024 };

struct flow {
    struct endpoint *endpoint;
    struct MHD_Connection *connection; /* NULL: the reader has gone */
    struct body body;                  /* what the reader hasn't got, and some that it has */
    uint64_t begin;                    /* where in the whole body that begins */
    bool written;                      /* the writer has gone */
    bool ended, broken;
    bool waiting; /* the reader is suspended */
};

static ssize_t read_flow(void *owner, uint64_t position, char *room, size_t size)
{
    struct flow *flow = owner;
    size_t at = (size_t)(position - flow->begin);
    if (at == flow->body.length) {
        flow->begin = position;
        flow->body.length = at = 0;
    }
    size_t there = flow->body.length - at;
    if (!there && flow->broken)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (!there && flow->ended)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (!there) {
        flow->waiting = true;
        MHD_suspend_connection(flow->connection);
        return 0;
    }
    if (size > there)
        size = there;
    memcpy(room, flow->body.data + at, size);
    return (ssize_t)size;
}

static void let_go(struct flow *flow)
{
    if (flow->connection || !flow->written)
        return;
    body_free(&flow->body);
    free(flow);
}

/* The response is no longer needed: it was sent, or its connection has gone. */
static void leave_flow(void *owner)
{
    struct flow *flow = owner;
    flow->connection = NULL;
    let_go(flow);
}

struct MHD_Response *flow_make(struct exchange *exchange, struct flow **flow)
{
    struct flow *made = calloc(1, sizeof *made);
    if (!made)
        return NULL;
    made->endpoint = exchange->endpoint;
    made->connection = exchange->connection;
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, CHUNK, read_flow, made, leave_flow);
    if (!response) {
        free(made);
        return NULL;
    }
    exchange->flow = *flow = made;
    return response;
}

static void wake(struct flow *flow)
{
    if (!flow->waiting || !flow->connection)
        return;
    flow->waiting = false;
    flow->endpoint->resumed = true;
    MHD_resume_connection(flow->connection);
}

void flow_add(struct flow *flow, dime_text text)
{
    if (!flow->connection || flow->broken)
        return;
    body_add(&flow->body, text.data, text.length, SIZE_MAX);
    flow->broken = flow->broken || flow->body.failed;
    wake(flow);
}

void flow_break(struct flow *flow)
{
    flow->broken = true;
    wake(flow);
}

void flow_end(struct flow *flow, bool whole)
{
    flow->ended = flow->written = true;
    flow->broken = flow->broken || !whole;
    wake(flow);
    let_go(flow);
}
