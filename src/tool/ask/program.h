/*
 * program.h - a FastCGI program that the tool starts, and that nobody else can reach.
 *
 * The program gets a listening socket as fd 0, as FastCGI programs expect, and no arguments. The
 * socket's name is removed before the program runs, so that only this process can connect. That is
 * why the program can trust what this process says about a request.
 */
#ifndef DIME_TOOL_ASK_PROGRAM_H
#define DIME_TOOL_ASK_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The size of a sentence on why a program doesn't run, or how it ended. */
enum { PROGRAM_WHY = 200 };

/* How long a program that was asked to end may take before it is killed. */
enum { PROGRAM_GRACE_MS = 5000 };

/* A program. The kernel kills it when the thread that started it ends. */
struct program {
    const char *path; /* of its file; must outlast it */
    pid_t pid;        /* of its process, which leads a process group; 0: not running */
    int address;      /* a descriptor through which to connect to its socket; or -1 */
};

/* Makes a program that isn't running. */
void program_open(struct program *program, const char *path);

/*
 * Starts the program with these arguments, which end with NULL. OUT is its stdout, and its stderr
 * is discarded; if OUT is -1, our stderr is both. The program must not be running. Returns a
 * connection that the caller owns, and that is closed if the program ends before it has accepted
 * it. -1: the program can't be started, and WHY says why.
 */
int program_start(struct program *program, char *const *words, int out, char why[PROGRAM_WHY]);

/* Makes another connection. Returns it, or -1 and errno: ECONNREFUSED if the program has ended. */
int program_connect(const struct program *program);

/*
 * Waits up to GRACE_MS for the program to end by itself, and kills what is left of its group. HOW
 * says how it ended, as the rest of a sentence: "was killed by signal 11 (Segmentation fault)".
 * Does nothing if it isn't running.
 */
void program_end(struct program *program, int64_t grace_ms, char how[PROGRAM_WHY]);

/* Lets the program finish, and ends it; kills it after PROGRAM_GRACE_MS. */
void program_stop(struct program *program);

#endif
