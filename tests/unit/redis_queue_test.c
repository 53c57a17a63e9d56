/*
 * redis_queue_test.c - a queue in Redis with a server that answers what a test wants.
 *
 * The real redis-server is in tests/hosts/queue_test.py. Here are the answers that it never gives,
 * in pieces of a byte, and every allocation that can fail: a call then says that it has failed, and
 * the next one, with memory, works.
 */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "config.h"
#include "fail_malloc.h"
#include "tool/consume/queue.h"
#include "unit.h"

Suite *redis_queue_suite(void);

#ifdef HAVE_QUEUE

/* What the server answers to a command; the first that begins so counts. */
struct script {
    const char *command, *reply;
};

#define BULK(length, text) "$" #length "\r\n" text "\r\n"
#define ENTRY(id)          "*2\r\n$3\r\n" id "\r\n*2\r\n$4\r\nbody\r\n$2\r\n{}\r\n"
#define PENDING(count)     "*1\r\n*4\r\n$3\r\n1-0\r\n$1\r\nc\r\n:9\r\n:" count "\r\n"
#define DUE(id)            "*4\r\n$3\r\n" id "\r\n$1\r\nc\r\n:30000\r\n:1\r\n"
#define NOTHING_LEFT       "*3\r\n$3\r\n0-0\r\n*0\r\n*0\r\n"

static const struct script USUAL[] = {
    {"SELECT", "+OK\r\n"},
    {"XGROUP", "-BUSYGROUP it is there\r\n"},
    {"XAUTOCLAIM", "*3\r\n$3\r\n0-0\r\n*2\r\n" ENTRY("1-0") ENTRY("2-0") "*0\r\n"},
    {"XPENDING", PENDING("2")},
    {"XPENDING-", "*2\r\n" DUE("1-0") DUE("2-0")}, /* a page of all that is pending */
    {"XREADGROUP", "*1\r\n*2\r\n$1\r\nq\r\n*1\r\n" ENTRY("3-0")},
    {"XADD", "$3\r\n9-0\r\n"},
    {"XACK", ":1\r\n"},
    {"XDEL", ":1\r\n"},
    {"XCLAIM", "*1\r\n$3\r\n1-0\r\n"},
    {"XLEN", ":0\r\n"},
    {0},
};

static struct {
    pthread_t thread;
    int listener;
    const char *path;
    struct script first; /* stands before the usual ones; no command: none does */
    bool in_pieces;
    char seen[4096]; /* the names of the commands that came */
    char last[1024]; /* the words of the last one */
} server;

static const char *reply_to(const char *command)
{
    if (server.first.command && strcmp(command, server.first.command) == 0)
        return server.first.reply;
    for (size_t i = 0; USUAL[i].command; i++) {
        if (strcmp(command, USUAL[i].command) == 0)
            return USUAL[i].reply;
    }
    return "-ERR unknown\r\n";
}

static bool write_reply(int fd, const char *reply)
{
    size_t length = strlen(reply), piece = server.in_pieces ? 1 : length;
    for (size_t at = 0; at < length; at += piece) {
        if (send(fd, reply + at, piece, MSG_NOSIGNAL) < 0)
            return false;
    }
    return true;
}

/* What the server has read and not looked at yet; it allocates nothing, for the tests of malloc. */
static struct {
    int fd;
    size_t at, length;
    char room[4096];
} input;

static int next_byte(void)
{
    if (input.at == input.length) {
        ssize_t got = read(input.fd, input.room, sizeof input.room);
        if (got <= 0)
            return -1;
        input.at = 0;
        input.length = (size_t)got;
    }
    return input.room[input.at++];
}

/* Reads a line, without its end. */
static bool read_line(char line[256])
{
    size_t length = 0;
    int byte;
    while ((byte = next_byte()) >= 0 && byte != '\n') {
        if (byte != '\r' && length < 255)
            line[length++] = (char)byte;
    }
    line[length] = '\0';
    return byte >= 0;
}

/* Reads a command's name; a minus behind it says that it is about a range and not about an id. */
static bool read_command(char name[256])
{
    char line[256];
    if (!read_line(line))
        return false;
    *server.last = '\0';
    for (long words = strtol(line + 1, NULL, 10), i = 0; i < words; i++) {
        size_t length = strlen(server.last);
        if (!read_line(line) || !read_line(i ? line : name))
            return false;
        snprintf(server.last + length, sizeof server.last - length, "%s ", i ? line : name);
        if (i == 3 && strcmp(name, "XPENDING") == 0 && (*line == '-' || *line == '('))
            memcpy(name, "XPENDING-", sizeof "XPENDING-");
    }
    return true;
}

