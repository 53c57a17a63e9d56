/*
 * fields_kinds_test.c - decimals, choices, fallbacks, and lists and maps of every kind.
 *
 * As in fields_test.c a row is what comes in beside what is read from it, or beside the sentence
 * that a person gets. A query and a form are read alike, so each row of theirs is read as both.
 */
#include "request/fields.h"

#include <check.h>
#include <stdio.h>

#include "asking.h"
#include "base/form.h"
#include "request/function.h"

Suite *fields_kinds_suite(void);

static const char *const COLOURS[] = {"red", "green", "blue", NULL};

struct kinds {
    int64_t price, ratio, tiny, low;
    int colour;
    DIME_LIST_OF(dime_text) tags;
    DIME_LIST_OF(dime_text) marks;
    DIME_LIST_OF(int64_t) prices;
    DIME_MAP_OF(dime_text) labels;
    DIME_MAP_OF(int64_t) rates;
    DIME_MAP_OF(dime_text) sizes;
    DIME_LIST_OF(dime_file) pictures;
};

static const dime_field KINDS[] = {
    DIME_DECIMAL(struct kinds, price, .places = 2, .min = -100000, .max = 100000),
    DIME_DECIMAL(struct kinds, ratio),
    DIME_DECIMAL(struct kinds, tiny, .places = 18),
    DIME_DECIMAL(struct kinds, low, .places = 1, .min = 5, .max = 5),
    DIME_CHOICE(struct kinds, colour, .choices = COLOURS),
    DIME_TEXTS(struct kinds, tags, .min = 1, .max = 5, .most = 3),
    DIME_NUMBERS(struct kinds, marks, .max = 5, .most = 3),
    DIME_DECIMALS(struct kinds, prices, .places = 2, .min = -100, .max = 5000, .most = 3),
    DIME_TEXT_MAP(struct kinds, labels, .max = 5, .most = 2),
    DIME_DECIMAL_MAP(struct kinds, rates, .places = 3, .min = -1000000, .max = 1000000, .most = 2),
    DIME_NUMBER_MAP(struct kinds, sizes, .max = 5, .most = 2),
    DIME_FILES(struct kinds, pictures, .min = 1, .max = 4, .most = 2),
};
static const dime_function kinds = {.name = "kinds", DIME_INPUT(struct kinds, KINDS)};

static struct asking asking;

static void begin(void)
{
    asking_open(&asking, 4 << 20);
}

static void end(void)
{
    asking_close(&asking);
}

#define PRICE  "price must be a number with at most 2 digits after the point."
#define TINY   "tiny must be a number with at most 18 digits after the point."
#define RATIO  "ratio must be a number with at most 0 digits after the point."
#define COLOUR "colour must be red, green or blue."
#define LABELS "labels must be an object of named values, such as {\"a\":\"b\"}."
#define RATES  "rates must be an object of named values, such as 25:2,10:0."
#define MARKS  "marks must be a list of numbers, such as 25,10,5,1."
#define TAGS   "tags must be a list of texts, such as [\"a\",\"b\"]."

