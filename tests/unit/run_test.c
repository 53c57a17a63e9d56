/*
 * run_test.c - one request through one function: every way that it can be answered.
 *
 * The functions here are the smallest that show one thing each: one answers, one says nothing, one
 * asks for more memory than there is. The real functions have golden events.
 */
#include "request/run.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "request/call.h"
#include "unit.h"

Suite *run_suite(void);

struct word {
    dime_text word;
};

static const dime_field table[] = {
    DIME_TEXT(struct word, word, .required = true, .min = 1, .max = 9, .help = "a word"),
};

static const struct word *given;

static size_t handled; /* how often the function was called */
static void (*deed)(const struct request *request, struct response *response);

static void handle(dime_call *call, const void *input)
{
    handled++;
    given = input;
    if (deed)
        deed(call->request, call->response);
}

static const char page[] = ("<title>x</title><input name=\"word\"><p id=\"word-error\" hidden>"
                            "{{> problem}}{{> answer}}");
static dime_function function;
static struct arena arena; /* zero is one without memory */
static struct response response;
static struct request request;
static struct incoming incoming;
static struct header accept = {TEXT("accept"), TEXT("text/html,*/*;q=0.8")};

static void echo(const struct request *asked, struct response *answer)
{
    struct buffer *json = response_begin(answer, ANSWER_JSON, 200, "application/json");
    buffer_put(json, TEXT("{\"word\":"));
    (void)asked;
    buffer_json(json, given->word);
    buffer_put(json, TEXT("}"));
}

/* Also begins anew within a test. */
static void begin(void)
{
    arena_close(&arena);
    arena_open(&arena, 1 << 20);
    function = (dime_function){.name = "some",
                               .summary = "Some",
                               .methods = DIME_GET | DIME_POST,
                               .body_max = 1000,
                               DIME_INPUT(struct word, table),
                               .page = page,
                               .handle = handle};
    request = (struct request){
        .arena = &arena, .id = TEXT("id-1"), .method = DIME_GET, .query = TEXT("word=hi")};
    incoming = (struct incoming){0};
    response_open(&response, &arena);
    handled = 0;
    deed = echo;
}

static void end(void)
{
    arena_close(&arena);
}

static void ask_for_html(void)
{
    request.headers = &accept;
    request.header_count = 1;
}

static dime_text run(void)
{
    run_function(&function, &request, &incoming, &response);
    return buffer_text(&response.body);
}

static const char *header(const char *name)
{
    for (size_t i = 0; i < response.header_count; i++) {
        if (text_equal(response.headers[i].name, text_of(name)))
            return response.headers[i].value.data;
    }
    return NULL;
}

/* The member NAME of a JSON body, until the next call; "" where it has none. */
static const char *member(const char *name)
{
    static char text[512];
    dime_text body = buffer_text(&response.body);
    struct json_object *found, *whole = unit_json(body.data, body.length);
    bool has = json_object_object_get_ex(whole, name, &found);
    snprintf(text, sizeof text, "%s", has ? json_object_get_string(found) : "");
    json_object_put(whole);
    return text;
}

static void check_problem(int status, const char *detail)
{
    run();
    ck_assert_int_eq(response.status, status);
    ck_assert_int_eq(response.answer, ANSWER_PROBLEM);
    ck_assert_str_eq(response.content_type, "application/problem+json");
    ck_assert_str_eq(member("detail"), detail);
    ck_assert_str_eq(member("instance"), "id-1");
    char digits[8];
    snprintf(digits, sizeof digits, "%d", status);
    ck_assert_str_eq(member("status"), digits);
    ck_assert_str_eq(header("X-Request-Id"), "id-1");
}

START_TEST(answers)
{
    ck_assert(text_equal(run(), TEXT("{\"word\":\"hi\"}")));
    ck_assert_int_eq(response.status, 200);
    ck_assert_str_eq(response.content_type, "application/json");
    ck_assert_str_eq(header("X-Request-Id"), "id-1");
    ck_assert_str_eq(header("Cache-Control"), "no-store");
    ck_assert_str_eq(header("Vary"), "Accept");
    ck_assert_str_eq(header("X-Content-Type-Options"), "nosniff");
    ck_assert_ptr_null(header("Content-Security-Policy"));
    ck_assert_uint_eq(handled, 1);
}
END_TEST

