/*
 * emulator.h - the structs of dime-lambda: lambdas, their environments, and calls.
 *
 * The terms are AWS's. A lambda is a function that is served: a program and its limits. An
 * environment is one process of it with its own Runtime API, like Lambda's execution environment. A
 * call is an invocation: it waits in its lambda's queue until a process asks for the next one, and
 * belongs to that environment until it's answered.
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
    EMU_ANSWER_MAX = EMU_REQUEST_MAX + 100, /* bytes of an answer, as on Lambda */
    EMU_STREAM_MAX = 200 * 1024 * 1024,     /* of a streamed answer */
    EMU_EVENT_MAX = 1024 * 1024,            /* of an event that nobody waits for */
    EMU_QUEUE_MAX = 100,                    /* calls that wait for a process, or for a retry */
    EMU_RETRIES_MAX = 2,                    /* of an event that failed */
    EMU_RETRY_MS = 1000,                    /* before the first retry; AWS waits a minute */
    EMU_REPORT_SIZE = 320, /* bytes of the lines at the end of an invocation's log */
    EMU_TAIL_SIZE = 4096,  /* bytes of the log that a caller may get */
    EMU_GRACE_MS = 500,    /* between SIGTERM and SIGKILL */
    EMU_ID_SIZE = 37,      /* a UUID and a NUL */
};

#define EMU_NS_PER_MS INT64_C(1000000)

struct emulator;

/* The settings. The texts belong to the command line. */
struct emu_settings {
    const char *listen;
    int64_t timeout_ms;
    int64_t concurrency;     /* environments of one function */
    int64_t max_concurrency; /* invocations within one of them */
    const char **variables;  /* NAME=VALUE each, NULL at the end */
    const char **allowed;    /* further Host names, whose pages may send requests too; likewise */
    char **programs;         /* NULL at the end */
    bool once, report;
};

struct emu_lambda {
    struct emulator *emulator;
    struct emu_lambda *next;
    char name[65];
    char *program; /* the absolute path of the bootstrap */
    char *loader;  /* the loader in its folder that runs it; NULL: the system's */
    char *root;    /* the folder it's in: LAMBDA_TASK_ROOT */
    bool unpacked; /* the folder is temporary, and removed at the end */
    struct emu_environment *environments;
    struct emu_call *queue;
    size_t queued;
    struct emu_call *resting; /* those that failed, and are retried later */
    size_t rested;
    char told[128]; /* the last reported reason of a process's end, so that it isn't repeated */
};

/* The last bytes of a process's output. */
struct emu_tail {
    char data[EMU_TAIL_SIZE];
    size_t total;
};

/* A pipe from a process, and the descriptor that its output is copied to. */
struct emu_output {
    int from, to;
    bool blocked;          /* ours is full: the process must wait as if it wrote there itself */
    struct terminal shown; /* if ours is one */
};

struct emu_extension {
    struct emu_extension *next;
    char id[EMU_ID_SIZE];
    bool wants_shutdown, wants_invoke;
    struct emu_exchange *waiting; /* at event/next */
    char event[1024];             /* an event that it hasn't asked for yet */
    size_t event_length;          /* 0: there is none */
};

struct emu_environment {
    struct emu_lambda *lambda;
    struct emu_environment *next;
    struct emu_endpoint endpoint; /* its Runtime API */
    unsigned port;
    pid_t pid; /* 0: it has ended, or never started */
    struct emu_output outputs[2];
    struct emu_tail tail;
    struct emu_exchange *held; /* callers whose answers wait for the end of the log */
    struct emu_exchange *idle; /* those that wait for an invocation */
    struct emu_call *calls;    /* those that it has */
    struct emu_extension *extensions;
    char answered[EMU_ID_SIZE]; /* the id of the last answered call */
    struct emu_body init_error; /* what it posted to init/error */
    int64_t started_ns;
    int64_t ready_ns;   /* when it first asked for an invocation; 0 before */
    int64_t kill_at_ns; /* when to kill it; 0: never */
    long memory;        /* its peak memory in kB, once it has ended */
    bool reported;      /* its start time has been reported */
    char why[128];      /* why it ended or couldn't start, in words; empty: unknown */
    const char *type;   /* the error type of `why` */
};

enum emu_call_state { EMU_CALL_WAITS, EMU_CALL_RUNS, EMU_CALL_EXPIRED };

struct emu_call {
    struct emu_call *next;
    struct emu_lambda *lambda;
    struct emu_environment *environment; /* once it runs */
    struct emu_exchange *caller;         /* NULL: nobody waits for the answer */
    struct emu_exchange *carrier;        /* carries it to its process; NULL once that has it */
    struct emu_exchange *source;         /* on which its process streams the answer */
    struct emu_flow *flow; /* where the answer is streamed on, instead of `caller`; NULL: nowhere */
    size_t answer_max;     /* bytes */
    void (*reply)(struct emu_call *call, dime_text answer, const char *error);
    /* Streams on what has arrived of the answer after the first `passed_on` bytes. NULL: the caller
     * gets the answer when it's complete. */
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
    int64_t began_ns;    /* when its process got it */
    int64_t deadline_ns; /* on the monotonic clock */
    size_t tail_from;    /* how much the process had written before it */
    bool wants_tail;
    bool is_event;       /* nobody waits for it, so it's retried if it fails */
    unsigned retries;    /* how often it was retried */
    int64_t again_at_ns; /* when it will be retried, while it rests */
    const char *failure; /* the type of an error of Lambda's own; NULL: none */
    bool has_prelude; /* its answer is streamed as HTTP, with status and headers before the body */
    char report[EMU_REPORT_SIZE]; /* the end of its log, once it has been answered */
    bool torn;                    /* its process aborted its answer, and posted another */
};

/* The descriptors that the loop waits for. */
struct emu_polled {
    struct pollfd *fds; /* from malloc */
    size_t count, room;
    int timeout;
};

struct emulator {
    struct emu_settings settings;
    struct emu_polled polled;
    struct rlimit files; /* the limit of descriptors for processes: our original one */
    struct emu_lambda *lambdas;
    struct emu_endpoint endpoint;    /* the endpoint for invocations */
    struct emu_endpoint runtime_api; /* a template for those of environments */
    char address[80];                /* of it: HOST:PORT */
    int signals;                     /* the descriptor of the signals */
    bool stopping;
    int status; /* the exit status */
};

/* Prints a line to stderr; control characters in it are escaped. */
void emu_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes a random UUID (RFC 9562). */
void emu_make_id(char room[EMU_ID_SIZE]);

#endif
