/*
 * call.c - prepares a call to an engine, and reports its failure.
 *
 * Both engines use it.
 */
#include "dime.h"

#include "base/clock.h"
#include "functions/translate/translate.h"

void translate_refuse(struct translation_answer *answer, const struct aws_reply *reply)
{
    answer->status = reply->status;
    answer->no_memory = reply->no_memory;
    answer->why = reply->detail;
}

void translate_refuse_memory(struct translation_answer *answer)
{
    answer->status = 503;
    answer->no_memory = true;
    answer->why = TEXT("There is no memory left for this text; try again later.");
}

struct aws_call translate_call(dime_call *call, int64_t within_ms)
{
    int64_t latest = dime_deadline_ms(call), now = clock_epoch_ms();
    if (within_ms < INT64_MAX - now && (latest <= 0 || latest > now + within_ms))
        latest = now + within_ms;
    return (struct aws_call){
        .arena = call_arena(call), .deadline_ms = latest, .request_id = dime_id(call)};
}
