/*
 * main.c - runs all suites, each test in a process of its own.
 *
 * CK_FORK=no runs them in one process, for a debugger or valgrind, and is usual where the address
 * sanitizer is built in: it looks for leaks as a process ends, and would after each test.
 * CK_RUN_SUITE=NAME runs one suite. A test that this build can't run is left out by name and
 * counted, never silently.
 */
#include "unit.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "base/text.h"
#include "fail_malloc.h"

#define SUITES(each)                                                                               \
    each(arena) each(base64) each(body) each(text) each(buffer) each(log) each(form)               \
        each(multipart) each(json) each(json_put) each(json_tree) each(json_write) each(request)   \
            each(response) each(fields) each(fields_kinds) each(fields_nested) each(function)      \
                each(page) each(decimal) each(currency) each(coins) each(coins_hard) each(reader)  \
                    each(reader_reply) each(run) each(cgi) each(event) each(event_answer)          \
                        each(event_message) each(senders) each(terminal) each(invoke) each(batch)  \
                            each(runtime) each(redis_queue) each(redis_url) each(redis_look)       \
                                each(outage) each(child) each(clock) each(translate)               \
                                    each(template) each(asking) each(mistakes) each(made_page)     \
                                        each(help) each(event_client)

/* Of asking functions, which are programs. */
#define ASK_SUITES(each)                                                                           \
    each(ask) each(cgi_answer) each(describe) each(fastcgi_client) each(parts) each(program)

/* Of looking at pictures, where dime is built with it. */
#if HAVE_LOCAL_LABELS
#define VISION_SUITES(each)                                                                        \
    each(exif) each(merge) each(picture) each(png_work) each(resize) each(tflite)
#else
#define VISION_SUITES(each)
#endif

/* Calls to AWS are built where there are libcurl and libcrypto. */
#ifdef HAVE_CRYPTO
#define AWS_SUITES(each) each(aws) each(aws_call) each(sign) each(sns)
#else
#define AWS_SUITES(each)
#endif

#define DECLARE(name) Suite *name##_suite(void);
#define ADDRESS(name) name##_suite,

SUITES(DECLARE)
ASK_SUITES(DECLARE)
VISION_SUITES(DECLARE)
AWS_SUITES(DECLARE)

static Suite *(*const ALL[])(void) = {SUITES(ADDRESS) ASK_SUITES(ADDRESS) VISION_SUITES(ADDRESS)
                                          AWS_SUITES(ADDRESS)};

static int skipped;

struct json_object *unit_json(const char *data, size_t length)
{
    struct json_tokener *tokener = json_tokener_new();
    ck_assert_ptr_nonnull(tokener);
    bool is_18 = json_c_version_num() >> 8 == 18;
    json_tokener_set_flags(tokener, is_18 ? 0 : JSON_TOKENER_STRICT);
    struct json_object *value = json_tokener_parse_ex(tokener, data, (int)length);
    ck_assert_msg(value && json_tokener_get_parse_end(tokener) == length, "%.*s", (int)length,
                  data);
    ck_assert_msg(text_is_utf8((dime_text){data, length}), "%.*s", (int)length, data);
    json_tokener_free(tokener);
    return value;
}

void unit_skip(const char *name, const char *why)
{
    printf("skipped: %s: %s\n", name, why);
    skipped++;
}

int main(void)
{
    /* check's own 4 seconds are too few on a busy machine. */
    setenv("CK_DEFAULT_TIMEOUT", "60", 0);
    if (!fail_malloc_works()) /* it's the sanitizer's */
        setenv("CK_FORK", "no", 0);
    SRunner *runner = srunner_create(NULL);
#ifndef HAVE_CRYPTO
    unit_skip("aws", "there is no libcurl or no libcrypto to build it with");
#endif
    for (size_t i = 0; i < sizeof ALL / sizeof *ALL; i++)
        srunner_add_suite(runner, ALL[i]());
    srunner_run_all(runner, CK_ENV);
    int run = srunner_ntests_run(runner), failed = srunner_ntests_failed(runner);
    printf("%d passed, %d failed, %d skipped\n", run - failed, failed, skipped);
    srunner_free(runner);
    return failed || !run ? EXIT_FAILURE : EXIT_SUCCESS;
}
