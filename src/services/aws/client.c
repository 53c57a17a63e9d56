/*
 * client.c - a call from its beginning to its reply.
 *
 * This is the loop around http_exchange: sign, send, judge, pause, send again. A call is repeated
 * at once if AWS refuses the credentials, since a file may have newer ones, and if a bucket turns
 * out to be in another region. The reply has a sentence for the person and the service's code.
 * Details for the operator go to the log, but never a key.
 */
#include "services/aws/client.h"

#include <stdio.h>
#include <time.h>

#include "services/aws/endpoint.h"
#include "services/aws/fault.h"
#include "services/aws/provider.h"
#include "services/aws/retry.h"
#include "services/aws/sign.h"
#include "base/clock.h"
#include "base/json.h"
#include "request/log.h"

enum {
    SENTENCE_MAX = 1024, /* bytes of one in the log, with its NUL */
    MESSAGE_MAX = 200,   /* of the service's own message in it */
    AWS_URL_MAX = 8192,
    PARTIAL = 206, /* RFC 9110, section 15.3.7 */
};

/* A call in progress. */
struct performance {
    struct aws *aws;
    struct aws_call *call;
    const struct aws_operation *operation;
    struct aws_endpoint endpoint;
    struct http_request request;
    struct http_answer answer;
    enum http_outcome outcome;
    struct aws_fault fault;
    int tries;
    bool renewed, moved; /* the changes that have been tried */
    struct signature signature;
};

static bool make_url(struct performance *performance)
{
    const struct aws_operation *operation = performance->operation;
    struct buffer url;
    buffer_open(&url, performance->call->arena, AWS_URL_MAX);
    endpoint_url(&performance->endpoint, operation->bucket, operation->path, &url);
    buffer_put(&url, (dime_text){"", 1}); /* a NUL */
    performance->request.url = url.data;
    return !url.failed;
}

/* Turns the lack of an answer into a reply. */
static void refuse_outcome(struct performance *performance, enum http_outcome outcome)
{
    const struct aws_operation *operation = performance->operation;
    const char *name = operation->service->name;
    if (outcome == HTTP_TOO_LONG && !operation->target)
        aws_refuse(performance->call, 413,
                   "The object in %s is larger than %zu bytes; take a smaller one.", name,
                   operation->most);
    else
        aws_refuse_outcome(performance->call, name, outcome, performance->aws->http.reason);
}

/* No credentials, or no time to fetch them. */
static void refuse_unsigned(struct performance *performance, const char *why)
{
    struct aws_call *call = performance->call;
    if (http_is_stopped(call->stop))
        refuse_outcome(performance, HTTP_STOPPED);
    else if (clock_epoch_ms() >= performance->request.until_ms)
        refuse_outcome(performance, HTTP_LATE);
    else if (call->arena->failed)
        aws_no_memory(performance->call);
    else
        aws_refuse(call, 503, "%s", why);
}

/* Puts the headers to sign into the request. Returns where more may go. */
static const char **set_headers(struct performance *performance)
{
    struct aws *aws = performance->aws;
    const char **header = performance->request.headers;
    if (performance->operation->target) {
        *header++ = performance->operation->type;
        *header++ = performance->operation->target;
    } else { /* the hash of an empty body, which S3 requires */
        *header++ = "X-Amz-Content-Sha256: "
                    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    }
    snprintf(aws->token_line, sizeof aws->token_line, "X-Amz-Security-Token: %s",
             aws->credentials.token);
    if (aws->credentials.token[0])
        *header++ = aws->token_line;
    *header = NULL;
    return header;
}

/* Signs the request by the current credentials. */
static bool sign(struct performance *performance)
{
    struct aws *aws = performance->aws;
    struct http_request *request = &performance->request;
    struct signature *signature = &performance->signature;
    const char *why = "";
    if (!provider_get(aws, performance->call, &why)) {
        refuse_unsigned(performance, why);
        return false;
    }
    const char **header = set_headers(performance);
    const struct signing signing = {.method = request->method,
                                    .url = text_of(request->url),
                                    .headers = request->headers,
                                    .body = request->body,
                                    .region = text_of(performance->endpoint.region),
                                    .service = text_of(performance->operation->service->id),
                                    .id = text_of(aws->credentials.id),
                                    .secret = text_of(aws->credentials.secret),
                                    .time_s = time(NULL)};
    if (!sign_request(&signing, performance->call->arena, signature))
        return aws_no_memory(performance->call);
    *header++ = signature->host;
    *header++ = signature->date;
    *header++ = signature->authorization;
    *header = NULL;
    return true;
}

/* A region in the request itself is the client's: the operator can't fix it. */
static bool has_region(const struct performance *performance)
{
    char room[SETTINGS_REGION_MAX + 1];
    dime_text region = performance->operation->region;
    if (!region.length || settings_take_region(region, room))
        return true;
    return aws_refuse(performance->call, 422,
                      "The region isn't the name of one; it must be a name such as "
                      "eu-west-1.");
}

