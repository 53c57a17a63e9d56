/*
 * reply.c - the replies of calls that got no answer.
 *
 * Each has a sentence that tells the person what to do, for any service.
 */
#include "services/aws/reply.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"

enum {
    MARGIN_MS = 100,       /* from the reply to the deadline: time to answer */
    USUAL_CALL_MS = 60000, /* of a call without a deadline */
    REFUSAL_MAX = 1024,    /* bytes of a sentence, with its NUL */
};

int64_t aws_until(const struct aws_call *call)
{
    if (call->deadline_ms <= 0)
        return clock_epoch_ms() + USUAL_CALL_MS;
    return call->deadline_ms - MARGIN_MS;
}

bool aws_succeed(struct aws_call *call, dime_text body)
{
    call->reply = (struct aws_reply){.ok = true, .body = body};
    return true;
}

bool aws_no_memory(struct aws_call *call)
{
    call->reply = (struct aws_reply){
        .status = 503,
        .code = TEXT(""),
        .no_memory = true,
        .detail = TEXT("There is no memory left for a call to another service; try again later.")};
    return false;
}

bool aws_refuse(struct aws_call *call, int status, const char *format, ...)
{
    char room[REFUSAL_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(room, sizeof room, format, arguments);
    va_end(arguments);
    call->reply = (struct aws_reply){.status = status, .body = TEXT(""), .code = TEXT("")};
    size_t kept = length < 0 ? 0 : (size_t)length < sizeof room ? (size_t)length : sizeof room - 1;
    call->reply.detail = arena_copy(call->arena, (dime_text){room, kept});
    if (!call->reply.detail.data)
        aws_no_memory(call);
    return false;
}

bool aws_refuse_outcome(struct aws_call *call, const char *name, enum http_outcome outcome,
                        const char *reason)
{
    switch (outcome) {
    case HTTP_UNTRUSTED:
        return aws_refuse(call, 502,
                          "%s has a certificate that can't be trusted, so nothing was sent to it; "
                          "whoever runs dime will find more in the log.",
                          name);
    case HTTP_UNREACHED:
        return aws_refuse(call, 502, "%s can't be reached; try again later.", name);
    case HTTP_TOO_LONG:
        return aws_refuse(call, 502, "%s sent more than its answer can hold; try again.", name);
    case HTTP_LATE:
        return aws_refuse(call, 504, "%s hasn't answered in time; try again.", name);
    case HTTP_STOPPED:
        aws_refuse(call, 503, "The call to %s was given up, since dime is stopping; try again.",
                   name);
        call->reply.stopped = true;
        return false;
    case HTTP_NO_MEMORY:
        return aws_no_memory(call);
    case HTTP_UNUSABLE:
        return aws_refuse(
            call, 503,
            "%s can't be called from here (%s); whoever runs dime will find more in the log.", name,
            reason);
    default: /* HTTP_BROKEN, HTTP_STALLED */
        return aws_refuse(call, 502, "%s broke off in the middle of its answer; try again.", name);
    }
}
