/*
 * apertium.h - Apertium, a translator on this machine, by its service APy (its wiki's page
 * "Apertium-apy"): lists its pairs of languages, and translates a text.
 *
 * It's called like a service of AWS: by http.c, within a deadline, and with a reply that can be
 * answered with. Only a setting says where it is. Nothing that a client sends becomes part of the
 * address, no redirect is followed, and the address must be on this machine unless the
 * administrator allows another. A client therefore can't make dime reach into the network behind
 * it.
 */
#ifndef DIME_SERVICES_APERTIUM_H
#define DIME_SERVICES_APERTIUM_H

#include "services/aws/aws.h"

struct apertium; /* the connections that are kept; one worker's */

/*
 * Makes a client, which connects to nothing yet. URL is http://HOST:PORT, on loopback unless
 * ANYWHERE; empty: http://127.0.0.1:2737, APy's usual one. FUNCTION names it in the log; both must
 * outlast it. The caller closes it. NULL: *WHY is a sentence.
 */
struct apertium *apertium_open(const char *function, dime_text url, bool anywhere,
                               const char **why);

/* Closes its connections. APERTIUM may be NULL. */
void apertium_close(struct apertium *apertium);

/*
 * Lists the pairs. The reply's body is a JSON array of {"sourceLanguage":...,"targetLanguage":...},
 * by ISO 639-3 with a variant after it: eng, spa, eng_US. A reply with status 503: APy is down, and
 * the detail says how to install it.
 */
bool apertium_list_pairs(struct apertium *apertium, struct aws_call *call);

/*
 * Translates a piece of HTML, of at most 1000 bytes: APy takes longer ones apart, and loses their
 * end when it's busy. The reply's body is HTML in UTF-8. A word that APy doesn't know stays as it
 * was.
 */
bool apertium_translate(struct apertium *apertium, struct aws_call *call, dime_text source,
                        dime_text target, dime_text html);

#endif
