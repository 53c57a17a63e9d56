/*
 * fault.h - the code and the message of a service's error.
 *
 * The JSON services put the code into a header or into the body, under one of three names and with
 * or without a prefix. S3 and STS answer in XML. A code is passed on only if it looks like one,
 * since people will see it. A message goes to the log at most.
 */
#ifndef DIME_SERVICES_AWS_FAULT_H
#define DIME_SERVICES_AWS_FAULT_H

#include "net/http.h"
#include "base/arena.h"
#include "base/text.h"

struct aws_fault {
    dime_text code;    /* such as ThrottlingException; empty: there is none */
    dime_text message; /* as the service has it; may be empty */
};

/* Reads an error answer. The texts are the arena's, or lie in ANSWER. */
struct aws_fault fault_read(const struct http_answer *answer, struct arena *arena);

/* The text of the first element of this name in an XML document; empty where there's none. */
dime_text fault_element(dime_text xml, const char *name);

/* Whether the code says that the credentials are invalid or have expired. */
bool fault_is_of_credentials(dime_text code);

/* Whether the code says that the credentials are valid, but lack the permission. */
bool fault_is_of_rights(dime_text code);

#endif
