/*
 * program_test.c - programs that are started, ended and killed, and those that can't be started.
 *
 * The programs are shell scripts: what counts is the process, its group, and its socket. That a
 * program answers is for the tests of the tool.
 */
#include "tool/ask/program.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

Suite *program_suite(void);

static struct program program;
static int connection;
static char why[PROGRAM_WHY], how[PROGRAM_WHY];

/* Starts a shell that obeys SCRIPT. */
static void start(char *script, int out)
{
    char *const words[] = {"-c", script, NULL};
    program_open(&program, "/bin/sh");
    connection = program_start(&program, words, out, why);
    ck_assert_msg(connection >= 0, "%s", why);
    close(connection);
    ck_assert_int_gt(program.pid, 0);
}

static void check_ended(void)
{
    ck_assert_int_eq(program.pid, 0);
    ck_assert_int_eq(program.address, -1);
}

static void end(void)
{
    unsetenv("TMPDIR");
}

START_TEST(says_how_it_ended)
{
    start("exit 3", -1);
    program_end(&program, 20000, how);
    ck_assert_str_eq(how, "ended with status 3");
    check_ended();
    start("kill -SEGV $$", -1);
    program_end(&program, 20000, how);
    ck_assert_str_eq(how, "was killed by signal 11 (Segmentation fault)");
    check_ended();
    program_end(&program, 20000, how); /* it has ended */
    program_stop(&program);
}
END_TEST

START_TEST(kills_one_that_hangs)
{
    int64_t started_ns = clock_monotonic_ns();
    start("trap '' TERM; while :; do sleep 100; done", -1);
    program_end(&program, 50, how);
    ck_assert_str_eq(how, "was killed by signal 9 (Killed)");
    ck_assert_int_lt(clock_monotonic_ns() - started_ns, 20000000000);
    check_ended();
}
END_TEST

START_TEST(lets_one_finish)
{
    int out[2];
    char said[16] = "";
    ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
    start("trap 'echo bye; exit 0' TERM; echo hi; while :; do sleep 0.01; done", out[1]);
    close(out[1]);
    ck_assert_int_eq(read(out[0], said, sizeof said), 3);
    program_stop(&program);
    ck_assert_int_eq(read(out[0], said, sizeof said), 4);
    ck_assert_mem_eq(said, "bye\n", 4);
    check_ended();
    close(out[0]);
}
END_TEST

/* Also those of its children that it has left behind. */
START_TEST(ends_the_whole_group)
{
    int out[2];
    char said[16] = "";
    ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
    start("sleep 100 & echo; exit 0", out[1]);
    close(out[1]);
    ck_assert_int_eq(read(out[0], said, sizeof said), 1);
    program_end(&program, 20000, how);
    ck_assert_str_eq(how, "ended with status 0");
    ck_assert_int_eq(read(out[0], said, sizeof said), 0); /* nobody has the pipe any more */
    close(out[0]);
}
END_TEST

/* It has a listening socket as fd 0, of which nothing is left in the file system. */
START_TEST(gives_it_a_socket_of_its_own)
{
    char folder[] = "/tmp/dime-test-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(folder));
    setenv("TMPDIR", folder, 1);
    start("exec sleep 100", -1);
    unsetenv("TMPDIR");
    ck_assert_int_eq(rmdir(folder), 0); /* it's empty */
    int connections[2];
    for (int i = 0; i < 2; i++) {
        connections[i] = program_connect(&program);
        ck_assert_int_ge(connections[i], 0);
        ck_assert_int_eq(send(connections[i], "x", 1, MSG_NOSIGNAL), 1);
    }
    program_end(&program, 0, how);
    char byte;
    for (int i = 0; i < 2; i++) {
        ck_assert_int_le(recv(connections[i], &byte, 1, 0), 0); /* closed, though not accepted */
        close(connections[i]);
    }
}
END_TEST

START_TEST(refuses_to_connect_to_one_that_has_ended)
{
    start("exit 0", -1);
    for (int i = 0, fd; i < 1000 && (fd = program_connect(&program)) >= 0; i++) {
        close(fd);
        usleep(10000);
    }
    ck_assert_int_eq(program_connect(&program), -1);
    ck_assert_int_eq(errno, ECONNREFUSED);
    program_end(&program, 0, how);
    ck_assert_str_eq(how, "ended with status 0");
}
END_TEST

static const struct {
    const char *path, *folder, *words;
} failures[] = {
    {"/nowhere/at/all", "/tmp", "its program can't be run: No such file or directory"},
    {"/", "/tmp", "its program can't be run: Permission denied"},
    {"/etc/passwd", "/tmp", "its program can't be run: Permission denied"},
    {"/bin/sh", "/nowhere", "can't make a socket in /nowhere: No such file or directory"},
    {"/bin/sh", "/proc", "can't make a socket in /proc: "},
};

START_TEST(says_why_it_cannot_be_started)
{
    setenv("TMPDIR", failures[_i].folder, 1);
    program_open(&program, failures[_i].path);
    ck_assert_int_lt(program_start(&program, NULL, -1, why), 0);
    ck_assert_msg(strncmp(why, failures[_i].words, strlen(failures[_i].words)) == 0, "%s", why);
    check_ended();
}
END_TEST

START_TEST(refuses_a_folder_that_is_too_long)
{
    char long_one[200];
    memset(long_one, 'x', sizeof long_one);
    memcpy(long_one, "/tmp/", 5);
    long_one[sizeof long_one - 1] = '\0';
    ck_assert(mkdir(long_one, 0700) == 0 || errno == EEXIST);
    setenv("TMPDIR", long_one, 1);
    program_open(&program, "/bin/sh");
    ck_assert_int_lt(program_start(&program, NULL, -1, why), 0);
    ck_assert_ptr_nonnull(strstr(why, "File name too long"));
    ck_assert_int_eq(rmdir(long_one), 0);
    check_ended();
}
END_TEST

/* Its signals are as a program expects them, whatever ours are. */
START_TEST(has_no_signals_of_ours)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    signal(SIGPIPE, SIG_IGN);
    start("exec grep -q 'SigBlk:[^1-9a-f]*$' /proc/self/status", -1);
    program_end(&program, 20000, how);
    ck_assert_str_eq(how, "ended with status 0");
    start("kill -PIPE $$; exit 2", -1);
    program_end(&program, 20000, how);
    ck_assert_str_eq(how, "was killed by signal 13 (Broken pipe)");
    sigprocmask(SIG_UNBLOCK, &all, NULL);
}
END_TEST

Suite *program_suite(void)
{
    Suite *suite = suite_create("program");
    TCase *running = tcase_create("running");
    tcase_add_checked_fixture(running, NULL, end);
    tcase_add_test(running, says_how_it_ended);
    tcase_add_test(running, kills_one_that_hangs);
    tcase_add_test(running, lets_one_finish);
    tcase_add_test(running, ends_the_whole_group);
    tcase_add_test(running, gives_it_a_socket_of_its_own);
    tcase_add_test(running, refuses_to_connect_to_one_that_has_ended);
    tcase_add_loop_test(running, says_why_it_cannot_be_started, 0,
                        sizeof failures / sizeof *failures);
    tcase_add_test(running, refuses_a_folder_that_is_too_long);
    tcase_add_test(running, has_no_signals_of_ours);
    suite_add_tcase(suite, running);
    return suite;
}
