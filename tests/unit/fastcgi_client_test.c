/*
 * fastcgi_client_test.c - requests as records, and answers of all kinds, also those that are none.
 *
 * The program is the other end of a pair of sockets, into which its answer is written before the
 * request is made: the client finds it as soon as it looks. What the client sent is read
 * afterwards.
 */
#include "tool/ask/fastcgi_client.h"

#include <check.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

Suite *fastcgi_client_suite(void);

enum { ANSWER_LIMIT = 200000, SOON_MS = 50, LATER_MS = 20000, WIRE_MAX = 1 << 20 };

static struct arena arena;
static struct fastcgi_client client;
static struct buffer answer, wire;
static int program;
static char sent[WIRE_MAX];
static size_t sent_length;

static void begin(void)
{
    int both[2];
    const int size = WIRE_MAX;
    arena_open(&arena, 8 << 20);
    buffer_open(&answer, &arena, ANSWER_LIMIT);
    buffer_open(&wire, &arena, WIRE_MAX);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both), 0);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(setsockopt(both[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
    fastcgi_client_open(&client);
    client.fd = both[0];
    program = both[1];
}

static void end(void)
{
    fastcgi_client_close(&client);
    if (program >= 0)
        close(program);
    arena_close(&arena);
}

/* Adds a record to what the program is going to answer. */
static void add(unsigned type, unsigned id, const void *content, size_t length, size_t padding)
{
    static const char zeros[255];
    FCGI_Header header = record_header(type, id, length);
    header.paddingLength = (unsigned char)padding;
    buffer_put(&wire, (dime_text){(const char *)&header, sizeof header});
    buffer_put(&wire, (dime_text){content, length});
    buffer_put(&wire, (dime_text){zeros, padding});
}

static void add_text(unsigned type, unsigned id, const char *text)
{
    add(type, id, text, strlen(text), 0);
}

/* The record that ends the answer. */
static void add_end(unsigned id, unsigned protocol_status)
{
    const FCGI_EndRequestRecord end = record_end(id, protocol_status);
    buffer_put(&wire, (dime_text){(const char *)&end, sizeof end});
}

/* Has the program answer what was added, and asks it. */
static enum fastcgi_outcome ask_with(dime_text variables, dime_text body, int64_t most_ms)
{
    if (program >= 0)
        ck_assert_int_eq(send(program, wire.data, wire.length, MSG_DONTWAIT | MSG_NOSIGNAL),
                         (ssize_t)wire.length);
    enum fastcgi_outcome outcome =
        fastcgi_ask(&client, variables, body, clock_monotonic_ns() + most_ms * 1000000, &answer);
    sent_length = 0;
    for (ssize_t got; program >= 0 && (got = recv(program, sent + sent_length,
                                                  sizeof sent - sent_length, MSG_DONTWAIT)) > 0;)
        sent_length += (size_t)got;
    return outcome;
}

static enum fastcgi_outcome ask_it(void)
{
    return ask_with(TEXT("\1\1ab"), TEXT("body"), LATER_MS);
}

static void check_answer(const char *text)
{
    ck_assert_msg(text_equal(buffer_text(&answer), text_of(text)), "%.*s", (int)answer.length,
                  answer.data);
}

START_TEST(asks_and_is_answered)
{
    static const char request[] = "\1\1\0\1\0\10\0\0\0\1\1\0\0\0\0\0" /* begin, kept */
                                  "\1\4\0\1\0\4\0\0\1\1ab\1\4\0\1\0\0\0\0"
                                  "\1\5\0\1\0\4\0\0body\1\5\0\1\0\0\0\0";
    add_text(FCGI_STDOUT, 1, "Status: 200\r\n");
    add_text(FCGI_STDERR, 1, "");
    add(FCGI_STDOUT, 1, "\r\nyes", 5, 3);
    add_text(FCGI_STDOUT, 1, "");
    add_end(1, FCGI_REQUEST_COMPLETE);
    ck_assert_int_eq(ask_it(), FASTCGI_ANSWERED);
    check_answer("Status: 200\r\n\r\nyes");
    ck_assert_uint_eq(sent_length, sizeof request - 1);
    ck_assert_mem_eq(sent, request, sizeof request - 1);
    ck_assert_int_ge(client.fd, 0); /* it is used again, with another id */
    answer.length = wire.length = 0;
    add_text(FCGI_STDOUT, 2, "again");
    add_end(2, FCGI_REQUEST_COMPLETE);
    ck_assert_int_eq(ask_it(), FASTCGI_ANSWERED);
    check_answer("again");
}
END_TEST

START_TEST(sends_long_streams_in_records)
{
    static char body[150000];
    memset(body, 'x', sizeof body);
    add_end(1, FCGI_REQUEST_COMPLETE);
    ck_assert_int_eq(ask_with(TEXT(""), (dime_text){body, sizeof body}, LATER_MS),
                     FASTCGI_ANSWERED);
    size_t total = 0, records = 0;
    for (size_t at = 0; at < sent_length; records++) {
        struct record record = record_read(sent + at);
        total += record.type == FCGI_STDIN ? record.length : 0;
        at += FCGI_HEADER_LEN + record.length + record.padding;
    }
    ck_assert_uint_eq(total, sizeof body);
    ck_assert_uint_eq(records, 1 + 1 + 3 + 1);
}
END_TEST

START_TEST(writes_lengths)
{
    static char value[128];
    struct buffer variables;
    buffer_open(&variables, &arena, 1024);
    memset(value, 'v', sizeof value);
    fastcgi_put_variable(&variables, TEXT("N"), (dime_text){value, 127});
    ck_assert_mem_eq(variables.data, "\1\177Nv", 4);
    variables.length = 0;
    fastcgi_put_variable(&variables, TEXT("N"), (dime_text){value, 128});
    ck_assert_mem_eq(variables.data, "\1\200\0\0\200Nv", 7);
    ck_assert_uint_eq(variables.length, 1 + 4 + 1 + 128);
}
END_TEST

/* Answers that aren't one. The connection is never used again. */
static void answer_version(void)
{
    add_end(1, 0);
    wire.data[0] = 2;
}

static void answer_text(void)
{
    buffer_puts(&wire, "Status: 200 OK\r\n\r\n");
}

static void answer_other(void)
{
    add_text(FCGI_STDOUT, 2, "of another request");
}

static void answer_type(void)
{
    add_text(FCGI_STDIN, 1, "a web server's");
}

static void answer_management(void)
{
    add_text(FCGI_GET_VALUES_RESULT, 0, "");
}

static void answer_short_end(void)
{
    add_text(FCGI_END_REQUEST, 1, "short");
}

static void answer_overloaded(void)
{
    add_end(1, FCGI_OVERLOADED);
}

static void answer_flood(void)
{
    static char much[60000];
    for (int i = 0; i < 4; i++)
        add(FCGI_STDOUT, 1, much, sizeof much, 0);
}

static void answer_nothing(void)
{
}

static const struct {
    void (*add)(void);
    enum fastcgi_outcome outcome;
} failures[] = {
    {answer_version, FASTCGI_MALFORMED},    {answer_text, FASTCGI_MALFORMED},
    {answer_other, FASTCGI_MALFORMED},      {answer_type, FASTCGI_MALFORMED},
    {answer_management, FASTCGI_MALFORMED}, {answer_short_end, FASTCGI_MALFORMED},
    {answer_overloaded, FASTCGI_REFUSED},   {answer_flood, FASTCGI_TOO_LONG},
    {answer_nothing, FASTCGI_LATE},
};

START_TEST(tells_failures)
{
    failures[_i].add();
    ck_assert_int_eq(ask_with(TEXT(""), TEXT("x"), SOON_MS), failures[_i].outcome);
    ck_assert_int_eq(client.fd, -1);
}
END_TEST

START_TEST(tells_a_program_that_has_closed_before)
{
    close(program);
    program = -1;
    ck_assert_int_eq(ask_it(), FASTCGI_UNSENT);
    ck_assert_int_eq(client.fd, -1);
}
END_TEST

/* It reads nothing of the request, answers half, and ends. */
START_TEST(tells_a_program_that_closes_early)
{
    add_text(FCGI_STDOUT, 1, "half");
    ck_assert_int_eq(send(program, wire.data, wire.length, 0), (ssize_t)wire.length);
    shutdown(program, SHUT_WR);
    wire.length = 0;
    int copy = program;
    program = -1;
    ck_assert_int_eq(ask_it(), FASTCGI_CLOSED);
    ck_assert_int_eq(client.fd, -1);
    close(copy);
}
END_TEST

/* The answer to a body that is too long comes before all of it is sent. */
START_TEST(takes_an_answer_that_comes_early)
{
    static char body[4 << 20];
    add_text(FCGI_STDOUT, 1, "early");
    add_end(1, FCGI_REQUEST_COMPLETE);
    ck_assert_int_eq(ask_with(TEXT(""), (dime_text){body, 3 << 20}, LATER_MS), FASTCGI_ANSWERED);
    check_answer("early");
    ck_assert_int_eq(client.fd, -1);
}
END_TEST

START_TEST(closes_what_has_more_behind_the_end)
{
    add_end(1, FCGI_REQUEST_COMPLETE);
    add_text(FCGI_STDOUT, 1, "more");
    ck_assert_int_eq(ask_it(), FASTCGI_ANSWERED);
    check_answer("");
    ck_assert_int_eq(client.fd, -1);
}
END_TEST

/* The largest record, cut anywhere: what has come waits for the rest. */
START_TEST(reads_the_largest_record)
{
    static char much[FCGI_MAX_LENGTH];
    memset(much, 'm', sizeof much);
    add(FCGI_STDOUT, 1, much, sizeof much, 255);
    add(FCGI_STDOUT, 1, "e", 1, 255);
    add_end(1, FCGI_REQUEST_COMPLETE);
    ck_assert_int_eq(ask_it(), FASTCGI_ANSWERED);
    ck_assert_uint_eq(answer.length, sizeof much + 1);
    ck_assert_int_eq(answer.data[sizeof much], 'e');
}
END_TEST

START_TEST(passes_on_what_is_for_the_log)
{
    int told[2], log = dup(STDERR_FILENO);
    char said[64] = "";
    ck_assert(pipe(told) == 0 && dup2(told[1], STDERR_FILENO) >= 0);
    add_text(FCGI_STDERR, 1, "a word to the log\n");
    add_end(1, FCGI_REQUEST_COMPLETE);
    enum fastcgi_outcome outcome = ask_it();
    dup2(log, STDERR_FILENO);
    close(told[1]);
    ck_assert_int_eq(outcome, FASTCGI_ANSWERED);
    ck_assert_int_gt(read(told[0], said, sizeof said - 1), 0);
    ck_assert_str_eq(said, "a word to the log\n");
    check_answer("");
    close(told[0]);
    close(log);
}
END_TEST

/* A connection on which nothing was sent can still be used. */
START_TEST(says_when_memory_ends)
{
    bool unsent = false, unread = false, done = false;
    for (size_t limit = 0; !done; limit += 256) {
        struct arena small;
        end();
        begin();
        arena_open(&small, limit);
        buffer_open(&answer, &small, ANSWER_LIMIT);
        add(FCGI_STDOUT, 1, sent, 5000, 0);
        add_end(1, FCGI_REQUEST_COMPLETE);
        enum fastcgi_outcome outcome = ask_it();
        done = outcome == FASTCGI_ANSWERED;
        ck_assert(done || outcome == FASTCGI_NO_MEMORY);
        ck_assert_int_eq(sent_length > 0, done || client.fd < 0);
        unsent = unsent || !sent_length;
        unread = unread || (sent_length && !done);
        arena_close(&small);
    }
    ck_assert(unsent && unread);
}
END_TEST

Suite *fastcgi_client_suite(void)
{
    Suite *suite = suite_create("fastcgi_client");
    TCase *asking = tcase_create("asking");
    tcase_add_checked_fixture(asking, begin, end);
    tcase_add_test(asking, asks_and_is_answered);
    tcase_add_test(asking, sends_long_streams_in_records);
    tcase_add_test(asking, writes_lengths);
    tcase_add_loop_test(asking, tells_failures, 0, sizeof failures / sizeof *failures);
    tcase_add_test(asking, tells_a_program_that_has_closed_before);
    tcase_add_test(asking, tells_a_program_that_closes_early);
    tcase_add_test(asking, takes_an_answer_that_comes_early);
    tcase_add_test(asking, closes_what_has_more_behind_the_end);
    tcase_add_test(asking, reads_the_largest_record);
    tcase_add_test(asking, passes_on_what_is_for_the_log);
    tcase_add_test(asking, says_when_memory_ends);
    suite_add_tcase(suite, asking);
    return suite;
}
