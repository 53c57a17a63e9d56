/*
 * program.h - a FastCGI program that the tool has started, and that nobody else can reach.
 *
 * It gets a listening socket as fd 0, as any FastCGI program expects it, and no arguments. The
 * socket has no name any more once the program runs: only this process can connect to it, so what
 * it says of a request can't come from anybody else.
 */
#ifndef DIME_TOOL_ASK_PROGRAM_H
#define DIME_TOOL_ASK_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Room for a sentence on why a program doesn't run, or how it ended. */
enum { PROGRAM_WHY = 200 };

/* How long one that was asked to end may take before it is killed. */
enum { PROGRAM_GRACE_MS = 5000 };

/* One program, a thread's own: the kernel kills it when the thread that has started it ends. */
struct program {
    const char *path; /* of its file; must outlast it */
    pid_t pid;        /* of its process, which leads a process group; 0: none runs */
    int address;      /* a descriptor by which its socket can be connected to; -1 */
};

/* Makes one that doesn't run. */
void program_open(struct program *program, const char *path);

/*
 * Starts the program with the words behind its name, of which the last is NULL, and with OUT as its
 * stdout, where what it says to stderr isn't wanted; -1: our stderr is both. It must not run.
 * Returns a connection to it that the caller owns: one that is closed when the program ends before
 * it has accepted it. -1: WHY says why it can't be started.
 */
int program_start(struct program *program, char *const *words, int out, char why[PROGRAM_WHY]);

/* Connects to the program once more. Returns the same, or -1 and errno: ECONNREFUSED where it has
 * ended. */
int program_connect(const struct program *program);

/*
 * Waits for the program to end by itself, GRACE_MS at most, and kills what is left of its group.
 * HOW says how it ended, behind "it": "was killed by signal 11 (Segmentation fault)". Does nothing
 * where none runs.
 */
void program_end(struct program *program, int64_t grace_ms, char how[PROGRAM_WHY]);

/* Lets the program finish what it does, and ends it; kills it after PROGRAM_GRACE_MS. */
void program_stop(struct program *program);

#endif
