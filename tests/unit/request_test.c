/*
 * request_test.c - methods, Accept headers as browsers and tools send them, ids, and looking up.
 *
 * The headers are those that real browsers send, since a page or JSON hangs on them.
 * Nonsense of any length must end quickly and mean something.
 */
#include "request/request.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

Suite *request_suite(void);

START_TEST(knows_methods)
{
    ck_assert_int_eq(request_method(TEXT("GET")), DIME_GET);
    ck_assert_int_eq(request_method(TEXT("HEAD")), DIME_HEAD);
    ck_assert_int_eq(request_method(TEXT("POST")), DIME_POST);
    ck_assert_int_eq(request_method(TEXT("OPTIONS")), DIME_OPTIONS);
    static const dime_text others[] = {TEXT("put"),  TEXT("get"),   TEXT("GET "), TEXT(""),
                                       TEXT("GETX"), TEXT("GET\0"), TEXT("TRACE")};
    ck_assert_int_eq(request_method(TEXT("PUT")), DIME_PUT);
    ck_assert_int_eq(request_method(TEXT("PATCH")), DIME_PATCH);
    ck_assert_int_eq(request_method(TEXT("DELETE")), DIME_DELETE);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        ck_assert_int_eq(request_method(others[i]), DIME_OTHER);
    ck_assert_int_eq(request_method((dime_text){0}), DIME_OTHER);
}
END_TEST

enum answer_form { NEITHER, JSON, PAGE };

