/*
 * fields_test.c - fields of every kind, from a query, a form and JSON, right and wrong.
 *
 * One table of requests: what comes in, and what is read from it, or the sentence that a person
 * gets. The sentences stand here whole so that they can be read as prose.
 */
#include "request/fields.h"

#include <check.h>

#include "asking.h"

Suite *fields_suite(void);

struct loose {
    dime_text text, number;
    bool flag;
    int64_t count;
    DIME_LIST_OF(int64_t) list;
    DIME_MAP_OF(int64_t) map;
    dime_text any;
};

static const dime_field LOOSE[] = {
    DIME_TEXT(struct loose, text, .min = 2, .max = 5, .help = "a few letters"),
    DIME_NUMBER(struct loose, number, .max = 8),
    DIME_BOOLEAN(struct loose, flag),
    DIME_INTEGER(struct loose, count, .min = -5, .max = 10),
    DIME_INTEGERS(struct loose, list, .min = 1, .max = 100, .most = 3),
    DIME_INTEGER_MAP(struct loose, map, .max = INT64_MAX, .most = 2, .whole_names = true),
    DIME_JSON(struct loose, any, .max = 12),
};
static const dime_function loose = {.name = "loose", DIME_INPUT(struct loose, LOOSE)};

struct strict {
    dime_text amount, word;
    int64_t count;
};

static const dime_field STRICT[] = {
    DIME_NUMBER(struct strict, amount, .required = true, .max = 8, .help = "how much it is"),
    DIME_TEXT(struct strict, word, .required = true, .max = 8, .help = "a word"),
    DIME_INTEGER(struct strict, count, .max = 9),
};
static const dime_function strict = {.name = "strict", DIME_INPUT(struct strict, STRICT)};

static const dime_function bare = {.name = "bare"};

struct filing {
    dime_file image;
    dime_text text;
};

static const dime_field FILING[] = {
    DIME_FILE(struct filing, image, .min = 1, .max = 8, .types = "image/jpeg, image/png",
              .help = "a picture"),
    DIME_TEXT(struct filing, text, .max = 5),
};
static const dime_function filing = {.name = "filing", DIME_INPUT(struct filing, FILING)};

static struct asking asking;

static void begin(void)
{
    asking_open(&asking, 1 << 20);
}

static void end(void)
{
    asking_close(&asking);
}

static bool reads(const dime_function *function, dime_text query, const char *type, dime_text body)
{
    return asking_read(&asking, function, query, type, body);
}

/* All values, or the status and the sentences. */
static const char *outcome(bool fine)
{
    return asking_outcome(&asking, fine);
}

/* Reads the request as it stands. */
static bool reads_again(void)
{
    return asking_again(&asking, &loose, NULL, TEXT(""));
}