static const struct {
    const char *form, *outcome;
} forms[] = {
    /* Decimals. */
    {"price=1.89", "price=1.89 "},
    {"price=+-12.5+", "price=-12.50 "},
    {"price=0", "price=0.00 "},
    {"price=-0.00", "price=0.00 "},
    {"price=007", "price=7.00 "},
    {"price=1.8900", "price=1.89 "},
    {"price=1000.00", "price=1000.00 "},
    {"price=1000.01", "price must be from -1000.00 to 1000.00."},
    {"price=-1000.01", "price must be from -1000.00 to 1000.00."},
    {"price=1.891", PRICE},
    {"price=.5", PRICE},
    {"price=5.", PRICE},
    {"price=-", PRICE},
    {"price=-.5", PRICE},
    {"price=--1", PRICE},
    {"price=1.2.3", PRICE},
    {"price=%2B1", PRICE},
    {"price=1,5", PRICE},
    {"price=1e2", PRICE},
    {"price=0x10", PRICE},
    {"price=1%00", PRICE},
    {"price=NaN", PRICE},
    {"price=%24", PRICE},
    {"price=+", ""},
    {"ratio=9223372036854775807", "ratio=9223372036854775807 "},
    {"ratio=-9223372036854775808", "ratio=-9223372036854775808 "},
    {"ratio=9223372036854775808", RATIO},
    {"ratio=-9223372036854775809", RATIO},
    {"ratio=1.0", "ratio=1 "},
    {"ratio=1.5", RATIO},
    {"tiny=0.000000000000000001", "tiny=0.000000000000000001 "},
    {"tiny=-9.223372036854775808", "tiny=-9.223372036854775808 "},
    {"tiny=9.223372036854775808", TINY},
    {"tiny=10", TINY},
    {"tiny=0.0000000000000000001", TINY},
    {"low=0.5", "low=0.5 "},
    {"low=0.4", "low must be from 0.5 to 0.5."},
    /* Choices. */
    {"colour=red", "colour=red "},
    {"colour=+blue+", "colour=blue "},
    {"colour=", ""},
    {"colour=Red", COLOUR},
    {"colour=redd", COLOUR},
    {"colour=re", COLOUR},
    {"colour=0", COLOUR},
    {"colour=red&colour=red", "colour is given more than once; give it once."},
    /* Texts are repeated. */
    {"tags=a", "tags=a, "},
    {"tags=a&price=1&tags=b", "price=1.00 tags=a,b, "},
    {"tags=&tags=a&tags=+", "tags=a, "},
    {"tags=a&tags=a", "tags=a,a, "},
    {"tags=", ""},
    {"tags=a&tags=b&tags=c&tags=d", "tags may have at most 3 items."},
    {"tags=abcdef", "tags[0] has 6 characters; give at most 5."},
    {"tags=a&tags=abcdef", "tags[1] has 6 characters; give at most 5."},
    {"tags=a%00", "tags[0] holds a NUL character; leave it out."},
    {"tags[]=a&tags[]=b", "tags takes nothing after its name; repeat the name for each value."},
    {"tags.0=a", "tags takes nothing after its name; repeat the name for each value."},
    {"TAGS=a", "tags has other capitals in its name; write the name as here."},
    /* Numbers and decimals have commas between them. */
    {"marks=1.50,2", "marks=1.50,2, "},
    {"marks=1,,2", MARKS},
    {"marks=,", MARKS},
    {"marks=123456", "marks has 6 characters; give at most 5."},
    {"marks=1&marks=2", "marks is given more than once; give it once."},
    {"marks=1,2,3,4", "marks may have at most 3 items."},
    {"prices=1.5,+2+,-0.25", "prices=1.50,2.00,-0.25, "},
    {"prices=50.01", "prices must be from -1.00 to 50.00."},
    {"prices=1,2,3,4", "prices may have at most 3 items."},
    {"prices[]=1", "prices takes no brackets after its name; send one value, such as 25,10,5,1."},
    /* Maps. */
    {"labels=%7B%22a%22:%22b%22,%22c%22:%22,:%22%7D", "labels=a:b,c:,:, "},
    {"labels={\"a\":\"b\"}", "labels=a:b, "},
    {"labels={\"a\":\"b\",\"a\":\"c\"}", LABELS},
    {"labels=a:b", LABELS},
    {"labels=[]", LABELS},
    {"labels=\"a\"", LABELS},
    {"labels={\"a\":1}", "labels.a must be text."},
    {"labels={}", "labels is empty; leave it out or give at least one item."},
    {"labels={\"a\":\"1\",\"b\":\"2\",\"c\":\"3\"}", "labels may have at most 2 items."},
    {"labels={\"a\":\"1\"}&labels={\"b\":\"2\"}", "labels is given more than once; give it once."},
    {"labels[a]=b",
     "labels takes no brackets after its name; send one value, such as {\"a\":\"b\"}."},
    {"rates=a:1.5,+b+:-2", "rates=a:1.500,b:-2.000, "},
    {"rates=1:1,01:2", "rates=1:1.000,01:2.000, "},
    {"rates=a:1,a:2", "rates names a more than once; name it once."},
    {"rates=a:1,+a+:2", "rates names a more than once; name it once."},
    {"rates=a", RATES},
    {"rates=a:1,", RATES},
    {"rates=a:1,b:2,c:3", "rates may have at most 2 items."},
    {"rates.a=1", "rates takes no dot after its name; send one value, such as 25:2,10:0."},
    {"sizes=a:1.50,b:x", "sizes=a:1.50,b:x, "},
    {"sizes=a:123456", "sizes has 6 characters; give at most 5."},
    /* Files in base64. */
    {"pictures=%2F9j/&pictures=AA==", "pictures=FFD8FF  ,00  , "},
    {"pictures=AAAAAAA=", "pictures[0] has 5 bytes; give at most 4."},
    {"pictures=AA==&pictures=*", "pictures[1] isn't base64; base64 -w0 FILE makes it of a file."},
    {"pictures=AA==&pictures=AA==&pictures=AA==", "pictures may have at most 2 items."},
    /* All at once. */
    {"price=x&colour=x&tags=abcdef&rates=a:9999&tags=b",
     PRICE " | " COLOUR " | tags[0] has 6 characters; give at most 5. | "
           "rates must be from -1000.000 to 1000.000."},
};

