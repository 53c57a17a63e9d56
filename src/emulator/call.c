/*
 * call.c - who has which call, and until when.
 *
 * A process is started for a call that nobody can take, up to the limit, and each start that fails
 * uses up a call: nothing is tried for ever. A call whose time is over is answered at once; its
 * process is killed, as Lambda does it, unless it has other calls too: then that one call stays
 * with it, and its answer is refused when it comes.
 */
#include "emulator/call.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "emulator/environment.h"
#include "emulator/extension.h"
#include "emulator/flow.h"
#include "emulator/runtime.h"

static const char TIMED_OUT[] = "Sandbox.Timedout";

struct call *call_make(struct lambda *lambda)
{
    struct call *call = calloc(1, sizeof *call);
    if (!call)
        return NULL;
    call->lambda = lambda;
    call->answer_max = ANSWER_LIMIT;
    call->created_ns = clock_monotonic_ns();
    emulator_make_id(call->id);
    return call;
}

/* Nobody is to find a call any more that is freed, or begun anew. */
static void let_go(struct call *call)
{
    struct exchange *const holders[] = {call->carrier, call->caller, call->source};
    for (size_t i = 0; i < sizeof holders / sizeof *holders; i++) {
        if (holders[i])
            holders[i]->call = NULL;
    }
    call->carrier = call->caller = call->source = NULL;
}

void call_free(struct call *call)
{
    let_go(call);
    if (call->flow)
        flow_end(call->flow, false);
    body_free(&call->event);
    free(call->client_context);
    free(call);
}

static void append(struct call **list, struct call *call)
{
    while (*list)
        list = &(*list)->next;
    call->next = NULL;
    *list = call;
}

bool call_queue(struct call *call)
{
    struct lambda *lambda = call->lambda;
    if (lambda->queued + lambda->rested >= QUEUE_MAX)
        return false;
    append(&lambda->queue, call);
    lambda->queued++;
    return true;
}

/* Whether a call that failed is tried again, as Lambda does where nobody waits for an answer. */
static bool has_retries(const struct call *call)
{
    const struct emulator *emulator = call->lambda->emulator;
    return call->is_event && call->retries < RETRIES_MAX && !emulator->stopping &&
           !emulator->settings.once;
}

static void rest(struct call *call)
{
    struct lambda *lambda = call->lambda;
    let_go(call);
    call->environment = NULL;
    call->state = CALL_WAITS;
    call->failure = NULL;
    call->has_prelude = call->torn = false;
    call->retries++;
    call->again_at_ns =
        clock_monotonic_ns() + (int64_t)call->retries * RETRY_MS * NANOSECONDS_PER_MS;
    append(&lambda->resting, call);
    lambda->rested++;
}

void calls_forget_resting(struct lambda *lambda)
{
    if (lambda->rested)
        emulator_say("%s: %zu events that failed aren't tried again", lambda->name, lambda->rested);
    while (lambda->resting) {
        struct call *call = lambda->resting;
        lambda->resting = call->next;
        call_free(call);
    }
    lambda->rested = 0;
}

static struct call *take_first(struct lambda *lambda)
{
    struct call *call = lambda->queue;
    if (call) {
        lambda->queue = call->next;
        lambda->queued--;
        call->next = NULL;
    }
    return call;
}

static void unlink_call(struct call *call)
{
    struct call **link = &call->environment->calls;
    while (*link != call)
        link = &(*link)->next;
    *link = call->next;
    call->next = NULL;
}

/* The exchange that carried a call to its process has ended: was it received? */
static void carried(struct exchange *exchange, bool sent)
{
    struct call *call = exchange->call;
    if (!call)
        return;
    call->carrier = NULL;
    if (sent || call->state != CALL_RUNS || call->environment->pid <= 0)
        return;
    unlink_call(call);
    call->environment = NULL;
    call->state = CALL_WAITS;
    call->next = call->lambda->queue;
    call->lambda->queue = call;
    call->lambda->queued++;
}

static void hand_over(struct environment *environment, struct exchange *exchange)
{
    struct call *call = take_first(environment->lambda);
    call->environment = environment;
    call->state = CALL_RUNS;
    call->next = environment->calls;
    environment->calls = call;
    call->began_ns = clock_monotonic_ns();
    call->deadline_ns =
        call->began_ns + environment->lambda->emulator->settings.timeout_ms * NANOSECONDS_PER_MS;
    environment_forward(environment);
    call->tail_from = environment->tail.total;
    call->carrier = exchange;
    exchange->call = call;
    exchange->ended = carried;
    runtime_hand_over(exchange, call);
    extensions_invoke(environment, call);
}

