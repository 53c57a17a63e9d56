/*
 * ask.h - sends a request to a function's program, and always returns an answer.
 *
 * The program is started by the first request, and again after it has ended. If it crashes, hangs
 * or writes an invalid answer, only its current request fails, with a problem (502 or 504). A
 * request to a program that can't be started is answered with 503.
 */
#ifndef DIME_TOOL_ASK_ASK_H
#define DIME_TOOL_ASK_ASK_H

#include "request/run.h"
#include "tool/ask/fastcgi_client.h"
#include "tool/ask/find.h"
#include "tool/ask/program.h"

/* What a thread needs to send requests to a function: a process of its own. */
struct ask {
    const struct callee *callee;
    const char *host; /* the `host` in the program's log lines: command, queue, watch; NULL: the
                         program's own */
    struct program program;
    struct fastcgi_client client;
};

/* Starts nothing yet. The caller closes it, in the thread that used it. */
void ask_open(struct ask *ask, const struct callee *callee, const char *host);

/* Lets the program finish, and ends it. */
void ask_close(struct ask *ask);

/*
 * Sends REQUEST to the function, and fills RESPONSE, which is open, with the answer; its status is
 * from 200 to 599. ASK is a struct ask, passed as an invoker's argument. The program logs the
 * request; if it can't, or never got the request, the line is written here. The program is killed
 * half a second after the request's deadline, so that it can first answer with a timeout itself.
 */
void ask_function(void *ask, struct request *request, const struct incoming *incoming,
                  struct response *response);

/*
 * Whether the function is ready: its program can be started and, if it's dime's OWN, reports that
 * it is ready. Other programs get no request, since that might run their function. If it isn't
 * ready, WHY is a sentence that says why.
 */
bool ask_is_ready(struct ask *ask, bool own, char why[PROGRAM_WHY]);

#endif
