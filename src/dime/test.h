/*
 * test.h - calls a function from a test in the same process, as a host would.
 *
 * A test is a program of its own. It links libdime and the function's object; the test's main
 * replaces the function's. It sends requests, checks the answers and counts the failures. See
 * dime_test(3).
 */
#ifndef DIME_TEST_H
#define DIME_TEST_H

#include "dime.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An open function and the results of its test. Opaque. */
typedef struct dime_test dime_test;

/* A function's answer. All of it lasts until the next request or the end of the test. */
typedef struct dime_test_answer {
    int status;
    dime_text type; /* its media type; empty if it has no body */
    dime_text body; /* the whole body, even of a stream; empty for HEAD */
} dime_test_answer;

/*
 * Checks a function's tables and opens it. Settings are read from the environment: call setenv(3)
 * before. The caller ends the test with dime_test_end. If the tables have a mistake, the function
 * can't be opened, or memory runs out, this prints why to stderr and exits with status 2.
 */
dime_test *dime_test_begin(const dime_function *function);

/*
 * Sends a request. REQUEST is a method and a decoded path below the function, with a query: "GET
 * /abc?x=1". HEADERS are lines such as "Accept: text/html\nCookie: a=b", or NULL. BODY is read as
 * on any host: as JSON if it begins with a brace and no header says otherwise. When this returns,
 * the call has ended and its resources are closed.
 */
const dime_test_answer *dime_test_ask(dime_test *test, const char *request, const char *headers,
                                      dime_text body);

/* The same without headers and with a NUL-terminated body; NULL means no body. */
const dime_test_answer *dime_test_send(dime_test *test, const char *request, const char *body);

/* A header of the last answer, by its name in any case; data is NULL if there is none. */
dime_text dime_test_header(const dime_test *test, const char *name);

/* Limits the memory of each later request, in bytes, so that a test can see what a function does
 * when memory runs out. A host's limit is 64 MiB. */
void dime_test_memory(dime_test *test, size_t bytes);

/* Counts an expectation, and prints a line if it isn't met. Returns MET. */
bool dime_test_expect(dime_test *test, bool met, const char *what, const char *file, int line);

/* DIME_EXPECT(test, answer->status == 200); */
#define DIME_EXPECT(test, condition)                                                               \
    dime_test_expect(test, (condition), #condition, __FILE__, __LINE__)

/* Expects the last answer to be this, byte for byte. Prints both if it isn't. */
bool dime_test_expect_answer(dime_test *test, int status, const char *body, const char *file,
                             int line);

/* DIME_EXPECT_ANSWER(test, 200, "{\"message\":\"hello world\"}"); */
#define DIME_EXPECT_ANSWER(test, status, body)                                                     \
    dime_test_expect_answer(test, (status), (body), __FILE__, __LINE__)

/* Closes the function, prints how many expectations were met, and returns main's exit status: 0, or
 * 1 if one wasn't met or there were none. */
int dime_test_end(dime_test *test);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif
