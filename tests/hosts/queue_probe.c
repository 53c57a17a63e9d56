/*
 * queue_probe.c - the functions that the tests of queues run: one that tells what it did, one that
 * adds up an upload, and one that does nothing.
 *
 * It stands in the place of the registry, so that dime-queue's own code runs around it. What the
 * probe has done it appends to the file that PROBE_FILE names, in one write: a process that is
 * killed leaves a whole line or none.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "request/call.h"
#include "tool/registry.h"

struct message {
    int64_t n, wait;
    dime_text key;
};

static const dime_field FIELDS[] = {
    DIME_INTEGER(struct message, n, .max = INT64_MAX, .help = "the message's number"),
    DIME_INTEGER(struct message, wait, .max = 60000, .help = "milliseconds that it takes"),
    DIME_TEXT(struct message, key, .max = 4096, .help = "what is to be told too"),
};

static int64_t setting(const char *name)
{
    int64_t number = 0;
    return text_to_int64(text_of(getenv(name)), &number) ? number : 0;
}

static bool open_probe(dime_call *call, void **state)
{
    static int file = -1;
    if (file < 0)
        file = open(getenv("PROBE_FILE") ? getenv("PROBE_FILE") : "/dev/null",
                    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    *state = &file;
    const char *why = getenv("PROBE_WHY");
    if (why)
        dime_problem(call, 503, "%s", why);
    return !why && file >= 0;
}

static void tell(const struct request *request, dime_text key, int64_t number)
{
    char line[4200];
    int length = snprintf(line, sizeof line, "%lld %d %.*s\n", (long long)number, request->source,
                          (int)key.length, key.data);
    if (write(*(int *)request->state, line, (size_t)length) != length)
        _exit(9);
}

/* Fails on every PROBE_FAILSth number, with PROBE_STATUS. */
static void handle_probe(dime_call *call, const void *input)
{
    const struct message *message = input;
    int64_t number = message->n, fails = setting("PROBE_FAILS");
    int64_t wait = message->wait + setting("PROBE_WAIT");
    struct timespec pause = clock_timespec(wait * 1000000);
    nanosleep(&pause, NULL);
    tell(call->request, message->key, number);
    if (fails && number % fails == 0)
        dime_problem(call, (int)setting("PROBE_STATUS"), "As it was told.");
    else
        dime_answer(call, 200);
}

static void handle_nothing(dime_call *call, const void *input)
{
    (void)input;
    dime_answer(call, 200);
}

/* Adds up an upload's bytes (FNV-1a), and tells that it did. */
static void handle_sum(dime_call *call, const void *input)
{
    const struct request *request = call->request;
    struct response *response = call->response;
    static const char *const WHY[] = {[UPLOAD_TOO_LARGE] = "It is too large.",
                                      [UPLOAD_GONE] = "It is gone.",
                                      [UPLOAD_NO_MEMORY] = "There is no memory."};
    int64_t wait = setting("PROBE_WAIT"), fails = setting("PROBE_STATUS");
    uint64_t sum = 0xCBF29CE484222325;
    dime_text bytes = TEXT("");
    enum upload_end end = request->upload ? upload_read(request, 1024 * 1024, &bytes) : UPLOAD_GONE;
    for (size_t i = 0; i < bytes.length; i++)
        sum = (sum ^ (unsigned char)bytes.data[i]) * 0x100000001B3;
    struct timespec pause = clock_timespec(wait * 1000000);
    nanosleep(&pause, NULL);
    tell(request, ((const struct message *)input)->key, (int64_t)bytes.length);
    if (end != UPLOAD_READ)
        response_problem(response, 422, "%s", WHY[end]);
    else if (fails && bytes.length % 2)
        response_problem(response, (int)fails, "As it was told.");
    if (response->answer == ANSWER_PROBLEM)
        return;
    dime_json *json = dime_answer(call, 200);
    dime_put_integer(json, "bytes", (int64_t)bytes.length);
    dime_put_format(json, "sum", "%016llx", (unsigned long long)sum);
    dime_put_raw(json, "event", dime_body(call));
}

static const dime_function SUM = {
    .name = "sum",
    .summary = "Adds up what was uploaded",
    .methods = DIME_GET | DIME_POST,
    .body_max = 1024 * 1024,
    DIME_INPUT(struct message, FIELDS),
    .uploads = true,
    .open = open_probe,
    .handle = handle_sum,
};

static const dime_function PROBE = {
    .name = "probe",
    .summary = "Tells what it did",
    .methods = DIME_GET | DIME_POST,
    .body_max = 1024 * 1024,
    DIME_INPUT(struct message, FIELDS),
    .open = open_probe,
    .handle = handle_probe,
};

static const dime_function NOTHING = {
    .name = "nothing",
    .summary = "Does nothing",
    .methods = DIME_GET | DIME_POST,
    .body_max = 1024 * 1024,
    DIME_INPUT(struct message, FIELDS),
    .uploads = true,
    .handle = handle_nothing,
};

static const dime_function *const ALL[] = {&PROBE, &NOTHING, &SUM, NULL};

const dime_function *registry_find(dime_text name)
{
    for (size_t i = 0; ALL[i]; i++) {
        if (text_equal(name, text_of(ALL[i]->name)))
            return ALL[i];
    }
    return NULL;
}

const dime_function *const *registry_list(void)
{
    return ALL;
}