/* In a query and in a form alike. */
static const struct {
    const char *form;
    const char *outcome;
} forms[] = {
    {"", ""},
    {"text=abc", "text=abc "},
    {"text=+a+b", "text= a b "},
    {"text=%C3%A9%E2%82%AC", "text=\xC3\xA9\xE2\x82\xAC "},
    {"text=abcde&number=1.50&flag=on&count=10&list=1,100,2&map=25:2,-10:0",
     "text=abcde number=1.50 flag=yes count=10 list=1,100,2, map=25:2,-10:0, "},
    {"map=1:2&text=ab", "text=ab map=1:2, "},
    /* Left out: empty, blank, unknown. */
    {"text=&number=&flag=&count=&list=&map=", ""},
    {"text", ""},
    {"text=++&count=%20%09", ""},
    {"text_b=1&text-b=1&text2=1&text%00=ab&=x&textt=abc&100%=1&%zz", ""},
    {"text=&text=ab", "text=ab "},
    {"text=ab&text=", "text=ab "},
    /* Text and its length. */
    {"text=a", "text has 1 character; give at least 2."},
    {"text=abcdef", "text has 6 characters; give at most 5."},
    {"text=a%00b", "text holds a NUL character; leave it out."},
    {"text=ab&text=ab", "text is given more than once; give it once."},
    {"text=ab&text=cd&text=ef",
     "text is given more than once; give it once. | text is given more than once; give it once."},
    /* Numbers stay as they were written: what they are is the function's to say. */
    {"number=%241.50", "number=$1.50 "},
    {"number=+1+", "number= 1  "},
    {"number=123456789", "number has 9 characters; give at most 8."},
    /* Booleans. */
    {"flag=true", "flag=yes "},
    {"flag=on", "flag=yes "},
    {"flag=Yes", "flag=yes "},
    {"flag=1", "flag=yes "},
    {"flag=+TRUE+", "flag=yes "},
    {"flag=false", "flag=no "},
    {"flag=OFF", "flag=no "},
    {"flag=no", "flag=no "},
    {"flag=0", "flag=no "},
    {"flag=2", "flag must be true or false."},
    {"flag=tru", "flag must be true or false."},
    {"count=%E2%80%8E7%C2%A0&list=1,%E2%80%8B2", "count=7 list=1,2, "},
    /* Integers. */
    {"count=-5", "count=-5 "},
    {"count=+7+", "count=7 "},
    {"count=-6", "count holds -6; it must be from -5 to 10."},
    {"count=11", "count holds 11; it must be from -5 to 10."},
    {"count=%2B7", "count must be a whole number from -5 to 10."},
    {"count=1.0", "count must be a whole number from -5 to 10."},
    {"count=1e1", "count must be a whole number from -5 to 10."},
    {"count=1%00", "count must be a whole number from -5 to 10."},
    {"count=99999999999999999999", "count must be a whole number from -5 to 10."},
    /* Lists. */
    {"list=7", "list=7, "},
    {"list=+1+,+2+", "list=1,2, "},
    {"list=1,1", "list=1,1, "},
    {"list=1,2,3,4", "list may have at most 3 items."},
    {"list=0", "list holds 0; it must be from 1 to 100."},
    {"list=1,101", "list holds 101; it must be from 1 to 100."},
    {"list=,", "list must be a list of whole numbers, such as 25,10,5,1."},
    {"list=1,", "list must be a list of whole numbers, such as 25,10,5,1."},
    {"list=1,,2", "list must be a list of whole numbers, such as 25,10,5,1."},
    {"list=1;2", "list must be a list of whole numbers, such as 25,10,5,1."},
    {"list=1:2", "list must be a list of whole numbers, such as 25,10,5,1."},
    {"list=[1,2]", "list must be a list of whole numbers, such as 25,10,5,1."},
    /* Maps. */
    {"map=25:9223372036854775807", "map=25:9223372036854775807, "},
    {"map=+25+:+2+,1:0", "map=25:2,1:0, "},
    {"map=1:1,2:2,3:3", "map may have at most 2 items."},
    {"map=25:-1", "map holds -1; it must be from 0 to 9223372036854775807."},
    {"map=25", "map must say how many there are of each, such as 25:2,10:0."},
    {"map=25:", "map must say how many there are of each, such as 25:2,10:0."},
    {"map=:2", "map must say how many there are of each, such as 25:2,10:0."},
    {"map=:", "map must say how many there are of each, such as 25:2,10:0."},
    {"map=25:2:3", "map must say how many there are of each, such as 25:2,10:0."},
    {"map=25:2,", "map must say how many there are of each, such as 25:2,10:0."},
    {"map=25=2", "map must say how many there are of each, such as 25:2,10:0."},
    /* JSON. */
    {"any=%7B%22a%22:%5B%22x%22%5D%7D", "any={\"a\":[\"x\"]} "},
    {"any=a", "any must be JSON."},
    {"any=%221234567890a%22", "any has 13 bytes; give at most 12."},
    /* All that is wrong is said at once. */
    {"text=a&flag=x&count=11",
     "text has 1 character; give at least 2. | flag must be true or false. | "
     "count holds 11; it must be from -5 to 10."},
};

static const char FORM_TYPE[] = ASKING_FORM;

START_TEST(reads_a_query)
{
    bool fine = reads(&loose, text_of(forms[_i].form), "", TEXT(""));
    ck_assert_str_eq(outcome(fine), forms[_i].outcome);
}
END_TEST

START_TEST(reads_a_form)
{
    bool fine = reads(&loose, TEXT(""), FORM_TYPE, text_of(forms[_i].form));
    ck_assert_str_eq(outcome(fine), forms[_i].outcome);
    ck_assert(fine || asking.response.status == 422);
}
END_TEST

