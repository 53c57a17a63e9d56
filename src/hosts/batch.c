/*
 * batch.c - the messages of a queue, each through the function by itself.
 *
 * Each has all the memory that an event may use, and gives it back before the next. A line in the
 * log says which message failed and why, since the answer to the queue can't. Where the time may
 * not suffice for one more, the rest is left for later: an answer that comes too late would bring
 * back all of them.
 */
#include "hosts/batch.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/problem.h"
#include "core/request.h"
#include "core/response.h"

enum { RESERVE_MS = 100 }; /* for the answer to get to the queue */

/* How far a batch has come. */
struct progress {
    struct arena arena; /* of the message that runs */
    size_t count, failures;
    int worst;          /* the highest status so far */
    int64_t longest_ms; /* that a message took */
    bool stopped;       /* the rest is left for later */
};

static size_t count_messages(const struct event *queue)
{
    struct json_cursor messages = event_messages(queue);
    struct event_message message;
    size_t count = 0;
    while (event_next_message(&messages, &message))
        count++;
    return count;
}

static void log_failure(const struct invocation *batch, const struct invoker *invoker,
                        const struct event_message *message, const struct response *response)
{
    struct text why = problem_detail(response);
    struct text id = message->id.raw.length ? message->id.raw : TEXT("without a messageId");
    log_say_of(LOG_LEVEL_WARN,
               &(struct log_subject){.function = invoker->function->name,
                                     .request_id = batch->event.request.id,
                                     .tenant = invoker->tenant},
               0, "the message %.*s failed with %d: %.*s", (int)id.length, id.data,
               response->status, (int)why.length, why.data);
}

/* Whether there is time for a message that takes as long as the longest before it. */
static bool is_late(const struct progress *progress, const struct invoker *invoker)
{
    return invoker->deadline_ms &&
           clock_epoch_ms() + progress->longest_ms + RESERVE_MS > invoker->deadline_ms;
}

/* Passes the answer to a message on, where somebody wants it; where that fails so has the message.
 */
static void keep_answer(struct progress *progress, struct invocation *running,
                        const struct invoker *invoker)
{
    if (!invoker->keep || running->response.status >= 400)
        return;
    struct text answer = invoke_answer(running, invoker, &progress->arena);
    if (running->response.status < 400 && !invoker->keep(invoker->keeper, answer))
        response_problem(&running->response, 503, "The answer can't be passed on.");
}

/* Runs the function on one message, in RUNNING. Returns its status. */
static int run_message(struct progress *progress, struct invocation *running,
                       const struct invoker *invoker, const struct event_message *message)
{
    int64_t started_ns = clock_monotonic_ns();
    arena_reset(&progress->arena);
    event_of_message(&running->event, message, &progress->arena);
    invoke_event(running, invoker, &progress->arena);
    keep_answer(progress, running, invoker);
    int64_t took_ms = (clock_monotonic_ns() - started_ns) / 1000000;
    if (took_ms > progress->longest_ms)
        progress->longest_ms = took_ms;
    return running->response.status;
}

/* Whether a message has failed. */
static bool take_message(struct progress *progress, struct invocation *running,
                         const struct invocation *batch, const struct invoker *invoker,
                         const struct event_message *message)
{
    if (!progress->stopped && is_late(progress, invoker)) {
        progress->worst = 503;
        progress->stopped = true;
    }
    if (progress->stopped)
        return true;
    int status = run_message(progress, running, invoker, message);
    if (status > progress->worst)
        progress->worst = status;
    if (status < 400)
        return false;
    log_failure(batch, invoker, message, &running->response);
    progress->stopped = message->in_order;
    return true;
}

static void take_messages(struct progress *progress, bool *failed, struct invocation *running,
                          struct invocation *batch, const struct invoker *invoker)
{
    struct json_cursor messages = event_messages(&batch->event);
    struct event_message message;
    struct invoker each = *invoker;
    each.stream = NULL; /* the queue gets one answer, whatever a message is */
    arena_open(&progress->arena, INVOKE_MEMORY_MAX);
    for (size_t i = 0; event_next_message(&messages, &message); i++) {
        failed[i] = take_message(progress, running, batch, &each, &message);
        progress->failures += failed[i];
    }
    arena_close(&progress->arena);
    batch->event.failed = failed;
}

void batch_invoke(struct invocation *batch, const struct invoker *invoker, struct arena *arena)
{
    struct progress progress = {.count = count_messages(&batch->event)};
    request_choose_id(&batch->event.request, invoker->id, batch->id);
    response_open(&batch->response, arena);
    bool *failed = arena_array(arena, progress.count, sizeof *failed);
    struct invocation *running = arena_alloc(arena, sizeof *running);
    if (!failed || !running) {
        run_out_of_memory(&batch->event.request, &batch->response);
        return;
    }
    take_messages(&progress, failed, running, batch, invoker);
    if (progress.failures)
        response_problem(&batch->response, progress.worst, "%zu of %zu messages failed.",
                         progress.failures, progress.count);
    else
        (void)response_json(&batch->response);
}
