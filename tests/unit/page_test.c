/*
 * page_test.c - pages filled in: values, errors and results at their places, hostile ones too.
 *
 * Small pages stand for ours; each says what it must become. Odd ones, cut short anywhere, must
 * end without a loop or a read past their end, which the sanitizers watch: each stands in memory
 * of exactly its length.
 */
#include "request/page.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "request/response.h"

Suite *page_suite(void);

struct some {
    dime_text a;
    bool b;
    dime_text c;
};

static const dime_field FIELDS[] = {
    DIME_TEXT(struct some, a, .required = true, .help = "an \"a\" & more"),
    DIME_BOOLEAN(struct some, b, .help = "yes or no"),
    DIME_TEXT(struct some, c, .help = "see"),
};

struct upload_form {
    dime_file a;
};

static struct arena arena;
static struct request request;
static struct response response;
static struct dime_call call;
static struct value values[3];
static dime_function function;

__attribute__((format(printf, 2, 3))) static void blame_field(dime_text name, const char *format,
                                                              ...)
{
    va_list arguments;
    va_start(arguments, format);
    response_field_problem_of(&response, name, format, arguments);
    va_end(arguments);
}

static void begin(void)
{
    arena_open(&arena, 1 << 20);
    response_open(&response, &arena);
    memset(values, 0, sizeof values);
    request = (struct request){.arena = &arena};
    function = (dime_function){
        .name = "some",
        .summary = "Does <some> & \"more\"",
        .methods = DIME_POST,
        DIME_INPUT(struct some, FIELDS),
    };
}

static void end(void)
{
    arena_close(&arena);
}

/* Of a person who only opens the page. */
static void begin_answer(void)
{
    response_begin(&response, ANSWER_JSON, 200, "application/json");
}

static dime_text written(void)
{
    call_open(&call, &function, &request, &response);
    call.values = values;
    page_write(&call, true);
    ck_assert(!response.body.failed);
    ck_assert_str_eq(response.content_type, "text/html; charset=utf-8");
    return buffer_text(&response.body);
}

static void check_page(const char *text, const char *expected)
{
    function.page = text;
    dime_text result = written();
    ck_assert_msg(text_equal(result, text_of(expected)), "%.*s", (int)result.length, result.data);
}

static bool contains(dime_text text, const char *part)
{
    return memmem(text.data, text.length, part, strlen(part)) != NULL;
}

START_TEST(leaves_the_rest_alone)
{
    static const char *const pages[] = {
        "",
        "text",
        "<p>1 < 2 & \"x\" > y</p>",
        "<inputs name=\"a\"><input>",
        "<selection><optional><detail>",
        "<<<>>>",
        "a\xC3\xA9\xFF\x01",
    };
    begin_answer();
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        check_page(pages[i], pages[i]);
    check_page("a{{! a comment }}b<!-- another -->c", "ab<!-- another -->c");
}
END_TEST

START_TEST(fills_inputs)
{
    values[0].text = TEXT("1.5");
    begin_answer();
    check_page("<input name=\"a\">", "<input name=\"a\" value=\"1.5\">");
    check_page("<input id=\"a\" type=\"text\" name=\"a\" required>",
               "<input id=\"a\" type=\"text\" name=\"a\" required value=\"1.5\">");
    check_page("<input name=\"c\"><input name=\"d\"><input name=\"\"><input >",
               "<input name=\"c\"><input name=\"d\"><input name=\"\"><input >");
    check_page("<input data-name=\"a\"><input title=\"name\" id=\"a\">",
               "<input data-name=\"a\"><input title=\"name\" id=\"a\">");
}
END_TEST

START_TEST(checks_boxes)
{
    begin_answer();
    values[1].text = TEXT("off");
    check_page("<input name=\"b\" type=\"checkbox\">", "<input name=\"b\" type=\"checkbox\">");
    values[1].boolean = true;
    check_page("<input name=\"b\" type=\"checkbox\">",
               "<input name=\"b\" type=\"checkbox\" checked>");
}
END_TEST

START_TEST(selects_options)
{
    static const char select[] = "<select name=\"c\"><option value=\"USD\">1</option>"
                                 "<option value=\"EUR\">2</option></select>";
    begin_answer();
    check_page(select, select);
    values[2].text = TEXT(" eur ");
    check_page(select, "<select name=\"c\"><option value=\"USD\">1</option>"
                       "<option value=\"EUR\" selected>2</option></select>");
    check_page("<option value=\"EUR\"><select ><option value=\"EUR\">",
               "<option value=\"EUR\"><select ><option value=\"EUR\">");
}
END_TEST

