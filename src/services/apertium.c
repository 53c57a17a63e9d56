/*
 * apertium.c - the two requests to APy, and the replies to its failures.
 *
 * APy takes forms, not JSON. It answers in JSON, errors included, and its own message goes to the
 * log. A request is sent once: APy runs on this machine, and what it can't do now it can't do a
 * moment later. The text itself is never logged.
 */
#include "services/apertium.h"

#include <stdlib.h>

#include "services/aws/reply.h"
#include "base/buffer.h"
#include "base/json.h"
#include "request/log.h"

enum {
    APERTIUM_CONNECT_MS = 1000,
    APERTIUM_REPLY_MAX = 256 * 1024,
    FORM_MAX = 16 * 1024,
    APERTIUM_URL_MAX = 1024,
    EXPLANATION_MAX = 120, /* bytes of APy's message in the log */
};

struct apertium {
    const char *function;
    struct http http;
    struct http_address address;
};

static const char *judge_address(const struct http_address *address, bool anywhere)
{
    if (address->path.length > 1)
        return "The setting TRANSLATE_URL must be like http://127.0.0.1:2737, without a path.";
    if (!anywhere && (address->secure || !http_is_loopback(address->host)))
        return "The setting TRANSLATE_URL must be http on this machine's loopback; for "
               "another machine, set TRANSLATE_REMOTE=yes as well.";
    return NULL;
}

struct apertium *apertium_open(const char *function, dime_text url, bool anywhere, const char **why)
{
    const dime_text usual = TEXT("http://127.0.0.1:2737");
    struct apertium *apertium = calloc(1, sizeof *apertium);
    *why = "There is no memory to begin with; try again later.";
    if (!apertium)
        return NULL;
    apertium->function = function;
    if (!http_read_address(&apertium->address, url.length ? url : usual))
        *why = "The setting TRANSLATE_URL isn't an address like http://127.0.0.1:2737.";
    else
        *why = judge_address(&apertium->address, anywhere);
    if (!*why)
        return apertium;
    free(apertium);
    return NULL;
}

void apertium_close(struct apertium *apertium)
{
    if (apertium)
        http_close(&apertium->http);
    free(apertium);
}

/* Turns the lack of an answer into a reply. */
static void refuse_apertium_outcome(const struct apertium *apertium, struct aws_call *call,
                                    enum http_outcome outcome)
{
    if (outcome == HTTP_UNREACHED)
        aws_refuse(call, 503,
                   "Apertium isn't running at %s; whoever runs dime can get it: apt-get install "
                   "apertium-apy apertium-eng-spa, or ./quickstart --with-translate.",
                   apertium->address.base);
    else if (outcome == HTTP_TOO_LONG)
        aws_refuse(call, 502, "Apertium sent more than its answer can hold; try a shorter text.");
    else
        aws_refuse_outcome(call, "Apertium", outcome == HTTP_UNTRUSTED ? HTTP_UNUSABLE : outcome,
                           apertium->http.reason);
}

static void log_apertium_failure(const struct apertium *apertium, struct aws_call *call,
                                 const char *what, dime_text said)
{
    const struct log_subject subject = {.function = apertium->function,
                                        .request_id = call->request_id};
    int most = said.length < EXPLANATION_MAX ? (int)said.length : EXPLANATION_MAX;
    log_say_of(LOG_LEVEL_WARN, &subject, 0, "Apertium at %s %s: %.*s", apertium->address.base, what,
               most, said.data);
}

/* An answer with a bad status: {"code":400,"message":"Bad Request","explanation":"..."}. */
static void refuse_apertium_answer(const struct apertium *apertium, struct aws_call *call,
                                   const struct http_answer *answer)
{
    struct json_value value;
    struct json_error error;
    dime_text said = TEXT("");
    char what[48];
    if (json_check(buffer_text(&answer->body), call->arena, &value, &error))
        said = json_text_at(value, "explanation", call->arena);
    if (answer->status == 400 && text_equal(said, TEXT("That pair is not installed")))
        aws_refuse(call, 422, "Apertium says 400: it doesn't translate between these languages.");
    else
        aws_refuse(call, 502, "Apertium has failed with status %ld; try again later.",
                   answer->status);
    snprintf(what, sizeof what, "answers with status %ld", answer->status);
    if (call->reply.status >= 500)
        log_apertium_failure(apertium, call, what, said.length ? said : TEXT("it doesn't say why"));
}

