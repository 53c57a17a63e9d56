/*
 * made_page_test.c - the page of a function that has none of its own, as a browser uses it.
 *
 * One function has a field of each kind. Its page is opened, and what a browser sends of the form
 * is posted: filled in, left as it came, and with a mistake in it, after which the form has to have
 * kept all the rest.
 */
#include <dime/test.h>

#include <check.h>
#include <stdio.h>
#include <string.h>

Suite *made_page_suite(void);

struct part {
    int64_t count;
};

static const dime_field parts_table[] = {DIME_INTEGER(struct part, count, .max = 9)};

struct kinds {
    dime_text text, lines, number, json;
    int64_t decimal, integer;
    bool box, sure, on;
    int size, sort, unit;
    DIME_LIST_OF(int64_t) list;
    DIME_LIST_OF(dime_text) texts;
    DIME_MAP_OF(int64_t) map;
    DIME_MAP_OF(dime_text) names;
    struct part part;
    DIME_LIST_OF(struct part) parts;
};

static const char *const sizes[] = {"small", "large & \"wide\"", NULL};
static const char *const sorts[] = {"up", "down", NULL};
static const char *const units[] = {"M", "m", NULL};

static const dime_field kinds_table[] = {
    DIME_TEXT(struct kinds, text, .required = true, .help = "a <word>"),
    DIME_LINES(struct kinds, lines),
    DIME_NUMBER(struct kinds, number),
    DIME_JSON(struct kinds, json),
    DIME_DECIMAL(struct kinds, decimal, .places = 2),
    DIME_INTEGER(struct kinds, integer, .max = 9),
    DIME_BOOLEAN(struct kinds, box),
    DIME_BOOLEAN(struct kinds, sure, .required = true),
    DIME_BOOLEAN(struct kinds, on, .fallback = "yes"),
    DIME_CHOICE(struct kinds, size, .choices = sizes, .required = true),
    DIME_CHOICE(struct kinds, sort, .choices = sorts, .fallback = "down"),
    DIME_CHOICE(struct kinds, unit, .choices = units),
    DIME_INTEGERS(struct kinds, list),
    DIME_TEXTS(struct kinds, texts),
    DIME_INTEGER_MAP(struct kinds, map),
    DIME_TEXT_MAP(struct kinds, names),
    DIME_OBJECT(struct kinds, part, struct part, parts_table),
    DIME_OBJECTS(struct kinds, parts, struct part, parts_table),
};

/* Says what it was given, and what held where nothing was. */
static void tell_kinds(dime_call *call, const void *input)
{
    const struct kinds *kinds = input;
    dime_json *json = dime_answer(call, 200);
    dime_put_text(json, "text", kinds->text);
    dime_put_text(json, "lines", kinds->lines);
    dime_put_text(json, "number", kinds->number);
    dime_put_text(json, "json", kinds->json);
    dime_put_decimal(json, "decimal", kinds->decimal, 2);
    dime_put_integer(json, "integer", kinds->integer);
    dime_put_boolean(json, "box", kinds->box);
    dime_put_boolean(json, "sure", kinds->sure);
    dime_put_boolean(json, "on", kinds->on);
    dime_put_string(json, "size", sizes[kinds->size]);
    dime_put_string(json, "sort", sorts[kinds->sort]);
    dime_put_string(json, "unit", units[kinds->unit]);
    dime_put_integer(json, "list", (int64_t)kinds->list.count);
    dime_put_integer(json, "texts", (int64_t)kinds->texts.count);
    dime_put_integer(json, "map", (int64_t)kinds->map.count);
    dime_put_integer(json, "names", (int64_t)kinds->names.count);
    dime_put_integer(json, "part", kinds->part.count);
    dime_put_integer(json, "parts", (int64_t)kinds->parts.count);
}

static const dime_function kinds = {
    .name = "kinds",
    .summary = "Tells of each kind",
    DIME_INPUT(struct kinds, kinds_table),
    .handle = tell_kinds,
};

