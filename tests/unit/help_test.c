/*
 * help_test.c - a function's tables in words, as a person reads them at a terminal.
 *
 * Each kind, shape and limit is in one table, beside the whole text that becomes of it.
 */
#include "request/help.h"

#include <check.h>

Suite *help_suite(void);

struct leg {
    int64_t price;
    dime_text a_name_that_is_long;
};

static const dime_field legs[] = {
    DIME_DECIMAL(struct leg, price, .required = true, .places = 2, .min = 1, .max = 500),
    DIME_TEXT(struct leg, a_name_that_is_long, .max = 9, .help = "whose"),
};

struct trip {
    dime_text word, lines, short_of, number, figure, tree, leaf;
    bool flag, on;
    int choice;
    int64_t any, least, most, range, one, decimal;
    DIME_LIST_OF(int64_t) list, decimals;
    DIME_LIST_OF(dime_text) words;
    DIME_LIST_OF(dime_file) files;
    DIME_MAP_OF(int64_t) map, whole;
    struct leg first;
    DIME_LIST_OF(struct leg) legs;
    DIME_MAP_OF(struct leg) named;
    dime_file picture, file;
};

static const char *const choices[] = {"one",   "two",   "three", "four", "five", "six",
                                      "seven", "eight", "nine",  "ten",  NULL};

static const dime_field trips[] = {
    DIME_TEXT(struct trip, word, .min = 1, .max = 90, .required = true, .help = "a \"word\""),
    DIME_LINES(struct trip, lines, .fallback = "x"),
    DIME_TEXT(struct trip, short_of, .min = 3),
    DIME_NUMBER(struct trip, number),
    DIME_NUMBER(struct trip, figure, .max = 5),
    DIME_JSON(struct trip, tree),
    DIME_JSON(struct trip, leaf, .max = 5),
    DIME_BOOLEAN(struct trip, flag, .help = "whether"),
    DIME_BOOLEAN(struct trip, on, .fallback = "yes"),
    DIME_CHOICE(struct trip, choice, .choices = choices, .fallback = "two"),
    DIME_INTEGER(struct trip, any),
    DIME_INTEGER(struct trip, least, .min = 1),
    DIME_INTEGER(struct trip, most, .min = INT64_MIN, .max = 9),
    DIME_INTEGER(struct trip, range, .min = -5, .max = 5, .fallback = "0"),
    DIME_DECIMAL(struct trip, one, .places = 1, .min = 15),
    DIME_DECIMAL(struct trip, decimal, .places = 2),
    DIME_INTEGERS(struct trip, list, .min = 1, .max = 2, .most = 3),
    DIME_DECIMALS(struct trip, decimals, .places = 2),
    DIME_TEXTS(struct trip, words, .max = 3),
    DIME_FILES(struct trip, files, .max = 100),
    DIME_INTEGER_MAP(struct trip, map),
    DIME_INTEGER_MAP(struct trip, whole, .whole_names = true, .max = 2),
    DIME_OBJECT(struct trip, first, struct leg, legs),
    DIME_OBJECTS(struct trip, legs, struct leg, legs, .most = 2, .help = "the way"),
    DIME_OBJECT_MAP(struct trip, named, struct leg, legs),
    DIME_FILE(struct trip, picture, .min = 1, .types = "image/jpeg, image/png"),
    DIME_FILE(struct trip, file, .min = 2, .max = 100),
};

static const dime_route routes[] = {
    DIME_ROUTE("GET /", NULL),
    DIME_ROUTE("DELETE /{price}", NULL, DIME_INPUT(struct leg, legs)),
};

static const dime_setting settings[] = {
    {.name = "SOME_KEY", .required = true, .secret = true, .help = "a key"},
    {.name = "SECRET_WITH_A_LONG_NAME", .secret = true, .fallback = "hidden", .help = "another"},
    {.name = "PLACE", .fallback = "here"},
};

static const dime_function function = {
    .name = "trip",
    .summary = "Trips",
    DIME_INPUT(struct trip, trips),
    DIME_ROUTES(routes),
    DIME_SETTINGS(settings),
};

#define LEG                                                                                        \
    "    price        number from 0.01 to 5.00, with at most 2 decimal places\n"                   \
    "                 (required)\n"                                                                \
    "    a_name_that_is_long\n"                                                                    \
    "                 text of at most 9 characters\n"                                              \
    "                 whose\n"