START_TEST(answers_a_browser)
{
    ask_for_html();
    dime_text body = run();
    ck_assert(text_starts(body, TEXT("<title>x</title><input name=\"word\" value=\"hi\">")));
    ck_assert_ptr_nonnull(strstr(header("Content-Security-Policy"), "default-src 'none'"));
    ck_assert_str_eq(response.content_type, "text/html; charset=utf-8");
    ck_assert_int_eq(response.status, 200);
}
END_TEST

/* Opening the address shows the form; a query that is wrong, or a form that was sent, says so. */
START_TEST(shows_a_browser_the_form)
{
    static const dime_text plain =
        TEXT("<title>x</title><input name=\"word\"><p id=\"word-error\" hidden>");
    ask_for_html();
    request.query = TEXT("");
    ck_assert(text_equal(run(), plain));
    ck_assert_int_eq(response.status, 200);
    request.query = TEXT("word=");
    response_open(&response, &arena);
    ck_assert(text_starts(run(), TEXT("<title>Error: x</title><input name=\"word\" "
                                      "aria-invalid=\"true\"><p class=\"error\"")));
    ck_assert_int_eq(response.status, 422);
    request.query = TEXT("");
    request.method = DIME_POST;
    response_open(&response, &arena);
    run();
    ck_assert_int_eq(response.status, 422);
    ck_assert_uint_eq(handled, 0);
}
END_TEST

START_TEST(has_nothing_below_its_path)
{
    incoming.path_info = TEXT("/more");
    check_problem(404, "Nothing is below this path; the function is at /cgi-bin/some.");
    ck_assert_uint_eq(handled, 0);
}
END_TEST

