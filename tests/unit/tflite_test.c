/*
 * tflite_test.c - TensorFlow Lite's greeting is dropped, and nothing that others print meanwhile.
 *
 * The library itself comes from outside Debian and may be missing; what it prints with is stdio's
 * stderr, as here.
 */
#include "vision/tflite.h"

#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

Suite *tflite_suite(void);

static void *print_beside(void *unused)
{
    (void)fputs("of another thread\n", stderr);
    return unused;
}

START_TEST(only_this_threads_words_are_dropped)
{
    char said[200];
    int ends[2];
    int saved = dup(STDERR_FILENO);
    pthread_t other;
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    tflite_hush();
    (void)fprintf(stderr, "INFO: %s\n", "hello from a library");
    ck_assert_int_eq(pthread_create(&other, NULL, print_beside, NULL), 0);
    pthread_join(other, NULL);
    tflite_hush_end();
    (void)fputs("and afterwards\n", stderr);
    ck_assert_int_eq(dup2(saved, STDERR_FILENO), STDERR_FILENO);
    ssize_t length = read(ends[0], said, sizeof said - 1);
    said[length > 0 ? length : 0] = '\0';
    ck_assert_str_eq(said, "of another thread\nand afterwards\n");
    close(ends[0]);
    close(ends[1]);
    close(saved);
}
END_TEST

Suite *tflite_suite(void)
{
    Suite *suite = suite_create("tflite");
    TCase *tests = tcase_create("tflite");
    tcase_add_test(tests, only_this_threads_words_are_dropped);
    suite_add_tcase(suite, tests);
    return suite;
}