static void *serve(void *nothing)
{
    char name[256];
    while ((input.fd = accept(server.listener, NULL, NULL)) >= 0) {
        input.at = input.length = 0;
        while (read_command(name)) {
            size_t length = strlen(server.seen);
            snprintf(server.seen + length, sizeof server.seen - length, "%s ", name);
            if (!write_reply(input.fd, reply_to(name)))
                break;
        }
        close(input.fd);
    }
    return nothing;
}

static struct queue *queue;
static struct arena arena;
static struct queue_batch batch;

static void begin_at(const char *more)
{
    static char url[128], path[64];
    char why[QUEUE_ERROR];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(path, sizeof path, "/tmp/dime-redis-%d", (int)getpid());
    snprintf(url, sizeof url, "redis+unix://%s?stream=q&deliveries=3&maxlen=5%s", path, more);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    unlink(path);
    server.path = path;
    server.first = (struct script){0};
    server.in_pieces = false;
    *server.seen = '\0';
    server.listener = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(server.listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(server.listener, 9), 0);
    ck_assert_int_eq(pthread_create(&server.thread, NULL, serve, NULL), 0);
    arena_open(&arena, 1 << 20);
    const struct queue_use use = {.url = text_of(url),
                                  .function = "test",
                                  .consumer = "c",
                                  .visibility_ms = 30000,
                                  .retry_ms = 1000,
                                  .stop = -1};
    queue = queue_open(&use, why);
    ck_assert_ptr_nonnull(queue);
}

static void begin(void)
{
    begin_at("");
}

static void end(void)
{
    queue_close(queue);
    arena_close(&arena);
    shutdown(server.listener, SHUT_RDWR);
    pthread_join(server.thread, NULL);
    close(server.listener);
    unlink(server.path);
}

static bool receive(void)
{
    arena_reset(&arena);
    return queue_receive(queue, 10, 10, &arena, &batch);
}

/* A whole round: receives what others left, settles it, extends, receives what is new, sends. */
static bool do_all(void)
{
    const enum message_end ends[] = {MESSAGE_FAILED, MESSAGE_DONE};
    const dime_text receipts[] = {TEXT("1-0"), TEXT("2-0")}, bodies[] = {TEXT("a"), TEXT("b")};
    dime_text ids[2];
    return receive() && queue_settle(queue, &batch, ends, &arena) &&
           queue_extend(queue, receipts, 2, &arena) && receive() &&
           queue_settle(queue, &batch, ends, &arena) && queue_send(queue, bodies, 2, ids, &arena);
}

START_TEST(does_what_it_is_told)
{
    server.in_pieces = _i;
    ck_assert_msg(receive(), "%s", queue->error);
    ck_assert_uint_eq(batch.count, 2);
    ck_assert_int_eq(batch.messages[1].deliveries, 2);
    ck_assert(text_equal(batch.messages[1].id, TEXT("2-0")));
    ck_assert(text_equal(batch.messages[1].body, TEXT("{}")));
    ck_assert(
        queue_settle(queue, &batch, (enum message_end[]){MESSAGE_DONE, MESSAGE_FAILED}, &arena));
    ck_assert_str_eq(server.seen,
                     "XGROUP XPENDING- XAUTOCLAIM XPENDING XPENDING XACK XDEL XCLAIM ");
    *server.seen = '\0';
    batch.messages[0].deliveries = 3; /* the last that this queue grants */
    ck_assert(
        queue_settle(queue, &batch, (enum message_end[]){MESSAGE_FAILED, MESSAGE_FAILED}, &arena));
    ck_assert_str_eq(server.seen, "XADD XACK XDEL XCLAIM ");
    *server.seen = '\0';
    ck_assert(receive());
    ck_assert_str_eq(server.seen, "XREADGROUP ");
    ck_assert_uint_eq(batch.count, 1);
    ck_assert_int_eq(batch.messages[0].deliveries, 1);
}
END_TEST

