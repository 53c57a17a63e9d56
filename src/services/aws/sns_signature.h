/*
 * sns_signature.h - the signature of a message of SNS (its guide, "Verifying the signatures of
 * Amazon SNS messages"). It's apart from sns.c since nothing here uses a network.
 */
#ifndef DIME_SERVICES_AWS_SNS_SIGNATURE_H
#define DIME_SERVICES_AWS_SNS_SIGNATURE_H

#include "services/aws/sns.h"

struct evp_pkey_st; /* OpenSSL's EVP_PKEY */

/* The public key in a certificate (PEM) that is valid now, for the caller to free; else NULL. */
struct evp_pkey_st *sns_key_of(dime_text pem);

/* Frees a key. KEY may be NULL. */
void sns_key_free(struct evp_pkey_st *key);

/*
 * Whether the message's signature is one of KEY's over what SNS signs of such a message, with
 * SignatureVersion 1 (SHA-1) or 2 (SHA-256). Also false where the arena has failed.
 */
bool sns_signature_holds(const struct sns_message *message, struct evp_pkey_st *key,
                         struct arena *arena);

/* Whether URL is an address of SNS: https, host sns.REGION.amazonaws.com, and no port. */
bool sns_owns(dime_text url);

#endif
