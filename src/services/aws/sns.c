/*
 * sns.c - fetches a message's certificate, and calls the address that confirms a subscription.
 *
 * Both addresses come from the message, so each must be one of SNS's own before it's called. SNS
 * sends a message again that was answered with 5xx, so nothing is retried here.
 */
#include "services/aws/sns.h"

#include <stdlib.h>
#include <string.h>

#include "services/aws/reply.h"
#include "services/aws/state.h"
#include "services/aws/sns_signature.h"
#include "base/clock.h"

enum {
    SNS_URL_MAX = 2048,
    CERTIFICATE_MAX = 64 * 1024,
    CONFIRMED_MAX = 64 * 1024,
};
static const int64_t CERTIFICATE_KEPT_MS = 86400000;
/* SNS tries for an hour at most (its guide, "message delivery retries"); clocks differ a bit. */
static const int64_t OLD_MS = 3600000, DIFFERENCE_MS = 300000;

struct sns {
    struct evp_pkey_st *key;
    char url[SNS_URL_MAX + 1]; /* of its certificate */
    int64_t until_ms;
};

struct sns *sns_open(void)
{
    return calloc(1, sizeof(struct sns));
}

void sns_close(struct sns *sns)
{
    if (sns)
        sns_key_free(sns->key);
    free(sns);
}

/* Copies an address with a NUL. False: it has blanks, quotes or control characters. */
static bool copy_url(dime_text url, char room[SNS_URL_MAX + 1])
{
    if (!url.length || url.length > SNS_URL_MAX)
        return false;
    for (size_t i = 0; i < url.length; i++) {
        if (url.data[i] <= ' ' || url.data[i] > '~' || url.data[i] == '"' || url.data[i] == '\\')
            return false;
    }
    memcpy(room, url.data, url.length);
    room[url.length] = '\0';
    return true;
}

/* Gets an address of SNS; a failure's sentence names WHAT it's for. */
static bool get_from_sns(struct aws *aws, struct aws_call *call, const char *url, size_t most,
                         const char *what)
{
    const struct http_request request = {.method = "GET",
                                         .url = url,
                                         .most = most,
                                         .connect_ms = AWS_CONNECT_MS,
                                         .until_ms = aws_until(call),
                                         .stop = call->stop};
    struct http_answer answer = {0};
    enum http_outcome outcome = http_exchange(&aws->http, &request, call->arena, &answer);
    if (outcome == HTTP_ANSWERED && answer.status == 200)
        return aws_succeed(call, buffer_text(&answer.body));
    if (outcome == HTTP_NO_MEMORY)
        return aws_no_memory(call);
    return aws_refuse(call, outcome == HTTP_LATE ? 504 : 502,
                      "Amazon SNS didn't give %s; it will send this message again.", what);
}

static void keep_certificate(struct sns *sns, struct evp_pkey_st *key, const char *url)
{
    sns_key_free(sns->key);
    sns->key = key;
    memcpy(sns->url, url, strlen(url) + 1);
    sns->until_ms = clock_epoch_ms() + CERTIFICATE_KEPT_MS;
}

/* Puts the key of the message's certificate into SNS. */
static bool find_key(struct sns *sns, struct aws *aws, struct aws_call *call, dime_text certificate)
{
    const dime_text pem = TEXT(".pem");
    char url[SNS_URL_MAX + 1];
    if (!copy_url(certificate, url) || !sns_owns(certificate) || strpbrk(url, "?#") ||
        !text_ends_nocase(certificate, pem))
        return aws_refuse(call, 422, "The message's SigningCertURL isn't Amazon SNS's own.");
    if (sns->key && strcmp(url, sns->url) == 0 && clock_epoch_ms() < sns->until_ms)
        return true;
    if (!get_from_sns(aws, call, url, CERTIFICATE_MAX, "its certificate"))
        return false;
    struct evp_pkey_st *key = sns_key_of(call->reply.body);
    if (!key)
        return aws_refuse(call, 502, "Amazon SNS gave a certificate that isn't valid now.");
    keep_certificate(sns, key, url);
    return true;
}

/* Without a limit, a signed message from a log could be sent again for ever. */
static bool is_recent(const struct sns_message *message)
{
    int64_t then, now = clock_epoch_ms();
    return credentials_time(message->timestamp, &then) && then > now - OLD_MS - DIFFERENCE_MS &&
           then < now + DIFFERENCE_MS;
}

bool sns_verify(struct sns *sns, struct aws *aws, struct aws_call *call,
                const struct sns_message *message)
{
    if (!find_key(sns, aws, call, message->certificate_url))
        return false;
    bool holds = sns_signature_holds(message, sns->key, call->arena);
    if (call->arena->failed)
        return aws_no_memory(call);
    if (!holds)
        return aws_refuse(call, 422, "Amazon SNS hasn't signed this message as it stands.");
    if (!is_recent(message))
        return aws_refuse(
            call, 422, "This message of Amazon SNS is older than an hour, or the clocks differ.");
    return aws_succeed(call, TEXT(""));
}

bool sns_confirm(struct aws *aws, struct aws_call *call, const struct sns_message *message)
{
    char url[SNS_URL_MAX + 1];
    if (copy_url(message->subscribe_url, url) && sns_owns(message->subscribe_url))
        return get_from_sns(aws, call, url, CONFIRMED_MAX, "the confirmation");
    return aws_refuse(call, 422, "The message's SubscribeURL isn't Amazon SNS's own.");
}