struct sent {
    dime_file file;
    DIME_LIST_OF(dime_file) files;
};

static const dime_field sent_table[] = {
    DIME_FILE(struct sent, file, .required = true, .types = "image/png"),
    DIME_FILES(struct sent, files),
};

static void tell_files(dime_call *call, const void *input)
{
    const struct sent *sent = input;
    dime_json *json = dime_answer(call, 200);
    dime_put_integer(json, "bytes", (int64_t)sent->file.bytes.length);
    dime_put_integer(json, "files", (int64_t)sent->files.count);
}

static const dime_function files = {
    .name = "files",
    .summary = "Counts files",
    DIME_INPUT(struct sent, sent_table),
    .handle = tell_files,
};

static dime_test *test;
static const dime_test_answer *answer;

static void post(const char *type, const char *body)
{
    char headers[128];
    snprintf(headers, sizeof headers, "Accept: text/html\nContent-Type: %s", type);
    answer = dime_test_ask(test, "POST /", headers, dime_text_of(body));
    ck_assert(dime_text_is(answer->type, "text/html; charset=utf-8"));
}

static void post_form(const char *body)
{
    post("application/x-www-form-urlencoded", body);
}

static bool has(const char *part)
{
    return memmem(answer->body.data, answer->body.length, part, strlen(part));
}

static void check_parts(const char *const *parts)
{
    for (; *parts; parts++)
        ck_assert_msg(has(*parts), "%s isn't in %.*s", *parts, DIME_ARG(answer->body));
}

/* Of a field without help; ATTRIBUTES stand between its type and what describes it. */
#define INPUT(name, type, attributes)                                                              \
    "<label for=\"" name "\">" name "</label>\n<input id=\"" name "\" name=\"" name                \
    "\" type=\"" type "\" autocomplete=\"off\"" attributes " aria-describedby=\"" name "-error\""
#define SELECT(name, attributes)                                                                   \
    "<label for=\"" name "\">" name "</label>\n<select id=\"" name "\" name=\"" name               \
    "\"" attributes " aria-describedby=\"" name "-error\""
#define AREA(name, label)                                                                          \
    "<label for=\"" name "\">" label "</label>\n<textarea id=\"" name "\" name=\"" name            \
    "\" rows=\"4\" autocomplete=\"off\" aria-describedby=\"" name "-error\">\n"

START_TEST(has_an_input_for_each_kind)
{
    static const char *const parts[] = {
        "<label for=\"text\">text</label>\n<input id=\"text\" name=\"text\" type=\"text\" "
        "autocomplete=\"off\" required aria-describedby=\"text-hint text-error\">\n"
        "<p class=\"hint\" id=\"text-hint\">a &lt;word&gt;</p>\n<p id=\"text-error\" hidden></p>",
        AREA("lines", "lines") "</textarea>\n<p id=\"lines-error\" hidden></p>",
        INPUT("number", "text", "") ">",
        AREA("json", "json (JSON)") "</textarea>",
        INPUT("decimal", "text", "") ">",
        INPUT("integer", "text", "") ">",
        INPUT("box", "checkbox", "") ">",
        SELECT("sure", " required") ">\n<option value=\"\"></option>\n"
                                    "<option value=\"true\">yes</option>\n<option "
                                    "value=\"false\">no</option>\n</select>",
        SELECT("on", "") ">\n<option value=\"\"></option>\n"
                         "<option value=\"true\" selected>yes</option>\n<option "
                         "value=\"false\">no</option>\n",
        SELECT("size", " required") ">\n<option value=\"\"></option>\n"
                                    "<option value=\"small\">small</option>\n<option value=\"large "
                                    "&amp; &quot;wide&quot;\">"
                                    "large &amp; &quot;wide&quot;</option>\n</select>",
        SELECT(
            "sort",
            "") ">\n<option value=\"\"></option>\n"
                "<option value=\"up\">up</option>\n<option value=\"down\" selected>down</option>\n",
        SELECT("unit", "") ">\n<option value=\"\"></option>\n<option value=\"M\">M</option>\n"
                           "<option value=\"m\">m</option>\n</select>",
        INPUT("list", "text", "") ">",
        INPUT("texts", "text", "") ">",
        INPUT("map", "text", "") ">",
        AREA("names", "names (JSON)") "</textarea>",
        AREA("part", "part (JSON)") "</textarea>",
        AREA("parts", "parts (JSON)") "</textarea>",
        NULL,
    };
    test = dime_test_begin(&kinds);
    answer = dime_test_ask(test, "GET /", "Accept: text/html", dime_text_of(""));
    check_parts(parts);
    dime_test_end(test);
}
END_TEST