static const char expected[] =
    "Its fields:\n"
    "\n"
    "  word           text of 1 to 90 characters (required)\n"
    "                 a \"word\"\n"
    "  lines          text of several lines, of at most 10000 characters (default:\n"
    "                 x)\n"
    "  short_of       text of 3 to 10000 characters\n"
    "  number         number\n"
    "  figure         number of at most 5 characters\n"
    "  tree           JSON value\n"
    "  leaf           JSON value of at most 5 bytes\n"
    "  flag           true or false\n"
    "                 whether\n"
    "  on             true or false (default: yes)\n"
    "  choice         one of one, two, three, four, five, six, seven, eight, nine,\n"
    "                 ten (default: two)\n"
    "  any            whole number\n"
    "  least          whole number, at least 1\n"
    "  most           whole number, at most 9\n"
    "  range          whole number from -5 to 5 (default: 0)\n"
    "  one            number, at least 1.5, with at most 1 decimal place\n"
    "  decimal        number, with at most 2 decimal places\n"
    "  list           list of whole numbers from 1 to 2, at most 3 of them\n"
    "  decimals       list of numbers, with at most 2 decimal places, at most 1000\n"
    "                 of them\n"
    "  words          list of texts of at most 3 characters, at most 1000 of them\n"
    "  files          list of files of at most 100 bytes, at most 1000 of them\n"
    "  map            map of names to whole numbers, at most 1000 of them\n"
    "  whole          map of whole numbers to whole numbers from 0 to 2, at most\n"
    "                 1000 of them\n"
    "  first          object\n" LEG "  legs           list of objects, at most 2 of them\n"
    "                 the way\n" LEG
    "  named          map of names to objects, at most 1000 of them\n" LEG
    "  picture        file of at most 8 MiB: image/jpeg, image/png\n"
    "  file           file of 2 to 100 bytes\n"
    "\n"
    "GET /\n"
    "\n"
    "DELETE /{price}\n"
    "\n"
    "  price          number from 0.01 to 5.00, with at most 2 decimal places\n"
    "                 (required)\n"
    "  a_name_that_is_long\n"
    "                 text of at most 9 characters\n"
    "                 whose\n"
    "\n"
    "Its settings, in the environment:\n"
    "\n"
    "  SOME_KEY       a key (required)\n"
    "  SECRET_WITH_A_LONG_NAME\n"
    "                 another\n"
    "  PLACE          (default: here)\n"
    "\n";

START_TEST(puts_tables_in_words)
{
    struct arena arena;
    struct buffer help;
    arena_open(&arena, 1 << 20);
    buffer_open(&help, &arena, 65536);
    help_write(&function, &help);
    size_t same = 0;
    while (same < help.length && help.data[same] == expected[same])
        same++;
    ck_assert(!help.failed);
    ck_assert_msg(same == help.length && same == sizeof expected - 1, "from here: %.*s",
                  help.length - same < 200 ? (int)(help.length - same) : 200, help.data + same);
    arena_close(&arena);
}
END_TEST

START_TEST(says_nothing_of_nothing)
{
    static const dime_function none = {.name = "none", .summary = "Does nothing"};
    struct arena arena;
    struct buffer help;
    arena_open(&arena, 1 << 20);
    buffer_open(&help, &arena, 65536);
    help_write(&none, &help);
    ck_assert_uint_eq(help.length, 0);
    arena_close(&arena);
}
END_TEST

/* Whatever part of it has no memory, the whole has failed. */
START_TEST(fails_without_memory)
{
    size_t failures = 0;
    for (bool fine = false; !fine; failures += !fine) {
        struct arena arena;
        struct buffer help;
        arena_open(&arena, failures * 256);
        buffer_open(&help, &arena, 65536);
        help_write(&function, &help);
        fine = !help.failed;
        ck_assert(!fine || help.length == sizeof expected - 1);
        arena_close(&arena);
    }
    ck_assert_uint_gt(failures, 10);
}
END_TEST

Suite *help_suite(void)
{
    Suite *suite = suite_create("help");
    TCase *words = tcase_create("words");
    tcase_add_test(words, puts_tables_in_words);
    tcase_add_test(words, says_nothing_of_nothing);
    tcase_add_test(words, fails_without_memory);
    suite_add_tcase(suite, words);
    return suite;
}
