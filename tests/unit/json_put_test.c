/*
 * json_put_test.c - JSON that is written to a buffer: its commas, and a buffer of every size.
 *
 * What is written whole is read back with json-c, which has never seen our code.
 */
#include "base/json_put.h"

#include <check.h>

#include "unit.h"

Suite *json_put_suite(void);

/* A document in which each call stands first, after another value, and after an end. */
static void put_all(struct buffer *out)
{
    json_begin_object(out, NULL);
    json_put_text(out, "text", TEXT("a \"{[:,"));
    json_put_integer(out, "integer", -12);
    json_put_decimal(out, "decimal", 1005, 3);
    json_put_boolean(out, "true", true);
    json_begin_array(out, "list");
    json_put_boolean(out, NULL, false);
    json_put_text(out, NULL, TEXT(""));
    json_put_base64(out, NULL, TEXT("any carnal pleas"));
    json_begin_object(out, NULL);
    json_end_object(out);
    json_begin_array(out, NULL);
    json_put_integer(out, NULL, 0);
    json_end_array(out);
    json_begin_object(out, NULL);
    json_put_name(out, TEXT("a\nname:"));
    json_put_text(out, NULL, TEXT("{"));
    json_put_name(out, TEXT("["));
    json_begin_array(out, NULL);
    json_end_array(out);
    json_end_object(out);
    json_end_array(out);
    json_put_raw(out, "raw", TEXT("{\"b\": 2}"));
    json_put_raw(out, NULL, TEXT("\"c\":3,\"d\":null"));
    json_end_object(out);
}

static const char ALL[] =
    "{\"text\":\"a \\\"{[:,\",\"integer\":-12,\"decimal\":1.005,\"true\":true,\"list\":[false,\"\","
    "\"YW55IGNhcm5hbCBwbGVhcw==\",{},[0],{\"a\\nname:\":\"{\",\"[\":[]}],"
    "\"raw\":{\"b\": 2},\"c\":3,\"d\":null}";

START_TEST(puts_commas_where_they_are_due)
{
    struct arena arena;
    struct buffer out;
    arena_open(&arena, 4096);
    buffer_open(&out, &arena, 4096);
    put_all(&out);
    ck_assert(!out.failed);
    ck_assert_msg(text_equal(buffer_text(&out), text_of(ALL)), "%.*s", (int)out.length, out.data);
    json_object_put(unit_json(out.data, out.length));
    arena_close(&arena);
}
END_TEST

START_TEST(puts_a_value_alone)
{
    char room[8];
    struct buffer out;
    buffer_over(&out, room, sizeof room);
    json_put_text(&out, NULL, TEXT("a"));
    ck_assert(text_equal(buffer_text(&out), TEXT("\"a\"")));
}
END_TEST

/* In room of every size the buffer fails, or holds all; never is a byte written behind its end. */
START_TEST(fails_where_there_is_no_room)
{
    char room[sizeof ALL];
    struct buffer out;
    for (size_t size = 0; size < sizeof ALL; size++) {
        memset(room, '#', sizeof room);
        buffer_over(&out, room, size);
        put_all(&out);
        ck_assert(out.failed == (size < sizeof ALL - 1));
        ck_assert_uint_le(out.length, size);
        ck_assert_int_eq(room[size], '#');
        ck_assert_mem_eq(room, ALL, out.length);
    }
}
END_TEST

Suite *json_put_suite(void)
{
    Suite *suite = suite_create("json_put");
    TCase *writing = tcase_create("writing");
    tcase_add_test(writing, puts_commas_where_they_are_due);
    tcase_add_test(writing, puts_a_value_alone);
    tcase_add_test(writing, fails_where_there_is_no_room);
    suite_add_tcase(suite, writing);
    return suite;
}