static bool prepare_call(struct performance *performance)
{
    struct aws *aws = performance->aws;
    const struct aws_operation *operation = performance->operation;
    const char *why = "";
    if (!has_region(performance))
        return false;
    settings_read(&aws->settings);
    if (aws->settings.fault)
        return aws_refuse(performance->call, 503, "%s", aws->settings.fault);
    if (!endpoint_find(&aws->settings, operation->service, operation->region, operation->endpoint,
                       &performance->endpoint, &why))
        return aws_refuse(performance->call, 503, "%s", why);
    if (!endpoint_stays(&performance->endpoint, operation->bucket, operation->path))
        return aws_refuse(performance->call, 422,
                          "A key for %s may not have . or .. between slashes, which could be taken "
                          "for another bucket's key; rename the object.",
                          operation->service->name);
    performance->request = (struct http_request){.method = operation->target ? "POST" : "GET",
                                                 .body = operation->body,
                                                 .most = operation->most,
                                                 .connect_ms = AWS_CONNECT_MS,
                                                 .until_ms = aws_until(performance->call),
                                                 .stop = performance->call->stop};
    if (make_url(performance))
        return true;
    return aws_no_memory(performance->call);
}

/* A good answer of a service that speaks JSON must be JSON; an empty one stands for {}. */
static bool take_service_answer(struct performance *performance)
{
    dime_text body = buffer_text(&performance->answer.body);
    struct json_value value;
    struct json_error error = {0};
    if (performance->operation->target) {
        if (!body.length)
            body = TEXT("{}");
        bool read = json_check(body, performance->call->arena, &value, &error);
        if (error.fault == JSON_NO_MEMORY)
            return aws_no_memory(performance->call);
        if (!read || value.kind != JSON_OBJECT)
            return aws_refuse(performance->call, 502,
                              "%s sent an answer that can't be read; try again.",
                              performance->operation->service->name);
    }
    return aws_succeed(performance->call, body);
}

static const struct aws_refusal *find_refusal(const struct aws_operation *operation, dime_text code)
{
    const struct aws_refusal *refusal = operation->refusals;
    while (refusal && refusal->code && !text_equal(text_of(refusal->code), code))
        refusal++;
    return refusal && refusal->code ? refusal : NULL;
}

/* An answer with a bad status. */
static void refuse_service_answer(struct performance *performance)
{
    struct aws_call *call = performance->call;
    const char *name = performance->operation->service->name;
    dime_text code = performance->fault.code;
    int length = (int)code.length;
    const struct aws_refusal *refusal = find_refusal(performance->operation, code);
    if (refusal)
        aws_refuse(call, refusal->status, "%s says %.*s: %s", name, length, code.data,
                   refusal->sentence);
    else if (retry_is_throttling(code))
        aws_refuse(call, 503, "%s gets too many requests now (%.*s); try again in a while.", name,
                   length, code.data);
    else if (fault_is_of_credentials(code))
        aws_refuse(call, 502,
                   "%s refuses dime's credentials (%.*s); whoever runs dime must renew them.", name,
                   length, code.data);
    else if (fault_is_of_rights(code))
        aws_refuse(call, 502,
                   "%s doesn't let dime do this (%.*s); whoever runs dime must give it the right.",
                   name, length, code.data);
    else if (length)
        aws_refuse(call, 502, "%s has failed with %.*s; try again later.", name, length, code.data);
    else
        aws_refuse(call, 502, "%s has failed with status %ld; try again later.", name,
                   performance->answer.status);
}

/* Whether a text may be shown: services quote the request, a session's token included. A match
 * shorter than any key may be a common word. */
static bool holds_no_secret(const struct aws *aws, dime_text text)
{
    const char *const secrets[] = {aws->credentials.id, aws->credentials.secret,
                                   aws->credentials.token};
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        size_t length = strnlen(secrets[i], 16);
        if (length > 7 && text.length && memmem(text.data, text.length, secrets[i], length))
            return false;
    }
    return true;
}

/* The code, the message and the id of a bad answer, without secrets. */
static void read_fault(struct performance *performance)
{
    const struct aws *aws = performance->aws;
    struct aws_fault *fault = &performance->fault;
    *fault = fault_read(&performance->answer, performance->call->arena);
    if (!holds_no_secret(aws, fault->code))
        fault->code = TEXT("");
    if (!holds_no_secret(aws, fault->message))
        fault->message = TEXT("its message quotes credentials");
    if (!holds_no_secret(aws, text_of(performance->answer.request_id)))
        performance->answer.request_id[0] = '\0';
}

/* Whether a good answer is a whole object: no part, and with its length, which shows a cut. */
static bool is_whole(struct performance *performance)
{
    const struct http_answer *answer = &performance->answer;
    if (performance->operation->target || (answer->framed && answer->status != PARTIAL))
        return true;
    snprintf(performance->aws->http.why, sizeof performance->aws->http.why, "%s",
             answer->framed ? "it is a part (206) of what was requested" : "it has no length");
    return false;
}

