/*
 * aws.c - opens and closes a client of AWS, and says whether it could sign a call.
 *
 * Opening costs next to nothing: a worker that never calls AWS reads no file for it and doesn't
 * initialize libcurl.
 */
#include "services/aws/aws.h"

#include <stdlib.h>
#include <string.h>

#include "services/aws/origins.h"
#include "services/aws/retry.h"
#include "services/aws/state.h"
#include "base/clock.h"

struct aws *aws_open(const char *function)
{
    struct aws *aws = calloc(1, sizeof *aws);
    if (!aws)
        return NULL;
    aws->function = function;
    aws->tokens = RETRY_TOKENS;
    settings_open(&aws->settings, function);
    return aws;
}

void aws_close(struct aws *aws)
{
    if (!aws)
        return;
    http_close(&aws->http);
    settings_close(&aws->settings);
    explicit_bzero(aws, sizeof *aws);
    free(aws);
}

bool aws_ready(struct aws *aws, const char **why)
{
    struct credentials found;
    char region[SETTINGS_REGION_MAX + 1];
    settings_read(&aws->settings);
    enum origin origin = credentials_find(&aws->settings, &found, why);
    explicit_bzero(&found, sizeof found);
    if (origin == ORIGIN_FAULT || origin == ORIGIN_NONE)
        return false;
    /* An instance without a role isn't asked again for a while; one that hasn't been asked yet is
     * assumed to have a role. WHY is what credentials_find says for that case. */
    bool refused = aws->origin == ORIGIN_INSTANCE && aws->fetch_why;
    if (origin == ORIGIN_INSTANCE &&
        (!origins_may_be_instance() || (refused && clock_epoch_ms() < aws->again_ms)))
        return false;
    return settings_region(&aws->settings, TEXT(""), region, why);
}