static const struct {
    dime_text json;
    const char *outcome;
} documents[] = {
    {TEXT("{\"any\":{\"a\": [1]}}"), "any={\"a\": [1]} "},
    {TEXT("{\"any\":\"a\\n\"}"), "any=\"a\\n\" "},
    {TEXT("{}"), ""},
    {TEXT(" {\"text\":\"abc\"}\n"), "text=abc "},
    {TEXT("{\"text\":\"\\u00e9\\n\"}"), "text=\xC3\xA9\n "},
    {TEXT("{\"t\\u0065xt\":\"abc\"}"), "text=abc "},
    {TEXT("{\"text\":\"ab\",\"number\":1.50,\"flag\":true,\"count\":-5,\"list\":[1,2],"
          "\"map\":{\"25\":2,\"-1\":0}}"),
     "text=ab number=1.50 flag=yes count=-5 list=1,2, map=25:2,-1:0, "},
    /* Left out. */
    {TEXT(
         "{\"text\":null,\"number\":null,\"flag\":null,\"count\":null,\"list\":null,\"map\":null}"),
     ""},
    {TEXT("{\"text\":\"\",\"count\":\" \",\"list\":\"\"}"), ""},
    {TEXT("{\"other\":{\"text\":\"ab\"},\"TEXT\":\"ab\"}"), ""},
    /* A form's notation in a JSON string. */
    {TEXT(
         "{\"number\":\"1.5\",\"flag\":\"on\",\"count\":\" 7 \",\"list\":\"1,2\",\"map\":\"1:2\"}"),
     "number=1.5 flag=yes count=7 list=1,2, map=1:2, "},
    /* Wrong kinds. */
    {TEXT("{\"text\":12}"), "text must be text."},
    {TEXT("{\"text\":true}"), "text must be text."},
    {TEXT("{\"text\":[\"ab\"]}"), "text must be text."},
    {TEXT("{\"text\":\"a\\u0000b\"}"), "text holds a NUL character; leave it out."},
    {TEXT("{\"number\":true}"), "number must be a number, or text that holds one."},
    {TEXT("{\"number\":[1]}"), "number must be a number, or text that holds one."},
    {TEXT("{\"number\":{}}"), "number must be a number, or text that holds one."},
    {TEXT("{\"number\":1234.56789}"), "number has 10 characters; give at most 8."},
    {TEXT("{\"number\":1e9999}"), "number=1e9999 "},
    {TEXT("{\"flag\":1}"), "flag must be true or false."},
    {TEXT("{\"flag\":false}"), "flag=no "},
    {TEXT("{\"flag\":[]}"), "flag must be true or false."},
    {TEXT("{\"count\":1.0,\"list\":[1e1,2.50e1],\"map\":{\"25\":2.0}}"),
     "count=1 list=10,25, map=25:2, "},
    {TEXT("{\"count\":true}"), "count must be a whole number from -5 to 10."},
    {TEXT("{\"count\":11}"), "count holds 11; it must be from -5 to 10."},
    {TEXT("{\"count\":-9223372036854775809}"), "count must be a whole number from -5 to 10."},
    {TEXT("{\"list\":[]}"), "list is empty; leave it out or give at least one item."},
    {TEXT("{\"list\":7}"), "list must be a list of whole numbers, such as [25,10,5,1]."},
    {TEXT("{\"list\":{}}"), "list must be a list of whole numbers, such as [25,10,5,1]."},
    {TEXT("{\"list\":[1,\"2\"]}"), "list must be a list of whole numbers, such as [25,10,5,1]."},
    {TEXT("{\"list\":[1.5]}"), "list must be a list of whole numbers, such as [25,10,5,1]."},
    {TEXT("{\"list\":[[1]]}"), "list must be a list of whole numbers, such as [25,10,5,1]."},
    {TEXT("{\"list\":[null]}"), "list must be a list of whole numbers, such as [25,10,5,1]."},
    {TEXT("{\"list\":[1,2,3,4]}"), "list may have at most 3 items."},
    {TEXT("{\"list\":[0]}"), "list holds 0; it must be from 1 to 100."},
    {TEXT("{\"map\":{}}"), "map is empty; leave it out or give at least one item."},
    {TEXT("{\"map\":[1]}"),
     "map must say how many there are of each, such as {\"25\":2,\"10\":0}."},
    {TEXT("{\"map\":{\"a\":1}}"),
     "map must say how many there are of each, such as {\"25\":2,\"10\":0}."},
    {TEXT("{\"map\":{\"\":1}}"),
     "map must say how many there are of each, such as {\"25\":2,\"10\":0}."},
    {TEXT("{\"map\":{\"25\":\"1\"}}"),
     "map must say how many there are of each, such as {\"25\":2,\"10\":0}."},
    {TEXT("{\"map\":{\"1\":1,\"2\":2,\"3\":3}}"), "map may have at most 2 items."},
    {TEXT("{\"flag\":3,\"list\":[]}"), "flag must be true or false. | list is empty; leave it out "
                                       "or give at least one item."},
    /* Not an object, or not JSON. */
    {TEXT("[]"), "422 Send a JSON object, such as {\"text\":...}."},
    {TEXT("1.45"), "422 Send a JSON object, such as {\"text\":...}."},
    {TEXT("null"), "422 Send a JSON object, such as {\"text\":...}."},
    {TEXT("\"text\""), "422 Send a JSON object, such as {\"text\":...}."},
    {TEXT("{\"text\":\"ab\""),
     "400 The JSON can't be read at line 1, column 13: the text ends inside an object."},
    {TEXT("{\"text\":\"ab\",\"text\":\"cd\"}"),
     "400 The JSON can't be read at line 1, column 14: this name is in its object already."},
    {TEXT("{\"text\":\"\xFF\"}"),
     "400 The JSON can't be read at line 1, column 10: this isn't UTF-8."},
};