START_TEST(takes_what_a_browser_sends)
{
    static const char *const told[] = {
        "{&quot;text&quot;:&quot;a&quot;,&quot;lines&quot;:&quot;b\\nc&quot;,"
        "&quot;number&quot;:&quot;1.5&quot;,&quot;json&quot;:&quot;[1]&quot;,"
        "&quot;decimal&quot;:1.25,&quot;integer&quot;:9,&quot;box&quot;:true,"
        "&quot;sure&quot;:false,&quot;on&quot;:false,"
        "&quot;size&quot;:&quot;large &amp; \\&quot;wide\\&quot;&quot;,"
        "&quot;sort&quot;:&quot;up&quot;,&quot;unit&quot;:&quot;m&quot;,&quot;list&quot;:2,"
        "&quot;texts&quot;:1,&quot;map&quot;:2,&quot;names&quot;:1,&quot;part&quot;:3,"
        "&quot;parts&quot;:2}",
        "<option value=\"large &amp; &quot;wide&quot;\" selected>",
        "<option value=\"up\" selected>",
        "<option value=\"down\">",
        "<option value=\"M\">",
        "<option value=\"m\" selected>",
        "type=\"checkbox\" autocomplete=\"off\" aria-describedby=\"box-error\" checked>",
        NULL,
    };
    static const char *const left[] = {
        "&quot;box&quot;:false,&quot;sure&quot;:true,&quot;on&quot;:true,"
        "&quot;size&quot;:&quot;small&quot;,&quot;sort&quot;:&quot;down&quot;",
        NULL,
    };
    test = dime_test_begin(&kinds);
    post_form("text=a&lines=b%0D%0Ac&number=1.5&json=%5B1%5D&decimal=1.25&integer=9&box=on&"
              "sure=false&on=false&size=large+%26+%22wide%22&sort=up&unit=m&list=1%2C2&texts=a%2Cb&"
              "map=a%3A1%2Cb%3A2&names=%7B%22a%22%3A%22b%22%7D&part=%7B%22count%22%3A3%7D&"
              "parts=%5B%7B%7D%2C%7B%22count%22%3A4%7D%5D");
    ck_assert_int_eq(answer->status, 200);
    check_parts(told);
    /* A box that isn't ticked isn't sent, and what wasn't filled in is empty. */
    post_form("text=a&lines=&number=&json=&decimal=&integer=&sure=true&on=&size=small&sort=&unit=&"
              "list=&texts=&map=&names=&part=&parts=");
    ck_assert_int_eq(answer->status, 200);
    check_parts(left);
    dime_test_end(test);
}
END_TEST

