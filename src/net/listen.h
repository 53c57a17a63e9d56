/*
 * listen.h - the socket that a FastCGI host listens on. It is opened once, by whichever process
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
 * socket file that nobody listens on is replaced; one in use is left alone, whoever starts at the
 * same moment. The port that the system chooses for port 0 is logged. Returns the descriptor, which
 * the caller owns, or -1 after saying on stderr, as FUNCTION, what to do.
 */
__attribute__((cold)) int listen_open(const char *address, const char *function);

/*
 * Splits HOST:PORT at its last colon, without the brackets of an IPv6 address. False: it isn't
 * that, the host has more than 63 bytes, or the port isn't a number from 0 to 65535.
 */
bool listen_split(const char *address, char host[64], int64_t *port);

/*
 * Removes the socket file that listen_open made at a "unix:" address, while the socket is still
 * open; leaves one that another process has put there since.
 */
void listen_remove(const char *address);

/*
 * Lets nobody connect to a unix socket any more, while those who wait in its queue can still be
 * accepted; a successor may take its path from now on. Does nothing to a TCP socket: shutdown(2)
 * would throw out those who wait.
 */
void listen_refuse(int fd);

/* Whether FD is a listening socket: how spawn-fcgi and systemd start a FastCGI program. */
bool listen_is(int fd);

#endif
