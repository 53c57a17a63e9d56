/*
 * test.h - asks a function in the process of its test, as a host would.
 *
 * A test is a program of its own: it links the function's object, whose main gives way to the
 * test's, and libdime. It asks, looks at the answer, and counts; `make check` runs it. See
 * dime_test(3).
 */
#ifndef DIME_TEST_H
#define DIME_TEST_H

#include "dime.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A function that is open, and what was expected of it. Opaque. */
typedef struct dime_test dime_test;

/* What the function has answered. All of it lasts until the next request or the end of the test. */
typedef struct dime_test_answer {
    int status;
    dime_text type; /* its media type; empty where it has no body */
    dime_text body; /* all of it, also where it's streamed; empty for HEAD */
} dime_test_answer;

/*
 * Proves a function's tables and opens it. Settings are read from the environment: setenv(3)
 * before. The caller ends it with dime_test_end. Exits with status 2, having said why on stderr,
 * where the tables have a mistake, the function can't be opened, or there is no memory.
 */
dime_test *dime_test_begin(const dime_function *function);

/*
 * Asks. REQUEST is a method and what is below the function's own address, decoded, with a query:
 * "GET /abc?x=1". HEADERS are lines such as "Accept: text/html\nCookie: a=b", or NULL. BODY is read
 * as it would be on any host: as JSON where it begins with a brace and no header says otherwise.
 * The call has ended when it returns, and what that had open is closed.
 */
const dime_test_answer *dime_test_ask(dime_test *test, const char *request, const char *headers,
                                      dime_text body);

/* The same without headers, with a NUL-terminated body; NULL: none. */
const dime_test_answer *dime_test_send(dime_test *test, const char *request, const char *body);

/* A header of the last answer, by its name in any case; data is NULL where there is none. */
dime_text dime_test_header(const dime_test *test, const char *name);

/* How much memory each further request may use, in bytes, so that a test sees what a function does
 * when there is none. A host gives it 64 MiB. */
void dime_test_memory(dime_test *test, size_t bytes);

/* Counts what was expected, and prints a line where it isn't so. Returns MET. */
bool dime_test_expect(dime_test *test, bool met, const char *what, const char *file, int line);

/* DIME_EXPECT(test, answer->status == 200); */
#define DIME_EXPECT(test, condition)                                                               \
    dime_test_expect(test, (condition), #condition, __FILE__, __LINE__)

/* Expects the last answer to be this, byte for byte; prints both where it isn't. */
bool dime_test_expect_answer(dime_test *test, int status, const char *body, const char *file,
                             int line);

/* DIME_EXPECT_ANSWER(test, 200, "{\"message\":\"hello world\"}"); */
#define DIME_EXPECT_ANSWER(test, status, body)                                                     \
    dime_test_expect_answer(test, (status), (body), __FILE__, __LINE__)

/* Closes the function, prints how many expectations were met, and returns main's exit status: 0, or
 * 1 where one wasn't met or none was made. */
int dime_test_end(dime_test *test);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif
