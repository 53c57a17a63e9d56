/*
 * invocation.h - one event on its way through a function, and what its host knows about it.
 *
 * Hosts use invoke.h, which splits a batch. Each message of a batch is an invocation too.
 */
#ifndef DIME_EVENTS_INVOCATION_H
#define DIME_EVENTS_INVOCATION_H

#include "events/event.h"
#include "request/run.h"

/* The most memory that one event may use, and the most bytes in an event. */
enum { INVOKE_MEMORY_MAX = 64 * 1024 * 1024, INVOKE_EVENT_MAX = 8 * 1024 * 1024 };

/* Room for the answer that reports out of memory. */
enum { INVOKE_ROOM = 4096 };

/* The result of passing an answer on. */
enum keep_end {
    KEEP_PASSED,
    KEEP_REFUSED, /* this answer can never be passed on: its message has failed */
    KEEP_LATER,   /* it can't be passed on now: its message is delivered again */
    KEEP_ENDED,   /* no answer can be passed on now: the rest of the batch is left too */
};

/* One event on its way. Its contents last as long as the arena. */
struct invocation {
    struct event event;
    struct response response;
    int64_t started_ns, ended_ns;
    char id[33]; /* one that was made here */
    char room[INVOKE_ROOM];
    bool streaming; /* the response goes to the invoker's stream; `invoke` returns no text */
};

/* What the host knows beyond the event. */
struct invoker {
    const dime_function *function; /* that runs in this process; NULL: `ask` calls it elsewhere */
    void *state;                   /* what the function's `open` returned */
    const char *not_open;          /* why `open` failed; NULL if it didn't */
    const char *name;              /* of a function that runs elsewhere */
    /* Fills the response to a request in its place, as run_function does, and logs the request.
     * ASKED is the one below. */
    void (*ask)(void *asked, struct request *request, const struct incoming *incoming,
                struct response *response);
    void *asked;
    dime_text id; /* of the invocation; empty: one is made */
    int64_t deadline_ms;
    size_t answer_max; /* the most bytes of an answer that the host can pass on; 0: no limit */
    const struct header *headers; /* of the host itself, placed before the request's */
    size_t header_count;
    dime_text query;  /* further fields, written as a query */
    dime_text tenant; /* for the log */
    /* Takes the answer to each message of a batch that succeeded, in the form of a direct event's.
     * The time that it needs isn't counted for the deadline. NULL: nobody wants them. */
    enum keep_end (*keep)(void *keeper, dime_text answer);
    void *keeper;
    /* Takes the answer in pieces where the event and the function allow it; NULL: none does. */
    struct stream *stream;
};

/* The name of the invoker's function. */
static inline const char *invoker_name(const struct invoker *invoker)
{
    return invoker->function ? invoker->function->name : invoker->name;
}

/* Runs the function on the invocation's event. The response is complete afterwards. */
void invoke_event(struct invocation *invocation, const struct invoker *invoker,
                  struct arena *arena);

/*
 * The answer to the event in the form that its sender expects, as `invoke` returns it, for an
 * invocation that isn't streaming.
 */
dime_text invoke_answer(struct invocation *invocation, const struct invoker *invoker,
                        struct arena *arena);

#endif
