/*
 * asking.h - asks a table of fields, for the suites that read fields.
 *
 * What comes of it is one line of text, whatever the table is, so that a test is a request beside
 * what is read from it, or beside the sentences that a person gets.
 */
#ifndef DIME_TESTS_ASKING_H
#define DIME_TESTS_ASKING_H

#include "request/fields.h"
#include "request/response.h"

/* One request at a time, with memory of its own. */
struct asking {
    struct arena arena;
    struct request request;
    struct response response;
    struct dime_call call;
};

#define ASKING_FORM  "application/x-www-form-urlencoded"
#define ASKING_JSON  "application/json"
#define ASKING_PARTS "multipart/form-data; boundary=x"
#define ASKING_PART  "--x\r\nContent-Disposition: form-data; name="

void asking_open(struct asking *asking, size_t memory);
void asking_close(struct asking *asking);

/* Reads the fields of a request: a POST where it has a body. The result is fields_read's. */
bool asking_read(struct asking *asking, const dime_function *function, dime_text query,
                 const char *type, dime_text body);

/* Reads asking->request as it stands, by a route where ROUTE isn't NULL. */
bool asking_again(struct asking *asking, const dime_function *function, const dime_route *route,
                  dime_text path);

/*
 * What was read: "name=value " for each field that was given, "name~value " for one that has its
 * fallback. Lists have a comma behind each value, maps NAME:VALUE, objects braces. Where reading
 * has failed: the sentences, with " | " between them, or status and detail. The arena's.
 */
const char *asking_outcome(struct asking *asking, bool fine);

#endif
