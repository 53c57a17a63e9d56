/*
 * answering.h - a FastCGI request that has arrived becomes an answer, in one piece or in many.
 *
 * Never waits: what the socket doesn't take is kept with the connection, and the next piece of a
 * stream is made once it has been taken.
 */
#ifndef DIME_HOSTS_FASTCGI_ANSWERING_H
#define DIME_HOSTS_FASTCGI_ANSWERING_H

#include "hosts/fastcgi/worker.h"

/*
 * Has the function answer, and sends the answer, or the first piece of a stream. What becomes of
 * the connection afterwards is set already. False: the connection is done with.
 */
bool answer_begin(struct worker *worker, struct connection *connection,
                  const struct arrived *request);

/* Makes and sends more of a stream, of which the socket has taken all so far. False: the same. */
bool answer_more(struct worker *worker, struct connection *connection);

#endif
