/*
 * provider.h - the current credentials for signing calls.
 *
 * Credentials from a server expire; new ones are fetched from a quarter of an hour before.
 */
#ifndef DIME_SERVICES_AWS_PROVIDER_H
#define DIME_SERVICES_AWS_PROVIDER_H

#include "services/aws/state.h"

/*
 * Makes sure that AWS->credentials can sign now, within the call's deadline. False: *WHY is a
 * sentence, a literal.
 */
bool provider_get(struct aws *aws, const struct aws_call *call, const char **why);

/* Forgets the credentials, since AWS refused them: the next provider_get searches again. */
void provider_forget(struct aws *aws);

#endif
