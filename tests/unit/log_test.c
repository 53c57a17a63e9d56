/*
 * log_test.c - log lines: each is JSON whatever it is made of, whole, and no write is too large.
 *
 * fd 2 is a packet pipe while a test runs (O_DIRECT), so that each read gives back one write.
 */
#include "request/log.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "unit.h"

Suite *log_suite(void);

static int saved, reading;
static char packet[PIPE_BUF + 1];

static void begin(void)
{
    int ends[2];
    ck_assert_int_eq(pipe2(ends, O_DIRECT | O_NONBLOCK | O_CLOEXEC), 0);
    saved = dup(STDERR_FILENO);
    ck_assert_int_ge(saved, 0);
    ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    close(ends[1]);
    reading = ends[0];
}

static void end(void)
{
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(reading);
}

/* The bytes of the next write, with a NUL behind; 0 where there is none. */
static size_t next_write(void)
{
    ssize_t length = read(reading, packet, PIPE_BUF);
    packet[length > 0 ? length : 0] = '\0';
    return length > 0 ? (size_t)length : 0;
}

/* The member NAME of the one line that was written. */
static struct json_object *member(struct json_object *line, const char *name)
{
    struct json_object *found = NULL;
    ck_assert_msg(json_object_object_get_ex(line, name, &found), "no %s in %s", name, packet);
    return found;
}

static const char *string(struct json_object *line, const char *name)
{
    return json_object_get_string(member(line, name));
}

static struct json_object *parse(size_t length)
{
    ck_assert_uint_gt(length, 0);
    ck_assert_int_eq(packet[length - 1], '\n');
    return unit_json(packet, length - 1);
}

static struct json_object *logged(dime_text id, int status, dime_text detail)
{
    static struct log log;
    struct request request = {.id = id};
    struct response response = {.status = status, .detail = detail};
    log_request(&log, &(struct log_entry){.function = "hello",
                                          .host = TEXT("cgi"),
                                          .request = &request,
                                          .response = &response,
                                          .duration_ns = 1234567,
                                          .bytes_in = 12,
                                          .bytes_out = 3456});
    ck_assert_uint_eq(next_write(), 0);
    log_flush(&log);
    ck_assert_uint_eq(log.length, 0);
    return parse(next_write());
}

START_TEST(says_all_of_a_request)
{
    struct json_object *line = logged(TEXT("abc-1"), 200, TEXT("not said of a success"));
    ck_assert_str_eq(string(line, "level"), "info");
    ck_assert_str_eq(string(line, "requestId"), "abc-1");
    ck_assert_str_eq(string(line, "function"), "hello");
    ck_assert_str_eq(string(line, "host"), "cgi");
    ck_assert_int_eq(json_object_get_int(member(line, "status")), 200);
    ck_assert_str_eq(string(line, "durationMs"), "1.234");
    ck_assert_int_eq(json_object_get_int(member(line, "bytesIn")), 12);
    ck_assert_int_eq(json_object_get_int(member(line, "bytesOut")), 3456);
    ck_assert(!json_object_object_get_ex(line, "message", NULL));
    ck_assert_uint_eq(strlen(string(line, "timestamp")), 24);
    json_object_put(line);
}
END_TEST

START_TEST(says_why_a_function_failed)
{
    struct json_object *line = logged(TEXT("abc"), 503, TEXT("out of \"memory\""));
    ck_assert_str_eq(string(line, "level"), "error");
    ck_assert_str_eq(string(line, "message"), "out of \"memory\"");
    json_object_put(line);
    line = logged(TEXT("abc"), 499, TEXT("theirs"));
    ck_assert_str_eq(string(line, "level"), "info");
    json_object_put(line);
}
END_TEST

/* Every byte in an id and a message: quotes and backslashes stay, others outside ASCII become '?'.
 */
START_TEST(is_json_whatever_it_holds)
{
    char byte = (char)_i;
    char expected[] = {_i >= ' ' && _i <= '~' ? byte : '?', '\0'};
    struct json_object *line = logged((dime_text){&byte, 1}, 500, (dime_text){&byte, 1});
    ck_assert_str_eq(string(line, "requestId"), expected);
    ck_assert_str_eq(string(line, "message"), expected);
    json_object_put(line);
}
END_TEST