START_TEST(reads_a_query)
{
    bool fine = asking_read(&asking, &kinds, text_of(forms[_i].form), "", TEXT(""));
    ck_assert_str_eq(asking_outcome(&asking, fine), forms[_i].outcome);
}
END_TEST

START_TEST(reads_a_form)
{
    bool fine = asking_read(&asking, &kinds, TEXT(""), ASKING_FORM, text_of(forms[_i].form));
    ck_assert_str_eq(asking_outcome(&asking, fine), forms[_i].outcome);
    ck_assert(fine || asking.response.status == 422);
}
END_TEST

static const struct {
    const char *json, *outcome;
} documents[] = {
    /* Decimals, whose exponent is JSON's alone. */
    {"{\"price\":1.89}", "price=1.89 "},
    {"{\"price\":-1e2}", "price=-100.00 "},
    {"{\"price\":1.5E+1}", "price=15.00 "},
    {"{\"price\":189e-2}", "price=1.89 "},
    {"{\"price\":0.00189e3}", "price=1.89 "},
    {"{\"price\":0e99999999999999999999}", "price=0.00 "},
    {"{\"price\":1890e-3}", "price=1.89 "},
    {"{\"price\":1891e-3}", PRICE},
    {"{\"price\":1e-99999999999999999999}", PRICE},
    {"{\"price\":1e17}", PRICE},
    {"{\"price\":1e4}", "price must be from -1000.00 to 1000.00."},
    {"{\"price\":\"1.89\"}", "price=1.89 "},
    {"{\"price\":\"1e2\"}", PRICE},
    {"{\"price\":true}", PRICE},
    {"{\"price\":[1]}", PRICE},
    {"{\"price\":null,\"ratio\":\"\"}", ""},
    {"{\"ratio\":1e18}", "ratio=1000000000000000000 "},
    {"{\"ratio\":-922337203685477580.8e1}", "ratio=-9223372036854775808 "},
    {"{\"ratio\":1e19}", RATIO},
    {"{\"tiny\":1e-18}", "tiny=0.000000000000000001 "},
    {"{\"tiny\":1e-19}", TINY},
    /* Choices. */
    {"{\"colour\":\"green\"}", "colour=green "},
    {"{\"colour\":0}", COLOUR},
    {"{\"colour\":[\"red\"]}", COLOUR},
    {"{\"colour\":true}", COLOUR},
    /* Texts. */
    {"{\"tags\":[\"a\",\"b,c\",\"\\u00e9\"]}", "tags=a,b,c,\xC3\xA9, "},
    {"{\"tags\":[]}", "tags is empty; leave it out or give at least one item."},
    {"{\"tags\":[\"\"]}", "tags[0] has 0 characters; give at least 1."},
    {"{\"tags\":[\"a\",1]}", "tags[1] must be text."},
    {"{\"tags\":[null]}", "tags[0] must be text."},
    {"{\"tags\":[[\"a\"]]}", "tags[0] must be text."},
    {"{\"tags\":\"a\"}", TAGS},
    {"{\"tags\":\"[\\\"a\\\"]\"}", TAGS},
    {"{\"tags\":7}", TAGS},
    {"{\"tags\":{}}", TAGS},
    {"{\"tags\":[\"a\",\"b\",\"c\",\"d\"]}", "tags may have at most 3 items."},
    /* Numbers and decimals. */
    {"{\"marks\":[1.50,\"2\",1e9]}", "marks=1.50,2,1e9, "},
    {"{\"marks\":\"1,2\"}", "marks=1,2, "},
    {"{\"prices\":[1.5,2e1,\"3\"]}", "prices=1.50,20.00,3.00, "},
    {"{\"prices\":\"1.5,2\"}", "prices=1.50,2.00, "},
    {"{\"prices\":1.5}", "prices must be a list of numbers, such as [25,10,5,1]."},
    {"{\"prices\":{\"a\":1}}", "prices must be a list of numbers, such as [25,10,5,1]."},
    {"{\"prices\":[]}", "prices is empty; leave it out or give at least one item."},
    {"{\"prices\":[1,2,3,4]}", "prices may have at most 3 items."},
    {"{\"prices\":[51]}", "prices must be from -1.00 to 50.00."},
    /* Maps. */
    {"{\"labels\":{\"a\":\"b\",\"\":\"c\"}}", "labels=a:b,:c, "},
    {"{\"labels\":{\"\\u0061\":\"b\"}}", "labels=a:b, "},
    {"{\"labels\":\"{\\\"a\\\":\\\"b\\\"}\"}", LABELS},
    {"{\"labels\":[\"a\"]}", LABELS},
    {"{\"labels\":{\"a\":null}}", "labels.a must be text."},
    {"{\"labels\":{\"a\":\"abcdef\"}}", "labels.a has 6 characters; give at most 5."},
    {"{\"rates\":{\"a\":1e-3,\"b\":\"2\"}}", "rates=a:0.001,b:2.000, "},
    {"{\"rates\":\"a:1,b:2\"}", "rates=a:1.000,b:2.000, "},
    {"{\"rates\":\"a:1,a:2\"}", "rates names a more than once; name it once."},
    {"{\"rates\":{\"a\":1001}}", "rates must be from -1000.000 to 1000.000."},
    {"{\"rates\":[1]}", "rates must be an object of named values, such as {\"25\":2,\"10\":0}."},
    {"{\"sizes\":{\"a\":1.50,\"b\":\"x\"}}", "sizes=a:1.50,b:x, "},
    {"{\"sizes\":{\"a\":true}}", "sizes must be a number, or text that holds one."},
    /* Files. */
    {"{\"pictures\":[\"/9j/\",\"data:image/png;base64,AA==\"]}",
     "pictures=FFD8FF  ,00 image/png , "},
    {"{\"pictures\":\"/9j/\"}",
     "pictures must be a list of files in base64, such as [\"a\",\"b\"]."},
    {"{\"pictures\":[1]}", "pictures[0] must be a file, or its bytes as text in base64."},
    {"{\"pictures\":[\"AA==\",\"\"]}", "pictures[1] has 0 bytes; give at least 1."},
};

