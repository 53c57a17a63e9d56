/*
 * answering.h - answers a FastCGI request that has arrived, in one piece or in many.
 *
 * Never blocks: what the socket doesn't accept is kept with the connection. The next piece of a
 * stream is produced once the one before has been sent.
 */
#ifndef DIME_HOSTS_FASTCGI_ANSWERING_H
#define DIME_HOSTS_FASTCGI_ANSWERING_H

#include "hosts/fastcgi/worker.h"

/*
 * Calls the function, and sends the answer, or the first piece of a stream. The connection's `then`
 * is set already. False: close the connection.
 */
bool answer_begin(struct worker *worker, struct connection *connection,
                  const struct arrived *request);

/* Produces and sends more of a stream, once all before has been sent. False: as above. */
bool answer_more(struct worker *worker, struct connection *connection);

#endif
