/*
 * lambda.c - a function as a custom runtime of AWS Lambda: the program `bootstrap` of its zip.
 *
 * Lambda's Runtime API hands out events one by one over HTTP, and receives the answers. A worker
 * gets an event, calls the function, answers, logs, and starts over. It has its own connection,
 * arena and function state. There is one worker, on the main thread, unless Lambda runs several
 * invocations in one environment (AWS_LAMBDA_MAX_CONCURRENCY). SIGTERM makes a descriptor readable,
 * so that a worker can wait for it and for an event at once. It also starts a timer that ends the
 * program in any case, since Lambda would kill it a moment later.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "request/describe.h"
#include "request/function.h"
#include "request/page.h"
#include "request/opening.h"
#include "request/problem.h"
#include "hosts/lambda/extension.h"
#include "events/invoke.h"
#include "hosts/lambda/metrics.h"
#include "hosts/lambda/runtime_api.h"
#include "hosts/lambda/stream.h"

enum {
    EXIT_STOPPED = 0,   /* SIGTERM */
    EXIT_NOT_OPEN = 1,  /* the function couldn't be started */
    EXIT_NO_LAMBDA = 2, /* this isn't Lambda */
    EXIT_MISTAKE = 2,   /* the function's tables are wrong */
    EXIT_BROKEN = 3,    /* the Runtime API refused, or can't be reached */
    LAMBDA_WORKERS_MAX = 1024,
    STOP_GRACE_MS = 400, /* of the 500 ms that Lambda gives */
    /* The most bytes of an answer that Lambda accepts ("Lambda quotas"). */
    LAMBDA_ANSWER_MAX = 6291556,
};

/* What the workers share. */
struct runtime {
    const dime_function *function;
    const char *address;
    size_t count, started;
    struct lambda_worker *workers;
    bool metrics; /* write them */
    bool streams; /* the function URL accepts streamed answers */
    struct extension extension;
};

struct lambda_worker {
    struct runtime *runtime;
    pthread_t thread;
    bool opened; /* the function was */
    struct opening opening;
    struct arena arena;
    struct invocation invocation;
    struct invoker invoker;
    struct header headers[RUNTIME_HEADERS];
    struct lambda_stream stream;
    struct runtime_api api;
};

/* Static, since there is nearly always one worker, and unused pages of static memory cost nothing.
 */
static struct lambda_worker only_worker;

static atomic_int exit_status = EXIT_STOPPED;

/* SIGTERM makes the descriptor readable, and starts the timer. */
static struct {
    int fd;
    timer_t clock;
    volatile sig_atomic_t begun;
} stop_signal;

/* The variable that X-Ray reads, changed in place: setenv would leak every old value. */
static void set_trace(dime_text trace)
{
    static const char NAME[] = "_X_AMZN_TRACE_ID";
    static char variable[sizeof NAME + 1024] = "_X_AMZN_TRACE_ID=";
    if (!trace.length || trace.length >= sizeof variable - sizeof NAME) {
        unsetenv(NAME);
        return;
    }
    memcpy(variable + sizeof NAME, trace.data, trace.length);
    variable[sizeof NAME + trace.length] = '\0';
    if (!getenv(NAME))
        putenv(variable);
}

static void prepare_invoker(struct lambda_worker *worker)
{
    const struct runtime_head *head = &worker->api.head;
    struct invoker *invoker = &worker->invoker;
    invoker->id = head->values[RUNTIME_REQUEST_ID];
    invoker->tenant = head->values[RUNTIME_TENANT_ID];
    invoker->deadline_ms = runtime_head_deadline(head);
    invoker->headers = worker->headers;
    invoker->header_count = runtime_head_share(head, worker->headers);
    if (worker->runtime->count == 1)
        set_trace(head->values[RUNTIME_TRACE_ID]);
}

static void log_invocation(struct lambda_worker *worker, size_t length)
{
    const struct invocation *invocation = &worker->invocation;
    invoke_log(invocation, &worker->invoker, "lambda", worker->api.event_length, length);
    if (worker->runtime->metrics)
        metrics_write(&(struct metrics){
            .function = worker->runtime->function->name,
            .status = invocation->response.status,
            .duration_ns = invocation->ended_ns - invocation->started_ns,
            .now_ms = clock_epoch_ms(),
            .request_id = invocation->event.request.id,
        });
}

/* If no form of answer can report the failure to the event's sender, the invocation fails. */
static enum runtime_outcome fail_invocation(struct lambda_worker *worker, bool answered)
{
    const struct response *response = &worker->invocation.response;
    char message[1200];
    if (!answered)
        return runtime_api_fail(&worker->api, "Out of memory for the answer; try again later.",
                                "Runtime.OutOfMemory");
    dime_text why = problem_detail(response);
    snprintf(message, sizeof message, "The function answered with %d: %.*s", response->status,
             (int)why.length, why.data);
    return runtime_api_fail(&worker->api, message, "Function.Failed");
}

/* Writes the lines while the API reads the answer, so that they delay nobody. */
static enum runtime_outcome answer_next(struct lambda_worker *worker)
{
    struct runtime_api *api = &worker->api;
    struct invocation *invocation = &worker->invocation;
    dime_text event = {api->event, api->event_length};
    prepare_invoker(worker);
    lambda_stream_open(&worker->stream, api, invocation);
    dime_text answer = invoke(invocation, &worker->invoker, event, &worker->arena);
    bool fails = !invocation->streaming &&
                 (!answer.data || event_must_fail(&invocation->event, invocation->response.status));
    if (invocation->streaming)
        lambda_stream_end(&worker->stream);
    else if (!fails)
        runtime_api_answer(api, answer);
    log_invocation(worker, invocation->streaming ? worker->stream.bytes
                           : fails               ? 0
                                                 : answer.length);
    enum runtime_outcome outcome =
        fails ? fail_invocation(worker, answer.data) : runtime_api_answered(api);
    arena_reset(&worker->arena);
    return outcome;
}

/*
 * An event that wasn't read can't be answered in its sender's form, and a queue would take any
 * other answer for a success.
 */
static enum runtime_outcome refuse_event(struct lambda_worker *worker)
{
    if (worker->api.event_status == 413)
        return runtime_api_fail(&worker->api, "The event is longer than 8 MB; send less at once.",
                                "Runtime.EventTooLarge");
    return runtime_api_fail(&worker->api, "Out of memory for the event; try again later.",
                            "Runtime.OutOfMemory");
}

/* Handles one invocation. The outcome says whether the loop ends. */
static enum runtime_outcome serve_one(struct lambda_worker *worker)
{
    enum runtime_outcome outcome = runtime_api_next(&worker->api);
    if (outcome == RUNTIME_INCOMPLETE)
        return runtime_api_fail(&worker->api, "The event didn't arrive whole; send it again.",
                                "Runtime.EventIncomplete");
    if (outcome != RUNTIME_DONE)
        return outcome;
    return worker->api.event_status ? refuse_event(worker) : answer_next(worker);
}

static void *serve_events(void *argument)
{
    struct lambda_worker *worker = argument;
    enum runtime_outcome outcome;
    do {
        outcome = serve_one(worker);
    } while (outcome == RUNTIME_DONE);
    if (outcome == RUNTIME_BROKEN) {
        atomic_store(&exit_status, EXIT_BROKEN);
        kill(getpid(), SIGTERM); /* so that the other workers end too */
    }
    return NULL;
}

/* Opens the function, and reports a failure. */
static bool open_lambda_worker(struct runtime *runtime, struct lambda_worker *worker)
{
    const dime_function *function = runtime->function;
    struct opening *opening = &worker->opening;
    const char *why = NULL;
    worker->runtime = runtime;
    worker->invoker.function = function;
    worker->invoker.answer_max = LAMBDA_ANSWER_MAX;
    worker->invoker.stream = runtime->streams ? &worker->stream.stream : NULL;
    arena_open(&worker->arena, INVOKE_MEMORY_MAX);
    if (!runtime_api_open(&worker->api, runtime->address, function->name, stop_signal.fd))
        why = "Out of memory at the start.";
    else if (opening_try(opening, function))
        worker->opened = true;
    if (worker->opened) {
        worker->invoker.state = opening->state;
        return true;
    }
    if (why)
        log_say(LOG_LEVEL_ERROR, function->name, 0, "%s", why);
    else
        why = opening->not_open;
    if (worker->api.link.post)
        runtime_api_fail_start(&worker->api, why, "Runtime.InitFailed");
    return false;
}

static void close_lambda_worker(struct lambda_worker *worker)
{
    const dime_function *function = worker->invoker.function;
    opening_close(&worker->opening, function);
    runtime_api_close(&worker->api);
    arena_close(&worker->arena);
}

static void begin_to_stop(int number)
{
    static const uint64_t ONE = 1;
    static const struct itimerspec GRACE = {.it_value.tv_nsec = STOP_GRACE_MS * 1000000L};
    int error = errno;
    (void)number;
    if (!stop_signal.begun && write(stop_signal.fd, &ONE, sizeof ONE) == (ssize_t)sizeof ONE)
        stop_signal.begun = timer_settime(stop_signal.clock, 0, &GRACE, NULL) == 0;
    errno = error;
}

static void end_now(int number)
{
    (void)number;
    _exit(atomic_load(&exit_status));
}

static bool catch_stop(void)
{
    struct sigaction begin = {.sa_handler = begin_to_stop, .sa_flags = SA_RESTART};
    struct sigaction end = {.sa_handler = end_now};
    struct sigevent alarm = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    stop_signal.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return stop_signal.fd >= 0 && timer_create(CLOCK_MONOTONIC, &alarm, &stop_signal.clock) == 0 &&
           sigaction(SIGALRM, &end, NULL) == 0 && sigaction(SIGTERM, &begin, NULL) == 0;
}