/* A message that was left has as many deliveries to come as before. */
START_TEST(takes_a_delivery_back)
{
    ck_assert(receive());
    batch.count = 1;
    batch.messages[0].deliveries = 3;
    *server.seen = '\0';
    ck_assert(queue_settle(queue, &batch, (enum message_end[]){MESSAGE_LEFT}, &arena));
    ck_assert_str_eq(server.seen, "XCLAIM ");
    ck_assert_ptr_nonnull(strstr(server.last, " RETRYCOUNT 2 JUSTID"));
}
END_TEST

/* No command is sent that isn't needed: users of ACLs and proxies may not know it. */
START_TEST(selects_a_database_where_one_is_named)
{
    end();
    begin_at(_i ? "&db=3" : "&db=0");
    ck_assert(receive());
    ck_assert_int_eq(!strncmp(server.seen, "SELECT XGROUP ", 14), _i);
}
END_TEST

/* The group may be there though this user may not make one; if it isn't, the reading says so. */
START_TEST(reads_where_no_group_may_be_made)
{
    server.first =
        (struct script){"XGROUP", "-NOPERM no permissions to run the 'xgroup' command\r\n"};
    ck_assert_msg(receive(), "%s", queue->error);
}
END_TEST

/* Of a long list nothing is taken while nothing is due, and its next page begins behind the last.
 */
START_TEST(goes_through_a_long_list)
{
    enum { PAGE = 1000, ROOM = PAGE * 48 };
    static char page[ROOM];
    size_t length = (size_t)snprintf(page, sizeof page, "*%d\r\n", PAGE);
    for (int i = 0; i < PAGE; i++)
        length += (size_t)snprintf(page + length, sizeof page - length,
                                   "*4\r\n$6\r\n%04d-0\r\n$1\r\nc\r\n:10000\r\n:1\r\n", i);
    server.first = (struct script){"XPENDING-", page};
    for (int i = 0; i < 3; i++)
        ck_assert_msg(receive(), "%s", queue->error);
    ck_assert_str_eq(server.seen, "XGROUP XPENDING- XREADGROUP XPENDING- XREADGROUP XPENDING- "
                                  "XREADGROUP ");
    server.first = (struct script){"XREADGROUP", "*-1\r\n"};
    *server.seen = '\0';
    server.first = (struct script){"XPENDING-", "*1\r\n" DUE("2-0")};
    ck_assert(receive());
    ck_assert_str_eq(server.seen, "XPENDING- XAUTOCLAIM XPENDING XPENDING ");
}
END_TEST

/* What has been delivered more often than it may be has ended its consumers: nobody runs it. */
START_TEST(buries_what_nobody_has_settled)
{
    server.first = (struct script){"XPENDING", PENDING("4")};
    ck_assert(receive());
    ck_assert_str_eq(server.seen,
                     "XGROUP XPENDING- XAUTOCLAIM XPENDING XPENDING XADD XADD XACK XDEL "
                     "XREADGROUP ");
    ck_assert_uint_eq(batch.count, 1);
}
END_TEST

START_TEST(drops_what_another_has_settled)
{
    server.first = (struct script){"XPENDING", "*0\r\n"};
    ck_assert(receive());
    ck_assert(text_equal(batch.messages[0].id, TEXT("3-0")));
}
END_TEST

/* A dead letter that can't be written leaves the message where it is. */
START_TEST(keeps_what_cannot_be_buried)
{
    const char *const REPLIES[] = {"-OOM command not allowed\r\n", ":1\r\n", "$-1\r\n", "+"};
    ck_assert(receive());
    batch.messages[0].deliveries = 3;
    server.first = (struct script){"XADD", REPLIES[_i]};
    *server.seen = '\0';
    ck_assert(
        !queue_settle(queue, &batch, (enum message_end[]){MESSAGE_FAILED, MESSAGE_DONE}, &arena));
    ck_assert_ptr_null(strstr(server.seen, "XACK"));
}
END_TEST

