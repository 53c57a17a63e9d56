/*
 * calls.c - assigns calls to processes, and enforces their deadlines.
 *
 * If no process is free for a call, one is started, up to the limit. Each failed start fails a
 * call, so that starts aren't retried for ever. A call that times out is answered at once, and its
 * process is killed, as on Lambda. If the process has other calls too, it isn't killed; the late
 * answer is refused when it comes.
 */
#include "emulator/calls.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json_put.h"
#include "emulator/environment.h"
#include "emulator/extensions.h"
#include "emulator/flow.h"
#include "emulator/output.h"

static const char TIMED_OUT[] = "Sandbox.Timedout";

enum { CHUNKED_FROM = 2048 };

struct emu_call *emu_call_make(struct emu_lambda *lambda)
{
    struct emu_call *call = calloc(1, sizeof *call);
    if (!call)
        return NULL;
    call->lambda = lambda;
    call->answer_max = EMU_ANSWER_MAX;
    call->created_ns = clock_monotonic_ns();
    emu_make_id(call->id);
    return call;
}

/* Removes all references to a call that is freed or restarted. */
static void let_go(struct emu_call *call)
{
    struct emu_exchange *const holders[] = {call->carrier, call->caller, call->source};
    for (size_t i = 0; i < sizeof holders / sizeof *holders; i++) {
        if (holders[i])
            holders[i]->call = NULL;
    }
    call->carrier = call->caller = call->source = NULL;
}

void emu_call_free(struct emu_call *call)
{
    let_go(call);
    if (call->flow)
        emu_flow_end(call->flow, false);
    emu_body_free(&call->event);
    free(call->client_context);
    free(call);
}

static void append_call(struct emu_call **list, struct emu_call *call)
{
    while (*list)
        list = &(*list)->next;
    call->next = NULL;
    *list = call;
}

bool emu_call_queue(struct emu_call *call)
{
    struct emu_lambda *lambda = call->lambda;
    if (lambda->queued + lambda->rested >= EMU_QUEUE_MAX)
        return false;
    append_call(&lambda->queue, call);
    lambda->queued++;
    return true;
}

/* Whether a failed call is retried, as Lambda does if nobody waits for the answer. */
static bool has_retries(const struct emu_call *call)
{
    const struct emulator *emulator = call->lambda->emulator;
    return call->is_event && call->retries < EMU_RETRIES_MAX && !emulator->stopping &&
           !emulator->settings.once;
}

static void rest_call(struct emu_call *call)
{
    struct emu_lambda *lambda = call->lambda;
    let_go(call);
    call->environment = NULL;
    call->state = EMU_CALL_WAITS;
    call->failure = NULL;
    call->has_prelude = call->torn = false;
    call->retries++;
    call->again_at_ns =
        clock_monotonic_ns() + (int64_t)call->retries * EMU_RETRY_MS * EMU_NS_PER_MS;
    append_call(&lambda->resting, call);
    lambda->rested++;
}

void emu_calls_forget_resting(struct emu_lambda *lambda)
{
    if (lambda->rested)
        emu_say("%s: %zu failed events aren't retried", lambda->name, lambda->rested);
    while (lambda->resting) {
        struct emu_call *call = lambda->resting;
        lambda->resting = call->next;
        emu_call_free(call);
    }
    lambda->rested = 0;
}

static struct emu_call *take_first(struct emu_lambda *lambda)
{
    struct emu_call *call = lambda->queue;
    if (call) {
        lambda->queue = call->next;
        lambda->queued--;
        call->next = NULL;
    }
    return call;
}

static void unlink_call(struct emu_call *call)
{
    struct emu_call **link = &call->environment->calls;
    while (*link != call)
        link = &(*link)->next;
    *link = call->next;
    call->next = NULL;
}

/* The exchange that carried a call to its process has ended; SENT: the process has received it. */
static void carried(struct emu_exchange *exchange, bool sent)
{
    struct emu_call *call = exchange->call;
    if (!call)
        return;
    call->carrier = NULL;
    if (sent || call->state != EMU_CALL_RUNS || call->environment->pid <= 0)
        return;
    unlink_call(call);
    call->environment = NULL;
    call->state = EMU_CALL_WAITS;
    call->next = call->lambda->queue;
    call->lambda->queue = call;
    call->lambda->queued++;
}

/* An event longer than about 2 kB is sent in chunks, as Lambda does. */
static struct MHD_Response *carry_event(struct emu_exchange *exchange, dime_text event)
{
    struct emu_flow *flow;
    if (event.length < CHUNKED_FROM)
        return emu_reply_make(event, EMU_JSON);
    struct MHD_Response *response = emu_flow_make(exchange, &flow);
    if (!response)
        return NULL;
    emu_reply_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, EMU_JSON);
    emu_flow_add(flow, event);
    emu_flow_end(flow, true);
    return response;
}

