/*
 * workers.h - a parent that holds the listening socket and keeps workers alive.
 *
 * For hosts without systemd, which does the same with a socket unit and Restart=.
 */
#ifndef DIME_HOSTS_FASTCGI_WORKERS_H
#define DIME_HOSTS_FASTCGI_WORKERS_H

#include <stdbool.h>
#include <stdint.h>

enum { WORKERS_MAX = 256 };

struct workers_settings {
    const char *function;   /* a name for the log */
    int listener;           /* becomes fd 0 of each worker */
    bool own_listener;      /* no other process has it: serve what is queued before stopping */
    int count;              /* 1 to WORKERS_MAX */
    int64_t timeout_ms;     /* how long a request may keep a worker that was told to end */
    char *const *arguments; /* of a worker, ended by NULL */
};

/*
 * Keeps COUNT workers running: this same program, started with the socket as fd 0, as spawn-fcgi
 * and systemd would. One that dies is restarted, at once if it had lived for a second, else after a
 * delay that doubles from 100 ms to 10 s.
 *
 * SIGHUP starts a replacement for each worker, from the current program file. Once that has lived
 * for a second, the old worker finishes its requests and ends; if it dies before, the old one
 * stays. A worker that hasn't ended within the timeout and 8 seconds is killed.
 *
 * SIGTERM or SIGINT makes it stop the workers, wait for them and return 0. If the listener is the
 * parent's own, it sends them SIGINT, so that they serve what waits in the queue as well. Workers
 * that haven't ended after 8 seconds are killed, and 2 seconds later it returns in any case.
 * Returns 1, after logging why, if it couldn't start.
 */
__attribute__((cold)) int workers_run(const struct workers_settings *settings);

#endif