START_TEST(keeps_what_was_given)
{
    static const char *const kept[] = {
        "<title>Error: kinds - Tells of each kind</title>",
        "aria-describedby=\"integer-error\" value=\"10\" aria-invalid=\"true\">",
        "<p class=\"error\" id=\"integer-error\">This holds 10; it must be from 0 to 9.</p>",
        "<textarea id=\"lines\" name=\"lines\" rows=\"4\" autocomplete=\"off\" "
        "aria-describedby=\"lines-error\">\nb\nc</textarea>",
        "aria-describedby=\"parts-error\">\n[{},{}]</textarea>",
        "<option value=\"true\">yes</option>\n<option value=\"false\" selected>no</option>\n"
        "</select>\n<p id=\"sure-error\"",
        "<option value=\"true\">yes</option>\n<option value=\"false\" selected>no</option>\n"
        "</select>\n<p id=\"on-error\"",
        "aria-describedby=\"size-error\" aria-invalid=\"true\">\n<option value=\"\"></option>\n"
        "<option value=\"small\">",
        "<p class=\"error\" id=\"size-error\">",
        "<option value=\"down\" selected>down</option>",
        "<option value=\"M\" selected>M</option>\n<option value=\"m\">m</option>",
        NULL,
    };
    test = dime_test_begin(&kinds);
    post_form("text=a&lines=b%0D%0Ac&integer=10&sure=no&on=off&size=&sort=&unit=M&"
              "parts=%5B%7B%7D%2C%7B%7D%5D");
    ck_assert_int_eq(answer->status, 422);
    check_parts(kept);
    dime_test_end(test);
}
END_TEST

START_TEST(sends_files)
{
    static const char *const form[] = {
        "enctype=\"multipart/form-data\" novalidate>",
        "type=\"file\" autocomplete=\"off\" required aria-describedby=\"file-error\" "
        "accept=\"image/png\">",
        INPUT("files", "file", " multiple") ">",
        NULL,
    };
    static const char *const counted[] = {"{&quot;bytes&quot;:3,&quot;files&quot;:2}", NULL};
    static const char *const missing[] = {"<p class=\"error\" id=\"file-error\">Give file.</p>",
                                          NULL};
#define PART(name, file)                                                                           \
    "--x\r\nContent-Disposition: form-data; name=\"" name "\"; filename=\"" file                   \
    "\"\r\nContent-Type: application/octet-stream\r\n\r\n"
    test = dime_test_begin(&files);
    answer = dime_test_ask(test, "GET /", "Accept: text/html", dime_text_of(""));
    check_parts(form);
    post("multipart/form-data; boundary=x",
         PART("file", "a.png") "abc\r\n" PART("files", "b") "d\r\n" PART("files",
                                                                         "c") "e\r\n--x--\r\n");
    ck_assert_int_eq(answer->status, 200);
    check_parts(counted);
    /* A browser sends a part without a name and bytes where none was chosen. */
    post("multipart/form-data; boundary=x",
         PART("file", "") "\r\n" PART("files", "") "\r\n--x--\r\n");
    ck_assert_int_eq(answer->status, 422);
    check_parts(missing);
    dime_test_end(test);
}
END_TEST

/* Its host may serve nothing else. */
START_TEST(stands_alone)
{
    static const char *const nowhere[] = {"href", "src=", "<script", "url(", "dime"};
    static const char *const whole[] = {
        "<!DOCTYPE html>\n<html lang=\"en\">\n",
        "<meta charset=\"utf-8\">",
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
        "<meta name=\"description\" content=\"Tells of each kind.\">",
        "<main>\n<h1>kinds</h1>\n<p>Tells of each kind.</p>\n<form",
        NULL,
    };
    test = dime_test_begin(&kinds);
    answer = dime_test_ask(test, "GET /", "Accept: text/html", dime_text_of(""));
    for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++)
        ck_assert_msg(!has(nowhere[i]), "%s", nowhere[i]);
    post_form("text=a&sure=true&size=small");
    check_parts(whole);
    dime_text policy = dime_test_header(test, "Content-Security-Policy");
    ck_assert(policy.data && memmem(policy.data, policy.length, "style-src 'sha256-", 18));
    dime_test_end(test);
}
END_TEST

Suite *made_page_suite(void)
{
    Suite *suite = suite_create("made_page");
    TCase *page = tcase_create("page");
    tcase_add_test(page, has_an_input_for_each_kind);
    tcase_add_test(page, takes_what_a_browser_sends);
    tcase_add_test(page, keeps_what_was_given);
    tcase_add_test(page, sends_files);
    tcase_add_test(page, stands_alone);
    suite_add_tcase(suite, page);
    return suite;
}