static const struct script nonsense[] = {
    {"XGROUP", "-NOAUTH who are you\r\n"},
    {"XPENDING-", ":1\r\n"},
    {"XPENDING-", "*1\r\n:1\r\n"},
    {"XPENDING-", "*1\r\n*3\r\n$3\r\n1-0\r\n$1\r\nc\r\n:9\r\n"},
    {"XPENDING-", "*1\r\n*4\r\n:1\r\n$1\r\nc\r\n:9\r\n:1\r\n"},
    {"XPENDING-", "*1\r\n*4\r\n$3\r\n1-0\r\n$1\r\nc\r\n:-1\r\n:1\r\n"},
    {"XPENDING-",
     "*1\r\n*4\r\n$49\r\n0000000000000000000000000000000000000000000000000\r\n$1\r\nc\r\n:9\r\n:1"
     "\r\n"},
    /* of RESP3, which nobody asked for; the last two crash where hiredis isn't told of them */
    {"XPENDING-", "%1\r\n+a\r\n+b\r\n"},
    {"XPENDING-", "~0\r\n"},
    {"XPENDING-", ">1\r\n+a\r\n"},
    {"XPENDING-", "(123\r\n"},
    {"XPENDING-", "_\r\n"},
    {"XPENDING-", "=7\r\ntxt:abc\r\n"},
    {"XPENDING-", "*1\r\n,1.5\r\n"},
    {"XPENDING-", ",3.14\r\n"},
    {"XPENDING-", "#t\r\n"},
    {"XGROUP", "-WRONGTYPE no stream\r\n"},
    {"XGROUP", "*0\r\n"},
    {"XAUTOCLAIM", "+OK\r\n"},
    {"XAUTOCLAIM", "*-1\r\n"},
    {"XAUTOCLAIM", "*1\r\n$3\r\n0-0\r\n"},
    {"XAUTOCLAIM", "*2\r\n:0\r\n*0\r\n"},
    {"XAUTOCLAIM", "*2\r\n$3\r\n0-0\r\n:0\r\n"},
    {"XAUTOCLAIM", "*2\r\n$3\r\n0-0\r\n*1\r\n:1\r\n"},
    {"XAUTOCLAIM", "*2\r\n$3\r\n0-0\r\n*1\r\n*1\r\n$3\r\n1-0\r\n"},
    {"XAUTOCLAIM", "*2\r\n$3\r\n0-0\r\n*1\r\n*2\r\n$3\r\n1-0\r\n*-1\r\n"},
    {"XAUTOCLAIM", "*2\r\n$3\r\n0-0\r\n*1\r\n*2\r\n$3\r\n1-0\r\n*0\r\n"},
    {"XAUTOCLAIM", "*2\r\n$3\r\n0-0\r\n*1\r\n*2\r\n$3\r\n1-0\r\n*1\r\n$1\r\na\r\n"},
    {"XAUTOCLAIM", "*2\r\n$3\r\n0-0\r\n*1\r\n*2\r\n$3\r\n1-0\r\n*2\r\n$1\r\na\r\n:1\r\n"},
    {"XAUTOCLAIM", "*2\r\n$3\r\n0-0\r\n*1\r\n*2\r\n*-1\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n"},
    {"XAUTOCLAIM", "*2\r\n$49\r\n0000000000000000000000000000000000000000000000000\r\n*0\r\n"},
    {"XAUTOCLAIM",
     "*2\r\n$3\r\n0-0\r\n*11\r\n*-1\r\n*-1\r\n*-1\r\n*-1\r\n*-1\r\n*-1\r\n*-1\r\n*-1\r\n"
     "*-1\r\n*-1\r\n*-1\r\n"},
    {"XAUTOCLAIM", "*2147483647\r\n"},
    {"XAUTOCLAIM", "*1000000\r\n"},
    {"XAUTOCLAIM", "*-2\r\n"},
    {"XAUTOCLAIM", "$99999999999999999999\r\n"},
    {"XAUTOCLAIM", "\r\n"},
    {"XAUTOCLAIM", "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n"},
    {"XPENDING", "$1\r\nx\r\n"},
    {"XPENDING", "*1\r\n:1\r\n"},
    {"XPENDING", "*1\r\n*3\r\n$1\r\na\r\n$1\r\nb\r\n:1\r\n"},
    {"XPENDING", PENDING("0")},
    {"XPENDING", PENDING("-1")},
    {"XPENDING", "*1\r\n*4\r\n$1\r\na\r\n$1\r\nb\r\n:1\r\n$1\r\n1\r\n"},
};