START_TEST(reads_json)
{
    bool fine = reads(&loose, TEXT(""), "application/json", documents[_i].json);
    ck_assert_str_eq(outcome(fine), documents[_i].outcome);
    if (documents[_i].json.data[0] != '{')
        return;
    fine = reads(&loose, TEXT(""), FORM_TYPE, documents[_i].json); /* as curl -d sends it */
    ck_assert_str_eq(outcome(fine), documents[_i].outcome);
    fine = reads(&loose, TEXT(""), "", documents[_i].json);
    ck_assert_str_eq(outcome(fine), documents[_i].outcome);
}
END_TEST

static const struct {
    const char *type;
    const char *body;
    const char *outcome;
} types[] = {
    {"application/json; charset=utf-8", "{\"text\":\"ab\"}", "text=ab "},
    {"APPLICATION/JSON", "{\"text\":\"ab\"}", "text=ab "},
    {" application/json ;x", "{\"text\":\"ab\"}", "text=ab "},
    {"application/vnd.api+json", "{\"text\":\"ab\"}", "text=ab "},
    {"Application/Vnd.Api+JSON;v=1", "{\"text\":\"ab\"}", "text=ab "},
    {"application/x-www-form-urlencoded; charset=UTF-8", "text=ab", "text=ab "},
    {"Application/X-WWW-Form-URLencoded", "text=ab\r\n", "text=ab "},
    {"", "text=ab", "text=ab "},
    {";", "text=ab", "text=ab "},
    {"application/x-www-form-urlencoded", " \n{\"text\":\"ab\"}", "text=ab "},
    {"text/plain", "text=ab",
     "415 Send the body as application/json, multipart/form-data or "
     "application/x-www-form-urlencoded."},
    {"multipart/form-data; boundary=x", "--x",
     "400 The form can't be read at its beginning: the boundary that the Content-Type names isn't "
     "in "
     "the body."},
    {"Multipart/Form-Data; boundary=x",
     "--x\r\nContent-Disposition: form-data; name=text\r\n\r\nab\r\n--x\r\n"
     "Content-Disposition: form-data; name=\"list\"; filename=\"\"\r\n\r\n1,2\r\n--x--",
     "text=ab list=1,2, "},
    {"multipart/form-data; boundary=x",
     "--x\r\nContent-Disposition: form-data; name=text\r\n\r\n\xFF\xFE\r\n--x\r\n"
     "Content-Disposition: form-data; name=other\r\n\r\n\xFF\r\n--x--",
     "text must be text in UTF-8."},
    {"multipart/form-data; boundary=x",
     "--x\r\nContent-Disposition: form-data; name=text\r\n\r\nab\r\n",
     "400 The form can't be read at part 1: it has no end; send all of it again."},
    {"text/plain", "{\"text\":\"ab\"}", "text=ab "},
    {"application/jsonx", "{}",
     "415 Send the body as application/json, multipart/form-data or "
     "application/x-www-form-urlencoded."},
    {"text/plain", " \r\n", ""},
    {"application/json", " ",
     "400 The JSON can't be read at line 1, column 2: there is no JSON here: the text is empty."},
    {"application/x-www-form-urlencoded", "text=%4",
     "400 The form can't be read at character 6: a percent-escape is cut short."},
    {"application/x-www-form-urlencoded", "count=99&text=%ff",
     "400 The form can't be read at character 15: what begins here isn't UTF-8."},
};

