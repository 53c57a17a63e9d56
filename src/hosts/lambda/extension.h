/*
 * extension.h - gets SIGTERM before AWS Lambda ends the environment.
 *
 * Lambda sends SIGTERM, 500 ms before SIGKILL, only to environments with an extension. So the
 * bootstrap registers one: an internal extension without events (AWS's page "Using the Lambda
 * Extensions API"). Then it asks for the next event. That request tells Lambda that the extension
 * is ready, and is never answered.
 */
#ifndef DIME_HOSTS_LAMBDA_EXTENSION_H
#define DIME_HOSTS_LAMBDA_EXTENSION_H

#include <curl/curl.h>
#include <stdbool.h>

struct extension {
    CURLU *base;
    CURLM *multi;
    CURL *handle;
    char id[64]; /* Lambda's id of the extension */
    bool asked;  /* the request for its next event was sent */
};

/*
 * Registers the extension under the function's name. The request for its next event stays open
 * until extension_close. If Lambda accepts no extensions, as in a simple emulator, nothing is
 * registered, and the log says so. The caller closes it in any case.
 */
void extension_open(struct extension *extension, const char *address, const char *function);

/* Closes the connection. */
void extension_close(struct extension *extension);

#endif
