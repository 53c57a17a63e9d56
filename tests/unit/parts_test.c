/*
 * parts_test.c - what `dime describe` makes of descriptions, and the files that `dime host` puts
 * into place, with every allocation made to fail once.
 *
 * A configuration with a piece missing may still be one, and mean something else: so memory that
 * runs out must leave none. What servers make of whole ones is for the tests of hosts.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fail_malloc.h"
#include "tool/describe/describe.h"
#include "tool/describe/placing.h"
#include "unit.h"

Suite *parts_suite(void);

static const struct describe_places HERE = {
    .sockets = "/run/dime", .programs = "/usr/libexec/dime", .settings = "/etc/dime"};

static const char WHOLE[] =
    "{\"dime\":1,\"name\":\"some\",\"summary\":\"Does \\\"some\\\"\",\"effects\":\"creates\","
    "\"bodyMax\":100000,\"tooLarge\":\"Send $less.\",\"heavy\":true,\"network\":true,"
    "\"routes\":[{\"effects\":\"reads\"},{\"effects\":\"creates\"}],"
    "\"settings\":[{\"name\":\"SOME_KEY\"},{\"name\":\"SOME_ROOM\"}]}";

static char why_not[PLACING_WHY], folder[64], file[256];

/* What the parts are filled from, by this description. */
static struct json_object *data_of_text(const char *text, const struct describe_places *places,
                                        const char **why)
{
    struct described described = {.tree = unit_json(text, strlen(text)), .path = "/x/some"};
    struct json_object *data = describe_data(&described, places, why);
    json_object_put(described.tree);
    return data;
}

START_TEST(fills_each_part)
{
    const char *why;
    struct json_object *data = data_of_text(WHOLE, &HERE, &why);
    ck_assert_msg(data, "%s", why);
    for (const struct describe_part *part = describe_parts; *part->option; part++) {
        char *text = describe_fill(part, data, &why);
        ck_assert_msg(text, "%s: %s", part->file, why);
        ck_assert_msg(strstr(text, "some"), "%s: %s", part->file, text);
        ck_assert_ptr_null(strstr(text, "{{"));
        free(text);
    }
    json_object_put(data);
}
END_TEST

START_TEST(takes_nothing_odd_from_a_sentence)
{
    const char *why;
    struct json_object *data = data_of_text(
        "{\"name\":\"a\",\"bodyMax\":1,\"summary\":\"\\\"a\\\\b${c}\\nd\",\"tooLarge\":\"\"}",
        &HERE, &why);
    struct json_object *summary = json_object_object_get(data, "summary");
    ck_assert_str_eq(json_object_get_string(summary), " a b  c  d");
    json_object_put(data);
}
END_TEST

START_TEST(cuts_a_sentence_between_characters)
{
    static const char BEFORE[] = "{\"name\":\"a\",\"bodyMax\":1,\"summary\":\"x";
    char text[4096];
    const char *why;
    int length = snprintf(text, sizeof text, "%s", BEFORE);
    for (int i = 0; i < 600; i++)
        length += snprintf(text + length, sizeof text - (size_t)length, "\xc3\xa9");
    snprintf(text + length, sizeof text - (size_t)length, "\"}");
    struct json_object *data = data_of_text(text, &HERE, &why);
    char *part = describe_fill(describe_parts, data, &why);
    ck_assert_msg(part, "%s", why);
    ck_assert_int_eq(json_object_get_string_len(json_object_object_get(data, "summary")), 1023);
    free(part);
    json_object_put(data);
}
END_TEST

