/*
 * shortener_test.c - what tests/golden can't hold of the shortener: codes that are made up, many
 * addresses, and a database that somebody else is writing.
 *
 * SHORTENER_DB names a database that isn't there yet.
 */
#include <dime/test.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const dime_function dime_function_shortener;

static dime_test *test;

static void makes_codes(void)
{
    char first[64] = "";
    const char *request = "{\"url\":\"https://example.org/\"}";
    const dime_test_answer *answer = dime_test_send(test, "POST /", request);
    dime_text location = dime_test_header(test, "Location");
    const size_t before = strlen("http://localhost/cgi-bin/shortener/");
    DIME_EXPECT(test, answer->status == 201);
    if (!DIME_EXPECT(test, location.length == before + 8))
        return;
    memcpy(first, location.data, location.length);
    answer = dime_test_send(test, "POST /", request);
    DIME_EXPECT(test, answer->status == 201);
    DIME_EXPECT(test, !dime_text_is(dime_test_header(test, "Location"), first));

    char follow[32] = "GET /";
    memcpy(follow + 5, first + before, 8);
    answer = dime_test_send(test, follow, NULL);
    DIME_EXPECT(test, answer->status == 302);
    DIME_EXPECT(test, dime_text_is(dime_test_header(test, "Location"), "https://example.org/"));
}

static void judges_addresses(void)
{
    static const struct {
        const char *url;
        int status;
    } CASES[] = {
        {"https://a", 201},
        {"http://[::1]:8080/x?y=%C3%A9#z", 201},
        {"https://user@example.org/'()*", 201},
        {"https://", 422},
        {"http:///etc/passwd", 422},
        {"https://?x", 422},
        {"//example.org/", 422},
        {"javascript://example.org/%0Aalert(1)", 422},
        {"data:text/html,x", 422},
        {"https://example.org/a b", 422},
        {"https://example.org/\\r\\nSet-Cookie: a=b", 422},
        {"https://example.org/\\u00e9", 422},
        {"https://example.org/\\\"", 422},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char request[128];
        snprintf(request, sizeof request, "{\"url\":\"%s\"}", CASES[i].url);
        const dime_test_answer *answer = dime_test_send(test, "POST /", request);
        if (!DIME_EXPECT(test, answer->status == CASES[i].status))
            dime_test_expect(test, false, CASES[i].url, __FILE__, __LINE__);
    }
}

/* Somebody else is writing, and takes longer than the function waits. */
static void says_that_it_is_busy(void)
{
    sqlite3 *other = NULL;
    bool locked = sqlite3_open(getenv("SHORTENER_DB"), &other) == SQLITE_OK &&
                  sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK;
    DIME_EXPECT(test, locked);
    const dime_test_answer *answer =
        dime_test_send(test, "PUT /busy", "{\"url\":\"https://example.org/\"}");
    DIME_EXPECT(test, answer->status == 503);
    DIME_EXPECT(test, dime_text_is(dime_test_header(test, "Retry-After"), "1"));
    answer = dime_test_send(test, "GET /", NULL);
    DIME_EXPECT(test, answer->status == 200); /* who reads doesn't wait for who writes */
    sqlite3_close(other);
    answer = dime_test_send(test, "PUT /busy", "{\"url\":\"https://example.org/\"}");
    DIME_EXPECT(test, answer->status == 201);
}

int main(void)
{
    test = dime_test_begin(&dime_function_shortener);
    makes_codes();
    judges_addresses();
    says_that_it_is_busy();
    return dime_test_end(test);
}