START_TEST(reads_json)
{
    bool fine = asking_read(&asking, &kinds, TEXT(""), ASKING_JSON, text_of(documents[_i].json));
    ck_assert_str_eq(asking_outcome(&asking, fine), documents[_i].outcome);
}
END_TEST

#define PART ASKING_PART

static const struct {
    dime_text body;
    const char *outcome;
} parts[] = {
    {TEXT(PART "pictures; filename=a.png\r\nContent-Type: image/png\r\n\r\n\x89P\r\n" PART
               "tags\r\n\r\na\r\n" PART "pictures; filename=b\r\n\r\n\0\r\n" PART
               "tags\r\n\r\nb\r\n--x--"),
     "tags=a,b, pictures=8950 image/png a.png,00  b, "},
    {TEXT(PART
          "pictures; filename=\"\"\r\nContent-Type: application/octet-stream\r\n\r\n\r\n--x--"),
     ""},
    {TEXT(PART "pictures; filename=a\r\n\r\n1\r\n" PART
               "pictures; filename=b\r\n\r\n12345\r\n--x--"),
     "pictures[1] has 5 bytes; give at most 4."},
    {TEXT(PART "pictures; filename=a\r\n\r\n1\r\n" PART "pictures; filename=b\r\n\r\n2\r\n" PART
               "pictures; filename=c\r\n\r\n3\r\n--x--"),
     "pictures may have at most 2 items."},
    {TEXT(PART "tags\r\n\r\na\r\n" PART "tags\r\n\r\n\xFF\r\n--x--"),
     "tags[1] must be text in UTF-8."},
};