START_TEST(refuses_what_would_mean_something_else)
{
    static const struct {
        const char *text;
        struct describe_places places;
        const char *why;
    } WRONG[] = {
        {"{\"name\":\"\",\"bodyMax\":1}", {"/r", "/p", "/s"}, "its name"},
        {"{\"name\":\"../x\",\"bodyMax\":1}", {"/r", "/p", "/s"}, "its name"},
        {"{\"name\":\"a.b\",\"bodyMax\":1}", {"/r", "/p", "/s"}, "its name"},
        {"{\"name\":\"a+\",\"bodyMax\":1}", {"/r", "/p", "/s"}, "its name"},
        {"{\"name\":\"-a\",\"bodyMax\":1}", {"/r", "/p", "/s"}, "its name"},
        {"{\"name\":\"dime-alarm\",\"bodyMax\":1}", {"/r", "/p", "/s"}, "its name"},
        {"{\"name\":7,\"bodyMax\":1}", {"/r", "/p", "/s"}, "its name"},
        {"{\"name\":\"a\"}", {"/r", "/p", "/s"}, "how large"},
        {"{\"name\":\"a\",\"bodyMax\":0}", {"/r", "/p", "/s"}, "how large"},
        {"{\"name\":\"a\",\"bodyMax\":-1}", {"/r", "/p", "/s"}, "how large"},
        {"{\"name\":\"a\",\"bodyMax\":1.5}", {"/r", "/p", "/s"}, "how large"},
        {"{\"name\":\"a\",\"bodyMax\":9223372036854775807}", {"/r", "/p", "/s"}, "how large"},
        {"{\"name\":\"a\",\"bodyMax\":1}", {"run", "/p", "/s"}, "a path"},
        {"{\"name\":\"a\",\"bodyMax\":1}", {"/r", "/p q", "/s"}, "a path"},
        {"{\"name\":\"a\",\"bodyMax\":1}", {"/r", "/p", ""}, "a path"},
        {"{\"name\":\"0123456789012345678901234567890123456789012345678901234567890123456789"
         "01234567890123456789012345\",\"bodyMax\":1}",
         {"/r2345", "/p", "/s"},
         "too long"},
    };
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        const char *why;
        ck_assert_ptr_null(data_of_text(WRONG[i].text, &WRONG[i].places, &why));
        ck_assert_msg(why && strstr(why, WRONG[i].why), "%s: %s", WRONG[i].text, why);
    }
}
END_TEST

/* The trees are made before memory fails. json-c loses a piece of a text that it has no room for,
 * and says nothing; a text that is made must be whole. */
START_TEST(makes_no_part_without_memory)
{
    const struct described described = {.tree = unit_json(WHOLE, sizeof WHOLE - 1),
                                        .path = "/x/some"};
    const char *why;
    for (const struct describe_part *part = describe_parts; *part->option; part++) {
        struct json_object *whole = describe_data(&described, &HERE, &why);
        char *wanted = describe_fill(part, whole, &why);
        bool failed = true;
        json_object_put(whole);
        for (size_t i = 0; failed; i++) {
            long before = fail_malloc_live();
            fail_malloc_begin(i);
            struct json_object *data = describe_data(&described, &HERE, &why);
            char *text = data ? describe_fill(part, data, &why) : NULL;
            failed = fail_malloc_end();
            ck_assert_msg(text || strcmp(why, "out of memory") == 0, "%zu: %s", i, why);
            if (text)
                ck_assert_str_eq(text, wanted);
            free(text);
            json_object_put(data);
            ck_assert_int_eq(fail_malloc_live(), before);
        }
        free(wanted);
    }
    json_object_put(described.tree);
}
END_TEST

static void make_folder(void)
{
    snprintf(folder, sizeof folder, "/tmp/dime-placing.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/some/part.conf", folder);
}

static void remove_folder(void)
{
    char other[sizeof file];
    static const char *const names[] = {"some/part.conf", "some/part.conf.new",
                                        "some/part.conf.old", "some/b.conf", "some"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(other, sizeof other, "%s/%s", folder, names[i]);
        (void)remove(other);
    }
    ck_assert_int_eq(rmdir(folder), 0); /* nothing else was left there */
}

static void check_file(const char *ending, const char *wanted)
{
    char path[sizeof file + 8];
    snprintf(path, sizeof path, "%s%s", file, ending);
    char *text = placing_read(path);
    ck_assert_int_eq(text != NULL, wanted != NULL);
    if (wanted)
        ck_assert_str_eq(text, wanted);
    free(text);
}

START_TEST(takes_back_what_was_placed)
{
    struct placing placing = {.count = 0};
    char other[sizeof file];
    struct stat stat_of_it;
    snprintf(other, sizeof other, "%s/some/b.conf", folder);
    ck_assert(placing_put(&placing, file, "a", NULL, why_not));
    ck_assert(placing_put(&placing, other, "b", NULL, why_not));
    placing_undo(&placing);
    check_file("", NULL);
    snprintf(other, sizeof other, "%s/some", folder);
    ck_assert_int_eq(stat(other, &stat_of_it), -1);

    ck_assert(placing_put(&placing, file, "old", NULL, why_not));
    placing_close(&placing);
    ck_assert(placing_put(&placing, file, "new", "old", why_not));
    check_file("", "new");
    placing_undo(&placing);
    check_file("", "old");
    ck_assert(placing_drop(&placing, file, "old", why_not));
    check_file("", NULL);
    placing_undo(&placing);
    check_file("", "old");
}
END_TEST

