/*
 * runtime_link.h - HTTP with the Runtime API: one connection that is kept, and how to wait on it.
 *
 * What libcurl needs to run a request lies here, apart from what the requests mean
 * (runtime_api.h). Two handles share the connection: one asks for invocations and the other posts,
 * and each keeps its options. They run in a multi handle by libcurl's socket interface, so that a
 * wait can end for SIGTERM too, and a request can be begun, left alone for a while, and ended.
 */
#ifndef DIME_HOSTS_LAMBDA_RUNTIME_LINK_H
#define DIME_HOSTS_LAMBDA_RUNTIME_LINK_H

#include <curl/curl.h>
#include <poll.h>

#include "base/text.h"

enum {
    RUNTIME_ADDRESS_MAX = 255, /* most bytes of an address: a host name and a port */
    RUNTIME_SOCKETS = 5,       /* that can be waited for at once: the stop, and some that connect */
};

struct runtime_link {
    CURLU *base; /* the part of the URL that all requests share */
    CURLM *multi;
    CURL *get, *post;
    struct pollfd sockets[RUNTIME_SOCKETS]; /* the first is to be read from when it's time to end */
    int64_t timer_ns;                       /* when libcurl wants to be called again; 0: never */
    int64_t until_ns;                       /* when the grace ends; 0: it isn't time to end */
    int running;
    bool stopped;   /* the request was given up, since the program is to end */
    bool got_bytes; /* some of the answer has come */
    bool posting;
    bool sent;  /* there was a connection, and the request went out, if only in part */
    bool reset; /* the peer has closed it without having read all of the request */
};

/*
 * Lists of headers that end those of requests: without what libcurl would send and nobody needs,
 * and with the type of all that is posted.
 */
extern struct curl_slist runtime_no_accept, runtime_no_expect, runtime_json_type;

/*
 * The part of the URL that all requests to an address share: libcurl takes a URL apart for each
 * request, unless it is handed one that has been. The caller's, for curl_url_cleanup; NULL: no
 * memory.
 */
CURLU *runtime_link_make_base(const char *address);

/* A handle with what all have in common. The caller's, for curl_easy_cleanup; NULL: no memory. */
CURL *runtime_link_make_handle(CURLU *base);

/*
 * One more handle for runtime_link_begin, over the same connection. The caller's, for
 * curl_easy_cleanup before the link is closed; NULL: no memory.
 */
CURL *runtime_link_add(struct runtime_link *link);

/*
 * Prepares the handles; opens no connection. ADDRESS is HOST:PORT; STOP can be read from when the
 * program is to end. False: there is no memory. To be closed in both cases.
 */
bool runtime_link_open(struct runtime_link *link, const char *address, int stop);

/* Closes the connection. */
void runtime_link_close(struct runtime_link *link);

/* Begins a request, as its handle's options have it, and sends what can be sent at once. */
void runtime_link_begin(struct runtime_link *link, CURL *handle);

/* Waits for the request's next step. False: it has ended. */
bool runtime_link_step(struct runtime_link *link);

/*
 * Waits until the request has ended. Its result counts unless `stopped` is set. When it's time to
 * end, a request that has begun to be answered, or posts, gets a grace of 300 ms.
 */
CURLcode runtime_link_end(struct runtime_link *link, CURL *handle);

/* Whether the program is to end. */
bool runtime_link_stopping(const struct runtime_link *link);

/* The status of the handle's answer; 0 where none has come. */
long runtime_link_status(CURL *handle);

#endif
