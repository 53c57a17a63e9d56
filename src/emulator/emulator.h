/*
 * emulator.h - what dime-lambda is made of: lambdas, their environments, and calls.
 *
 * The words are AWS's. A lambda is a function that is served: a program, and how often it may run.
 * An environment is one process of it with a Runtime API of its own, as Lambda's execution
 * environment has. A call is an invocation on its way: it waits in its lambda's queue until a
 * process asks for the next one, and belongs to the environment from then until it's answered.
 */
#ifndef DIME_EMULATOR_EMULATOR_H
#define DIME_EMULATOR_EMULATOR_H

#include <poll.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "emulator/http.h"
#include "base/terminal.h"

enum {
    REQUEST_MAX = 6291456,            /* bytes of an event */
    ANSWER_LIMIT = REQUEST_MAX + 100, /* bytes of an answer, as Lambda counts */
    STREAM_MAX = 200 * 1024 * 1024,   /* of one that is streamed */
    EVENT_REQUEST_MAX = 1024 * 1024,  /* of an event that nobody waits for */
    QUEUE_MAX = 100,                  /* calls that wait for a process, or to be tried again */
    RETRIES_MAX = 2,                  /* of an event that failed */
    RETRY_MS = 1000,                  /* before the first of them; AWS waits a minute */
    REPORT_SIZE = 320,                /* bytes of the lines that end the log of an invocation */
    TAIL_SIZE = 4096,                 /* bytes of the log that a caller may ask for */
    GRACE_MS = 500,                   /* between SIGTERM and SIGKILL */
    ID_SIZE = 37,                     /* a UUID and a NUL */
};

#define NANOSECONDS_PER_MS INT64_C(1000000)

struct emulator;

/* What the command line says. All texts are the command line's own. */
struct settings {
    const char *listen;
    int64_t timeout_ms;
    int64_t concurrency;     /* environments of one function */
    int64_t max_concurrency; /* invocations within one of them */
    const char **variables;  /* NAME=VALUE each, NULL at the end */
    const char **allowed;    /* hosts that it may be asked as, and whose pages may ask; likewise */
    char **programs;         /* NULL at the end */
    bool once, report;
};

struct lambda {
    struct emulator *emulator;
    struct lambda *next;
    char name[65];
    char *program; /* what is run, as an absolute path */
    char *loader;  /* what runs it, which it brings along; NULL: the system's */
    char *root;    /* the folder it's in: LAMBDA_TASK_ROOT */
    bool unpacked; /* the folder is ours, and removed at the end */
    struct environment *environments;
    struct call *queue;
    size_t queued;
    struct call *resting; /* those that failed, and are tried again later */
    size_t rested;
    char told[128]; /* why a process ended; it's said once, not for each invocation */
};

/* The last bytes of what a process has written. */
struct tail {
    char data[TAIL_SIZE];
    size_t total;
};

/* A pipe from a process to a descriptor of ours. */
struct output {
    int from, to;
    bool blocked; /* nobody reads ours: the process has to wait as if it wrote there itself */
    struct terminal shown; /* where ours is one */
};

struct extension {
    struct extension *next;
    char id[ID_SIZE];
    bool wants_shutdown, wants_invoke;
    struct exchange *waiting; /* at event/next */
    char event[1024];         /* one that it hasn't asked for yet */
};

struct environment {
    struct lambda *lambda;
    struct environment *next;
    struct endpoint endpoint; /* its Runtime API */
    unsigned port;
    pid_t pid; /* 0: it has ended, or never began */
    struct output outputs[2];
    struct tail tail;
    struct exchange *held; /* callers whose answers wait for the end of the log */
    struct exchange *idle; /* those that wait for an invocation */
    struct call *calls;    /* those that it has */
    struct extension *extensions;
    char answered[ID_SIZE]; /* the last one that was answered */
    struct body init_error; /* what it posted there */
    int64_t started_ns;
    int64_t ready_ns;   /* when it asked first; 0 before */
    int64_t kill_at_ns; /* 0: it may live */
    long memory;        /* the most that it has used, in kB, once it has ended */
    bool reported;      /* how long it took to start has been said */
    char why[128];      /* why it ends or hasn't begun, for a person; empty: nobody knows */
    const char *type;   /* the error type of that */
};

enum call_state { CALL_WAITS, CALL_RUNS, CALL_EXPIRED };

struct call {
    struct call *next;
    struct lambda *lambda;
    struct environment *environment; /* once it runs */
    struct exchange *caller;         /* NULL: nobody waits for the answer */
    struct exchange *carrier;        /* takes it to its process; NULL once that has it */
    struct exchange *source;         /* its process streams its answer there */
    struct flow *flow;               /* what streams it on, instead of the caller; NULL: nothing */
    size_t answer_max;               /* bytes */
    void (*reply)(struct call *call, dime_text answer, const char *error);
    /* Streams on what has come of the answer, of which `passed_on` bytes were there before. NULL:
     * the caller gets it when it's whole. */
    void (*pass_on)(struct call *call, dime_text so_far);
    size_t passed_on;
    enum call_state state;
    char id[ID_SIZE];
    char trace[128];
    char arn[256];
    char *client_context; /* JSON; NULL for none */
    char tenant[257];
    struct body event;
    int64_t created_ns;
    int64_t began_ns;    /* when it was handed over */
    int64_t deadline_ns; /* by the clock that never jumps */
    size_t tail_from;    /* how much the process had written before */
    bool wants_tail;
    bool is_event;       /* nobody waits for it: where it fails it's tried again */
    unsigned retries;    /* how often it has been */
    int64_t again_at_ns; /* when it's to be, while it rests */
    const char *failure; /* the type of an error of Lambda's own; NULL: none */
    bool has_prelude; /* its answer is streamed as HTTP: status and headers stand before the body */
    char report[REPORT_SIZE]; /* the end of its log, once it has been answered */
    bool torn;                /* its process has broken off its answer, and posted another */
};

/* What the loop waits for. */
struct polled {
    struct pollfd *fds; /* from malloc */
    size_t count, room;
    int timeout;
};

struct emulator {
    struct settings settings;
    struct polled polled;
    struct rlimit files; /* how many descriptors a process may have: what we were given */
    struct lambda *lambdas;
    struct endpoint endpoint; /* where invocations come in */
    char address[80];         /* of it: HOST:PORT */
    int signals;              /* a descriptor where they arrive */
    bool stopping;
    int status; /* with which the program ends */
};

/* Says a line to the person who started it, on stderr; controls in it are escaped. */
void emulator_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes a random id, as a UUID (RFC 9562). */
void emulator_make_id(char room[ID_SIZE]);

#endif
