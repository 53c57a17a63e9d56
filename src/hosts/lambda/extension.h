/*
 * extension.h - being told before AWS Lambda ends the environment.
 *
 * Lambda sends SIGTERM, 500 ms before SIGKILL, to environments with an extension, and none to
 * others. So the bootstrap registers one: an internal extension without events (AWS's page "Using
 * the Lambda Extensions API"). It then asks for the next event, which says that it is ready, and
 * which is never answered.
 */
#ifndef DIME_HOSTS_LAMBDA_EXTENSION_H
#define DIME_HOSTS_LAMBDA_EXTENSION_H

#include <curl/curl.h>
#include <stdbool.h>

struct extension {
    CURLU *base;
    CURLM *multi;
    CURL *handle;
    char id[64]; /* what Lambda knows it by */
    bool asked;  /* the question for its next event has gone out */
};

/*
 * Registers the extension of the function with this name; the question for its next event is left
 * open until it's closed. Without a Lambda that takes extensions, as in a simple emulator, nothing
 * is registered, which the log tells. To be closed in any case.
 */
void extension_open(struct extension *extension, const char *address, const char *function);

/* Hangs up. */
void extension_close(struct extension *extension);

#endif
