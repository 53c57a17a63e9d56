/*
 * invocation.h - one event on its way through a function, and what its host knows of it.
 *
 * A host goes through invoke.h, which opens a batch; a message of one is an invocation too.
 */
#ifndef DIME_EVENTS_INVOCATION_H
#define DIME_EVENTS_INVOCATION_H

#include "events/event.h"
#include "request/run.h"

/* Most memory that one event may use, and most bytes of an event. */
enum { INVOKE_MEMORY_MAX = 64 * 1024 * 1024, INVOKE_EVENT_MAX = 8 * 1024 * 1024 };

/* Room for the answer that says that there is no memory for one. */
enum { INVOKE_ROOM = 4096 };

/* What became of an answer that was to be passed on. */
enum keep_end {
    KEEP_PASSED,
    KEEP_REFUSED, /* it can never be passed on, unlike others: its message has failed */
    KEEP_LATER,   /* it can't be passed on now: its message comes again */
    KEEP_ENDED,   /* nor can any other: the rest of the batch is left too */
};

/* One event on its way. What it holds lasts as long as the arena. */
struct invocation {
    struct event event;
    struct response response;
    int64_t started_ns, ended_ns;
    char id[33]; /* one that was made here */
    char room[INVOKE_ROOM];
    bool streaming; /* the response goes to the invoker's stream, and invoke returns no text */
};

/* What the host knows besides the event. */
struct invoker {
    const dime_function *function; /* that runs in this process; NULL: `ask` asks it elsewhere */
    void *state;                   /* what the function's `open` returned */
    const char *not_open;          /* why `open` failed; NULL: it didn't */
    const char *name;              /* of a function that runs elsewhere */
    /* Fills the response to a request in its place, as run_function does, and logs the request.
     * ASKED is the one below. */
    void (*ask)(void *asked, struct request *request, const struct incoming *incoming,
                struct response *response);
    void *asked;
    dime_text id; /* of the invocation; empty: one is made */
    int64_t deadline_ms;
    size_t answer_max;            /* most bytes of an answer that the host can pass on; 0: any */
    const struct header *headers; /* of the host itself: they stand before those of the request */
    size_t header_count;
    dime_text query;  /* fields besides the event's, as a query has them */
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

/* Runs the function on the event that the invocation holds; the response is whole afterwards. */
void invoke_event(struct invocation *invocation, const struct invoker *invoker,
                  struct arena *arena);

/*
 * The answer to the event of an invocation that isn't streaming, in the form that its sender
 * expects; as `invoke` returns it.
 */
dime_text invoke_answer(struct invocation *invocation, const struct invoker *invoker,
                        struct arena *arena);

#endif
