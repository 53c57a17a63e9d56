/*
 * held.c - keeps responses with their environment, and adds the log to them.
 *
 * The call is freed earlier, so what the log's own lines say about it is copied.
 */
#include "emulator/held.h"

#include <stdio.h>
#include <stdlib.h>

#include "emulator/output.h"

void emu_held_wait(struct emu_call *call, struct MHD_Response *response)
{
    struct emu_exchange *exchange = call->caller;
    exchange->held = response;
    exchange->held_from = call->tail_from;
    snprintf(exchange->held_id, sizeof exchange->held_id, "%s", call->id);
    snprintf(exchange->held_report, sizeof exchange->held_report, "%s", call->report);
    exchange->next = call->environment->held;
    call->environment->held = exchange;
}

void emu_held_release(struct emu_environment *environment)
{
    while (environment->held) {
        struct emu_exchange *exchange = environment->held;
        environment->held = exchange->next;
        exchange->next = NULL;
        emu_output_forward(environment);
        char *tail = emu_output_tail(environment, exchange);
        emu_reply_header(exchange->held, "X-Amz-Log-Result", tail);
        free(tail);
        emu_exchange_reply(exchange, MHD_HTTP_OK, exchange->held);
        exchange->held = NULL;
    }
}