START_TEST(allows_methods)
{
    static const struct {
        unsigned methods;
        enum dime_method method;
        int status;
        const char *allow;
    } cases[] = {
        {DIME_GET | DIME_POST, DIME_GET, 200, NULL},
        {DIME_GET | DIME_POST, DIME_HEAD, 200, NULL},
        {DIME_GET | DIME_POST, DIME_POST, 200, NULL},
        {DIME_GET | DIME_POST, DIME_OPTIONS, 204, "GET, HEAD, POST, OPTIONS"},
        {DIME_GET | DIME_POST, DIME_OTHER, 405, "GET, HEAD, POST, OPTIONS"},
        {DIME_GET, DIME_HEAD, 200, NULL},
        {DIME_GET, DIME_POST, 405, "GET, HEAD, OPTIONS"},
        {DIME_GET, DIME_OPTIONS, 204, "GET, HEAD, OPTIONS"},
        {DIME_POST, DIME_POST, 200, NULL},
        {DIME_POST, DIME_GET, 405, "POST, OPTIONS"},
        {DIME_POST, DIME_HEAD, 405, "POST, OPTIONS"},
        {DIME_POST, DIME_OTHER, 405, "POST, OPTIONS"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin();
        function.methods = cases[i].methods;
        request.method = cases[i].method;
        run();
        ck_assert_int_eq(response.status, cases[i].status);
        ck_assert_pstr_eq(header("Allow"), cases[i].allow);
        ck_assert_uint_eq(handled, response.status == 200);
        end();
    }
}
END_TEST

/* A browser gets even these problems as a page. */
START_TEST(refuses_a_browser_with_a_page)
{
    ask_for_html();
    request.method = DIME_OTHER;
    ck_assert(text_starts(run(), TEXT("<title>Error: x</title>")));
    ck_assert_int_eq(response.status, 405);
    response_open(&response, &arena);
    incoming.path_info = TEXT("/more");
    ck_assert(text_starts(run(), TEXT("<title>Error: x</title>")));
    ck_assert_int_eq(response.status, 404);
}
END_TEST

START_TEST(answers_options_without_a_body)
{
    request.method = DIME_OPTIONS;
    ck_assert_uint_eq(run().length, 0);
    ck_assert_ptr_null(response.content_type);
    ck_assert_int_eq(response.status, 204);
}
END_TEST

START_TEST(says_what_can_be_asked)
{
    request.method = DIME_OTHER;
    check_problem(405, "Use one of GET, HEAD, POST, OPTIONS.");
}
END_TEST

START_TEST(refuses_what_it_cannot_give)
{
    static const struct header picture = {TEXT("accept"), TEXT("image/png")};
    request.headers = &picture;
    request.header_count = 1;
    check_problem(406, "The answer can be application/json or text/html; accept one of them.");
    ck_assert_uint_eq(handled, 0);
}
END_TEST

static const struct {
    enum refusal refusal;
    int status;
    const char *detail;
} refusals[] = {
    {REFUSED_TOO_LARGE, 413, "Send at most 1000 bytes."},
    {REFUSED_BAD_LENGTH, 400, "Content-Length must be a number of bytes; correct it."},
    {REFUSED_SHORT, 400, "The body isn't as long as Content-Length says; send all of it again."},
};

/* Where a file has a limit of its own, that is the one that people ask for. */
START_TEST(tells_the_limit_of_a_file)
{
    static const dime_field files[] = {
        {.name = "image", .kind = DIME_KIND_FILE, .help = "the picture, of at most 8 MiB"}};
    function.fields = files;
    incoming.refusal = REFUSED_TOO_LARGE;
    check_problem(413,
                  "Send the picture, of at most 8 MiB; all together may have at most 1000 bytes.");
}
END_TEST

START_TEST(passes_a_refusal_on)
{
    incoming.refusal = refusals[_i].refusal;
    incoming.not_open = _i % 2 ? NULL : "The model is missing; install it."; /* said later */
    check_problem(refusals[_i].status, refusals[_i].detail);
    ck_assert_uint_eq(handled, 0);
}
END_TEST

START_TEST(says_why_it_is_not_open)
{
    incoming.not_open = "The model is missing; install it.";
    check_problem(503, "The model is missing; install it.");
    ck_assert_uint_eq(handled, 0);
}
END_TEST

/* What a function says with a status of its own has the title of that, never of a failure. */
static const struct {
    int status;
    const char *type, *title;
} statuses[] = {
    {400, "/problems/not-parseable", "The request can't be read"},
    {401, "/problems/not-authorized", "The request isn't authorized"},
    {402, "about:blank", "Payment Required"},
    {403, "about:blank", "Forbidden"},
    {404, "about:blank", "Not Found"},
    {405, "/problems/method-not-allowed", "The method isn't allowed here"},
    {409, "about:blank", "Conflict"},
    {410, "about:blank", "Gone"},
    {412, "about:blank", "Precondition Failed"},
    {413, "/problems/too-large", "The request is too large"},
    {423, "about:blank", "Locked"},
    {428, "about:blank", "Precondition Required"},
    {451, "about:blank", "Unavailable For Legal Reasons"},
    {499, "about:blank", "Client Error"},
    {500, "/problems/internal-error", "The function failed"},
    {501, "about:blank", "Not Implemented"},
    {507, "about:blank", "Insufficient Storage"},
    {599, "about:blank", "Error"},
};

static int status_to_say;

static void say_status(const struct request *asked, struct response *answer)
{
    (void)asked;
    response_problem(answer, status_to_say, "It is so.");
}

START_TEST(titles_what_a_function_says)
{
    char heading[80];
    deed = say_status;
    status_to_say = statuses[_i].status;
    check_problem(status_to_say, "It is so.");
    ck_assert_str_eq(member("type"), statuses[_i].type);
    ck_assert_str_eq(member("title"), statuses[_i].title);
    begin();
    deed = say_status;
    ask_for_html();
    snprintf(heading, sizeof heading, "<h2>%s</h2>", statuses[_i].title);
    dime_text body = run();
    bool apostrophe = strchr(statuses[_i].title, '\'');
    ck_assert(apostrophe || memmem(body.data, body.length, heading, strlen(heading)));
}
END_TEST

START_TEST(takes_no_other_status_for_a_problem)
{
    static const int OTHERS[] = {0, 200, 399, 600, -404};
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++) {
        begin();
        deed = say_status;
        status_to_say = OTHERS[i];
        check_problem(500, "It is so.");
    }
}
END_TEST

