/*
 * cgi_answer.h - parses what a program has written to its stdout as a response.
 *
 * Any program may have written it, so nothing is trusted: a head that doesn't conform to RFC 3875,
 * section 6.3, is refused.
 */
#ifndef DIME_TOOL_ASK_CGI_ANSWER_H
#define DIME_TOOL_ASK_CGI_ANSWER_H

#include "request/response.h"

/* The most bytes of a head. */
enum { CGI_ANSWER_HEAD_MAX = 64 * 1024 };

/*
 * Fills RESPONSE, which is open, from the ANSWER to a request with this method. Its texts and body
 * point into ANSWER; what else it needs is in the response's arena. The detail of a problem becomes
 * the response's. Returns NULL, or a sentence on what is wrong with the answer; the response must
 * be opened again then.
 */
const char *cgi_answer_read(const struct buffer *answer, enum dime_method method,
                            struct response *response);

#endif