START_TEST(reads_parts)
{
    bool fine = asking_read(&asking, &kinds, TEXT(""), ASKING_PARTS, parts[_i].body);
    ck_assert_str_eq(asking_outcome(&asking, fine), parts[_i].outcome);
}
END_TEST

/* A map's names are text as its values are: UTF-8 without NUL. */
START_TEST(refuses_names_that_are_no_text)
{
    ck_assert(!asking_read(&asking, &kinds, TEXT("rates=a%00b:1"), "", TEXT("")));
    ck_assert_int_eq(asking.response.status, 422);
    ck_assert(!asking_read(&asking, &kinds, TEXT(""), ASKING_PARTS,
                           TEXT(PART "rates\r\n\r\n\xFF:1\r\n--x--")));
    ck_assert_int_eq(asking.response.status, 422);
}
END_TEST

/* What a form repeats may stand in the query as well; an array is the whole list. */
START_TEST(adds_to_the_query)
{
    bool fine = asking_read(&asking, &kinds, TEXT("tags=a"), ASKING_FORM, TEXT("tags=b&tags=c"));
    ck_assert_str_eq(asking_outcome(&asking, fine), "tags=a,b,c, ");
    fine = asking_read(&asking, &kinds, TEXT("tags=a"), ASKING_JSON, TEXT("{\"tags\":[\"b\"]}"));
    ck_assert_str_eq(asking_outcome(&asking, fine), "tags is given more than once; give it once.");
    fine = asking_read(&asking, &kinds, TEXT("prices=1"), ASKING_FORM, TEXT("prices=2"));
    ck_assert_str_eq(asking_outcome(&asking, fine),
                     "prices is given more than once; give it once.");
}
END_TEST

/* The compiler lays lists and maps out as the library fills them. */
START_TEST(fills_the_authors_struct)
{
    static const char json[] =
        "{\"price\":-0.01,\"colour\":\"blue\",\"tags\":[\"a,b\",\"c\"],\"labels\":{\"x\":\"y\","
        "\"z\":\"w\"},\"rates\":{\"k\":1,\"l\":2.5},\"pictures\":[\"AA==\",\"/9j/\"]}";
    ck_assert(asking_read(&asking, &kinds, TEXT(""), ASKING_JSON, text_of(json)));
    const struct kinds *input = (const void *)asking.call.input->base;
    ck_assert_int_eq(input->price, -1);
    ck_assert_int_eq(input->colour, 2);
    ck_assert_uint_eq(input->tags.count, 2);
    ck_assert(text_equal(input->tags.items[0], TEXT("a,b")));
    ck_assert(text_equal(input->tags.items[1], TEXT("c")));
    ck_assert(text_equal(input->labels.items[1].name, TEXT("z")));
    ck_assert(text_equal(input->labels.items[1].value, TEXT("w")));
    ck_assert(text_equal(input->rates.items[1].name, TEXT("l")));
    ck_assert_int_eq(input->rates.items[1].value, 2500);
    ck_assert(text_equal(input->pictures.items[1].bytes, TEXT("\xFF\xD8\xFF")));
    ck_assert_uint_eq(input->marks.count + input->prices.count + input->sizes.count, 0);
}
END_TEST