/* Lambda's log levels apply to JSON only, so they are ignored if its format is Text. */
static void configure_log(void)
{
    static const struct {
        dime_text name;
        enum log_level least;
    } LEVELS[] = {{{"WARN", 4}, LOG_LEVEL_WARN},
                  {{"ERROR", 5}, LOG_LEVEL_ERROR},
                  {{"FATAL", 5}, LOG_LEVEL_NONE}};
    dime_text level = text_of(getenv("AWS_LAMBDA_LOG_LEVEL"));
    if (text_equal_nocase(text_of(getenv("AWS_LAMBDA_LOG_FORMAT")), TEXT("text")))
        return;
    for (size_t i = 0; i < sizeof LEVELS / sizeof *LEVELS; i++) {
        if (text_equal_nocase(level, LEVELS[i].name))
            log_least(LEVELS[i].least);
    }
}

/* How many invocations Lambda runs here at once: 1 but on Lambda Managed Instances. */
static size_t count_workers(void)
{
    int64_t count = 1;
    dime_text given = text_of(getenv("AWS_LAMBDA_MAX_CONCURRENCY"));
    if (!text_to_int64(given, &count) || count < 1 || count > LAMBDA_WORKERS_MAX)
        return 1;
    return (size_t)count;
}

/* If a thread can't be started, the others are told to end. */
static void start_lambda_threads(struct runtime *runtime)
{
    int error = 0;
    for (size_t i = 0; i < runtime->count && !error; i++) {
        struct lambda_worker *worker = &runtime->workers[i];
        error = pthread_create(&worker->thread, NULL, serve_events, worker);
        runtime->started += !error;
    }
    if (error) {
        log_say(LOG_LEVEL_ERROR, runtime->function->name, error, "can't start a worker");
        atomic_store(&exit_status, EXIT_BROKEN);
        kill(getpid(), SIGTERM);
    }
}

/* A single worker runs on this thread; each of several has its own. */
static void serve_until_end(struct runtime *runtime)
{
    if (runtime->count == 1) {
        serve_events(&runtime->workers[0]);
        return;
    }
    start_lambda_threads(runtime);
    for (size_t i = 0; i < runtime->started; i++)
        pthread_join(runtime->workers[i].thread, NULL);
}

static int run_runtime(struct runtime *runtime)
{
    size_t opened = 0;
    while (opened < runtime->count && open_lambda_worker(runtime, &runtime->workers[opened]))
        opened++;
    if (opened < runtime->count) {
        atomic_store(&exit_status, EXIT_NOT_OPEN);
        runtime->count = opened + 1;
    } else {
        extension_open(&runtime->extension, runtime->address, runtime->function->name);
        serve_until_end(runtime);
        extension_close(&runtime->extension);
    }
    for (size_t i = 0; i < runtime->count; i++)
        close_lambda_worker(&runtime->workers[i]);
    return atomic_load(&exit_status);
}

static bool is_api_address(dime_text address)
{
    if (!address.length || address.length > RUNTIME_ADDRESS_MAX)
        return false;
    for (size_t i = 0; i < address.length; i++) {
        char c = address.data[i];
        if (!text_alphanumeric(c) && !strchr(".-_:[]", c))
            return false;
    }
    return true;
}

static int refuse_start(const dime_function *function, const char *program)
{
    fprintf(stderr,
            "%s: this is the bootstrap of an AWS Lambda, and AWS_LAMBDA_RUNTIME_API doesn't name "
            "its HOST:PORT.\n"
            "To try the function from a shell: dime invoke %s. See dime-bootstrap(7).\n",
            program, function->name);
    return EXIT_NO_LAMBDA;
}

/*
 * A program that links libdime-lambda before libdime gets this dime_main: the linker doesn't search
 * the second archive for a name that it has found. So an author's link command needs no option.
 */
int dime_main(const dime_function *function, int count, char **arguments)
{
    char why[512];
    if (!function_check(function, why, sizeof why) || !page_check(function, why, sizeof why)) {
        fprintf(stderr, "%s: there is a mistake in it: %s\n", function->name, why);
        return EXIT_MISTAKE;
    }
    struct runtime runtime = {.function = function, .address = getenv("AWS_LAMBDA_RUNTIME_API")};
    if (count == 2 && strcmp(arguments[1], "--describe") == 0)
        return describe_print(function) ? 0 : 1;
    if (!is_api_address(text_of(runtime.address)))
        return refuse_start(function, count ? arguments[0] : "bootstrap");
    signal(SIGPIPE, SIG_IGN);
    configure_log();
    runtime.metrics = metrics_wanted();
    runtime.streams =
        text_equal_nocase(text_of(getenv("DIME_INVOKE_MODE")), TEXT("response_stream"));
    runtime.count = count_workers();
    runtime.workers =
        runtime.count == 1 ? &only_worker : calloc(runtime.count, sizeof *runtime.workers);
    int status = EXIT_NOT_OPEN;
    if (!runtime.workers || !catch_stop() || curl_global_init(CURL_GLOBAL_NOTHING) != CURLE_OK)
        log_say(LOG_LEVEL_ERROR, function->name, errno, "can't prepare the runtime");
    else
        status = run_runtime(&runtime);
    if (runtime.workers != &only_worker)
        free(runtime.workers);
    curl_global_cleanup();
    return status;
}