/* The longest id and detail that there are, all of them escaped, still make one whole line. */
START_TEST(leaves_no_request_out)
{
    char quotes[1023];
    memset(quotes, '"', sizeof quotes);
    struct json_object *line =
        logged((dime_text){quotes, 64}, 500, (dime_text){quotes, sizeof quotes});
    ck_assert_uint_eq(strlen(string(line, "message")), sizeof quotes);
    json_object_put(line);
}
END_TEST

START_TEST(quotes_the_name_of_a_function)
{
    struct log log = {0};
    struct request request = {.id = TEXT("abc")};
    struct response response = {.status = 200};
    log_request(&log, &(struct log_entry){.function = "he\"llo\\\n",
                                          .host = TEXT("c\"gi"),
                                          .request = &request,
                                          .response = &response});
    log_flush(&log);
    struct json_object *line = parse(next_write());
    ck_assert_str_eq(string(line, "function"), "he\"llo\\?");
    ck_assert_str_eq(string(line, "host"), "c\"gi");
    ck_assert_str_eq(string(line, "durationMs"), "0.000");
    json_object_put(line);
}
END_TEST

/* Counts the whole lines of one write. */
static size_t count_lines(size_t length)
{
    size_t lines = 0;
    ck_assert_uint_le(length, PIPE_BUF);
    for (size_t i = 0; i < length; i++)
        lines += packet[i] == '\n';
    ck_assert_int_eq(packet[length - 1], '\n');
    ck_assert_int_eq(packet[0], '{');
    return lines;
}

/* Lines of all lengths, gathered: every write is of whole lines and no larger than PIPE_BUF. */
START_TEST(gathers_whole_lines)
{
    enum { LINES = 200 };
    char text[1000];
    struct log log = {0};
    size_t lines = 0, writes = 0, length;
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < LINES; i++) {
        struct request request = {.id = {text, i % 65}};
        struct response response = {.status = 500, .detail = {text, i * 37 % 1000}};
        log_request(&log, &(struct log_entry){.function = "f",
                                              .host = TEXT("h"),
                                              .request = &request,
                                              .response = &response});
        while ((length = next_write())) {
            lines += count_lines(length);
            writes++;
        }
    }
    log_flush(&log);
    while ((length = next_write())) {
        lines += count_lines(length);
        writes++;
    }
    ck_assert_uint_eq(lines, LINES);
    ck_assert_uint_lt(writes, LINES / 4);
    log_flush(&log);
    ck_assert_uint_eq(next_write(), 0);
}
END_TEST

START_TEST(says_things_of_the_program)
{
    log_say(LOG_LEVEL_WARN, "ch\"ange", EADDRINUSE, "can't listen on %s", "unix:/x\ny\xFF\"");
    struct json_object *line = parse(next_write());
    ck_assert_str_eq(string(line, "level"), "warn");
    ck_assert_str_eq(string(line, "function"), "ch\"ange");
    ck_assert_str_eq(string(line, "message"),
                     "can't listen on unix:/x?y?\": Address already in use");
    json_object_put(line);
    log_say(LOG_LEVEL_ERROR, NULL, 0, "%s", "");
    line = parse(next_write());
    ck_assert_str_eq(string(line, "level"), "error");
    ck_assert_str_eq(string(line, "message"), "");
    json_object_put(line);
}
END_TEST

START_TEST(cuts_what_is_too_long_to_say)
{
    char quotes[2000];
    memset(quotes, '"', sizeof quotes - 1);
    quotes[sizeof quotes - 1] = '\0';
    log_say(LOG_LEVEL_INFO, "change", ENOENT, "%s", quotes);
    struct json_object *line = parse(next_write());
    ck_assert_str_eq(string(line, "level"), "info");
    ck_assert_uint_eq(strlen(string(line, "message")), 511);
    json_object_put(line);
}
END_TEST

