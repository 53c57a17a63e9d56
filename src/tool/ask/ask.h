/*
 * ask.h - asks a function, which is a program, and always has an answer.
 *
 * The program is started when it's first asked, and again after it has ended. One that crashes,
 * hangs or writes what is no answer costs the request that it has, and no other: that request is
 * answered with a problem (502, 504), and so is one for a program that can't be started (503).
 */
#ifndef DIME_TOOL_ASK_ASK_H
#define DIME_TOOL_ASK_ASK_H

#include "request/run.h"
#include "tool/ask/fastcgi_client.h"
#include "tool/ask/find.h"
#include "tool/ask/program.h"

/* What a thread needs to ask a function: a process of its own. */
struct ask {
    const struct callee *callee;
    const char *host; /* what asks, as the program's log line has it: command, queue, watch; NULL:
                         the program says it */
    struct program program;
    struct fastcgi_client client;
};

/* Starts nothing yet. The caller closes it, in the thread that has asked. */
void ask_open(struct ask *ask, const struct callee *callee, const char *host);

/* Lets the program finish and ends it. */
void ask_close(struct ask *ask);

/*
 * Hands REQUEST to the function, and fills RESPONSE, which has been opened, with its answer, whose
 * status is from 200 to 599. ASK is a struct ask, as its invoker has it. The program logs the
 * request; where it can't, or isn't asked, the line is written here. The program is killed half a
 * second after the request's deadline, for it to say by itself that it has passed.
 */
void ask_function(void *ask, struct request *request, const struct incoming *incoming,
                  struct response *response);

/*
 * Whether the function can begin to answer: its program can be started, and if it's dime's OWN,
 * which describes itself, says that it is ready. Another program isn't asked anything, since it
 * might do its work. WHY is a sentence on why not.
 */
bool ask_is_ready(struct ask *ask, bool own, char why[PROGRAM_WHY]);

#endif
