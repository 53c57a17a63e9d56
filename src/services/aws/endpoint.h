/*
 * endpoint.h - the address of a service, and the region that a call is signed for.
 *
 * AWS's own addresses follow from the service and the region (the AWS General Reference, "Service
 * endpoints"). Settings name others, for servers that speak a service's protocol. With those, a
 * bucket is always a part of the path, as in botocore.
 */
#ifndef DIME_SERVICES_AWS_ENDPOINT_H
#define DIME_SERVICES_AWS_ENDPOINT_H

#include "net/http.h"
#include "services/aws/settings.h"
#include "base/buffer.h"

struct aws_endpoint {
    char region[SETTINGS_REGION_MAX + 1];
    char base[SETTINGS_ENDPOINT_MAX + 1]; /* https://rekognition.eu-west-1.amazonaws.com */
    bool own;                             /* it's AWS's own, by its name */
};

/*
 * Finds the endpoint: the one that the settings name, else GIVEN, else AWS's own. REGION, where it
 * isn't empty, comes before the settings'. False: *WHY is a sentence, a literal.
 */
bool endpoint_find(const struct aws_settings *settings, const struct aws_service *service,
                   dime_text region, dime_text given, struct aws_endpoint *endpoint,
                   const char **why);

/* Makes it AWS's own for another region, which S3 has named. False: that isn't a region. */
bool endpoint_move(struct aws_endpoint *endpoint, const struct aws_service *service,
                   dime_text region);

/* Appends the URL of PATH, which begins with a slash and is encoded, in a bucket or in none. */
void endpoint_url(const struct aws_endpoint *endpoint, dime_text bucket, dime_text path,
                  struct buffer *url);

/*
 * Whether an encoded path stays in its bucket whatever a proxy makes of it: if the bucket isn't in
 * the host's name, no part may be "." or "..".
 */
bool endpoint_stays(const struct aws_endpoint *endpoint, dime_text bucket, dime_text path);

/* Whether a bucket may have this name (S3's page "General purpose bucket naming rules"). */
bool endpoint_is_bucket(dime_text bucket);

#endif
