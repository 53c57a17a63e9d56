/*
 * batch.c - runs a function on each message of a queue separately.
 *
 * Each message may use all the memory of an event; it is taken back before the next one. A log line
 * says which message failed and why, because the answer to the queue can't. If there may not be
 * time for another message, the rest is left for later: after a late answer the queue would deliver
 * all of them again.
 */
#include "events/batch.h"

#include "base/clock.h"
#include "request/log.h"
#include "request/problem.h"
#include "request/request.h"
#include "request/response.h"

enum {
    RESERVE_MS = 100, /* for the answer to reach the queue */
    GROUPS_MAX = 64,  /* the most groups held up while others go on; an AWS batch has 10 messages */
};

/* The progress of a batch. */
struct progress {
    struct arena arena; /* of the current message */
    struct invocation *running;
    struct invoker invoker; /* of each message */
    size_t count, failures, left, behind;
    int worst;           /* the highest status so far */
    int64_t longest_ms;  /* that a message took; 0: none has run */
    const char *stopped; /* why the rest is left for later; NULL if it isn't */
    struct arena *names;
    size_t group_count;
    dime_text
        groups[GROUPS_MAX]; /* groups of an ordered queue with a message that hasn't succeeded */
};

static size_t count_messages(const struct event *queue)
{
    struct event_cursor messages = event_messages(queue);
    struct event_message message;
    size_t count = 0;
    while (event_next_message(&messages, &message))
        count++;
    return count;
}

static void log_failed_message(const struct progress *progress, const struct invocation *batch,
                               const struct event_message *message)
{
    const struct response *response = &progress->running->response;
    dime_text why = problem_detail(response);
    dime_text id = message->id.raw.length ? message->id.raw : TEXT("without a messageId");
    log_say_of(LOG_LEVEL_WARN,
               &(struct log_subject){.function = invoker_name(&progress->invoker),
                                     .request_id = batch->event.request.id,
                                     .tenant = progress->invoker.tenant},
               0, "the message %.*s failed with %d: %.*s", (int)id.length, id.data,
               response->status, (int)why.length, why.data);
}

/* Whether there isn't time for a message that takes as long as the slowest one so far. */
static bool is_late(const struct progress *progress)
{
    int64_t needed_ms = progress->longest_ms ? progress->longest_ms + RESERVE_MS : 0;
    int64_t deadline_ms = progress->invoker.deadline_ms;
    return deadline_ms && clock_epoch_ms() + needed_ms > deadline_ms;
}

static bool read_group(struct progress *progress, const struct event_message *message,
                       dime_text *group)
{
    *group = TEXT("");
    return message->group.kind != JSON_STRING ||
           json_string(message->group, progress->names, group);
}

/* Whether the message must wait for one of its group. If that isn't known, it must. */
static bool is_behind(struct progress *progress, const struct event_message *message)
{
    dime_text group;
    if (!message->in_order || !progress->group_count)
        return false;
    if (!read_group(progress, message, &group))
        return true;
    for (size_t i = 0; i < progress->group_count; i++) {
        if (text_equal(group, progress->groups[i]))
            return true;
    }
    return false;
}

/* Holds up the group of a message that hasn't succeeded, or all groups if there are too many. */
static void hold_up(struct progress *progress, const struct event_message *message)
{
    dime_text group;
    if (!message->in_order)
        return;
    if (progress->group_count < GROUPS_MAX && read_group(progress, message, &group))
        progress->groups[progress->group_count++] = group;
    else
        progress->stopped = "too many groups are held up";
}

/* Passes on the answer to a message, if the host wants it. */
static enum message_end keep_answer(struct progress *progress)
{
    struct invocation *running = progress->running;
    struct invoker *invoker = &progress->invoker;
    if (!invoker->keep)
        return MESSAGE_DONE;
    dime_text answer = invoke_answer(running, invoker, &progress->arena);
    if (running->response.status >= 400)
        return MESSAGE_FAILED;
    int64_t started_ns = clock_monotonic_ns();
    enum keep_end end = invoker->keep(invoker->keeper, answer);
    if (invoker->deadline_ms)
        invoker->deadline_ms += clock_since_ms(started_ns);
    if (end == KEEP_PASSED)
        return MESSAGE_DONE;
    response_problem(&running->response, 503, "The answer can't be passed on.");
    if (end == KEEP_ENDED)
        progress->stopped = "answers can't be passed on";
    return end == KEEP_REFUSED ? MESSAGE_FAILED : MESSAGE_LEFT;
}

