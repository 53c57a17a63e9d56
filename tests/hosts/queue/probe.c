/*
 * probe.c - the function that the tests of queues run: it notes each message that it was handed.
 *
 * It fails on every PROBE_FAILSth number, with PROBE_STATUS, crashes on PROBE_CRASHES and hangs on
 * PROBE_HANGS.
 */
#include "note.h"

#include <signal.h>

struct message {
    int64_t n, wait;
    dime_text key;
};

static const dime_field FIELDS[] = {
    DIME_INTEGER(struct message, n, .max = INT64_MAX, .help = "the message's number"),
    DIME_INTEGER(struct message, wait, .max = 60000, .help = "milliseconds that it takes"),
    DIME_TEXT(struct message, key, .max = 4096, .help = "what is to be noted too"),
};

static void handle(dime_call *call, const void *input)
{
    const struct message *message = input;
    int64_t fails = note_setting("PROBE_FAILS");
    note_wait(message->wait);
    note_call(call, message->n, message->key);
    if (message->n && message->n == note_setting("PROBE_CRASHES"))
        raise(SIGSEGV);
    while (message->n && message->n == note_setting("PROBE_HANGS"))
        pause();
    if (fails && message->n % fails == 0)
        dime_problem(call, (int)note_setting("PROBE_STATUS"), "As it was told.");
    else
        dime_answer(call, 200);
}

DIME_FUNCTION(probe, .summary = "Notes what it was handed", .body_max = 1024 * 1024,
              DIME_INPUT(struct message, FIELDS), .open = note_open, .handle = handle);