START_TEST(goes_by_the_content_type)
{
    bool fine = reads(&loose, TEXT(""), types[_i].type, text_of(types[_i].body));
    ck_assert_str_eq(outcome(fine), types[_i].outcome);
}
END_TEST

static void check_both(const char *query, const char *type, const char *body, const char *expected)
{
    bool fine = reads(&strict, text_of(query), type, text_of(body));
    ck_assert_str_eq(outcome(fine), expected);
}

START_TEST(reads_query_and_body_together)
{
    check_both("amount=1", FORM_TYPE, "word=a", "amount=1 word=a ");
    check_both("amount=1", "application/json", "{\"word\":\"a\"}", "amount=1 word=a ");
    check_both("amount=1&word=b", FORM_TYPE, "amount=2",
               "amount is given more than once; give it once.");
    check_both("amount=1&word=b", "application/json", "{\"amount\":1}",
               "amount is given more than once; give it once.");
    check_both("amount=1&word=b", "application/json", "{\"amount\":null}", "amount=1 word=b ");
    check_both("amount=&word=b", FORM_TYPE, "amount=2", "amount=2 word=b ");
    check_both("amount=%", FORM_TYPE, "word=%",
               "400 The query can't be read at character 8: a percent-escape is cut short.");
    check_both("count=99", "text/plain", "word",
               "415 Send the body as application/json, multipart/form-data or "
               "application/x-www-form-urlencoded.");
}
END_TEST

/* A wrong field in the query doesn't keep the rest from being read, said and shown again. */
START_TEST(says_all_that_is_wrong)
{
    check_both("", FORM_TYPE, "", "Give amount: how much it is. | Give word: a word.");
    check_both("amount=1", FORM_TYPE, "", "Give word: a word.");
    check_both("amount=1&word=", FORM_TYPE, "", "Give word: a word.");
    check_both("count=99", FORM_TYPE, "word=a",
               "count holds 99; it must be from 0 to 9. | Give amount: how much it is.");
    ck_assert(text_equal(asking.call.values[1].text, TEXT("a")));
    check_both("amount=123456789", FORM_TYPE, "word=a", "amount has 9 characters; give at most 8.");
}
END_TEST

#define PART ASKING_PART

static const char MULTIPART[] = ASKING_PARTS;

