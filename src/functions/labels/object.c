/*
 * object.c - decides which objects a request may read.
 *
 * AWS lets only callers with permission invoke a function, but over HTTP anybody can send a
 * request. Over HTTP, a request can therefore name objects only of the buckets in LABELS_BUCKETS,
 * and needs the token in LABELS_TOKEN if that is set. MinIO's webhooks send it so.
 */
#include "dime.h"

#include "functions/labels/labels.h"

/* In constant time, so that the time doesn't help to guess the token. */
static bool equal_in_constant_time(dime_text a, dime_text b)
{
    unsigned char different = a.length != b.length;
    for (size_t i = 0; i < a.length; i++)
        different |= (unsigned char)(a.data[i] ^ b.data[b.length ? i % b.length : 0]);
    return !different;
}

/* The token that came with the request (RFC 6750, section 2.1); empty where none did. */
static dime_text token_of(const dime_call *call)
{
    const dime_text scheme = TEXT("bearer ");
    dime_text value = dime_header(call, "authorization");
    if (!text_starts_nocase(value, scheme))
        return TEXT("");
    return text_trim(text_skip(value, scheme.length));
}

bool labels_authorize(const struct labels_question *question)
{
    dime_call *call = question->call;
    dime_text wanted = question->labels->token;
    if (dime_source(call) != DIME_HTTP || !wanted.length ||
        equal_in_constant_time(token_of(call), wanted))
        return true;
    dime_problem(call, 401,
                 "Objects are read only for requests with this server's token: "
                 "Authorization: Bearer TOKEN.");
    dime_set_header(call, "WWW-Authenticate", TEXT("Bearer"));
    return false;
}

bool labels_may_read(const struct labels_question *question, dime_text bucket)
{
    dime_text rest = question->labels->buckets, one;
    if (!rest.length)
        return dime_source(question->call) != DIME_HTTP;
    while (text_cut(&rest, ',', &one)) {
        one = text_trim(one);
        if (text_equal(one, TEXT("*")) || text_equal(one, bucket))
            return true;
    }
    return false;
}
