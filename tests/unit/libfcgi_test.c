/*
 * libfcgi_test.c - pins what hosts/fastcgi/responder.c relies on in libfcgi 2.4.2.
 *
 * The responder drives it through public fields of FCGX_Request, in an order that no document
 * promises. Should a newer libfcgi behave otherwise, this says so and names the field, rather than
 * a server that hangs or leaks descriptors.
 */
#include <check.h>
#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

Suite *libfcgi_suite(void);

/* BEGIN_REQUEST, PARAMS with A=b, its end, STDIN "hi", its end. */
static const char REQUEST[] = "\1\1\0\1\0\10\0\0\0\1\1\0\0\0\0\0"
                              "\1\4\0\1\0\4\0\0\1\1Ab"
                              "\1\4\0\1\0\0\0\0"
                              "\1\5\0\1\0\2\0\0hi"
                              "\1\5\0\1\0\0\0\0";
enum { REQUEST_LENGTH = sizeof REQUEST - 1, FLAGS_AT = 10, STDIN_AT = 36 };

static FCGX_Request request;
static int server, client;

static void setup(void)
{
    int pair[2];
    ck_assert_int_eq(FCGX_Init(), 0);
    ck_assert_int_eq(FCGX_InitRequest(&request, -1, 0), 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    server = pair[0];
    client = pair[1];
}

static void teardown(void)
{
    FCGX_Free(&request, 0);
    close(client);
    close(server); /* may have been closed */
}

static void send_request(int keep)
{
    char copy[REQUEST_LENGTH];
    memcpy(copy, REQUEST, sizeof copy);
    copy[FLAGS_AT] = (char)keep;
    ck_assert_int_eq(write(client, copy, sizeof copy), sizeof copy);
}

static void accept_from(int fd)
{
    request.ipcFd = fd;
    request.keepConnection = 1;
    request.detached = 1;
    ck_assert_int_eq(FCGX_Accept_r(&request), 0);
}

static void read_all(void)
{
    char body[10];
    ck_assert_int_eq(FCGX_GetStr(body, sizeof body, request.in), 2);
    ck_assert_mem_eq(body, "hi", 2);
    ck_assert_int_eq(FCGX_HasSeenEOF(request.in), EOF);
}

static int is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static double now(void)
{
    struct timespec time;
    ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &time), 0);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

START_TEST(a_given_descriptor_is_read_and_nothing_accepted)
{
    send_request(1);
    accept_from(server);
    ck_assert_str_eq(FCGX_GetParam("A", request.envp), "b");
    read_all();
    ck_assert_int_eq(request.ipcFd, server);
}
END_TEST

START_TEST(a_kept_connection_survives_finish_and_serves_again)
{
    for (int i = 0; i < 3; i++) {
        char answer[100];
        send_request(1);
        accept_from(server);
        ck_assert_int_ne(request.keepConnection, 0);
        read_all();
        FCGX_PutStr("x", 1, request.out);
        FCGX_Finish_r(&request);
        ck_assert_int_eq(request.ipcFd, server);
        ck_assert(is_open(server));
        ck_assert_int_eq(read(client, answer, sizeof answer), 8 + 8 + 8 + 8 + 8);
        request.ipcFd = -1;
    }
}
END_TEST

START_TEST(a_connection_that_is_not_kept_is_closed_at_once_when_detached)
{
    char answer[100];
    send_request(0);
    accept_from(server);
    ck_assert_int_eq(request.keepConnection, 0);
    read_all();
    const double start = now();
    FCGX_Finish_r(&request);
    ck_assert_double_lt(now() - start, 0.5);
    ck_assert_int_eq(request.ipcFd, -1);
    ck_assert(!is_open(server));
    ck_assert_int_gt(read(client, answer, sizeof answer), 0);
    ck_assert_int_eq(read(client, answer, sizeof answer), 0);
}
END_TEST

START_TEST(keep_can_be_taken_back_before_finish)
{
    send_request(1);
    accept_from(server);
    read_all();
    request.keepConnection = 0;
    FCGX_Finish_r(&request);
    ck_assert_int_eq(request.ipcFd, -1);
    ck_assert(!is_open(server));
}
END_TEST

START_TEST(what_cannot_be_parsed_is_closed_and_accept_fails)
{
    ck_assert_int_eq(write(client, "\2\1\0\1\0\10\0\0\0\1\1\0\0\0\0\0", 16), 16);
    request.ipcFd = server;
    request.keepConnection = 1;
    request.detached = 1;
    const double start = now();
    ck_assert_int_lt(FCGX_Accept_r(&request), 0);
    ck_assert_double_lt(now() - start, 0.5);
    ck_assert(!is_open(server));
}
END_TEST

START_TEST(finish_reads_no_rest_of_the_body)
{
    char copy[REQUEST_LENGTH];
    memcpy(copy, REQUEST, sizeof copy);
    ck_assert_int_eq(write(client, copy, STDIN_AT), STDIN_AT); /* the body never comes */
    accept_from(server);
    ck_assert_int_ne(FCGX_HasSeenEOF(request.in), EOF);
    request.keepConnection = 1;
    const double start = now();
    FCGX_Finish_r(&request);
    ck_assert_double_lt(now() - start, 0.5);
    ck_assert_int_eq(request.ipcFd, server);
}
END_TEST

START_TEST(a_request_may_come_from_a_file_and_its_answer_go_to_a_socket)
{
    char answer[100];
    int file = memfd_create("request", 0);
    ck_assert_int_eq(pwrite(file, REQUEST, REQUEST_LENGTH, 0), REQUEST_LENGTH);
    accept_from(file);
    read_all();
    request.ipcFd = server;
    FCGX_PutStr("x", 1, request.out);
    FCGX_Finish_r(&request);
    ck_assert_int_gt(read(client, answer, sizeof answer), 8);
    close(file);
}
END_TEST

START_TEST(an_answer_is_written_in_one_go_with_its_end)
{
    char answer[100];
    send_request(1);
    accept_from(server);
    read_all();
    FCGX_PutStr("Status: 200 OK\r\n\r\n", 18, request.out);
    FCGX_PutStr("x", 1, request.out);
    ck_assert_int_eq(recv(client, answer, sizeof answer, MSG_DONTWAIT), -1);
    ck_assert_int_eq(errno, EAGAIN);
    FCGX_Finish_r(&request);
    ck_assert_int_gt(recv(client, answer, sizeof answer, MSG_DONTWAIT), 8 + 19 + 8 + 16 - 1);
}
END_TEST

Suite *libfcgi_suite(void)
{
    Suite *suite = suite_create("libfcgi");
    TCase *tests = tcase_create("libfcgi");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, a_given_descriptor_is_read_and_nothing_accepted);
    tcase_add_test(tests, a_kept_connection_survives_finish_and_serves_again);
    tcase_add_test(tests, a_connection_that_is_not_kept_is_closed_at_once_when_detached);
    tcase_add_test(tests, keep_can_be_taken_back_before_finish);
    tcase_add_test(tests, what_cannot_be_parsed_is_closed_and_accept_fails);
    tcase_add_test(tests, finish_reads_no_rest_of_the_body);
    tcase_add_test(tests, a_request_may_come_from_a_file_and_its_answer_go_to_a_socket);
    tcase_add_test(tests, an_answer_is_written_in_one_go_with_its_end);
    suite_add_tcase(suite, tests);
    return suite;
}
