/*
 * apertium.h - Apertium, a translator on this machine, by its service APy (its wiki's page
 * "Apertium-apy"): which pairs of languages it has, and a text from one into the other.
 *
 * It isn't AWS's, but it's asked like a service of AWS's: by http.c, within a deadline, and with a
 * reply that can be answered with. Where it is only a setting says. Nothing that a client sends
 * becomes part of the address, no redirection is followed, and without the administrator's word it
 * must be this machine's own: so nobody can have dime look into the network behind it.
 */
#ifndef DIME_SERVICES_APERTIUM_H
#define DIME_SERVICES_APERTIUM_H

#include "services/aws/aws.h"

struct apertium; /* the connections that are kept; one worker's */

/*
 * Makes one, which asks nobody for anything yet. URL is http://HOST:PORT, on loopback unless
 * ANYWHERE; empty: http://127.0.0.1:2737, APy's usual one. FUNCTION names it in the log; both must
 * outlast it. The caller closes it. NULL: *WHY is a sentence.
 */
struct apertium *apertium_open(const char *function, dime_text url, bool anywhere,
                               const char **why);

/* Closes its connections. APERTIUM may be NULL. */
void apertium_close(struct apertium *apertium);

/*
 * Lists the pairs. The reply's body is a JSON array of {"sourceLanguage":...,"targetLanguage":...},
 * by ISO 639-3 with a variant behind it: eng, spa, eng_US. A reply with the status 503: there is
 * nobody to ask, and the detail says how to get it.
 */
bool apertium_list_pairs(struct apertium *apertium, struct aws_call *call);

/*
 * Translates a piece of HTML, of at most 1000 bytes: longer ones it takes apart itself, and loses
 * the end of them when it is busy. The reply's body is HTML, UTF-8, in which a word that it doesn't
 * know stands as it was.
 */
bool apertium_translate(struct apertium *apertium, struct aws_call *call, dime_text source,
                        dime_text target, dime_text html);

#endif
