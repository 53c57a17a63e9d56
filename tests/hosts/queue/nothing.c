/*
 * nothing.c - the function that the bench of queues runs: it does nothing with each message.
 *
 * So what is measured is dime itself.
 */
#include <dime.h>

struct message {
    int64_t n;
};

static const dime_field FIELDS[] = {
    DIME_INTEGER(struct message, n, .max = INT64_MAX, .help = "the message's number"),
};

static void handle(dime_call *call, const void *input)
{
    (void)input;
    dime_answer(call, 200);
}

DIME_FUNCTION(nothing, .summary = "Does nothing", DIME_INPUT(struct message, FIELDS),
              .handle = handle);