/* A page shows lists and maps again as a form writes them. */
START_TEST(keeps_what_was_given)
{
    asking_read(&asking, &kinds, TEXT(""), ASKING_JSON,
                TEXT("{\"price\":1.50,\"marks\":[1.50,2],\"prices\":[1.5,2],"
                     "\"rates\":{\"a\":1.5,\"b\":2}}"));
    ck_assert(text_equal(asking.call.values[0].text, TEXT("1.50")));
    ck_assert(text_equal(asking.call.values[6].text, TEXT("1.50,2")));
    ck_assert(text_equal(asking.call.values[7].text, TEXT("1.50,2.00")));
    ck_assert(text_equal(asking.call.values[9].text, TEXT("a:1.500,b:2.000")));
    asking_read(&asking, &kinds, TEXT("prices=1,x&labels=x&rates=a:1&colour=x"), "", TEXT(""));
    ck_assert(text_equal(asking.call.values[4].text, TEXT("x")));
    ck_assert(text_equal(asking.call.values[7].text, TEXT("1,x")));
    ck_assert(text_equal(asking.call.values[8].text, TEXT("x")));
    ck_assert(text_equal(asking.call.values[9].text, TEXT("a:1")));
}
END_TEST

struct fallen {
    dime_text text, number, json;
    int64_t decimal, integer;
    bool boolean;
    int colour;
    dime_file file;
    DIME_LIST_OF(dime_text) texts;
    DIME_LIST_OF(dime_text) numbers;
    DIME_LIST_OF(int64_t) decimals;
    DIME_LIST_OF(int64_t) integers;
    DIME_MAP_OF(dime_text) text_map;
    DIME_MAP_OF(dime_text) number_map;
    DIME_MAP_OF(int64_t) decimal_map;
    DIME_MAP_OF(int64_t) integer_map;
};

static const dime_field FALLEN[] = {
    DIME_TEXT(struct fallen, text, .fallback = "world"),
    DIME_NUMBER(struct fallen, number, .fallback = "1.50"),
    DIME_JSON(struct fallen, json, .fallback = "[1]"),
    DIME_DECIMAL(struct fallen, decimal, .places = 2, .fallback = "2.5"),
    DIME_INTEGER(struct fallen, integer, .fallback = "-7"),
    DIME_BOOLEAN(struct fallen, boolean, .fallback = "yes"),
    DIME_CHOICE(struct fallen, colour, .choices = COLOURS, .fallback = "green"),
    DIME_FILE(struct fallen, file, .fallback = "/9j/"),
    DIME_TEXTS(struct fallen, texts, .fallback = "a,b"),
    DIME_NUMBERS(struct fallen, numbers, .fallback = "1.0,2"),
    DIME_DECIMALS(struct fallen, decimals, .places = 1, .fallback = "1.5,2"),
    DIME_INTEGERS(struct fallen, integers, .fallback = "25,10"),
    DIME_TEXT_MAP(struct fallen, text_map, .fallback = "{\"a\":\"b\"}"),
    DIME_NUMBER_MAP(struct fallen, number_map, .fallback = "a:1.0"),
    DIME_DECIMAL_MAP(struct fallen, decimal_map, .places = 1, .fallback = "a:1.5"),
    DIME_INTEGER_MAP(struct fallen, integer_map, .fallback = "25:2,10:0"),
};
static const dime_function fallen = {.name = "fallen", DIME_INPUT(struct fallen, FALLEN)};

#define BEHIND_TEXT                                                                                \
    "number~1.50 json~[1] decimal~2.50 integer~-7 boolean~yes colour~green file~FFD8FF   "         \
    "texts~a,b, numbers~1.0,2, decimals~1.5,2.0, integers~25,10, text_map~a:b, number_map~a:1.0, " \
    "decimal_map~a:1.5, "