/* A file in each of the ways in which it may come. */
static const struct {
    const char *type;
    dime_text body;
    const char *outcome;
} files[] = {
    {MULTIPART,
     TEXT(PART "image; filename=\"b.png\"\r\nContent-Type: image/png\r\n\r\n\x89P\0\r\n\r\n--x--"),
     "image=8950000D0A image/png b.png "},
    {MULTIPART, TEXT(PART "image\r\nContent-Type: image/png\r\n\r\nPNG\r\n--x--"),
     "image=504E47 image/png  "},
    {MULTIPART,
     TEXT(PART "image; filename=b\r\n\r\n  \r\n" PART "text; filename=c\r\n\r\nab\r\n--x--"),
     "image=2020  b text=ab "},
    /* A form in which nothing was chosen. */
    {MULTIPART,
     TEXT(PART "image; filename=\"\"\r\nContent-Type: application/octet-stream\r\n\r\n\r\n--x--"),
     ""},
    {MULTIPART, TEXT(PART "image; filename=b\r\n\r\n\r\n--x--"),
     "image has 0 bytes; give at least 1."},
    {MULTIPART, TEXT(PART "image; filename=b\r\n\r\n123456789\r\n--x--"),
     "image has 9 bytes; give at most 8."},
    {MULTIPART,
     TEXT(PART "image; filename=b\r\n\r\n1\r\n" PART "image; filename=b\r\n\r\n1\r\n--x--"),
     "image is given more than once; give it once."},
    /* Text in base64, for want of a file's name. */
    {MULTIPART, TEXT(PART "image\r\n\r\n/9j/\r\n\r\n--x--"), "image=FFD8FF   "},
    {MULTIPART, TEXT(PART "image\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n/9j/\r\n--x--"),
     "image=FFD8FF text/plain; charset=utf-8  "},
    {MULTIPART, TEXT(PART "image\r\n\r\n\xFF\xD8\r\n--x--"), "image=FFD8   "},
    {FORM_TYPE, TEXT("image=%2F9j/"), "image=FFD8FF   "},
    {FORM_TYPE, TEXT("image=/9j/AB+x"),
     "image has blanks in its base64; in a form send each + as %2B."},
    {"application/json", TEXT("{\"image\":\"\\/9j\\/\",\"text\":\"ab\"}"),
     "image=FFD8FF   text=ab "},
    {"application/json", TEXT("{\"image\":\"data:image/jpeg;base64,/9j/\"}"),
     "image=FFD8FF image/jpeg  "},
    {"application/json", TEXT("{\"image\":\"data:image/jpeg,/9j/\"}"),
     "image isn't base64; base64 -w0 FILE makes it of a file."},
    {"application/json", TEXT("{\"image\":\"data:;base64,\"}"),
     "image has 0 bytes; give at least 1."},
    {"application/json", TEXT("{\"image\":\"/9j/AAAAAAAA\"}"),
     "image has 9 bytes; give at most 8."},
    {"application/json", TEXT("{\"image\":[1]}"),
     "image must be a file, or its bytes as text in base64."},
    {"application/json", TEXT("{\"image\":null}"), ""},
    /* The body itself. */
    {"image/jpeg", TEXT("\xFF\xD8\n"), "image=FFD80A image/jpeg  "},
    {"Image/PNG; x=y", TEXT(" "), ""},
    {"image/png", TEXT("123456789"), "image has 9 bytes; give at most 8."},
    {"image/webp", TEXT("RIFF"),
     "415 Send the body as image/jpeg, image/png, application/json, multipart/form-data or "
     "application/x-www-form-urlencoded."},
    /* As curl --data-binary calls it. */
    {FORM_TYPE, TEXT("\xFF\xD8"), "image=FFD8 application/x-www-form-urlencoded  "},
};

START_TEST(reads_a_file)
{
    bool fine = reads(&filing, TEXT(""), files[_i].type, files[_i].body);
    ck_assert_str_eq(outcome(fine), files[_i].outcome);
}
END_TEST

/* What was given is kept as text, to be shown again: also what was wrong. */
START_TEST(keeps_what_was_given)
{
    reads(&loose, TEXT("text=toolong&flag=x&count=1.5&list=1,x&map=?"), "", TEXT(""));
    ck_assert(text_equal(asking.call.values[0].text, TEXT("toolong")));
    ck_assert(text_equal(asking.call.values[2].text, TEXT("x")));
    ck_assert(text_equal(asking.call.values[3].text, TEXT("1.5")));
    ck_assert(text_equal(asking.call.values[4].text, TEXT("1,x")));
    ck_assert(text_equal(asking.call.values[5].text, TEXT("?")));
    reads(&loose, TEXT(""), "application/json",
          TEXT("{\"number\":1.50,\"flag\":true,\"count\":7,\"list\":[1,2],\"map\":{\"25\":2,"
               "\"-9223372036854775808\":9223372036854775807}}"));
    ck_assert(text_equal(asking.call.values[1].text, TEXT("1.50")));
    ck_assert(text_equal(asking.call.values[2].text, TEXT("true")));
    ck_assert(text_equal(asking.call.values[3].text, TEXT("7")));
    ck_assert(text_equal(asking.call.values[4].text, TEXT("1,2")));
    ck_assert(text_equal(asking.call.values[5].text,
                         TEXT("25:2,-9223372036854775808:9223372036854775807")));
}
END_TEST