/* Runs the function on one message. */
static enum message_end run_message(struct progress *progress, const struct event_message *message)
{
    struct invocation *running = progress->running;
    int64_t started_ns = clock_monotonic_ns();
    arena_reset(&progress->arena);
    event_of_message(&running->event, message, &progress->arena);
    invoke_event(running, &progress->invoker, &progress->arena);
    int64_t took_ms = clock_since_ms(started_ns) + 1;
    if (took_ms > progress->longest_ms)
        progress->longest_ms = took_ms;
    return running->response.status < 400 ? keep_answer(progress) : MESSAGE_FAILED;
}

static void note_status(struct progress *progress, int status)
{
    if (status > progress->worst)
        progress->worst = status;
}

/* Runs a message unless it must be skipped. */
static enum message_end take_message(struct progress *progress, const struct invocation *batch,
                                     const struct event_message *message)
{
    if (is_behind(progress, message)) {
        progress->behind++;
        return MESSAGE_LEFT;
    }
    if (!progress->stopped && is_late(progress))
        progress->stopped = "there is no time left for them";
    if (progress->stopped) {
        note_status(progress, 503);
        progress->left++;
        return MESSAGE_LEFT;
    }
    enum message_end end = run_message(progress, message);
    note_status(progress, progress->running->response.status);
    if (end == MESSAGE_DONE)
        return end;
    progress->failures++;
    log_failed_message(progress, batch, message);
    hold_up(progress, message);
    return end;
}

static void log_left(const struct progress *progress, const struct invocation *batch, size_t count,
                     const char *why)
{
    if (count)
        log_say_of(LOG_LEVEL_WARN,
                   &(struct log_subject){.function = invoker_name(&progress->invoker),
                                         .request_id = batch->event.request.id,
                                         .tenant = progress->invoker.tenant},
                   0, "%zu of %zu messages weren't begun and will be delivered again: %s", count,
                   progress->count, why);
}

static void run_messages(struct progress *progress, enum message_end *ends,
                         struct invocation *batch)
{
    struct event_cursor messages = event_messages(&batch->event);
    struct event_message message;
    arena_open(&progress->arena, INVOKE_MEMORY_MAX);
    for (size_t i = 0; event_next_message(&messages, &message); i++)
        ends[i] = take_message(progress, batch, &message);
    arena_close(&progress->arena);
    batch->event.ends = ends;
    log_left(progress, batch, progress->behind, "an earlier message of their group has failed");
    log_left(progress, batch, progress->left, progress->stopped);
}

void batch_invoke(struct invocation *batch, const struct invoker *invoker, struct arena *arena)
{
    struct progress *progress = arena_array(arena, 1, sizeof *progress);
    request_choose_id(&batch->event.request, invoker->id, batch->id);
    response_open(&batch->response, arena);
    size_t count = count_messages(&batch->event);
    enum message_end *ends = arena_array(arena, count, sizeof *ends);
    struct invocation *running = arena_alloc(arena, sizeof *running);
    if (!progress || !ends || !running) {
        run_out_of_memory(&batch->event.request, &batch->response);
        return;
    }
    *progress =
        (struct progress){.running = running, .invoker = *invoker, .count = count, .names = arena};
    progress->invoker.id = batch->event.request.id; /* one id for all log lines */
    progress->invoker.stream = NULL; /* the queue gets one answer, whatever the messages are */
    run_messages(progress, ends, batch);
    size_t failures = progress->failures + progress->left + progress->behind;
    if (failures)
        response_problem(&batch->response, progress->worst, "%zu of %zu messages failed.", failures,
                         count);
    else
        response_begin(&batch->response, ANSWER_JSON, 200, "application/json");
}