START_TEST(falls_back)
{
    bool fine = asking_read(&asking, &fallen, TEXT(""), "", TEXT(""));
    ck_assert_str_eq(asking_outcome(&asking, fine),
                     "text~world " BEHIND_TEXT "integer_map~25:2,10:0, ");
    const struct fallen *input = (const void *)asking.call.input->base;
    ck_assert_uint_eq(input->texts.count, 1); /* as a query would have it */
    ck_assert(!dime_given(&asking.call, &input->text));
    for (size_t i = 0; i < fallen.field_count; i++)
        ck_assert(!asking.call.values[i].given && !asking.call.values[i].text.length);
    fine = asking_read(&asking, &fallen, TEXT("text=&number=+"), ASKING_JSON,
                       TEXT("{\"text\":null,\"boolean\":null}"));
    ck_assert_str_eq(asking_outcome(&asking, fine),
                     "text~world " BEHIND_TEXT "integer_map~25:2,10:0, ");
    fine = asking_read(&asking, &fallen, TEXT("integer_map=1:1"), ASKING_FORM, TEXT("text=me"));
    ck_assert_str_eq(asking_outcome(&asking, fine), "text=me " BEHIND_TEXT "integer_map=1:1, ");
    input = (const void *)asking.call.input->base;
    ck_assert(dime_given(&asking.call, &input->text));
    fine = asking_read(&asking, &fallen, TEXT("boolean=no&colour=red"), "", TEXT(""));
    input = (const void *)asking.call.input->base;
    ck_assert(fine && !input->boolean && input->colour == 0);
}
END_TEST

struct roomy {
    dime_text text, number;
    dime_file file;
    DIME_LIST_OF(int64_t) integers;
    DIME_LIST_OF(dime_text) texts;
    int64_t integer;
};

static const dime_field ROOMY[] = {
    DIME_TEXT(struct roomy, text),
    DIME_NUMBER(struct roomy, number),
    DIME_FILE(struct roomy, file, .types = "image/png"),
    DIME_INTEGERS(struct roomy, integers),
    DIME_TEXTS(struct roomy, texts),
    DIME_INTEGER(struct roomy, integer),
};
static const dime_function roomy = {.name = "roomy", DIME_INPUT(struct roomy, ROOMY)};

/* HEAD, then COUNT times PIECE. */
static dime_text repeated(const char *head, const char *piece, size_t count)
{
    struct buffer out;
    buffer_open(&out, &asking.arena, 1 << 16);
    buffer_puts(&out, head);
    for (size_t i = 0; i < count; i++)
        buffer_puts(&out, piece);
    buffer_put(&out, (dime_text){"", 1});
    ck_assert(!out.failed);
    return text_of(out.data);
}

START_TEST(has_useful_limits)
{
    const struct {
        const char *head, *piece;
        size_t most;
        const char *wrong;
    } CASES[] = {
        {"text=", "a", FIELD_TEXT_MAX, "text has 10001 characters; give at most 10000."},
        {"number=", "1", FIELD_NUMBER_MAX, "number has 129 characters; give at most 128."},
        {"integers=1", ",1", FIELD_ITEMS_MAX - 1, "integers may have at most 1000 items."},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        dime_text most = repeated(CASES[i].head, CASES[i].piece, CASES[i].most);
        ck_assert(asking_read(&asking, &roomy, TEXT(""), ASKING_FORM, most));
        dime_text more = repeated(CASES[i].head, CASES[i].piece, CASES[i].most + 1);
        bool fine = asking_read(&asking, &roomy, TEXT(""), ASKING_FORM, more);
        ck_assert_str_eq(asking_outcome(&asking, fine), CASES[i].wrong);
    }
    ck_assert(asking_read(&asking, &roomy, TEXT("integer=-9223372036854775808"), "", TEXT("")));
    dime_text texts = repeated("{\"texts\":[\"a\"", ",\"a\"", FIELD_ITEMS_MAX);
    bool fine = asking_read(&asking, &roomy, TEXT(""), ASKING_JSON, repeated(texts.data, "]}", 1));
    ck_assert_str_eq(asking_outcome(&asking, fine), "texts may have at most 1000 items.");
    static const char bytes[FIELD_FILE_MAX + 1];
    dime_text file = {bytes, FIELD_FILE_MAX};
    ck_assert(asking_read(&asking, &roomy, TEXT(""), "image/png", file));
    file.length++;
    fine = asking_read(&asking, &roomy, TEXT(""), "image/png", file);
    ck_assert_str_eq(asking_outcome(&asking, fine), "file has 8.1 MiB; give at most 8 MiB.");
}
END_TEST

