/*
 * flow.c - the writer adds bytes, libmicrohttpd takes them, and a reader that has all is suspended.
 *
 * Writer and reader both hold a reference to a flow, since either may end first; the last one frees
 * it. A body that is aborted ends without the last chunk, so that an HTTP client notices.
 */
#include "emulator/flow.h"

#include <stdlib.h>

enum { FLOW_CHUNK = 16 * 1024 };

struct emu_flow {
    struct emu_endpoint *endpoint;
    struct MHD_Connection *connection; /* NULL: the reader is gone */
    struct emu_body body;              /* what the reader hasn't got yet, and some that it has */
    uint64_t begin;                    /* its offset in the whole body */
    bool written;                      /* the writer is gone */
    bool ended, broken;
    bool waiting; /* the reader is suspended */
};

static ssize_t read_flow(void *owner, uint64_t position, char *room, size_t size)
{
    struct emu_flow *flow = owner;
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

static void free_unused(struct emu_flow *flow)
{
    if (flow->connection || !flow->written)
        return;
    emu_body_free(&flow->body);
    free(flow);
}

/* The response is no longer needed: it was sent, or its connection was closed. */
static void leave_flow(void *owner)
{
    struct emu_flow *flow = owner;
    flow->connection = NULL;
    free_unused(flow);
}

struct MHD_Response *emu_flow_make(struct emu_exchange *exchange, struct emu_flow **flow)
{
    struct emu_flow *made = calloc(1, sizeof *made);
    if (!made)
        return NULL;
    made->endpoint = exchange->endpoint;
    made->connection = exchange->connection;
    struct MHD_Response *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, FLOW_CHUNK,
                                                                      read_flow, made, leave_flow);
    if (!response) {
        free(made);
        return NULL;
    }
    exchange->flow = *flow = made;
    return response;
}

static void wake(struct emu_flow *flow)
{
    if (!flow->waiting || !flow->connection)
        return;
    flow->waiting = false;
    flow->endpoint->resumed = true;
    MHD_resume_connection(flow->connection);
}

void emu_flow_add(struct emu_flow *flow, dime_text text)
{
    if (!flow->connection || flow->broken)
        return;
    emu_body_add(&flow->body, text.data, text.length, SIZE_MAX);
    flow->broken = flow->broken || flow->body.failed;
    wake(flow);
}

void emu_flow_break(struct emu_flow *flow)
{
    flow->broken = true;
    wake(flow);
}

void emu_flow_end(struct emu_flow *flow, bool whole)
{
    flow->ended = flow->written = true;
    flow->broken = flow->broken || !whole;
    wake(flow);
    free_unused(flow);
}