static void expect_lost(const char *count)
{
    char wanted[100];
    snprintf(wanted, sizeof wanted, "%s log lines before this one were lost", count);
    struct json_object *line = parse(next_write());
    ck_assert_msg(strstr(string(line, "message"), wanted) == string(line, "message"), "%s", packet);
    ck_assert_str_eq(string(line, "level"), "warn");
    json_object_put(line);
}

/* A log that nobody reads is lost, without waiting and without a signal, and counted. */
START_TEST(goes_on_when_nobody_reads)
{
    int one = 1;
    while (write(STDERR_FILENO, &one, 1) == 1)
        ;
    log_say(LOG_LEVEL_INFO, "change", 0, "lost");
    struct log log = {.length = 6, .lines = "{}\n{}\n"};
    log_flush(&log);
    ck_assert_uint_eq(log.length, 0);
    while (next_write())
        ;
    log_say(LOG_LEVEL_INFO, "change", 0, "taken");
    expect_lost("3");
    struct json_object *line = parse(next_write());
    ck_assert_str_eq(string(line, "message"), "taken");
    json_object_put(line);
    close(STDERR_FILENO);
    log_say(LOG_LEVEL_INFO, "change", 0, "lost too");
}
END_TEST

enum { WRITERS = 4, TURNS = 400, PAGES = 2 };

static pthread_barrier_t turn;

static void *write_in_turns(void *unused)
{
    (void)unused;
    for (int i = 0; i < TURNS; i++) {
        struct log log = {.length = sizeof log.lines};
        memset(log.lines, '\n', sizeof log.lines);
        pthread_barrier_wait(&turn);
        log_flush(&log);
        pthread_barrier_wait(&turn);
    }
    return NULL;
}

/* Each finds room in the pipe until the others have filled it. */
START_TEST(never_waits_where_others_fill_the_pipe)
{
    pthread_t writers[WRITERS];
    ck_assert_int_eq(fcntl(STDERR_FILENO, F_SETFL, 0), 0); /* as the pipes are that one is given */
    ck_assert_int_eq(fcntl(STDERR_FILENO, F_SETPIPE_SZ, PAGES * 4096), PAGES * 4096);
    pthread_barrier_init(&turn, NULL, WRITERS + 1);
    for (int i = 0; i < WRITERS; i++)
        ck_assert_int_eq(pthread_create(&writers[i], NULL, write_in_turns, NULL), 0);
    for (int i = 0; i < TURNS; i++) {
        pthread_barrier_wait(&turn);
        pthread_barrier_wait(&turn);
        while (next_write())
            ;
    }
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writers[i], NULL);
    pthread_barrier_destroy(&turn);
}
END_TEST

/* Says that a terminal takes a byte more, when a line would wait for the rest of its room. */
START_TEST(never_waits_for_a_terminal)
{
    char room[4096];
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    ck_assert_int_ge(master, 0);
    ck_assert_int_eq(grantpt(master) | unlockpt(master), 0);
    int terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
    int filler = open(ptsname(master), O_WRONLY | O_NOCTTY | O_NONBLOCK);
    ck_assert_int_eq(dup2(terminal, STDERR_FILENO), STDERR_FILENO);
    for (int i = 0; i < 50; i++) {
        while (write(filler, "........", 8) > 0)
            ;
        ck_assert_int_ge(read(master, room, 20), 0);
        log_say(LOG_LEVEL_INFO, "change", 0, "a line that is longer than the room there is now");
    }
    /* The kernel hands on what was written a little later, and takes more only then. */
    static char said[1024 * 1024];
    size_t length = 0;
    while (!strstr(said, "log lines before this one were lost")) {
        struct pollfd more = {.fd = master, .events = POLLIN};
        ck_assert_uint_lt(length, sizeof said - 1);
        log_say(LOG_LEVEL_INFO, "change", 0, "one more");
        ck_assert_int_eq(poll(&more, 1, 10000), 1);
        ssize_t got = read(master, said + length, sizeof said - 1 - length);
        ck_assert_int_gt(got, 0);
        length += (size_t)got;
    }
    close(filler);
    close(terminal);
    close(master);
}
END_TEST