/* Gives calls to whoever waits in this environment. */
static void serve_idle(struct environment *environment)
{
    while (environment->idle && environment->lambda->queue) {
        struct exchange *exchange = environment->idle;
        environment->idle = exchange->next;
        exchange->next = NULL;
        exchange->ended = NULL;
        if (exchange->waiting && exchange_is_gone(exchange))
            exchange_reply(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, NULL);
        else
            hand_over(environment, exchange);
    }
}

void calls_schedule(struct lambda *lambda)
{
    const struct settings *settings = &lambda->emulator->settings;
    int64_t count = 0, starting = 0;
    for (struct environment *one = lambda->environments; one; one = one->next) {
        serve_idle(one);
        count++;
        starting += one->pid > 0 && !one->ready_ns ? settings->max_concurrency : 0;
        starting += one->pid <= 0;
    }
    while ((int64_t)lambda->queued > starting && count < settings->concurrency &&
           !lambda->emulator->stopping) {
        if (!environment_start(lambda)) {
            struct call *call = take_first(lambda);
            call_fail(call, "Runtime.OutOfMemory", "there is no memory to start it");
            return;
        }
        count++;
        starting += settings->max_concurrency;
    }
}

struct call *call_find(const struct environment *environment, dime_text id)
{
    for (struct call *call = environment->calls; call; call = call->next) {
        if (text_equal(text_of(call->id), id))
            return call;
    }
    return NULL;
}

void call_report(const struct call *call, char room[REPORT_SIZE])
{
    struct environment *environment = call->environment;
    double milliseconds = (double)(clock_monotonic_ns() - call->began_ns) / 1e6;
    char init[64] = "", status[96] = "";
    if (!environment->reported)
        snprintf(init, sizeof init, "\tInit Duration: %.2f ms",
                 (double)(environment->ready_ns - environment->started_ns) / 1e6);
    environment->reported = true;
    if (call->failure && strcmp(call->failure, TIMED_OUT) == 0)
        snprintf(status, sizeof status, "\tStatus: timeout");
    else if (call->failure)
        snprintf(status, sizeof status, "\tStatus: error\tError Type: %.60s", call->failure);
    snprintf(room, REPORT_SIZE,
             "REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %d ms\t"
             "Memory Size: 128 MB\tMax Memory Used: %ld MB%s%s\n",
             call->id, milliseconds, (int)milliseconds + 1,
             (environment_memory(environment) + 1023) / 1024, init, status);
}

/* Says that a call failed which nobody waits for. */
static void tell_failure(const struct call *call, dime_text answer)
{
    char again[64] = "";
    if (has_retries(call))
        snprintf(again, sizeof again, "; it's tried again in %u s",
                 (call->retries + 1) * RETRY_MS / 1000);
    else if (call->is_event)
        snprintf(again, sizeof again, "; it was tried %u times", call->retries + 1);
    emulator_say("%s: %s failed%s: %.*s", call->lambda->name, call->id, again,
                 answer.length < 500 ? (int)answer.length : 500, answer.data);
}

/* Gives the answer to whoever waits for it. It can be done once. */
static void reply(struct call *call, dime_text answer, const char *error)
{
    struct emulator *emulator = call->lambda->emulator;
    if (call->environment)
        environment_forward(call->environment);
    if (call->environment)
        call_report(call, call->report);
    if (emulator->settings.report && call->report[0])
        fputs(call->report, stderr);
    if (call->torn && !error) {
        answer = TEXT("{\"errorType\":\"Runtime.TruncatedResponse\"}");
        error = "Unhandled";
    }
    if (error && !call->caller && !call->flow)
        tell_failure(call, answer);
    call->reply(call, answer, error);
    if (call->caller)
        call->caller->call = NULL;
    call->caller = NULL;
    if (emulator->settings.once) {
        emulator->status = error ? 1 : 0;
        emulator->stopping = true;
    }
}