static void judge_outcome(struct performance *performance)
{
    struct aws_reply *reply = &performance->call->reply;
    long status = performance->answer.status;
    bool good = status >= 200 && status < 300;
    bool answered = performance->outcome == HTTP_ANSWERED;
    if (answered && good && !is_whole(performance)) {
        performance->outcome = HTTP_BROKEN;
        answered = false;
    }
    performance->fault = (struct aws_fault){TEXT(""), TEXT("")};
    if (answered && good) {
        take_service_answer(performance);
    } else if (answered) {
        read_fault(performance);
        refuse_service_answer(performance);
    } else {
        refuse_outcome(performance, performance->outcome);
    }
    if (!reply->ok) /* it may lie in the answer's head, which is freed with the call */
        reply->code = arena_copy(performance->call->arena, performance->fault.code);
}

/* Whether the request goes out again at once, changed: each change is tried once. */
static bool has_second_chance(struct performance *performance)
{
    if (performance->call->reply.ok || performance->outcome != HTTP_ANSWERED)
        return false;
    if (!performance->renewed && fault_is_of_credentials(performance->fault.code)) {
        provider_forget(performance->aws);
        performance->renewed = true;
        return true;
    }
    dime_text region = text_of(performance->answer.region);
    if (performance->moved || !region.length ||
        text_equal(region, text_of(performance->endpoint.region)) ||
        !endpoint_move(&performance->endpoint, performance->operation->service, region))
        return false;
    performance->moved = true;
    return make_url(performance);
}

/* Reports a failure to the operator: in the log, or through the caller. */
static void tell_operator(const struct performance *performance, const char *sentence)
{
    struct aws_call *call = performance->call;
    struct log_subject subject = {.function = performance->aws->function,
                                  .request_id = call->request_id};
    if (!call->quiet)
        log_say_of(LOG_LEVEL_WARN, &subject, 0, "%s", sentence);
    else if (!performance->call->reply.no_memory)
        performance->call->reply.log = arena_copy(call->arena, text_of(sentence));
}

static void log_service_failure(const struct performance *performance)
{
    const struct aws *aws = performance->aws;
    const struct http_answer *answer = &performance->answer;
    dime_text code = performance->fault.code, message = performance->fault.message;
    const char *name = performance->operation->service->name, *base = performance->endpoint.base;
    const char *id = answer->request_id[0] ? answer->request_id : "none";
    int most = message.length < MESSAGE_MAX ? (int)message.length : MESSAGE_MAX;
    char sentence[SENTENCE_MAX];
    if (performance->outcome == HTTP_ANSWERED)
        (void)snprintf(sentence, sizeof sentence,
                       "%s at %s answered with status %ld%s%.*s%s%.*s (tries: %d, its request id: "
                       "%s)",
                       name, base, answer->status, code.length ? ", " : "", (int)code.length,
                       code.data, most ? ": " : "", most, message.data, performance->tries, id);
    else
        (void)snprintf(sentence, sizeof sentence, "%s at %s gave no usable answer: %s (tries: %d)",
                       name, base, aws->http.why[0] ? aws->http.why : "the deadline has passed",
                       performance->tries);
    tell_operator(performance, sentence);
}

/* The client's mistakes are in the request's own line; a missing permission may be our fault. */
static bool is_for_log(const struct performance *performance)
{
    const struct aws_reply *reply = &performance->call->reply;
    return !reply->stopped && (reply->status >= 500 || fault_is_of_rights(reply->code));
}

/* Whether the request is sent again, after a pause. */
static bool has_another_try(struct performance *performance)
{
    const struct http_request *request = &performance->request;
    if (performance->call->reply.ok ||
        !retry_is_worth(performance->outcome, performance->answer.status, performance->fault.code))
        return false;
    if (retry_pause(performance->tries, &performance->aws->tokens, request->until_ms,
                    request->stop))
        return true;
    if (http_is_stopped(request->stop))
        refuse_outcome(performance, HTTP_STOPPED);
    return false;
}

/* Sends until a reply is final. */
static void send_it(struct performance *performance)
{
    struct aws *aws = performance->aws;
    do {
        do {
            if (!sign(performance))
                return;
            performance->tries++;
            performance->outcome = http_exchange(&aws->http, &performance->request,
                                                 performance->call->arena, &performance->answer);
            judge_outcome(performance);
        } while (has_second_chance(performance));
    } while (has_another_try(performance));
    if (performance->call->reply.ok)
        retry_succeeded(performance->tries, &aws->tokens);
    else if (is_for_log(performance))
        log_service_failure(performance);
}

bool client_perform(struct aws *aws, struct aws_call *call, const struct aws_operation *operation)
{
    struct performance performance = {.aws = aws, .call = call, .operation = operation};
    call->reply = (struct aws_reply){0};
    if (prepare_call(&performance))
        send_it(&performance);
    explicit_bzero(aws->token_line, sizeof aws->token_line);
    return call->reply.ok;
}