/* Takes the member responseData of a good answer. */
static bool take_apertium_answer(const struct apertium *apertium, struct aws_call *call,
                                 const struct http_answer *answer, struct json_value *data)
{
    struct json_value value;
    struct json_error error = {0};
    bool read = json_check(buffer_text(&answer->body), call->arena, &value, &error);
    if (read && value.kind == JSON_OBJECT && json_find(value, TEXT("responseData"), data))
        return true;
    if (error.fault == JSON_NO_MEMORY)
        return aws_no_memory(call);
    aws_refuse(call, 502, "Apertium sent an answer that can't be read; try again.");
    log_apertium_failure(apertium, call, "sends no answer of APy's",
                         text_of(read ? "there is no responseData" : error.message));
    return false;
}

/* Sends a form to PATH. False: the reply has been made. */
static bool ask_apy(struct apertium *apertium, struct aws_call *call, const char *path,
                    dime_text form, struct json_value *data)
{
    struct http_answer answer = {0};
    struct buffer url;
    buffer_open(&url, call->arena, APERTIUM_URL_MAX);
    buffer_puts(&url, apertium->address.base);
    buffer_puts(&url, path);
    buffer_put(&url, (dime_text){"", 1}); /* a NUL */
    if (url.failed)
        return aws_no_memory(call);
    const struct http_request request = {
        .method = form.length ? "POST" : "GET",
        .url = url.data,
        .headers = {form.length ? "Content-Type: application/x-www-form-urlencoded" : NULL},
        .body = form,
        .neighbour = http_is_loopback(apertium->address.host),
        .most = APERTIUM_REPLY_MAX,
        .connect_ms = APERTIUM_CONNECT_MS,
        .until_ms = aws_until(call),
        .stop = call->stop};
    enum http_outcome outcome = http_exchange(&apertium->http, &request, call->arena, &answer);
    if (outcome == HTTP_ANSWERED && answer.status == 200)
        return take_apertium_answer(apertium, call, &answer, data);
    if (outcome == HTTP_ANSWERED)
        refuse_apertium_answer(apertium, call, &answer);
    else
        refuse_apertium_outcome(apertium, call, outcome);
    /* The request's own log line says that APy is down. */
    if (outcome != HTTP_ANSWERED && outcome != HTTP_STOPPED && outcome != HTTP_UNREACHED)
        log_apertium_failure(
            apertium, call, "gives no good answer",
            text_of(apertium->http.why[0] ? apertium->http.why : "the deadline has passed"));
    return false;
}

bool apertium_list_pairs(struct apertium *apertium, struct aws_call *call)
{
    struct json_value data = {0};
    if (!ask_apy(apertium, call, "/listPairs", TEXT(""), &data))
        return false;
    if (data.kind == JSON_ARRAY)
        return aws_succeed(call, data.raw);
    return aws_refuse(call, 502, "Apertium sent a list that can't be read; try again.");
}

bool apertium_translate(struct apertium *apertium, struct aws_call *call, dime_text source,
                        dime_text target, dime_text html)
{
    struct json_value data = {0}, value;
    dime_text translated;
    struct buffer form;
    buffer_open(&form, call->arena, FORM_MAX);
    buffer_puts(&form, "markUnknown=no&langpair=");
    buffer_percent(&form, source);
    buffer_puts(&form, "%7C");
    buffer_percent(&form, target);
    buffer_puts(&form, "&q=");
    buffer_percent(&form, html);
    if (form.failed)
        return aws_no_memory(call);
    if (!ask_apy(apertium, call, "/translate", buffer_text(&form), &data))
        return false;
    if (data.kind == JSON_OBJECT && json_find(data, TEXT("translatedText"), &value) &&
        json_string(value, call->arena, &translated))
        return aws_succeed(call, translated);
    if (call->arena->failed)
        return aws_no_memory(call);
    return aws_refuse(call, 502, "Apertium sent an answer without a text; try again.");
}