void call_finish(struct call *call, dime_text answer, const char *error)
{
    bool failed = error || call->state == CALL_EXPIRED;
    if (call->state != CALL_EXPIRED)
        reply(call, answer, error);
    if (call->environment) {
        memcpy(call->environment->answered, call->id, sizeof call->id);
        unlink_call(call);
        if (!error)
            call->lambda->told[0] = '\0';
    }
    if (failed && has_retries(call))
        rest(call);
    else
        call_free(call);
}

/* The JSON of an error as Lambda words it, in ROOM. */
static dime_text describe(const struct call *call, const char *type, const char *message,
                          char *room, size_t size)
{
    char sentence[512];
    struct buffer out;
    snprintf(sentence, sizeof sentence, "RequestId: %s Error: %s", call->id, message);
    buffer_over(&out, room, size);
    buffer_puts(&out, "{\"errorType\":");
    buffer_json(&out, text_of(type));
    buffer_puts(&out, ",\"errorMessage\":");
    buffer_json(&out, text_of(sentence));
    buffer_puts(&out, "}");
    return buffer_text(&out);
}

void call_fail(struct call *call, const char *type, const char *message)
{
    char room[4096];
    call->failure = type;
    call_finish(call, describe(call, type, message, room, sizeof room), "Unhandled");
}

static const char *time_is_over(const struct settings *settings, char room[64])
{
    snprintf(room, 64, "Task timed out after %.2f seconds", (double)settings->timeout_ms / 1000);
    return room;
}

static void expire(struct call *call)
{
    const struct settings *settings = &call->lambda->emulator->settings;
    char room[4096], why[64];
    time_is_over(settings, why);
    call->failure = TIMED_OUT;
    reply(call, describe(call, TIMED_OUT, why, room, sizeof room), "Unhandled");
    call->state = CALL_EXPIRED;
    if (settings->max_concurrency == 1)
        environment_kill(call->environment, TIMED_OUT, why);
}

/* Notes the time, if it is the next at which something has to be done. */
static bool is_over(int64_t at_ns, int64_t now_ns, int64_t *next_ns)
{
    if (at_ns > now_ns && at_ns < *next_ns)
        *next_ns = at_ns;
    return at_ns <= now_ns;
}

/* Puts those whose time has come back into the queue, and has it looked at again at once. */
static void wake_resting(struct lambda *lambda, int64_t now_ns, int64_t *next_ns)
{
    for (struct call **link = &lambda->resting; *link;) {
        struct call *call = *link;
        if (!is_over(call->again_at_ns, now_ns, next_ns)) {
            link = &call->next;
            continue;
        }
        *link = call->next;
        append(&lambda->queue, call);
        lambda->rested--;
        lambda->queued++;
        *next_ns = now_ns;
    }
}

int calls_expire(struct lambda *lambda, int64_t now_ns)
{
    const struct settings *settings = &lambda->emulator->settings;
    int64_t timeout_ns = settings->timeout_ms * NANOSECONDS_PER_MS, next_ns = INT64_MAX;
    char why[64];
    wake_resting(lambda, now_ns, &next_ns);
    for (struct environment *one = lambda->environments; one; one = one->next) {
        if (one->pid <= 0)
            continue;
        if (!one->ready_ns && is_over(one->started_ns + timeout_ns, now_ns, &next_ns))
            environment_kill(one, TIMED_OUT, time_is_over(settings, why));
        if (one->kill_at_ns && is_over(one->kill_at_ns, now_ns, &next_ns))
            environment_kill(one, NULL, NULL);
        for (struct call *call = one->calls; call; call = call->next) {
            if (call->state == CALL_RUNS && is_over(call->deadline_ns, now_ns, &next_ns))
                expire(call);
        }
    }
    if (next_ns == INT64_MAX)
        return -1;
    return (int)((next_ns - now_ns) / NANOSECONDS_PER_MS) + 1;
}

/* A call for which a process was started that never asked for one. */
static void end_first(struct environment *environment)
{
    struct call *call = take_first(environment->lambda);
    if (!call)
        return;
    if (environment->init_error.total)
        call_finish(call, body_text(&environment->init_error), "Unhandled");
    else
        call_fail(call, environment->type, environment->why);
}

void calls_end(struct environment *environment)
{
    while (environment->calls)
        call_fail(environment->calls, environment->type, environment->why);
    while (environment->idle) {
        struct exchange *exchange = environment->idle;
        environment->idle = exchange->next;
        exchange->ended = NULL;
    }
    if (!environment->ready_ns && !environment->lambda->emulator->stopping)
        end_first(environment);
}
