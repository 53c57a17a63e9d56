/*
 * emulator_call.c - who has which call, and until when.
 *
 * A process is started for a call that nobody can take, up to the limit, and each start that fails
 * uses up a call: nothing is tried for ever. A call whose time is over is answered at once; its
 * process is killed, as Lambda does it, unless it has other calls too: then that one call stays
 * with it, and its answer is refused when it comes.
 */
#include "hosts/emulator_call.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/buffer.h"
#include "core/clock.h"
#include "hosts/emulator_environment.h"
#include "hosts/emulator_extension.h"
#include "hosts/emulator_flow.h"
#include "hosts/emulator_runtime.h"

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

void call_free(struct call *call)
{
    if (call->carrier)
        call->carrier->call = NULL;
    if (call->caller)
        call->caller->call = NULL;
    if (call->source)
        call->source->call = NULL;
    if (call->flow)
        flow_end(call->flow, false);
    body_free(&call->event);
    free(call->client_context);
    free(call);
}

bool call_queue(struct call *call)
{
    struct lambda *lambda = call->lambda;
    struct call **last = &lambda->queue;
    if (lambda->queued >= QUEUE_MAX)
        return false;
    while (*last)
        last = &(*last)->next;
    *last = call;
    lambda->queued++;
    return true;
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

struct call *call_find(const struct environment *environment, struct text id)
{
    for (struct call *call = environment->calls; call; call = call->next) {
        if (text_equal(text_of(call->id), id))
            return call;
    }
    return NULL;
}

static void report(const struct call *call)
{
    struct environment *environment = call->environment;
    double milliseconds = (double)(clock_monotonic_ns() - call->began_ns) / 1e6;
    char init[64] = "";
    if (!environment)
        return;
    if (!environment->reported)
        snprintf(init, sizeof init, "\tInit Duration: %.2f ms",
                 (double)(environment->ready_ns - environment->started_ns) / 1e6);
    environment->reported = true;
    fprintf(stderr,
            "REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %d ms\t"
            "Memory Size: 128 MB\tMax Memory Used: %ld MB%s\n",
            call->id, milliseconds, (int)milliseconds + 1,
            (environment_memory(environment) + 1023) / 1024, init);
}

/* Gives the answer to whoever waits for it. It can be done once. */
static void reply(struct call *call, struct text answer, const char *error)
{
    struct emulator *emulator = call->lambda->emulator;
    if (call->environment)
        environment_forward(call->environment);
    if (emulator->settings.report)
        report(call);
    if (call->torn && !error) {
        answer = TEXT("{\"errorType\":\"Runtime.TruncatedResponse\"}");
        error = "Unhandled";
    }
    if (error && !call->caller && !call->flow)
        emulator_say("%s: %s failed: %.*s", call->lambda->name, call->id,
                     answer.length < 500 ? (int)answer.length : 500, answer.data);
    call->reply(call, answer, error);
    if (call->caller)
        call->caller->call = NULL;
    call->caller = NULL;
    if (emulator->settings.once) {
        emulator->status = error ? 1 : 0;
        emulator->stopping = true;
    }
}

void call_finish(struct call *call, struct text answer, const char *error)
{
    if (call->state != CALL_EXPIRED)
        reply(call, answer, error);
    if (call->environment) {
        memcpy(call->environment->answered, call->id, sizeof call->id);
        unlink_call(call);
        if (!error)
            call->lambda->told[0] = '\0';
    }
    call_free(call);
}

/* The JSON of an error as Lambda words it, in ROOM. */
static struct text describe(const struct call *call, const char *type, const char *message,
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
    reply(call, describe(call, "Sandbox.Timedout", why, room, sizeof room), "Unhandled");
    call->state = CALL_EXPIRED;
    if (settings->max_concurrency == 1)
        environment_kill(call->environment, "Sandbox.Timedout", why);
}

/* Notes the time, if it is the next at which something has to be done. */
static bool is_over(int64_t at_ns, int64_t now_ns, int64_t *next_ns)
{
    if (at_ns > now_ns && at_ns < *next_ns)
        *next_ns = at_ns;
    return at_ns <= now_ns;
}

int calls_expire(struct lambda *lambda, int64_t now_ns)
{
    const struct settings *settings = &lambda->emulator->settings;
    int64_t timeout_ns = settings->timeout_ms * NANOSECONDS_PER_MS, next_ns = INT64_MAX;
    char why[64];
    for (struct environment *one = lambda->environments; one; one = one->next) {
        if (one->pid <= 0)
            continue;
        if (!one->ready_ns && is_over(one->started_ns + timeout_ns, now_ns, &next_ns))
            environment_kill(one, "Sandbox.Timedout", time_is_over(settings, why));
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
