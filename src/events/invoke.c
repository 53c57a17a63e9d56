/*
 * invoke.c - from the bytes of an event to those of its answer.
 *
 * Each message of a batch is a separate event. The function runs once on any other event.
 */
#include "events/invoke.h"

#include "base/clock.h"
#include "events/batch.h"
#include "request/log.h"

dime_text invoke(struct invocation *invocation, const struct invoker *invoker, dime_text text,
                 struct arena *arena)
{
    dime_text answer = {0};
    invocation->started_ns = clock_monotonic_ns();
    invocation->streaming = false;
    event_read(&invocation->event, text, arena);
    bool batch = invocation->event.shape == EVENT_QUEUE && !invocation->event.status;
    (batch ? batch_invoke : invoke_event)(invocation, invoker, arena);
    if (!invocation->streaming && !invocation->event.unread)
        answer = invoke_answer(invocation, invoker, arena);
    invocation->ended_ns = clock_monotonic_ns();
    return answer;
}

void invoke_log(const struct invocation *invocation, const struct invoker *invoker,
                const char *host, size_t bytes_in, size_t bytes_out)
{
    struct log log = {.length = 0};
    log_request(&log, &(struct log_entry){
                          .function = invoker_name(invoker),
                          .host = text_of(host),
                          .request = &invocation->event.request,
                          .response = &invocation->response,
                          .duration_ns = invocation->ended_ns - invocation->started_ns,
                          .bytes_in = bytes_in,
                          .bytes_out = bytes_out,
                          .tenant = invoker->tenant,
                      });
    log_flush(&log);
}