static void fill_menu(dime_call *asked, dime_json *data)
{
    dime_json *menu = dime_put_array(data, "menu");
    dime_put_string(menu, NULL, "e\"n");
    dime_put_string(menu, NULL, "<es>");
    ck_assert_ptr_eq(asked->function, &function);
}

/* What a template writes gets the given values as well. */
START_TEST(fills_choices)
{
    static const char select[] =
        "<select name=\"c\">{{#menu}}<option value=\"{{.}}\">{{/menu}}</select>";
    request.html = true;
    function.fill = fill_menu;
    begin_answer();
    check_page(select, "<select name=\"c\"><option value=\"e&quot;n\">"
                       "<option value=\"&lt;es&gt;\"></select>");
}
END_TEST

static void fill_twice(dime_call *asked, dime_json *data)
{
    (void)asked;
    dime_put_string(data, "menu", "a");
    dime_put_string(data, "menu", "b");
}

START_TEST(refuses_data_with_a_name_twice)
{
    request.html = true;
    function.fill = fill_twice;
    begin_answer();
    call_open(&call, &function, &request, &response);
    page_write(&call, true);
    ck_assert_int_eq(response.status, 500);
    ck_assert_str_eq(response.content_type, "application/problem+json");
    ck_assert(contains(buffer_text(&response.body), "The function has a mistake"));
}
END_TEST

START_TEST(fills_a_textarea)
{
    begin_answer();
    check_page("<textarea name=\"a\"></textarea>", "<textarea name=\"a\">\n</textarea>");
    values[0].text = TEXT("\n</textarea>&");
    check_page("<textarea name=\"a\" rows=\"2\"></textarea><textarea name=\"d\">",
               "<textarea name=\"a\" rows=\"2\">\n\n&lt;/textarea&gt;&amp;</textarea>"
               "<textarea name=\"d\">\n");
    response_open(&response, &arena);
    blame_field(TEXT("a"), "no");
    check_page("<textarea name=\"a\">",
               "<textarea name=\"a\" aria-invalid=\"true\">\n\n&lt;/textarea&gt;&amp;");
}
END_TEST

START_TEST(opens_details)
{
    static const char closed[] = "<details data-fields=\"b c\"><summary></summary></details>";
    static const char open[] = "<details data-fields=\"b c\" open><summary></summary></details>";
    begin_answer();
    values[0].text = TEXT("x");
    check_page(closed, closed);
    values[2].text = TEXT("x");
    check_page(closed, open);
    values[2].text = TEXT("");
    response_open(&response, &arena);
    blame_field(TEXT("b"), "wrong");
    check_page(closed, open);
}
END_TEST

START_TEST(puts_errors_at_their_fields)
{
    blame_field(TEXT("a"), "%s", "<b>\"wrong\"</b>");
    check_page("<title>x</title><input name=\"a\">",
               "<title>Error: x</title><input name=\"a\" aria-invalid=\"true\">");
    response_open(&response, &arena);
    blame_field(TEXT("a"), "%s", "<b>\"wrong\"</b>");
    check_page("<p id=\"a-error\" hidden></p><p id=\"b-error\" hidden></p><p id=\"a\"></p>",
               "<p class=\"error\" id=\"a-error\">&lt;b&gt;&quot;wrong&quot;&lt;/b&gt;</p>"
               "<p id=\"b-error\" hidden></p><p id=\"a\"></p>");
    response_open(&response, &arena);
    blame_field(TEXT("c"), "wrong");
    check_page("<select name=\"c\"><p id=\"c-error\" hidden>",
               "<select name=\"c\" aria-invalid=\"true\"><p class=\"error\" id=\"c-error\">wrong");
}
END_TEST