/* Items that a form repeats keep their values while the list grows. */
START_TEST(keeps_items_that_are_repeated)
{
    struct buffer form;
    buffer_open(&form, &asking.arena, 1 << 16);
    for (size_t i = 0; i < FORM_PAIRS_MAX; i++)
        buffer_printf(&form, "texts=t%zu&", i);
    ck_assert(asking_read(&asking, &roomy, TEXT(""), ASKING_FORM, buffer_text(&form)));
    const struct roomy *input = (const void *)asking.call.input->base;
    ck_assert_uint_eq(input->texts.count, FORM_PAIRS_MAX);
    for (size_t i = 0; i < FORM_PAIRS_MAX; i++) {
        char wanted[16];
        snprintf(wanted, sizeof wanted, "t%zu", i);
        ck_assert(text_equal(input->texts.items[i], text_of(wanted)));
    }
}
END_TEST

static const struct {
    const dime_function *function;
    const char *type, *body;
} hungry[] = {
    {&kinds, ASKING_FORM,
     "tags=%61&tags=b&tags=c&pictures=/9j/&pictures=AA==&prices=1,2&labels={\"\\u0061\":\"\\n\"}&"
     "rates=%61:1,b:2"},
    {&kinds, ASKING_FORM, "tags=abcdef&price=10000&colour=x&labels={\"\\u0061\":\"abcdef\"}"},
    {&kinds, ASKING_JSON,
     "{\"tags\":[\"a\",\"\\u0062\"],\"prices\":[1],\"marks\":[1],\"labels\":{\"a\":\"\\n\"},"
     "\"rates\":{\"a\":1},\"sizes\":{\"a\":1},\"pictures\":[\"AA==\"]}"},
    {&fallen, ASKING_FORM, "text=a"},
};

/* With any amount of memory it's read as with plenty, or the arena has failed. */
START_TEST(survives_the_end_of_memory)
{
    size_t limit = 0, failures = 0;
    bool whole = false, fine = asking_read(&asking, hungry[_i].function, TEXT(""), hungry[_i].type,
                                           text_of(hungry[_i].body));
    const char *wanted = asking_outcome(&asking, fine);
    for (; !whole; limit += 8) {
        struct asking small;
        asking_open(&small, limit);
        fine = asking_read(&small, hungry[_i].function, TEXT(""), hungry[_i].type,
                           text_of(hungry[_i].body));
        whole = !small.arena.failed;
        ck_assert(whole || !fine);
        failures += !whole;
        small.arena.limit = 1 << 20;
        if (whole)
            ck_assert_str_eq(asking_outcome(&small, fine), wanted);
        asking_close(&small);
    }
    ck_assert_uint_gt(failures, 20);
    ck_assert_uint_lt(limit, 1 << 17);
}
END_TEST

Suite *fields_kinds_suite(void)
{
    Suite *suite = suite_create("fields_kinds");
    TCase *reading = tcase_create("reading");
    tcase_add_checked_fixture(reading, begin, end);
    tcase_add_loop_test(reading, reads_a_query, 0, sizeof forms / sizeof *forms);
    tcase_add_loop_test(reading, reads_a_form, 0, sizeof forms / sizeof *forms);
    tcase_add_loop_test(reading, reads_json, 0, sizeof documents / sizeof *documents);
    tcase_add_loop_test(reading, reads_parts, 0, sizeof parts / sizeof *parts);
    tcase_add_test(reading, refuses_names_that_are_no_text);
    tcase_add_test(reading, adds_to_the_query);
    tcase_add_test(reading, fills_the_authors_struct);
    tcase_add_test(reading, keeps_what_was_given);
    tcase_add_test(reading, falls_back);
    tcase_add_test(reading, has_useful_limits);
    tcase_add_test(reading, keeps_items_that_are_repeated);
    tcase_add_loop_test(reading, survives_the_end_of_memory, 0, sizeof hungry / sizeof *hungry);
    suite_add_tcase(suite, reading);
    return suite;
}