/* What is below a function's path isn't the function's to be missed. */
START_TEST(tells_a_missing_function_from_a_missing_thing)
{
    incoming.path_info = TEXT("/x");
    run();
    ck_assert_int_eq(response.status, 404);
    ck_assert_str_eq(member("type"), "/problems/no-such-function");
    ck_assert_str_eq(member("title"), "There is no such function");
}
END_TEST

static void offer_a_word(dime_call *call, dime_json *data)
{
    (void)call;
    dime_put_string(dime_put_array(data, "words"), NULL, "hi");
}

/* A function without state has menus too; one that couldn't be opened has none. */
START_TEST(offers_what_is_to_be_chosen)
{
    static const char menu[] =
        "<select name=\"word\">{{#words}}<option value=\"{{.}}\">Hi</option>{{/words}}</select>";
    const char *option = "<option value=\"hi\" selected>Hi</option>";
    function.page = menu;
    function.fill = offer_a_word;
    ask_for_html();
    dime_text body = run();
    ck_assert(memmem(body.data, body.length, option, strlen(option)));
    begin();
    function.page = menu;
    function.fill = offer_a_word;
    incoming.not_open = "no";
    incoming.refusal = REFUSED_TOO_LARGE;
    ask_for_html();
    body = run();
    ck_assert_int_eq(response.status, 413);
    ck_assert(!memmem(body.data, body.length, "<option", 7));
}
END_TEST

START_TEST(says_when_it_is_alive)
{
    incoming.health = true;
    request.query = TEXT("");
    ask_for_html();
    ck_assert(text_equal(run(), TEXT("{\"status\":\"ok\"}")));
    ck_assert_int_eq(response.status, 200);
    ck_assert_str_eq(response.content_type, "application/json");
    ck_assert_uint_eq(handled, 0);
    response_open(&response, &arena);
    incoming.not_open = "no";
    run();
    ck_assert_int_eq(response.status, 503);
}
END_TEST

START_TEST(checks_the_fields_first)
{
    request.query = TEXT("word=0123456789");
    check_problem(422, "word has 10 characters; give at most 9.");
    ck_assert_uint_eq(handled, 0);
}
END_TEST

START_TEST(notes_a_function_that_says_nothing)
{
    deed = NULL;
    check_problem(500, "The function gave no answer.");
    begin();
    deed = NULL;
    ask_for_html();
    run();
    ck_assert_int_eq(response.status, 500);
    ck_assert_str_eq(response.content_type, "text/html; charset=utf-8");
}
END_TEST

static void set_bad_header(const struct request *asked, struct response *answer)
{
    response_header(answer, "X-A", TEXT("a\r\nSet-Cookie: b"));
    echo(asked, answer);
}

static void set_many_headers(const struct request *asked, struct response *answer)
{
    for (size_t i = 0; i < 20; i++)
        response_header(answer, "X-A", TEXT("a"));
    echo(asked, answer);
}

static void set_some_headers(const struct request *asked, struct response *answer)
{
    for (size_t i = 0; i < RESPONSE_HEADERS - 8; i++)
        response_header(answer, "X-A", TEXT("a"));
    echo(asked, answer);
}

/* The body is that of the 500, and the headers of every answer are there. */
START_TEST(notes_a_function_with_wrong_headers)
{
    deed = set_bad_header;
    check_problem(500, "The function gave the header X-A a control character.");
    begin();
    deed = set_many_headers;
    check_problem(500, "The function set more headers than a response holds.");
    ck_assert_ptr_nonnull(header("X-Content-Type-Options"));
    begin();
    deed = set_some_headers;
    ask_for_html();
    run();
    ck_assert_int_eq(response.status, 200);
    ck_assert_ptr_nonnull(header("Content-Security-Policy"));
}
END_TEST

