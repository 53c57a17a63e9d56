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
    const char *function; /* a name for the log */
    int listener;         /* becomes fd 0 of each worker */
    bool own_listener;    /* nobody else holds it: what is queued must be served before stopping */
    int count;            /* 1 to WORKERS_MAX */
    int64_t timeout_ms;   /* how long a request may keep a worker that was told to end */
    char *const *arguments; /* of a worker, ended by NULL */
};

/*
 * Keeps COUNT workers running: this same program, started with the socket as fd 0, as spawn-fcgi
 * and systemd would. One that dies is started again, at once if it had lived for a second, else
 * after a delay that doubles from 100 ms to 10 s. SIGHUP starts a new worker for every one, from
 * the program file as it's then; once the new one has lived for a second the old one finishes what
 * it has and ends, and if the new one dies before, the old one stays. A worker that was told to end
 * and hasn't after the timeout and 8 seconds is killed. On SIGTERM or SIGINT the workers are told
 * to finish, by SIGINT and with what waits in the queue if the listener is their parent's own, are
 * waited for, and 0 is returned; those that haven't ended after 8 seconds are killed, and 2 seconds
 * later it returns in any case. 1, with a line on stderr, if it could not start.
 */
__attribute__((cold)) int workers_run(const struct workers_settings *settings);

#endif