START_TEST(reads_a_function_without_fields)
{
    ck_assert(reads(&bare, TEXT("a=1"), "application/json", TEXT("{\"a\":1}")));
    ck_assert(!reads(&bare, TEXT(""), "application/json", TEXT("[1]")));
    ck_assert_str_eq(outcome(false), "422 Send a JSON object, such as {}.");
}
END_TEST

/* A POST without any body, and a GET with one. */
START_TEST(reads_bodies_of_any_method)
{
    asking.request = (struct request){.arena = &asking.arena, .method = DIME_POST};
    ck_assert(reads_again());
    asking.request.content_type = TEXT("application/json");
    ck_assert(!reads_again());
    ck_assert_int_eq(asking.response.status, 400);
    asking.request.method = DIME_GET;
    ck_assert(reads_again());
    asking.request.body = TEXT("{\"text\":\"ab\"}");
    ck_assert(reads_again());
    ck_assert(asking.call.input->given[0]);
}
END_TEST

/* A compressed body isn't read as if it weren't; where there is no body nothing is compressed. */
START_TEST(refuses_a_compressed_body)
{
    struct header coding = {TEXT("content-encoding"), TEXT("gzip")};
    asking.request =
        (struct request){.arena = &asking.arena, .method = DIME_POST, .headers = &coding};
    asking.request.header_count = 1;
    ck_assert(reads_again());
    asking.request.body = TEXT("text=ab");
    ck_assert(!reads_again());
    ck_assert_str_eq(outcome(false), "415 Send the body as it is, without a Content-Encoding.");
    coding.value = TEXT(" Identity ");
    ck_assert(reads_again());
    ck_assert(asking.call.input->given[0]);
}
END_TEST

static const struct {
    const dime_function *function;
    const char *type;
    dime_text body;
    size_t failures; /* that there are at least */
} hungry[] = {
    {&loose, "application/json",
     TEXT("{\"text\":\"\\u0061b\",\"t\\u0065xt2\":1,\"list\":[1,2],\"map\":{\"\\u0031\":2}}"), 20},
    {&filing, MULTIPART,
     TEXT(PART "\"image\"\r\n\r\n/9j/\r\n" PART "\"text\\\"\"\r\n\r\nab\r\n--x--"), 8},
};

/* With any amount of memory it's either read whole, or refused with the arena failed. */
START_TEST(survives_the_end_of_memory)
{
    size_t limit = 0, failures = 0;
    bool fine = false;
    for (; !fine; limit += 8) {
        struct asking small;
        asking_open(&small, limit);
        fine = asking_read(&small, hungry[_i].function, TEXT("number=%31"), hungry[_i].type,
                           hungry[_i].body);
        ck_assert(fine || small.arena.failed);
        failures += !fine;
        asking_close(&small);
    }
    ck_assert_uint_gt(failures, hungry[_i].failures);
    ck_assert_uint_lt(limit, 4096);
}
END_TEST

Suite *fields_suite(void)
{
    Suite *suite = suite_create("fields");
    TCase *reading = tcase_create("reading");
    tcase_add_checked_fixture(reading, begin, end);
    tcase_add_loop_test(reading, reads_a_query, 0, sizeof forms / sizeof *forms);
    tcase_add_loop_test(reading, reads_a_form, 0, sizeof forms / sizeof *forms);
    tcase_add_loop_test(reading, reads_json, 0, sizeof documents / sizeof *documents);
    tcase_add_loop_test(reading, goes_by_the_content_type, 0, sizeof types / sizeof *types);
    tcase_add_loop_test(reading, reads_a_file, 0, sizeof files / sizeof *files);
    tcase_add_test(reading, reads_query_and_body_together);
    tcase_add_test(reading, says_all_that_is_wrong);
    tcase_add_test(reading, keeps_what_was_given);
    tcase_add_test(reading, reads_a_function_without_fields);
    tcase_add_test(reading, reads_bodies_of_any_method);
    tcase_add_test(reading, refuses_a_compressed_body);
    tcase_add_loop_test(reading, survives_the_end_of_memory, 0, sizeof hungry / sizeof *hungry);
    suite_add_tcase(suite, reading);
    return suite;
}