/* A person knows a field by its label, and not by the name in front of what is wrong with it. */
START_TEST(calls_a_field_this)
{
    static const struct {
        const char *said, *field, *above;
    } CASES[] = {
        {"a_b must be 1 <", "This must be 1 &lt;", "Correct the marked field."},
        {"a_b", "a_b", "a_b"},
        {"a_bc is wrong", "a_bc is wrong", "a_bc is wrong"},
        {"Give a_b", "Give a_b", "Give a_b"},
        {"Give a_b: the <b>.", "Give the &lt;b&gt;.", "Correct the marked field."},
        {"Give a_b:", "Give a_b:", "Give a_b:"},
        {"Give a_bc: x", "Give a_bc: x", "Give a_bc: x"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char wanted[256];
        snprintf(wanted, sizeof wanted,
                 "<div class=\"problem\" role=\"alert\"><h2>A field is wrong</h2><p>%s</p></div>\n"
                 "<p class=\"error\" id=\"a_b-error\">%s",
                 CASES[i].above, CASES[i].field);
        response_open(&response, &arena);
        blame_field(TEXT("a_b"), "%s", CASES[i].said);
        check_page("{{> problem}}\n<p id=\"a_b-error\" hidden>", wanted);
    }
}
END_TEST

/* What has a status of its own is said at its field alone too. */
START_TEST(puts_a_blame_at_its_field)
{
    response_problem(&response, 415, "This is <text>.");
    response_blame(&response, TEXT("a"));
    check_page("{{> problem}}\n<input name=\"a\"><p id=\"a-error\" hidden>",
               "<div class=\"problem\" role=\"alert\"><h2>A field is wrong</h2>"
               "<p>Correct the marked field.</p></div>\n<input name=\"a\" aria-invalid=\"true\">"
               "<p class=\"error\" id=\"a-error\">This is &lt;text&gt;.");
}
END_TEST

START_TEST(puts_the_problem)
{
    response_problem(&response, 400, "%s", "can't be <read>");
    check_page("{{> problem}}",
               "<div class=\"problem\" role=\"alert\"><h2>The request can&#39;t be read</h2>"
               "<p>can&#39;t be &lt;read&gt;</p></div>\n");
    response_open(&response, &arena);
    blame_field(TEXT("a"), "one");
    check_page("{{> problem}}", "<div class=\"problem\" role=\"alert\"><h2>A field is wrong</h2>"
                                "<p>one</p></div>\n");
    response_open(&response, &arena);
    blame_field(TEXT("a"), "one");
    blame_field(TEXT("b"), "two");
    check_page("{{> problem}}",
               "<div class=\"problem\" role=\"alert\"><h2>Some fields are wrong</h2>"
               "<p>Correct the marked fields.</p></div>\n");
    response_open(&response, &arena);
    begin_answer();
    check_page("<title>x</title>{{> problem}}", "<title>x</title>");
}
END_TEST

START_TEST(puts_the_result)
{
    begin_answer();
    buffer_puts(&response.body, "{\"a\":\"</pre>\"}");
    function.page = "[{{> answer}}]";
    dime_text result = written();
    ck_assert(
        contains(result, "<pre class=\"json\">{&quot;a&quot;:&quot;&lt;/pre&gt;&quot;}</pre>"));
    ck_assert_int_eq(result.data[result.length - 1], ']');
}
END_TEST

START_TEST(puts_name_and_summary)
{
    begin_answer();
    check_page("{{dime.path}}", "/cgi-bin/some");
    request.path = TEXT("/shop/some&more");
    check_page("{{dime.path}}", "/shop/some&amp;more");
    check_page("<title>{{dime.name}} - dime</title>{{dime.summary}}",
               "<title>some - dime</title>Does &lt;some&gt; &amp; &quot;more&quot;");
}
END_TEST

/* A value that would leave its attribute, or be taken for a place of the page, does neither. */
START_TEST(keeps_hostile_values_in_their_place)
{
    static const dime_text hostile[] = {
        TEXT("\"><script>alert(1)</script>"), TEXT("' onfocus='alert(1)' x=\""),
        TEXT("{{> answer}}{{dime.name}}"),    TEXT("&quot;><input name=\"a\">"),
        TEXT("\0\x01\xFF\xC0\x80\"<"),
    };
    values[0].text = values[2].text = hostile[_i];
    values[2].given = true;
    begin_answer();
    function.page = "<input name=\"a\"><select name=\"c\"><option value=\"x\"></select>"
                    "{{dime.values.c}}";
    dime_text result = written();
    struct buffer expected;
    buffer_open(&expected, &arena, 4096);
    buffer_puts(&expected, "<input name=\"a\" value=\"");
    buffer_html(&expected, hostile[_i]);
    buffer_puts(&expected, "\"><select name=\"c\"><option value=\"x\"></select>");
    buffer_html(&expected, hostile[_i]);
    ck_assert(text_equal(result, buffer_text(&expected)));
    ck_assert_ptr_null(memchr(result.data, '\0', result.length));
    ck_assert(text_is_utf8(result));
}
END_TEST

START_TEST(makes_a_page_from_the_fields)
{
    function.page = NULL;
    values[0].text = TEXT("x\"y");
    values[1].boolean = true;
    blame_field(TEXT("a"), "wrong");
    dime_text result = written();
    static const char *const parts[] = {
        "<title>Error: some - Does &lt;some&gt; &amp; &quot;more&quot;</title>",
        "<h1>some</h1>",
        "Does &lt;some&gt; &amp; &quot;more&quot;",
        "<form class=\"made\" method=\"post\" action=\"/cgi-bin/some#result\" novalidate>",
        "<label for=\"a\">a</label>",
        "<input id=\"a\" name=\"a\" type=\"text\" autocomplete=\"off\" required "
        "aria-describedby=\"a-hint a-error\" value=\"x&quot;y\" aria-invalid=\"true\">",
        "<p class=\"hint\" id=\"a-hint\">an &quot;a&quot; &amp; more</p>",
        "<p class=\"error\" id=\"a-error\">wrong</p>",
        "<input id=\"b\" name=\"b\" type=\"checkbox\" autocomplete=\"off\" "
        "aria-describedby=\"b-hint b-error\" checked>",
        "<p id=\"b-error\" hidden></p>",
        "<meta name=\"description\" content=\"Does &lt;some&gt; &amp; &quot;more&quot;.\">",
        "role=\"alert\"",
        "</html>",
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        ck_assert_msg(contains(result, parts[i]), "%s", parts[i]);
    ck_assert(!contains(result, "<!--"));
    function.methods = DIME_GET;
    ck_assert(contains(written(), "<form class=\"made\" method=\"get\""));
}
END_TEST

/* Files are sent as they are, and never written into a page. */
START_TEST(makes_a_form_for_files)
{
    static const dime_field files[] = {
        DIME_FILE(struct upload_form, a, .types = "image/jpeg, image/png", .help = "a picture"),
    };
    function.fields = files;
    function.field_count = 1;
    function.page = NULL;
    values[0].given = true;
    values[0].text = TEXT("\xFF\xD8");
    dime_text result = written();
    ck_assert(contains(result, " action=\"/cgi-bin/some#result\" enctype=\"multipart/form-data\" "
                               "novalidate>"));
    ck_assert(contains(result, "<input id=\"a\" name=\"a\" type=\"file\" autocomplete=\"off\" "
                               "aria-describedby=\"a-hint a-error\" "
                               "accept=\"image/jpeg, image/png\">"));
}
END_TEST

/* However many types there are, each tag is whole. */
START_TEST(makes_a_form_for_files_of_many_types)
{
    struct buffer types;
    buffer_open(&types, &arena, 8192);
    while (types.length < 5000)
        buffer_puts(&types, "application/vnd.oasis.opendocument.presentation-template, ");
    buffer_put(&types, (dime_text){"image/png", sizeof "image/png"});
    const dime_field files[] = {
        DIME_FILE(struct upload_form, a, .types = types.data, .help = "a picture"),
    };
    function.fields = files;
    function.field_count = 1;
    function.page = NULL;
    dime_text result = written();
    ck_assert(contains(result, "aria-describedby=\"a-hint a-error\" accept=\"application/vnd."));
    ck_assert(contains(result, "template, image/png\">\n<p class=\"hint\" id=\"a-hint\">"));
}
END_TEST

/* Before the fields are read there are no values. */
START_TEST(needs_no_values)
{
    response_problem(&response, 405, "no");
    function.page = "<input name=\"a\"><select name=\"c\"><option value=\"x\">";
    call_open(&call, &function, &request, &response);
    page_write(&call, false);
    ck_assert(text_equal(buffer_text(&response.body),
                         TEXT("<input name=\"a\"><select name=\"c\"><option value=\"x\">")));
}
END_TEST

static void write_exactly(const char *text, size_t length)
{
    char *exact = malloc(length + 1);
    ck_assert_ptr_nonnull(exact);
    memcpy(exact, text, length);
    exact[length] = '\0';
    function.page = exact;
    begin_answer();
    dime_text result = written();
    ck_assert_uint_le(result.length, 16 * length + 64);
    free(exact);
    arena_reset(&arena);
    response_open(&response, &arena);
}

static const char *const odd[] = {
    "<!-->",
    "<!--->",
    "<!---->",
    "<!--error-->",
    "<!--error -->",
    "<!--error a --><!--",
    "<input name=\"a",
    "<input name=\">",
    "<input name=>",
    "<input name=\"\">",
    "<input name=a>",
    "<input  name=\"a\"  >",
    "<input name=\"a\"name=\"c\">",
    "<input \n name=\"a\">",
    "<option value=\"<option value=\">",
    "<select name=\"c\"<option value=\"x\">",
    "<details data-fields=\"  a  c b\">",
    "<details data-fields=\">",
    "<title<title>",
    "<title",
    "<!--title<!--result-->-->",
    "<!--result--<!--result-->",
    "<input <!--title-->>",
    "<input name=\"a\" type=\"checkbox\"><!--error a--><title></title><details data-fields=\"a\">",
};

START_TEST(ends_with_odd_pages)
{
    values[0].text = values[2].text = TEXT("x");
    size_t length = strlen(odd[_i]);
    for (size_t cut = 0; cut <= length; cut++) {
        write_exactly(odd[_i], cut);
        write_exactly(odd[_i] + cut, length - cut);
    }
}
END_TEST

/* Pages of random pieces; the same ones each time. */
START_TEST(ends_with_random_pages)
{
    static const char *const pieces[] = {"<",        "!--",   "-->",    ">",       "\"", " ",
                                         "input ",   "name=", "\"a\"",  "error ",  "a",  "-",
                                         "<option ", "value", "=\"",    "<title",  "c",  "<!--",
                                         "<select ", "title", "result", "details "};
    unsigned random = 1;
    for (size_t round = 0; round < 2000; round++) {
        char text[256] = "";
        size_t length = 0;
        for (size_t i = 0; i < 24; i++) {
            random = random * 1103515245 + 12345;
            const char *piece = pieces[(random >> 16) % (sizeof pieces / sizeof *pieces)];
            memcpy(text + length, piece, strlen(piece));
            length += strlen(piece);
        }
        write_exactly(text, length);
    }
}
END_TEST

START_TEST(survives_the_end_of_memory)
{
    bool fine = false;
    size_t failures = 0;
    for (size_t limit = 0; !fine; limit += 64) {
        struct arena small;
        arena_open(&small, limit);
        request.arena = &small;
        response_open(&response, &small);
        begin_answer();
        call_open(&call, &function, &request, &response);
        call.values = values;
        page_write(&call, true);
        fine = !response.body.failed;
        ck_assert(fine || small.failed);
        failures += !fine;
        arena_close(&small);
    }
    ck_assert_uint_gt(failures, 20);
}
END_TEST

static void handle(dime_call *called, const void *input)
{
    (void)called;
    (void)input;
}

START_TEST(proves_pages)
{
    char why[512] = "";
    const dime_route routes[] = {
        DIME_ROUTE("GET /", handle, .page = "{{> form}}{{> problem}}{{> answer}}"),
        DIME_ROUTE("POST /", handle, .page = "a\n{{#b}}"),
        DIME_ROUTE("PUT /", handle),
    };
    function.page = "{{a}}";
    function.routes = routes;
    function.route_count = 1;
    ck_assert(page_check(&function, why, sizeof why));
    function.route_count = 3;
    ck_assert(!page_check(&function, why, sizeof why));
    ck_assert_str_eq(why,
                     "the page of the route \"POST /\" has a mistake: line 2: {{#b}} isn't ended");
    function.page = "{{> other}}";
    ck_assert(!page_check(&function, why, sizeof why));
    ck_assert_str_eq(why, "the page has a mistake: line 1: {{> other}} names an unknown partial");
}
END_TEST

Suite *page_suite(void)
{
    Suite *suite = suite_create("page");
    TCase *filling = tcase_create("filling");
    tcase_add_checked_fixture(filling, begin, end);
    tcase_add_test(filling, leaves_the_rest_alone);
    tcase_add_test(filling, fills_inputs);
    tcase_add_test(filling, checks_boxes);
    tcase_add_test(filling, selects_options);
    tcase_add_test(filling, fills_choices);
    tcase_add_test(filling, refuses_data_with_a_name_twice);
    tcase_add_test(filling, fills_a_textarea);
    tcase_add_test(filling, opens_details);
    tcase_add_test(filling, puts_errors_at_their_fields);
    tcase_add_test(filling, calls_a_field_this);
    tcase_add_test(filling, puts_a_blame_at_its_field);
    tcase_add_test(filling, puts_the_problem);
    tcase_add_test(filling, puts_the_result);
    tcase_add_test(filling, puts_name_and_summary);
    tcase_add_loop_test(filling, keeps_hostile_values_in_their_place, 0, 5);
    tcase_add_test(filling, makes_a_page_from_the_fields);
    tcase_add_test(filling, makes_a_form_for_files);
    tcase_add_test(filling, makes_a_form_for_files_of_many_types);
    tcase_add_test(filling, needs_no_values);
    tcase_add_loop_test(filling, ends_with_odd_pages, 0, sizeof odd / sizeof *odd);
    tcase_add_test(filling, ends_with_random_pages);
    tcase_add_test(filling, proves_pages);
    tcase_add_test(filling, survives_the_end_of_memory);
    suite_add_tcase(suite, filling);
    return suite;
}
