/*
 * origins.h - the three servers that hand out credentials: STS for a web identity, the container's,
 * and the instance's (the reference guide of AWS's SDKs, "Standardized credential providers").
 *
 * Each fills *CREDENTIALS within the call's deadline. False: *WHY is a sentence, a literal; the log
 * says more.
 */
#ifndef DIME_SERVICES_AWS_ORIGINS_H
#define DIME_SERVICES_AWS_ORIGINS_H

#include "services/aws/state.h"

/* The token in the file of the web identity, shown to STS, for its role. */
bool origins_web_identity(struct aws *aws, const struct aws_call *call,
                          struct credentials *credentials, const char **why);

/* The server that AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI names. */
bool origins_container(struct aws *aws, const struct aws_call *call,
                       struct credentials *credentials, const char **why);

/*
 * The address of that server. False: it isn't allowed, since the request carries a token. Over
 * plain HTTP only this machine's and AWS's own addresses are.
 */
bool origins_container_url(char *room, size_t size);

/* The metadata server of an EC2 instance, version 2; AWS_EC2_METADATA_SERVICE_ENDPOINT moves it. */
bool origins_instance(struct aws *aws, const struct aws_call *call, struct credentials *credentials,
                      const char **why);

/* Whether this machine looks like an instance, or a variable names its server. */
bool origins_may_be_instance(void);

#endif
