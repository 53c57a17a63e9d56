/*
 * redis_url_test.c - what a URL of a queue in Redis says, and what it can't say.
 *
 * What is wrong is refused before anybody is called; the sentences are tested where they're shown,
 * in tests/hosts/queue_test.py.
 */
#include "tool/consume/redis_url.h"

#include <check.h>
#include <stdlib.h>

#include "fail_malloc.h"
#include "unit.h"

Suite *redis_url_suite(void);

static const struct {
    const char *url, *host, *socket, *user, *password, *stream, *group, *dead;
    int64_t port, database, deliveries, dead_most, most;
    bool keep;
} urls[] = {
    {"redis://h/q", "h", NULL, "", "", "q", "dime", "q:dead", 6379, 0, 5, 0, 0, false},
    {"redis://h:1/a/b", "h", NULL, "", "", "a/b", "dime", "a/b:dead", 1, 0, 5, 0, 0, false},
    {"redis://[::1]:65535/q", "::1", NULL, "", "", "q", "dime", "q:dead", 65535, 0, 5, 0, 0, false},
    {"redis://[::1]/q", "::1", NULL, "", "", "q", "dime", "q:dead", 6379, 0, 5, 0, 0, false},
    {"redis://u:p@h/q", "h", NULL, "u", "p", "q", "dime", "q:dead", 6379, 0, 5, 0, 0, false},
    {"redis://:a%3Ab%40@h/q%20", "h", NULL, "", "a:b@", "q ", "dime", "q :dead", 6379, 0, 5, 0, 0,
     false},
    {"redis://u:p@ss@h/q", "h", NULL, "u", "p@ss", "q", "dime", "q:dead", 6379, 0, 5, 0, 0, false},
    {"redis://p@h/q", "h", NULL, "", "p", "q", "dime", "q:dead", 6379, 0, 5, 0, 0, false},
    {"redis://h/q?group=g%2B&db=15&deliveries=0&dead=d&dead-maxlen=9&maxlen=1000000000&keep=yes",
     "h", NULL, "", "", "q", "g+", "d", 6379, 15, 0, 9, 1000000000, true},
    {"redis://h/?keep=no&stream=other", "h", NULL, "", "", "other", "dime", "other:dead", 6379, 0,
     5, 0, 0, false},
    {"redis://h?stream=other", "h", NULL, "", "", "other", "dime", "other:dead", 6379, 0, 5, 0, 0,
     false},
    {"redis://h/7?stream=q", "h", NULL, "", "", "q", "dime", "q:dead", 6379, 7, 5, 0, 0, false},
    {"redis://:p@h:1/0?stream=q", "h", NULL, "", "p", "q", "dime", "q:dead", 1, 0, 5, 0, 0, false},
    {"redis://h/7", "h", NULL, "", "", "7", "dime", "7:dead", 6379, 0, 5, 0, 0, false},
    {"redis+unix:///run/a%20b?stream=q", NULL, "/run/a b", "", "", "q", "dime", "q:dead", 6379, 0,
     5, 0, 0, false},
    {"redis+unix://u:p@/s?stream=q", NULL, "/s", "u", "p", "q", "dime", "q:dead", 6379, 0, 5, 0, 0,
     false},
};

static void check_text(dime_text text, const char *wanted)
{
    ck_assert_msg(text_equal(text, text_of(wanted)), "%.*s", (int)text.length, text.data);
}

START_TEST(reads_a_url)
{
    struct arena arena;
    struct redis_url url;
    const char *why;
    arena_open(&arena, 16 * 1024);
    ck_assert_msg(redis_url_read(&url, text_of(urls[_i].url), &arena, &why), "%s", why);
    ck_assert_pstr_eq(url.host, urls[_i].host);
    ck_assert_pstr_eq(url.socket, urls[_i].socket);
    check_text(url.user, urls[_i].user);
    check_text(url.password, urls[_i].password);
    check_text(url.stream, urls[_i].stream);
    check_text(url.group, urls[_i].group);
    check_text(url.dead, urls[_i].dead);
    ck_assert_int_eq(url.port, urls[_i].port);
    ck_assert_int_eq(url.database, urls[_i].database);
    ck_assert_int_eq(url.deliveries, urls[_i].deliveries);
    ck_assert_int_eq(url.dead_most, urls[_i].dead_most);
    ck_assert_int_eq(url.most, urls[_i].most);
    ck_assert_int_eq(url.keep, urls[_i].keep);
    arena_close(&arena);
}
END_TEST

/* Every beginning of a URL is one or isn't, and nothing behind its end is read. */
START_TEST(reads_every_part_of_a_url)
{
    dime_text whole = text_of(urls[_i].url);
    for (size_t length = 0; length < whole.length; length++) {
        struct arena arena;
        struct redis_url url;
        const char *why = NULL;
        char *copy = malloc(length + !length);
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, whole.data, length);
        arena_open(&arena, 16 * 1024);
        bool fine = redis_url_read(&url, (dime_text){copy, length}, &arena, &why);
        ck_assert(fine != !!why);
        arena_close(&arena);
        free(copy);
    }
}
END_TEST

START_TEST(fails_without_memory)
{
    bool failed = true;
    for (size_t number = 0; failed; number++) {
        struct arena arena;
        struct redis_url url;
        const char *why = NULL;
        arena_open(&arena, 16 * 1024);
        fail_malloc_begin(number);
        bool fine = redis_url_read(&url, text_of(urls[_i].url), &arena, &why);
        failed = fail_malloc_end();
        ck_assert(fine == !failed);
        arena_close(&arena);
    }
}
END_TEST

Suite *redis_url_suite(void)
{
    Suite *suite = suite_create("redis_url");
    TCase *test = tcase_create("redis_url");
    tcase_add_loop_test(test, reads_a_url, 0, sizeof urls / sizeof *urls);
    tcase_add_loop_test(test, reads_every_part_of_a_url, 0, sizeof urls / sizeof *urls);
    if (fail_malloc_works())
        tcase_add_loop_test(test, fails_without_memory, 0, sizeof urls / sizeof *urls);
    else
        unit_skip("fails_without_memory", "the sanitizers bring a malloc of their own");
    suite_add_tcase(suite, test);
    return suite;
}
