/*
 * fault.h - what a service says of an error: its code and its message.
 *
 * The JSON services put the code into a header or into the body, under one of three names and with
 * or without a prefix; S3 and STS answer in XML. A code is handed on only if it looks like one,
 * since it will be shown to a person. A message is for the log at most.
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

/* Reads an answer that isn't a good one. The texts are the arena's, or lie in ANSWER. */
struct aws_fault fault_read(const struct http_answer *answer, struct arena *arena);

/* The text of the first element of this name in an XML document; empty where there's none. */
dime_text fault_element(dime_text xml, const char *name);

/* Whether the code says that AWS doesn't take these credentials, or not any more. */
bool fault_is_of_credentials(dime_text code);

/* Whether the code says that the credentials are right, and may not do this. */
bool fault_is_of_rights(dime_text code);

#endif