/* None is believed in part, and the queue works again with the next answer that is right. */
START_TEST(refuses_nonsense)
{
    server.first = nonsense[_i];
    ck_assert_msg(!receive(), "%s", nonsense[_i].reply);
    ck_assert_uint_eq(batch.count, 0);
    ck_assert_uint_gt(strlen(queue->error), 5);
    server.first = (struct script){0};
    bool right = receive() || receive(); /* the first may have asked for too much at once */
    ck_assert_msg(right && batch.count, "%s: %s", nonsense[_i].reply, queue->error);
}
END_TEST

static const struct script new_nonsense[] = {
    {"XREADGROUP", "+OK\r\n"},
    {"XREADGROUP", "*0\r\n"},
    {"XREADGROUP", "*1\r\n:1\r\n"},
    {"XREADGROUP", "*1\r\n*1\r\n$1\r\nq\r\n"},
    {"XREADGROUP", "*1\r\n*2\r\n$1\r\nq\r\n:1\r\n"},
    {"XREADGROUP", "*1\r\n*2\r\n$1\r\nq\r\n*1\r\n:1\r\n"},
};

START_TEST(refuses_new_nonsense)
{
    ck_assert(receive());
    server.first = new_nonsense[_i];
    ck_assert_msg(!receive(), "%s", new_nonsense[_i].reply);
}
END_TEST

START_TEST(waits_twice_as_long_each_time)
{
    int64_t most = 1000;
    for (int64_t deliveries = 1; deliveries < 100; deliveries++) {
        int64_t wait = queue_retry_ms(&queue->use, deliveries);
        ck_assert_msg(wait >= most / 2 && wait <= most, "%lld", (long long)wait);
        most = 2 * most < 30000 ? 2 * most : 30000;
    }
}
END_TEST

/* A queue says that it has failed, whichever allocation does, and works when there is memory. */
START_TEST(fails_without_memory)
{
    bool failed = true;
    for (size_t number = 0; failed; number++) {
        arena_close(&arena);
        fail_malloc_begin(number);
        bool fine = do_all();
        failed = fail_malloc_end();
        ck_assert_msg(!failed || !fine || !arena.failed, "malloc %zu", number);
        ck_assert_msg(failed || fine, "malloc %zu: %s", number, queue->error);
        ck_assert_msg(do_all() || do_all(), "after malloc %zu: %s", number, queue->error);
    }
}
END_TEST

START_TEST(gives_all_memory_back)
{
    long live = fail_malloc_live();
    char why[QUEUE_ERROR];
    for (int i = 0; i < 3; i++) {
        struct queue *other = queue_open(&queue->use, why);
        arena_reset(&arena);
        ck_assert(queue_receive(other, 10, 10, &arena, &batch));
        queue_close(other);
    }
    arena_close(&arena);
    ck_assert_int_eq(fail_malloc_live(), live);
}
END_TEST

Suite *redis_queue_suite(void)
{
    Suite *suite = suite_create("redis_queue");
    TCase *test = tcase_create("redis_queue");
    tcase_add_checked_fixture(test, begin, end);
    tcase_set_timeout(test, 60);
    tcase_add_loop_test(test, does_what_it_is_told, 0, 2);
    tcase_add_test(test, takes_a_delivery_back);
    tcase_add_loop_test(test, selects_a_database_where_one_is_named, 0, 2);
    tcase_add_test(test, reads_where_no_group_may_be_made);
    tcase_add_test(test, goes_through_a_long_list);
    tcase_add_test(test, buries_what_nobody_has_settled);
    tcase_add_test(test, waits_twice_as_long_each_time);
    tcase_add_test(test, drops_what_another_has_settled);
    tcase_add_loop_test(test, keeps_what_cannot_be_buried, 0, 4);
    tcase_add_loop_test(test, refuses_nonsense, 0, sizeof nonsense / sizeof *nonsense);
    tcase_add_loop_test(test, refuses_new_nonsense, 0, sizeof new_nonsense / sizeof *new_nonsense);
    if (fail_malloc_works()) {
        tcase_add_test(test, fails_without_memory);
        tcase_add_test(test, gives_all_memory_back);
    } else {
        unit_skip("fails_without_memory", "the sanitizers bring a malloc of their own");
        unit_skip("gives_all_memory_back", "the sanitizers bring a malloc of their own");
    }
    suite_add_tcase(suite, test);
    return suite;
}

#else

Suite *redis_queue_suite(void)
{
    unit_skip("redis_queue", "dime-queue isn't built");
    return suite_create("redis_queue");
}

#endif
