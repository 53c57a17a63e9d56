/*
 * callers.c - makes a call from a caller's headers, and queues it.
 *
 * The caller gets the answer unchanged, unless the code that made the call sets another form.
 */
#include "emulator/callers.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "emulator/calls.h"
#include "emulator/held.h"
#include "emulator/replies.h"

static void reply_to_caller(struct emu_call *call, dime_text answer, const char *error)
{
    if (!call->caller)
        return;
    struct MHD_Response *response = emu_reply_make(answer, EMU_JSON);
    emu_add_headers(response, call, error);
    if (call->wants_tail && call->environment && response)
        emu_held_wait(call, response);
    else
        emu_exchange_reply(call->caller, MHD_HTTP_OK, response);
}

bool emu_caller_is_plain(dime_text text)
{
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (!c || (!text_alphanumeric(c) && !strchr("=;:._-$", c)))
            return false;
    }
    return true;
}

static void choose_trace(struct emu_call *call, const char *given)
{
    char id[EMU_ID_SIZE], more[EMU_ID_SIZE];
    if (given && *given && strlen(given) < sizeof call->trace &&
        emu_caller_is_plain(text_of(given))) {
        snprintf(call->trace, sizeof call->trace, "%s", given);
        return;
    }
    emu_make_id(id);
    emu_make_id(more);
    snprintf(call->trace, sizeof call->trace,
             "Root=1-%08llx-%.8s%.4s%.12s;Parent=%.8s%.4s%.4s;Sampled=0",
             (unsigned long long)(clock_epoch_ms() / 1000), id, id + 9, id + 24, more, more + 9,
             more + 14);
}

struct emu_call *emu_caller_call(struct emu_exchange *exchange, struct emu_lambda *lambda)
{
    struct emu_call *call = emu_call_make(lambda);
    if (!call)
        return NULL;
    const char *tenant = emu_exchange_header(exchange, "X-Amz-Tenant-Id");
    const char *log = emu_exchange_header(exchange, "X-Amz-Log-Type");
    call->reply = reply_to_caller;
    call->caller = exchange;
    exchange->call = call;
    call->wants_tail = log && strcmp(log, "Tail") == 0;
    if (tenant && strlen(tenant) < sizeof call->tenant)
        snprintf(call->tenant, sizeof call->tenant, "%s", tenant);
    choose_trace(call, emu_exchange_header(exchange, "X-Amzn-Trace-Id"));
    snprintf(call->arn, sizeof call->arn, "arn:aws:lambda:us-east-1:012345678912:function:%s",
             lambda->name);
    return call;
}

void emu_caller_queue(struct emu_exchange *exchange, struct emu_call *call)
{
    if (call->lambda->emulator->stopping) {
        emu_call_free(call);
        emu_refuse_invocation(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "ServiceException",
                              "dime lambda is being stopped");
    } else if (emu_call_queue(call)) {
        emu_calls_schedule(call->lambda);
    } else {
        emu_call_free(call);
        emu_refuse_invocation(exchange, MHD_HTTP_TOO_MANY_REQUESTS, "TooManyRequestsException",
                              "Rate Exceeded.");
    }
}