static const struct {
    const char *accept;
    enum answer_form form;
} accepts[] = {
    /* Chrome, Firefox, Safari; then curl, wget, fetch() and Python's requests; an <img>. */
    {"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;"
     "q=0.8,application/signed-exchange;v=b3;q=0.7",
     PAGE},
    {"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", PAGE},
    {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", PAGE},
    {"*/*", JSON},
    {"", JSON},
    {" \t", JSON},
    {"image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", JSON},
    {"application/json", JSON},
    {"application/json, text/plain, */*", JSON},
    {"application/problem+json", JSON},
    {"application/json, application/problem+json", JSON},
    {"text/html", PAGE},
    {"TEXT/HTML", PAGE},
    {"Text/*", PAGE},
    {"application/*", JSON},
    /* Empty elements of the list are none. */
    {",,,", JSON},
    {", ,\t,", JSON},
    {", text/html", PAGE},
    {"text/html,,application/json;q=0.5,", PAGE},
    {",image/png,", NEITHER},
    /* Java's, which names HTML first and everything else after it. */
    {"text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", JSON},
    /* Parameters aren't looked at, and of several ranges that are alike the first counts. */
    {"text/html;charset=utf-8", PAGE},
    {"text/html;level=1;q=0.5;ext=1, application/json;q=0.4", PAGE},
    {"text/html;q=0.1, text/html;q=0.9, application/json;q=0.5", JSON},
    {"text/html;level=1;q=0.9, text/html;q=0.1, application/json;q=0.5", PAGE},
    /* Weights. */
    {"text/html;q=0.5, application/json", JSON},
    {"text/html;q=0.5, application/json;q=0.4", PAGE},
    {"text/html, application/json", JSON},
    {"text/html;q=0.001, application/json;q=0", PAGE},
    {"text/html;q=0.9,application/json;q=0.901", JSON},
    {"text/html ; q=0.9 , application/json ; Q=0.8", PAGE},
    {"text/html;level=1;q=0.3, application/json;q=0.4", JSON},
    {"text/html;q=1.000, application/json;q=0.999", PAGE},
    /* The range that names a type most closely counts, wherever it stands. */
    {"*/*;q=0.9, text/html;q=0.1", JSON},
    {"text/html;q=0.1, */*;q=0.9", JSON},
    {"*/*;q=0.1, text/*;q=0.2, application/json;q=0.1", PAGE},
    {"text/*;q=0.9, text/html;q=0.1, application/json;q=0.5", JSON},
    {"text/html;q=0, */*", JSON},
    {"application/json;q=0, */*", PAGE},
    {"application/*;q=0, */*;q=0.1", PAGE},
    /* Problems come as application/problem+json, but it's a page that an answer comes as. */
    {"text/html, application/problem+json", PAGE},
    {"application/problem+json, text/html;q=0.5", PAGE},
    /* Not acceptable. */
    {"image/png", NEITHER},
    {"text/plain", NEITHER},
    {"text/html;q=0", NEITHER},
    {"text/html;q=0.0", NEITHER},
    {"*/*;q=0", NEITHER},
    {"*/*;q=0.000", NEITHER},
    {"application/json;q=0, text/html;q=0, */*;q=0", NEITHER},
    {"text", NEITHER},
    {"*", NEITHER},
    {"*/html", NEITHER},
    {"text/htm", NEITHER},
    {"text/htmlx", NEITHER},
    {"text /html", NEITHER},
    {";", NEITHER},
    {";q=1", NEITHER},
    {"/", NEITHER},
    {"/*", NEITHER},
    /* What isn't a weight counts as 1. */
    {"text/html;q=, application/json;q=0.9", PAGE},
    {"text/html;q=x, application/json;q=0.9", PAGE},
    {"text/html;q=2, application/json;q=0.9", PAGE},
    {"text/html;q=1.5, application/json;q=0.9", PAGE},
    {"text/html;q=-1, application/json;q=0.9", PAGE},
    {"text/html;q=0,5, application/json;q=0.9", JSON},
    {"text/html;q= 0.1, application/json;q=0.9", PAGE},
    {"text/html;q=0.1x, application/json;q=0.9", PAGE},
    {"text/html;q=0.1234x, application/json;q=0.9", PAGE},
    {"text/html;q=00.1, application/json;q=0.9", PAGE},
    {"text/html;q=0.5005, application/json;q=0.5", JSON},
    {"text/html;q=0.30000000000000004, application/json;q=0.2", PAGE},
    {"text/html;q=0.1234567, application/json;q=0.1", PAGE},
    {"text/html;q=0., application/json;q=0.1", JSON},
    {"text/html;;;q=0.5;, application/json;q=0.4", PAGE},
    {"text/html;q=0.1;q=0.9, application/json;q=0.4", PAGE},
};

START_TEST(reads_accept)
{
    bool html = true;
    bool acceptable = request_accepts(text_of(accepts[_i].accept), (dime_text){0}, &html);
    enum answer_form form = !acceptable ? NEITHER : html ? PAGE : JSON;
    ck_assert_msg(form == accepts[_i].form, "%s: %d", accepts[_i].accept, (int)form);
    ck_assert(acceptable || !html);
}
END_TEST

START_TEST(accepts_what_a_function_answers_with)
{
    bool html = true;
    const dime_text others = TEXT("text/csv, image/png");
    ck_assert(request_accepts(TEXT("image/png"), others, &html));
    ck_assert(!html);
    ck_assert(request_accepts(TEXT("image/*;q=0.1"), others, &html));
    ck_assert(!request_accepts(TEXT("image/jpeg"), others, &html));
    ck_assert(!request_accepts(TEXT("image/png;q=0"), others, &html));
    ck_assert(!request_accepts(TEXT(",image/gif,"), TEXT(""), &html));
}
END_TEST

START_TEST(accepts_anything_without_a_header)
{
    bool html = true;
    ck_assert(request_accepts((dime_text){0}, (dime_text){0}, &html));
    ck_assert(!html);
}
END_TEST

/* 10 kB of nonsense takes no longer than reading it. */
START_TEST(reads_long_nonsense_fast)
{
    static const char *const pieces[] = {
        ",x", ";", "*", "/*,", "q=;", "*/*;q=0,", "text/html;q=0,"};
    char nonsense[10000];
    bool html;
    size_t length = strlen(pieces[_i]);
    for (size_t i = 0; i < sizeof nonsense; i++)
        nonsense[i] = pieces[_i][i % length];
    int64_t began = clock_monotonic_ns();
    for (size_t i = 0; i < 10; i++)
        ck_assert(!request_accepts((dime_text){nonsense, sizeof nonsense}, (dime_text){0}, &html));
    ck_assert_int_lt(clock_monotonic_ns() - began, INT64_C(500) * 1000 * 1000);
}
END_TEST

START_TEST(makes_ids)
{
    enum { IDS = 1000 };
    static char ids[IDS][33];
    for (size_t i = 0; i < IDS; i++) {
        request_make_id(ids[i]);
        ck_assert_uint_eq(strlen(ids[i]), 32);
        ck_assert_uint_eq(strspn(ids[i], "0123456789abcdef"), 32);
        ck_assert(request_id_fits(text_of(ids[i])));
        for (size_t k = 0; k < i; k++) {
            if (memcmp(ids[i], ids[k], 33) == 0)
                ck_abort_msg("%s is made twice", ids[i]);
        }
    }
}
END_TEST

START_TEST(judges_ids)
{
    char longest[65];
    memset(longest, 'x', sizeof longest);
    ck_assert(request_id_fits(TEXT("a")));
    ck_assert(request_id_fits(TEXT("0-9_.azAZ")));
    ck_assert(request_id_fits((dime_text){longest, 64}));
    ck_assert(!request_id_fits((dime_text){longest, 65}));
    ck_assert(!request_id_fits(TEXT("")));
    ck_assert(!request_id_fits((dime_text){0}));
    for (unsigned byte = 0; byte < 256; byte++) {
        char c = (char)byte;
        bool fits = byte && byte < 0x80 &&
                    strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", c);
        ck_assert_int_eq(request_id_fits((dime_text){&c, 1}), fits);
    }
}
END_TEST

START_TEST(looks_up_headers)
{
    const struct header headers[] = {
        {TEXT("accept"), TEXT("a")}, {TEXT("x-empty"), TEXT("")}, {TEXT("accept"), TEXT("b")}};
    struct request request = {.headers = headers, .header_count = 3};
    ck_assert(text_equal(request_header(&request, "accept"), TEXT("a")));
    ck_assert_ptr_nonnull(request_header(&request, "x-empty").data);
    ck_assert_ptr_null(request_header(&request, "x").data);
    ck_assert_ptr_null(request_header(&request, "Accept").data);
    request.header_count = 0;
    ck_assert_ptr_null(request_header(&request, "accept").data);
}
END_TEST

/* What the host was told, and the address in it. */
static const struct {
    dime_text told;
    const char *address;
} clients[] = {
    {TEXT("192.0.2.1"), "192.0.2.1"},
    {TEXT("192.0.2.1:443"), "192.0.2.1"},
    {TEXT("2001:db8::1"), "2001:db8::1"},
    {TEXT("2001:DB8:0:0:0:0:0:1"), "2001:DB8:0:0:0:0:0:1"},
    {TEXT("[2001:db8::1]"), "2001:db8::1"},
    {TEXT("[2001:db8::1]:443"), "2001:db8::1"},
    {TEXT("[::ffff:192.0.2.1]:443"), "::ffff:192.0.2.1"},
    {TEXT("::ffff:192.0.2.1"), "::ffff:192.0.2.1"},
    {TEXT("::1"), "::1"},
    {TEXT("::"), "::"},
    {TEXT("fe80::1%eth0"), "fe80::1"},
    {TEXT("2001:0db8:0000:0000:0000:ffff:192.168.100.228"),
     "2001:0db8:0000:0000:0000:ffff:192.168.100.228"},
    /* no addresses */
    {TEXT(""), ""},
    {{NULL, 0}, ""},
    {TEXT("unix:"), ""},
    {TEXT("unix:/run/a.sock"), ""},
    {TEXT("localhost"), ""},
    {TEXT("test-invoke-source-ip"), ""},
    {TEXT("192.0.2.256"), ""},
    {TEXT("192.0.2"), ""},
    {TEXT("192.0.2.1 "), ""},
    {TEXT("192.0.2.1\0"), ""},
    {TEXT("192.0.2.1\0:1"), ""},
    {TEXT("192.0.2.1, 192.0.2.2"), ""},
    {TEXT("2001:db8::1::"), ""},
    {TEXT("2001:db8::1\r\nx"), ""},
    {TEXT("["), ""},
    {TEXT("[]"), ""},
    {TEXT(":"), ""},
    {TEXT("%"), ""},
    {TEXT("<b>:1"), ""},
    {TEXT("\xFF"), ""},
    {TEXT("2001:0db8:0000:0000:0000:ffff:192.168.100.2281234567890"), ""},
};

START_TEST(finds_the_address_of_a_client)
{
    struct request request = {.source = DIME_HTTP, .client = clients[_i].told};
    dime_text found = request_client(&request);
    ck_assert_msg(text_equal(found, text_of(clients[_i].address)), "%.*s", DIME_ARG(found));
    ck_assert_ptr_nonnull(found.data);
    request.source = DIME_SQS;
    ck_assert_uint_eq(request_client(&request).length, 0);
}
END_TEST

Suite *request_suite(void)
{
    Suite *suite = suite_create("request");
    TCase *reading = tcase_create("reading");
    tcase_add_test(reading, knows_methods);
    tcase_add_loop_test(reading, reads_accept, 0, sizeof accepts / sizeof *accepts);
    tcase_add_test(reading, accepts_anything_without_a_header);
    tcase_add_test(reading, accepts_what_a_function_answers_with);
    tcase_add_loop_test(reading, reads_long_nonsense_fast, 0, 7);
    suite_add_tcase(suite, reading);
    TCase *asking = tcase_create("asking");
    tcase_add_test(asking, makes_ids);
    tcase_add_test(asking, judges_ids);
    tcase_add_test(asking, looks_up_headers);
    tcase_add_loop_test(asking, finds_the_address_of_a_client, 0, sizeof clients / sizeof *clients);
    suite_add_tcase(suite, asking);
    return suite;
}
