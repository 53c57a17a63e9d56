/*
 * provider.c - keeps credentials from a server, and fetches new ones in time.
 *
 * Only credentials that a server has handed out are kept. If new ones can't be fetched, the old
 * ones are used until they expire. After a failure the server isn't asked for a while, so that not
 * every request waits for it.
 */
#include "services/aws/provider.h"

#include "services/aws/origins.h"
#include "services/aws/reply.h"
#include "base/clock.h"

enum {
    FRESH_MS = 15 * 60 * 1000,  /* credentials that expire sooner are replaced */
    FETCH_AGAIN_MS = 60 * 1000, /* but not more often than this */
    FAILED_MS = 5 * 1000,       /* and not at all for so long after a failure */
};

static bool fetch_credentials(struct aws *aws, const struct aws_call *call, enum origin origin,
                              struct credentials *credentials, const char **why)
{
    switch (origin) {
    case ORIGIN_WEB_IDENTITY:
        return origins_web_identity(aws, call, credentials, why);
    case ORIGIN_CONTAINER:
        return origins_container(aws, call, credentials, why);
    default:
        return origins_instance(aws, call, credentials, why);
    }
}

/* Drops credentials of another origin, even if the new one gives none. */
static void turn_to(struct aws *aws, enum origin origin)
{
    if (aws->origin == origin)
        return;
    explicit_bzero(&aws->credentials, sizeof aws->credentials);
    aws->origin = origin;
    aws->fetch_why = NULL;
}

/* Uses the kept credentials while they are valid, and replaces them before they expire. */
static bool get_fetched(struct aws *aws, const struct aws_call *call, enum origin origin,
                        const char **why)
{
    struct credentials *kept = &aws->credentials, fresh;
    int64_t now = clock_epoch_ms(), ends = kept->expires_ms;
    bool good = kept->id[0] && (!ends || now < ends);
    if (good && (!ends || ends - now > FRESH_MS || now < aws->again_ms))
        return true;
    *why = aws->fetch_why;
    if (*why && now < aws->again_ms)
        return good;
    bool fetched = fetch_credentials(aws, call, origin, &fresh, why);
    aws->fetch_why = fetched ? NULL : *why;
    now = clock_epoch_ms();
    aws->again_ms = now + (fetched || origin == ORIGIN_INSTANCE ? FETCH_AGAIN_MS : FAILED_MS);
    if (now >= aws_until(call))
        aws->again_ms = 0; /* the call ran out of time, not the server */
    if (fetched)
        *kept = fresh;
    explicit_bzero(&fresh, sizeof fresh);
    return fetched || good;
}

bool provider_get(struct aws *aws, const struct aws_call *call, const char **why)
{
    struct credentials found;
    settings_read(&aws->settings);
    enum origin origin = credentials_find(&aws->settings, &found, why);
    turn_to(aws, origin);
    if (origin == ORIGIN_FAULT || origin == ORIGIN_NONE)
        return false;
    if (origin != ORIGIN_SETTINGS)
        return get_fetched(aws, call, origin, why);
    aws->credentials = found;
    explicit_bzero(&found, sizeof found);
    return true;
}

void provider_forget(struct aws *aws)
{
    settings_forget(&aws->settings);
    explicit_bzero(&aws->credentials, sizeof aws->credentials);
    aws->again_ms = 0;
}