/* Answers a request for the next invocation with this one. */
static void send_invocation(struct emu_exchange *exchange, const struct emu_call *call)
{
    int64_t deadline = clock_epoch_ms() + call->lambda->emulator->settings.timeout_ms;
    char room[24], invocation[EMU_ID_SIZE] = "";
    struct MHD_Response *response = carry_event(exchange, emu_body_text(&call->event));
    snprintf(room, sizeof room, "%lld", (long long)deadline);
    if (call->lambda->emulator->settings.max_concurrency > 1)
        emu_make_id(invocation);
    emu_reply_header(response, "Lambda-Runtime-Aws-Request-Id", call->id);
    emu_reply_header(response, "Lambda-Runtime-Deadline-Ms", room);
    emu_reply_header(response, "Lambda-Runtime-Invoked-Function-Arn", call->arn);
    emu_reply_header(response, "Lambda-Runtime-Trace-Id", call->trace);
    emu_reply_header(response, "Lambda-Runtime-Client-Context", call->client_context);
    emu_reply_header(response, "Lambda-Runtime-Aws-Tenant-Id", call->tenant);
    emu_reply_header(response, "Lambda-Runtime-Invocation-Id", invocation);
    emu_exchange_reply(exchange, MHD_HTTP_OK, response);
}

static void hand_over(struct emu_environment *environment, struct emu_exchange *exchange)
{
    struct emu_call *call = take_first(environment->lambda);
    call->environment = environment;
    call->state = EMU_CALL_RUNS;
    call->next = environment->calls;
    environment->calls = call;
    call->began_ns = clock_monotonic_ns();
    call->deadline_ns =
        call->began_ns + environment->lambda->emulator->settings.timeout_ms * EMU_NS_PER_MS;
    emu_output_forward(environment);
    call->tail_from = environment->tail.total;
    call->carrier = exchange;
    exchange->call = call;
    exchange->ended = carried;
    send_invocation(exchange, call);
    emu_extensions_invoke(environment, call);
}

/* Gives calls to the waiting exchanges of this environment. */
static void serve_idle(struct emu_environment *environment)
{
    while (environment->idle && environment->lambda->queue) {
        struct emu_exchange *exchange = environment->idle;
        environment->idle = exchange->next;
        exchange->next = NULL;
        exchange->ended = NULL;
        if (exchange->waiting && emu_exchange_is_gone(exchange))
            emu_exchange_reply(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, NULL);
        else
            hand_over(environment, exchange);
    }
}

void emu_calls_schedule(struct emu_lambda *lambda)
{
    const struct emu_settings *settings = &lambda->emulator->settings;
    int64_t count = 0, starting = 0;
    for (struct emu_environment *one = lambda->environments; one; one = one->next) {
        serve_idle(one);
        count++;
        starting += one->pid > 0 && !one->ready_ns ? settings->max_concurrency : 0;
        starting += one->pid <= 0;
    }
    while ((int64_t)lambda->queued > starting && count < settings->concurrency &&
           !lambda->emulator->stopping) {
        if (!emu_environment_start(lambda)) {
            struct emu_call *call = take_first(lambda);
            emu_call_fail(call, "Runtime.OutOfMemory", "out of memory to start it");
            return;
        }
        count++;
        starting += settings->max_concurrency;
    }
}

struct emu_call *emu_call_find(const struct emu_environment *environment, dime_text id)
{
    for (struct emu_call *call = environment->calls; call; call = call->next) {
        if (text_equal(text_of(call->id), id))
            return call;
    }
    return NULL;
}

void emu_call_report(const struct emu_call *call, char room[EMU_REPORT_SIZE])
{
    struct emu_environment *environment = call->environment;
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
    snprintf(room, EMU_REPORT_SIZE,
             "REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %d ms\t"
             "Memory Size: 128 MB\tMax Memory Used: %ld MB%s%s\n",
             call->id, milliseconds, (int)milliseconds + 1,
             (emu_environment_memory(environment) + 1023) / 1024, init, status);
}

/* Reports the failure of a call that nobody waits for. */
static void tell_failure(const struct emu_call *call, dime_text answer)
{
    char again[64] = "";
    if (has_retries(call))
        snprintf(again, sizeof again, "; it's retried in %u s",
                 (call->retries + 1) * EMU_RETRY_MS / 1000);
    else if (call->is_event)
        snprintf(again, sizeof again, "; it was tried %u times", call->retries + 1);
    emu_say("%s: %s failed%s: %.*s", call->lambda->name, call->id, again,
            answer.length < 500 ? (int)answer.length : 500, answer.data);
}

