/*
 * cgi_answer.h - what a program has written to its stdout, as a response.
 *
 * A program of any kind writes it, so nothing of it is taken on trust: a head that doesn't hold to
 * RFC 3875, section 6.3, is no answer.
 */
#ifndef DIME_TOOL_ASK_CGI_ANSWER_H
#define DIME_TOOL_ASK_CGI_ANSWER_H

#include "request/response.h"

/* Most bytes of a head. */
enum { CGI_ANSWER_HEAD_MAX = 64 * 1024 };

/*
 * Fills RESPONSE, which has been opened, from the ANSWER to a request with this method; its texts
 * and its body lie in the answer, and what else it needs in the response's arena. A problem's
 * detail is the response's too. Returns NULL, or a sentence on why it isn't an answer; the response
 * is to be opened anew then.
 */
const char *cgi_answer_read(const struct buffer *answer, enum dime_method method,
                            struct response *response);

#endif