static void check_out_of_memory(void)
{
    ck_assert_int_eq(response.status, 503);
    ck_assert_int_eq(response.answer, ANSWER_PROBLEM);
    ck_assert_str_eq(response.content_type, "application/problem+json");
    ck_assert(
        text_starts(buffer_text(&response.body), TEXT("{\"type\":\"/problems/unavailable\"")));
    ck_assert_str_eq(header("X-Request-Id"), "id-1");
    ck_assert_str_eq(header("Cache-Control"), "no-store");
}

/* Whatever the arena holds: a whole answer, or the one that needs no memory. */
static void run_with_little(bool html, dime_text query)
{
    size_t failures = 0;
    for (size_t limit = 0;; limit += 8) {
        struct arena small;
        begin();
        if (html)
            ask_for_html();
        arena_open(&small, limit);
        request.arena = &small;
        request.query = query;
        response_open(&response, &small);
        run();
        bool whole = response.status != 503;
        if (!whole)
            check_out_of_memory();
        arena_close(&small);
        end();
        if (whole)
            break;
        failures++;
    }
    ck_assert_uint_gt(failures, 5);
}

START_TEST(answers_when_memory_ends)
{
    run_with_little(false, TEXT("word=%68i"));
    run_with_little(true, TEXT("word=hi"));
    run_with_little(false, TEXT("word="));
    run_with_little(true, TEXT("word="));
    run_with_little(true, TEXT(""));
}
END_TEST

static void answer_too_much(const struct request *asked, struct response *answer)
{
    (void)asked;
    struct buffer *json = response_begin(answer, ANSWER_JSON, 200, "application/json");
    while (!json->failed)
        buffer_puts(json, "0123456789abcdef");
}

static void want_too_much(const struct request *asked, struct response *answer)
{
    arena_alloc(asked->arena, 1 << 20);
    echo(asked, answer);
}

START_TEST(answers_a_function_that_needs_too_much)
{
    deed = answer_too_much;
    run();
    check_out_of_memory();
    ck_assert_str_eq(member("detail"), "The request needs more memory than there is; "
                                       "send less at once, or try again later.");
    begin();
    deed = want_too_much;
    run();
    check_out_of_memory();
}
END_TEST

Suite *run_suite(void)
{
    Suite *suite = suite_create("run");
    TCase *answering = tcase_create("answering");
    tcase_add_checked_fixture(answering, begin, end);
    tcase_add_test(answering, answers);
    tcase_add_test(answering, answers_a_browser);
    tcase_add_test(answering, shows_a_browser_the_form);
    tcase_add_test(answering, has_nothing_below_its_path);
    tcase_add_test(answering, allows_methods);
    tcase_add_test(answering, refuses_a_browser_with_a_page);
    tcase_add_test(answering, answers_options_without_a_body);
    tcase_add_test(answering, says_what_can_be_asked);
    tcase_add_test(answering, refuses_what_it_cannot_give);
    tcase_add_loop_test(answering, passes_a_refusal_on, 0,
                        (int)(sizeof refusals / sizeof *refusals));
    tcase_add_test(answering, says_why_it_is_not_open);
    tcase_add_loop_test(answering, titles_what_a_function_says, 0,
                        (int)(sizeof statuses / sizeof *statuses));
    tcase_add_test(answering, takes_no_other_status_for_a_problem);
    tcase_add_test(answering, tells_a_missing_function_from_a_missing_thing);
    tcase_add_test(answering, offers_what_is_to_be_chosen);
    tcase_add_test(answering, tells_the_limit_of_a_file);
    tcase_add_test(answering, says_when_it_is_alive);
    tcase_add_test(answering, checks_the_fields_first);
    tcase_add_test(answering, notes_a_function_that_says_nothing);
    tcase_add_test(answering, notes_a_function_with_wrong_headers);
    tcase_add_test(answering, answers_when_memory_ends);
    tcase_add_test(answering, answers_a_function_that_needs_too_much);
    suite_add_tcase(suite, answering);
    return suite;
}
