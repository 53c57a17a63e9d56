/*
 * object.c - which objects may be read for whom.
 *
 * AWS lets nobody invoke a function who hasn't been given the right, but over HTTP anybody may ask.
 * So there a request can name objects only of the buckets in LABELS_BUCKETS, and it takes the token
 * in LABELS_TOKEN where that is set, as MinIO's webhooks send it.
 */
#include "dime.h"

#include "functions/labels/labels.h"

/* Takes as long for a wrong token as for the right one, so that no part of it can be guessed. */
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
                 "Objects are read only for those who send the token of this server: "
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