static void check_timestamp(int64_t milliseconds)
{
    char room[25], expected[64];
    struct tm tm = {0};
    time_t seconds = milliseconds / 1000;
    gmtime_r(&seconds, &tm);
    size_t length = strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(expected + length, sizeof expected - length, ".%03dZ", (int)(milliseconds % 1000));
    log_timestamp(milliseconds, room);
    if (strcmp(room, expected) != 0) /* an assertion costs much more, and these are millions */
        ck_abort_msg("%s, not %s", room, expected);
}

/* Each day from 1970 to the end of 9999, at its first and last millisecond. */
START_TEST(agrees_with_gmtime)
{
    const int64_t day = 86400000, last = INT64_C(253402300799999);
    for (int64_t at = 0; at < last; at += day) {
        check_timestamp(at);
        check_timestamp(at + day - 1);
    }
    check_timestamp(last);
    for (int64_t second = 0; second < 86400; second++)
        check_timestamp(INT64_C(951782400000) + second * 1000 + second % 1000); /* 2000-02-29 */
    check_timestamp(clock_epoch_ms());
}
END_TEST

START_TEST(never_goes_back)
{
    int64_t before = clock_monotonic_ns(), ms = clock_epoch_ms();
    for (size_t i = 0; i < 1000; i++) {
        int64_t now = clock_monotonic_ns();
        ck_assert_int_ge(now, before);
        before = now;
    }
    ck_assert_int_ge(clock_epoch_ms() / 1000 + 1, ms / 1000);
    ck_assert_int_le(llabs(clock_epoch_ms() / 1000 - time(NULL)), 1);
}
END_TEST

START_TEST(leaves_out_what_is_below_the_level)
{
    struct log_subject subject = {
        .function = "f", .request_id = TEXT("an \"id"), .tenant = TEXT("t")};
    log_least(LOG_LEVEL_WARN);
    log_say_of(LOG_LEVEL_INFO, &subject, 0, "not this");
    ck_assert_uint_eq(next_write(), 0);
    log_say_of(LOG_LEVEL_WARN, &subject, 0, "caf\xC3\xA9\n");
    ck_assert_uint_gt(next_write(), 0);
    ck_assert_ptr_nonnull(strstr(packet, "\"level\":\"warn\",\"requestId\":\"an \\\"id\","
                                         "\"tenantId\":\"t\",\"function\":\"f\","));
    log_least(LOG_LEVEL_NONE);
    log_say(LOG_LEVEL_ERROR, "f", 0, "not this");
    ck_assert_uint_eq(next_write(), 0);
    log_least(LOG_LEVEL_INFO);
}
END_TEST

Suite *log_suite(void)
{
    Suite *suite = suite_create("log");
    TCase *lines = tcase_create("lines");
    tcase_add_checked_fixture(lines, begin, end);
    tcase_add_test(lines, says_all_of_a_request);
    tcase_add_test(lines, says_why_a_function_failed);
    tcase_add_loop_test(lines, is_json_whatever_it_holds, 0, 256);
    tcase_add_test(lines, leaves_no_request_out);
    tcase_add_test(lines, quotes_the_name_of_a_function);
    tcase_add_test(lines, gathers_whole_lines);
    tcase_add_test(lines, says_things_of_the_program);
    tcase_add_test(lines, cuts_what_is_too_long_to_say);
    tcase_add_test(lines, goes_on_when_nobody_reads);
    tcase_add_test(lines, never_waits_where_others_fill_the_pipe);
    tcase_add_test(lines, never_waits_for_a_terminal);
    tcase_add_test(lines, leaves_out_what_is_below_the_level);
    suite_add_tcase(suite, lines);
    TCase *times = tcase_create("times");
    tcase_set_timeout(times, 120);
    tcase_add_test(times, agrees_with_gmtime);
    tcase_add_test(times, never_goes_back);
    suite_add_tcase(suite, times);
    return suite;
}
