/*
 * listen.h - the socket that a FastCGI host listens on. It is opened once, by the process that
 * outlives the workers.
 */
#ifndef DIME_NET_LISTEN_H
#define DIME_NET_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

/* A queue shorter than the number of clients makes the web server answer 502. */
enum { LISTEN_BACKLOG = 1024 };

/*
 * Opens a listening socket at "unix:PATH" (mode 0660) or "HOST:PORT" (numeric, [::1]:9000 too). A
 * stale socket file is replaced; one in use is left alone, even if several programs start at the
 * same moment. For port 0 the port that the system chooses is logged. Returns the descriptor, which
 * the caller owns; -1: it failed, and stderr says what to do, with FUNCTION's name.
 */
__attribute__((cold)) int listen_open(const char *address, const char *function);

/*
 * Splits HOST:PORT at its last colon, and drops the brackets of an IPv6 address. False: it doesn't
 * have that form, the host has more than 63 bytes, or the port isn't a number from 0 to 65535.
 */
bool listen_split(const char *address, char host[64], int64_t *port);

/*
 * Removes the socket file that listen_open made at a "unix:" address, while the socket is still
 * open. Leaves a file that another process has put there since.
 */
void listen_remove(const char *address);

/*
 * Stops new connections to a unix socket, while those in its queue can still be accepted. Another
 * program may take its path from now on. Does nothing to a TCP socket: shutdown(2) would drop the
 * connections in its queue.
 */
void listen_refuse(int fd);

/* Whether FD is a listening socket: how spawn-fcgi and systemd start a FastCGI program. */
bool listen_is(int fd);

#endif