START_TEST(keeps_what_was_changed)
{
    struct placing placing = {.count = 0};
    ck_assert(placing_write(file, "hers"));
    ck_assert(placing_put(&placing, file, "new", "old", why_not));
    check_file("", "hers");
    check_file(".new", "new");
    ck_assert(placing_drop(&placing, file, "old", why_not));
    check_file("", "hers");
    placing_close(&placing);
    ck_assert(placing_remove(file, "old", why_not));
    check_file("", NULL);
    check_file(".new", NULL);
    check_file(".old", "hers");
}
END_TEST

START_TEST(says_what_cannot_be_placed)
{
    struct placing placing = {.count = 0};
    char below[sizeof file + 8];
    ck_assert(placing_write(file, "a file"));
    snprintf(below, sizeof below, "%s/part", file);
    ck_assert(!placing_put(&placing, below, "text", NULL, why_not));
    ck_assert_msg(strstr(why_not, "Not a directory"), "%s", why_not);
    placing_undo(&placing);
    *strrchr(file, '/') = '\0';
    ck_assert(!placing_put(&placing, file, "text", NULL, why_not));
    ck_assert_msg(strstr(why_not, "Is a directory"), "%s", why_not);
    ck_assert(!placing_remove(file, NULL, why_not));
    ck_assert(!placing_copy("/nowhere", file, why_not));
    ck_assert_msg(strstr(why_not, "/nowhere: No such file"), "%s", why_not);
    ck_assert(!placing_copy(folder, file, why_not));
    placing_undo(&placing);
}
END_TEST

START_TEST(does_not_read_a_file_that_is_too_large)
{
    ck_assert(placing_write(file, "x"));
    ck_assert_int_eq(truncate(file, 1 << 20), 0);
    errno = ENOENT;
    ck_assert_ptr_null(placing_read(file));
    ck_assert_int_eq(errno, EFBIG);
}
END_TEST

START_TEST(loses_no_file_without_memory)
{
    struct placing placing = {.count = 0};
    bool failed = true;
    for (size_t i = 0; failed; i++) {
        ck_assert(placing_write(file, "old"));
        fail_malloc_begin(i);
        bool put = placing_put(&placing, file, "new", "old", why_not);
        failed = fail_malloc_end();
        check_file("", put ? "new" : "old");
        ck_assert_msg(put || strstr(why_not, "Cannot allocate"), "%s", why_not);
        placing_close(&placing);
        ck_assert(placing_write(file, "old"));
        fail_malloc_begin(i);
        bool removed = placing_remove(file, "old", why_not);
        failed = fail_malloc_end() || failed;
        check_file("", removed ? NULL : "old");
    }
}
END_TEST

Suite *parts_suite(void)
{
    Suite *suite = suite_create("parts");
    TCase *filling = tcase_create("filling"), *placing = tcase_create("placing");
    tcase_add_test(filling, fills_each_part);
    tcase_add_test(filling, takes_nothing_odd_from_a_sentence);
    tcase_add_test(filling, cuts_a_sentence_between_characters);
    tcase_add_test(filling, refuses_what_would_mean_something_else);
    if (fail_malloc_works())
        tcase_add_test(filling, makes_no_part_without_memory);
    else
        unit_skip("makes_no_part_without_memory", "the sanitizers bring a malloc of their own");
    suite_add_tcase(suite, filling);
    tcase_add_checked_fixture(placing, make_folder, remove_folder);
    tcase_add_test(placing, takes_back_what_was_placed);
    tcase_add_test(placing, keeps_what_was_changed);
    tcase_add_test(placing, says_what_cannot_be_placed);
    tcase_add_test(placing, does_not_read_a_file_that_is_too_large);
    if (fail_malloc_works())
        tcase_add_test(placing, loses_no_file_without_memory);
    else
        unit_skip("loses_no_file_without_memory", "the sanitizers bring a malloc of their own");
    suite_add_tcase(suite, placing);
    return suite;
}
