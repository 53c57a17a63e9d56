/*
 * child_test.c - processes that become a program, and those that can't.
 *
 * What its users hand over is tested with them: program_test.c, and the suites of dime-lambda.
 */
#include "base/child.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

Suite *child_suite(void);

static void become_shell(const void *what)
{
    execl("/bin/sh", "sh", "-c", (const char *)what, (char *)NULL);
}

/* All that it may give a meaning it has taken, and still says why it is no program. */
static void become_nothing(const void *what)
{
    (void)what;
    for (int fd = 0; fd < CHILD_FDS; fd++)
        dup2(STDERR_FILENO, fd);
    execl("/nowhere/at/all", "all", (char *)NULL);
}

static void give_up(const void *what)
{
    errno = *(const int *)what;
}

START_TEST(becomes_a_program)
{
    pid_t pid = -1;
    int status = 0;
    ck_assert_int_eq(child_start(&pid, become_shell, "exit 3"), 0);
    ck_assert_int_gt(pid, 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 3);
}
END_TEST

START_TEST(says_why_it_is_no_program)
{
    pid_t pid = -1;
    int error = ENOTDIR;
    ck_assert_int_eq(child_start(&pid, become_nothing, NULL), ENOENT);
    ck_assert_int_eq(pid, 0);
    pid = -1;
    ck_assert_int_eq(child_start(&pid, give_up, &error), ENOTDIR);
    ck_assert_int_eq(pid, 0);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
}
END_TEST

/* A pipe has two ends, and the child's own is a third: whichever there is no room for, all are
 * closed. */
START_TEST(needs_descriptors)
{
    struct rlimit before;
    int next = dup(STDERR_FILENO);
    close(next);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    for (int room = 0; room < 3; room++) {
        struct rlimit few = {.rlim_cur = (rlim_t)(next + room), .rlim_max = before.rlim_max};
        pid_t pid = -1;
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
        int error = child_start(&pid, become_shell, "exit 0");
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
        ck_assert_msg(error == EMFILE || error == EINVAL, "%d", error);
        ck_assert_int_eq(pid, 0);
        int after = dup(STDERR_FILENO);
        ck_assert_int_eq(after, next);
        close(after);
    }
}
END_TEST

Suite *child_suite(void)
{
    Suite *suite = suite_create("child");
    TCase *starting = tcase_create("starting");
    tcase_add_test(starting, becomes_a_program);
    tcase_add_test(starting, says_why_it_is_no_program);
    tcase_add_test(starting, needs_descriptors);
    suite_add_tcase(suite, starting);
    return suite;
}