/* Passes the answer to the caller. Must be called only once for a call. */
static void give_answer(struct emu_call *call, dime_text answer, const char *error)
{
    struct emulator *emulator = call->lambda->emulator;
    if (call->environment)
        emu_output_forward(call->environment);
    if (call->environment)
        emu_call_report(call, call->report);
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

void emu_call_finish(struct emu_call *call, dime_text answer, const char *error)
{
    bool failed = error || call->state == EMU_CALL_EXPIRED;
    if (call->state != EMU_CALL_EXPIRED)
        give_answer(call, answer, error);
    if (call->environment) {
        memcpy(call->environment->answered, call->id, sizeof call->id);
        unlink_call(call);
        if (!error)
            call->lambda->told[0] = '\0';
    }
    if (failed && has_retries(call))
        rest_call(call);
    else
        emu_call_free(call);
}

/* Writes the JSON of an error in Lambda's form into ROOM. */
static dime_text describe_error(const struct emu_call *call, const char *type, const char *message,
                                char *room, size_t size)
{
    char sentence[512];
    struct buffer out;
    snprintf(sentence, sizeof sentence, "RequestId: %s Error: %s", call->id, message);
    buffer_over(&out, room, size);
    json_begin_object(&out, NULL);
    json_put_text(&out, "errorType", text_of(type));
    json_put_text(&out, "errorMessage", text_of(sentence));
    json_end_object(&out);
    return buffer_text(&out);
}

void emu_call_fail(struct emu_call *call, const char *type, const char *message)
{
    char room[4096];
    call->failure = type;
    emu_call_finish(call, describe_error(call, type, message, room, sizeof room), "Unhandled");
}

static const char *time_is_over(const struct emu_settings *settings, char room[64])
{
    snprintf(room, 64, "Task timed out after %.2f seconds", (double)settings->timeout_ms / 1000);
    return room;
}

static void expire_call(struct emu_call *call)
{
    const struct emu_settings *settings = &call->lambda->emulator->settings;
    char room[4096], why[64];
    time_is_over(settings, why);
    call->failure = TIMED_OUT;
    give_answer(call, describe_error(call, TIMED_OUT, why, room, sizeof room), "Unhandled");
    call->state = EMU_CALL_EXPIRED;
    if (settings->max_concurrency == 1)
        emu_environment_kill(call->environment, TIMED_OUT, why);
}

/* Whether a time has come; if not, *NEXT_NS becomes the earliest of such times. */
static bool is_over(int64_t at_ns, int64_t now_ns, int64_t *next_ns)
{
    if (at_ns > now_ns && at_ns < *next_ns)
        *next_ns = at_ns;
    return at_ns <= now_ns;
}

/* Moves the calls whose retry is due back into the queue. */
static void wake_resting(struct emu_lambda *lambda, int64_t now_ns, int64_t *next_ns)
{
    for (struct emu_call **link = &lambda->resting; *link;) {
        struct emu_call *call = *link;
        if (!is_over(call->again_at_ns, now_ns, next_ns)) {
            link = &call->next;
            continue;
        }
        *link = call->next;
        append_call(&lambda->queue, call);
        lambda->rested--;
        lambda->queued++;
        *next_ns = now_ns;
    }
}

int emu_calls_expire(struct emu_lambda *lambda, int64_t now_ns)
{
    const struct emu_settings *settings = &lambda->emulator->settings;
    int64_t timeout_ns = settings->timeout_ms * EMU_NS_PER_MS, next_ns = INT64_MAX;
    char why[64];
    wake_resting(lambda, now_ns, &next_ns);
    for (struct emu_environment *one = lambda->environments; one; one = one->next) {
        if (one->pid <= 0)
            continue;
        if (!one->ready_ns && is_over(one->started_ns + timeout_ns, now_ns, &next_ns))
            emu_environment_kill(one, TIMED_OUT, time_is_over(settings, why));
        if (one->kill_at_ns && is_over(one->kill_at_ns, now_ns, &next_ns))
            emu_environment_kill(one, NULL, NULL);
        for (struct emu_call *call = one->calls; call; call = call->next) {
            if (call->state == EMU_CALL_RUNS && is_over(call->deadline_ns, now_ns, &next_ns))
                expire_call(call);
        }
    }
    if (next_ns == INT64_MAX)
        return -1;
    return (int)((next_ns - now_ns) / EMU_NS_PER_MS) + 1;
}

/* Fails the call for which a process was started that never asked for one. */
static void end_first(struct emu_environment *environment)
{
    struct emu_call *call = take_first(environment->lambda);
    if (!call)
        return;
    if (environment->init_error.total)
        emu_call_finish(call, emu_body_text(&environment->init_error), "Unhandled");
    else
        emu_call_fail(call, environment->type, environment->why);
}

void emu_calls_end(struct emu_environment *environment)
{
    while (environment->calls)
        emu_call_fail(environment->calls, environment->type, environment->why);
    while (environment->idle) {
        struct emu_exchange *exchange = environment->idle;
        environment->idle = exchange->next;
        exchange->ended = NULL;
    }
    if (!environment->ready_ns && !environment->lambda->emulator->stopping)
        end_first(environment);
}
