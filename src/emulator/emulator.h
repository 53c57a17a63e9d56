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

#include "emulator/exchanges.h"
#include "base/terminal.h"

enum {
    EMU_REQUEST_MAX = 6291456,              /* bytes of an event */
    EMU_ANSWER_MAX = EMU_REQUEST_MAX + 100, /* bytes of an answer, as Lambda counts */
    EMU_STREAM_MAX = 200 * 1024 * 1024,     /* of one that is streamed */
    EMU_EVENT_MAX = 1024 * 1024,            /* of an event that nobody waits for */
    EMU_QUEUE_MAX = 100,   /* calls that wait for a process, or to be tried again */
    EMU_RETRIES_MAX = 2,   /* of an event that failed */
    EMU_RETRY_MS = 1000,   /* before the first of them; AWS waits a minute */
    EMU_REPORT_SIZE = 320, /* bytes of the lines that end the log of an invocation */
    EMU_TAIL_SIZE = 4096,  /* bytes of the log that a caller may ask for */
    EMU_GRACE_MS = 500,    /* between SIGTERM and SIGKILL */
    EMU_ID_SIZE = 37,      /* a UUID and a NUL */
};

#define EMU_NS_PER_MS INT64_C(1000000)

struct emulator;

/* What the command line says. All texts are the command line's own. */
struct emu_settings {
    const char *listen;
    int64_t timeout_ms;
    int64_t concurrency;     /* environments of one function */
    int64_t max_concurrency; /* invocations within one of them */
    const char **variables;  /* NAME=VALUE each, NULL at the end */
    const char **allowed;    /* hosts that it may be asked as, and whose pages may ask; likewise */
    char **programs;         /* NULL at the end */
    bool once, report;
};

struct emu_lambda {
    struct emulator *emulator;
    struct emu_lambda *next;
    char name[65];
    char *program; /* what is run, as an absolute path */
    char *loader;  /* what runs it, which it brings along; NULL: the system's */
    char *root;    /* the folder it's in: LAMBDA_TASK_ROOT */
    bool unpacked; /* the folder is ours, and removed at the end */
    struct emu_environment *environments;
    struct emu_call *queue;
    size_t queued;
    struct emu_call *resting; /* those that failed, and are tried again later */
    size_t rested;
    char told[128]; /* why a process ended; it's said once, not for each invocation */
};

/* The last bytes of what a process has written. */
struct emu_tail {
    char data[EMU_TAIL_SIZE];
    size_t total;
};

/* A pipe from a process to a descriptor of ours. */
struct emu_output {
    int from, to;
    bool blocked; /* nobody reads ours: the process has to wait as if it wrote there itself */
    struct terminal shown; /* where ours is one */
};

struct emu_extension {
    struct emu_extension *next;
    char id[EMU_ID_SIZE];
    bool wants_shutdown, wants_invoke;
    struct emu_exchange *waiting; /* at event/next */
    char event[1024];             /* one that it hasn't asked for yet */
    size_t event_length;          /* 0: there is none */
};

struct emu_environment {
    struct emu_lambda *lambda;
    struct emu_environment *next;
    struct emu_endpoint endpoint; /* its Runtime API */
    unsigned port;
    pid_t pid; /* 0: it has ended, or never began */
    struct emu_output outputs[2];
    struct emu_tail tail;
    struct emu_exchange *held; /* callers whose answers wait for the end of the log */
    struct emu_exchange *idle; /* those that wait for an invocation */
    struct emu_call *calls;    /* those that it has */
    struct emu_extension *extensions;
    char answered[EMU_ID_SIZE]; /* the last one that was answered */
    struct emu_body init_error; /* what it posted there */
    int64_t started_ns;
    int64_t ready_ns;   /* when it asked first; 0 before */
    int64_t kill_at_ns; /* 0: it may live */
    long memory;        /* the most that it has used, in kB, once it has ended */
    bool reported;      /* how long it took to start has been said */
    char why[128];      /* why it ends or hasn't begun, for a person; empty: nobody knows */
    const char *type;   /* the error type of that */
};

enum emu_call_state { EMU_CALL_WAITS, EMU_CALL_RUNS, EMU_CALL_EXPIRED };

struct emu_call {
    struct emu_call *next;
    struct emu_lambda *lambda;
    struct emu_environment *environment; /* once it runs */
    struct emu_exchange *caller;         /* NULL: nobody waits for the answer */
    struct emu_exchange *carrier;        /* takes it to its process; NULL once that has it */
    struct emu_exchange *source;         /* its process streams its answer there */
    struct emu_flow *flow; /* what streams it on, instead of the caller; NULL: nothing */
    size_t answer_max;     /* bytes */
    void (*reply)(struct emu_call *call, dime_text answer, const char *error);
    /* Streams on what has come of the answer, of which `passed_on` bytes were there before. NULL:
     * the caller gets it when it's whole. */
    void (*pass_on)(struct emu_call *call, dime_text so_far);
    size_t passed_on;
    enum emu_call_state state;
    char id[EMU_ID_SIZE];
    char trace[128];
    char arn[256];
    char *client_context; /* JSON; NULL for none */
    char tenant[257];
    struct emu_body event;
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
    char report[EMU_REPORT_SIZE]; /* the end of its log, once it has been answered */
    bool torn;                    /* its process has broken off its answer, and posted another */
};

/* What the loop waits for. */
struct emu_polled {
    struct pollfd *fds; /* from malloc */
    size_t count, room;
    int timeout;
};

struct emulator {
    struct emu_settings settings;
    struct emu_polled polled;
    struct rlimit files; /* how many descriptors a process may have: what we were given */
    struct emu_lambda *lambdas;
    struct emu_endpoint endpoint;    /* where invocations come in */
    struct emu_endpoint runtime_api; /* what that of an environment is to be like */
    char address[80];                /* of it: HOST:PORT */
    int signals;                     /* a descriptor where they arrive */
    bool stopping;
    int status; /* with which the program ends */
};

/* Says a line to the person who started it, on stderr; controls in it are escaped. */
void emu_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes a random id, as a UUID (RFC 9562). */
void emu_make_id(char room[EMU_ID_SIZE]);

#endif
