/*
 * aws_call_test.c - whole calls to AWS, with a server in a process of its own: what fails of the
 * memory, what is kept, and for how long.
 *
 * The server knows what to answer from the path, counts what it's asked, and answers at once, so a
 * call takes less than a millisecond and every single allocation of one can be made to fail,
 * libcurl's own among them.
 */
#include <arpa/inet.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "services/aws/client.h"
#include "services/aws/provider.h"
#include "services/aws/rekognition.h"
#include "services/aws/retry.h"
#include "services/aws/s3.h"
#include "services/aws/sqs.h"
#include "services/aws/translate.h"
#include "base/clock.h"
#include "request/log.h"
#include "fail_malloc.h"
#include "unit.h"

Suite *aws_call_suite(void);

static struct arena arena;
static struct aws_call call;
static char address[64];
static bool right; /* what came of a call is what had to come */

/* Shared with the server: how often it was asked for credentials, and what it's to hand out. */
static struct shared {
    int fetched;
    int ends_s;  /* when what it hands out ends, in seconds from then; 0: nothing is handed out */
    bool silent; /* it reads and says nothing */
} * shared;

static void put_credentials(FILE *out)
{
    char body[512], time[32];
    time_t ends = clock_epoch_ms() / 1000 + shared->ends_s;
    struct tm parts;
    strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&ends, &parts));
    snprintf(body, sizeof body,
             "{\"AccessKeyId\":\"AKID%d\",\"SecretAccessKey\":\"secretsecret\",\"Token\":\"token\","
             "\"Expiration\":\"%s\"}",
             ++shared->fetched, time);
    if (shared->ends_s)
        fprintf(out, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
    else
        fputs("HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\n{}", out);
}

static void put_answer(FILE *out, const char *path)
{
    static const char MESSAGES[] =
        "{\"Messages\":[{\"MessageId\":\"a\\u0062c\",\"ReceiptHandle\":\"r\\u0031\",\"Body\":"
        "\"one\\ntwo\",\"Attributes\":{\"A\":\"b\"}},{\"MessageId\":\"x\"},7],"
        "\"Attributes\":{\"VisibilityTimeout\":\"3\\u0030\"},"
        "\"Successful\":[{\"Id\":\"0\"}],\"Failed\":[{\"Id\":\"1\",\"Code\":\"C\\u006fde\"}]}";
    if (strcmp(path, "/credentials") == 0)
        put_credentials(out);
    else if (strncmp(path, "/photos/", 8) == 0)
        fputs("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nobject", out);
    else if (strncmp(path, "/missing/", 9) == 0)
        fputs("HTTP/1.1 404 No\r\nContent-Length: 43\r\n\r\n"
              "<Error><Code>NoSuchKey</Code></Error>      ",
              out);
    else
        fprintf(out, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", sizeof MESSAGES - 1,
                MESSAGES);
}

/* Reads a request's head and body. False: the other side has gone. */
static bool read_request(FILE *in, char path[256])
{
    char line[16384];
    int64_t length = 0;
    path[0] = '\0';
    while (fgets(line, sizeof line, in)) {
        dime_text text = text_trim(text_of(line)), word;
        if (!text.length) {
            while (length-- > 0)
                (void)fgetc(in);
            return !feof(in);
        }
        if (!path[0] && text_cut(&text, ' ', &word) && text_cut(&text, ' ', &word))
            snprintf(path, 256, "%.*s", (int)word.length, word.data);
        else if (text_starts(text, TEXT("Content-Length: ")))
            text_to_int64((dime_text){text.data + 16, text.length - 16}, &length);
    }
    return false;
}

static void serve(int connection)
{
    char path[256];
    FILE *in = fdopen(connection, "r"), *out = fdopen(dup(connection), "w");
    while (in && out && read_request(in, path)) {
        if (shared->silent)
            continue;
        put_answer(out, path);
        fflush(out);
    }
    _exit(0);
}

/* One connection, one process: they end with the test. */
static void run_server(int listener)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGCHLD, SIG_IGN);
    for (int connection; (connection = accept(listener, NULL, NULL)) >= 0; close(connection)) {
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            serve(connection);
        }
    }
    _exit(1);
}

static void start_server(void)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof name;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert(listener >= 0 && bind(listener, (struct sockaddr *)&name, size) == 0 &&
              listen(listener, 64) == 0 &&
              getsockname(listener, (struct sockaddr *)&name, &size) == 0);
    snprintf(address, sizeof address, "http://127.0.0.1:%d", ntohs(name.sin_port));
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert(shared != MAP_FAILED);
    if (fork() == 0)
        run_server(listener);
    close(listener);
}

static void begin(void)
{
    static const char *const SET[] = {"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN",
                                      "AWS_WEB_IDENTITY_TOKEN_FILE", "http_proxy"};
    for (size_t i = 0; i < sizeof SET / sizeof *SET; i++)
        unsetenv(SET[i]);
    start_server();
    setenv("HOME", "/nowhere", 1);
    setenv("AWS_REGION", "eu-west-1", 1);
    setenv("AWS_ACCESS_KEY_ID", "AKIDAKID", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secretsecret", 1);
    setenv("AWS_ENDPOINT_URL", address, 1);
    log_least(LOG_LEVEL_NONE);
    arena_open(&arena, 1 << 20);
    call = (struct aws_call){.arena = &arena};
}

static void end(void)
{
    arena_close(&arena);
}

/* The neighbour that hands out credentials is the server too. */
static void use_neighbour(int ends_s)
{
    char url[128];
    snprintf(url, sizeof url, "%s/credentials", address);
    unsetenv("AWS_ACCESS_KEY_ID");
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
    shared->ends_s = ends_s;
}

/* Check's own assertions allocate, so none is made while an allocation is to fail. */
static void ask_labels(struct aws *aws)
{
    struct rekognition_question question = {.bytes = TEXT("picture")};
    rekognition_detect_labels(aws, &call, &question);
    right = true;
}

static void ask_object(struct aws *aws)
{
    struct s3_object object = {
        .bucket = TEXT("photos"), .key = TEXT("a b/c"), .version = TEXT("v")};
    s3_get_object(aws, &call, &object, 1024);
    right = !call.reply.ok || text_equal(call.reply.body, TEXT("object"));
}

static void ask_missing(struct aws *aws)
{
    struct s3_object object = {.bucket = TEXT("missing"), .key = TEXT("a")};
    s3_get_object(aws, &call, &object, 1024);
    right = !call.reply.ok;
    call.reply.ok = text_equal(call.reply.code, TEXT("NoSuchKey")) && call.reply.status == 422;
}

static void ask_translation(struct aws *aws)
{
    struct translate_question question = {TEXT("one"), TEXT("en"), TEXT("de")};
    translate_text(aws, &call, &question);
    right = true;
}

static struct sqs_queue queue;

static bool open_queue(struct aws *aws)
{
    const char *why = NULL;
    if (sqs_open(&queue, aws, TEXT("https://sqs.eu-west-1.amazonaws.com/1/a"), &why))
        return true;
    right = why;
    call.reply = (struct aws_reply){.status = 503, .detail = text_of(why)};
    return false;
}

static void ask_messages(struct aws *aws)
{
    struct sqs_messages messages;
    if (!open_queue(aws))
        return;
    sqs_receive(aws, &call, &queue, 10, 0, 30, &messages);
    const struct sqs_message *first = &messages.items[0];
    right = !call.reply.ok || /* one without a receipt couldn't be deleted */
            (messages.count == 1 && text_equal(first->id, TEXT("abc")) &&
             text_equal(first->receipt, TEXT("r1")) && text_equal(first->body, TEXT("one\ntwo")) &&
             text_equal(first->attributes, TEXT("{\"A\":\"b\"}")));
}

static void ask_deletion(struct aws *aws)
{
    struct sqs_entry entries[3] = {
        {.receipt = TEXT("r1")}, {.receipt = TEXT("r2")}, {.receipt = TEXT("r3")}};
    if (!open_queue(aws))
        return;
    sqs_batch(aws, &call, &queue, SQS_DELETE, entries, 3);
    right = !call.reply.ok || (!entries[0].failed && entries[1].failed && entries[2].failed &&
                               text_equal(entries[1].code, TEXT("Code")));
}

/* With credentials that have to be fetched first. */
static void ask_with_neighbour(struct aws *aws)
{
    provider_forget(aws);
    ask_labels(aws);
}

static void (*const ASKED[])(struct aws *aws) = {
    ask_labels,   ask_object,   ask_missing,        ask_translation,
    ask_messages, ask_deletion, ask_with_neighbour,
};
enum { ASKED_COUNT = sizeof ASKED / sizeof *ASKED };

START_TEST(answers_each)
{
    struct aws *aws = aws_open("test");
    ck_assert_ptr_nonnull(aws);
    for (size_t i = 0; i < ASKED_COUNT; i++) {
        if (ASKED[i] == ask_with_neighbour)
            use_neighbour(3600);
        ASKED[i](aws);
        ck_assert_msg(call.reply.ok && right, "%zu: %d %.*s", i, call.reply.status,
                      (int)call.reply.detail.length, call.reply.detail.data);
        arena_reset(&arena);
    }
    aws_close(aws);
    aws_close(NULL);
}
END_TEST

/* The libcurl of Debian 12 loses a host's name where it can't be copied. */
static int lost;

/* One call, from opening to closing, of which one allocation fails. True: none failed any more. */
static bool ask_failing(void (*ask)(struct aws *aws), size_t number)
{
    long live = fail_malloc_live();
    fail_malloc_begin(number);
    struct aws *aws = aws_open("test");
    call.reply = (struct aws_reply){.status = 503, .detail = TEXT("none")};
    right = true;
    if (aws) {
        aws->tokens = 0; /* there's no use in trying again */
        ask(aws);
    }
    bool failed = fail_malloc_end();
    bool told = arena.failed || (call.reply.status >= 502 && call.reply.detail.length);
    ck_assert_msg(right && (call.reply.ok || (failed && told)), "%zu: %d %.*s", number,
                  call.reply.status, (int)call.reply.detail.length, call.reply.detail.data);
    aws_close(aws);
    arena_close(&arena);
    lost += fail_malloc_live() != live;
    ck_assert_msg(fail_malloc_live() <= live + 1 && lost <= 1, "%zu leaks", number);
    return !failed;
}

START_TEST(survives_every_failure_of_malloc)
{
    fail_malloc_spare("libcrypto"); /* libcurl's HMAC doesn't look whether it could allocate */
    ck_assert(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    if (ASKED[_i] == ask_with_neighbour)
        use_neighbour(3600);
    struct aws *aws = aws_open("test"); /* what is allocated once and kept */
    ASKED[_i](aws);
    ck_assert(call.reply.ok);
    aws_close(aws);
    arena_close(&arena);
    size_t number = 0;
    while (!ask_failing(ASKED[_i], number))
        number++;
    ck_assert_uint_gt(number, 40);
}
END_TEST

/* The arena's limit anywhere at all: a reply that isn't ok, or the arena says so. */
START_TEST(survives_every_limit)
{
    struct aws *aws = aws_open("test");
    ck_assert_ptr_nonnull(aws);
    if (ASKED[_i] == ask_with_neighbour)
        use_neighbour(3600);
    bool ok = false;
    for (size_t limit = 0; limit < 1 << 20 && !ok; limit = limit * 5 / 4 + 16) {
        arena_open(&arena, limit);
        ASKED[_i](aws);
        ok = call.reply.ok && !arena.failed;
        ck_assert(right);
        ck_assert(ok || arena.failed || call.reply.status >= 413);
        aws->tokens = RETRY_TOKENS;
        arena_close(&arena);
    }
    ck_assert(ok);
    aws_close(aws);
}
END_TEST

static void ask_and_check(struct aws *aws, int fetched, bool ok)
{
    ask_labels(aws);
    ck_assert_msg(call.reply.ok == ok, "%.*s", (int)call.reply.detail.length,
                  call.reply.detail.data);
    ck_assert_int_eq(shared->fetched, fetched);
    arena_reset(&arena);
}

START_TEST(fetches_credentials_before_they_end)
{
    struct aws *aws = aws_open("test");
    const int64_t minute = 60000;
    use_neighbour(3600);
    ask_and_check(aws, 1, true);
    ask_and_check(aws, 1, true);
    aws->credentials.expires_ms = clock_epoch_ms() + 16 * minute;
    aws->again_ms = 0;
    ask_and_check(aws, 1, true);
    aws->credentials.expires_ms = clock_epoch_ms() + 14 * minute;
    ask_and_check(aws, 2, true);
    ck_assert_str_eq(aws->credentials.id, "AKID2");
    /* Those that are handed out shortly before they end aren't fetched with each call. */
    shared->ends_s = 5 * 60;
    provider_forget(aws);
    ask_and_check(aws, 3, true);
    ask_and_check(aws, 3, true);
    aws->again_ms = 0;
    ask_and_check(aws, 4, true);
    aws_close(aws);
}
END_TEST

START_TEST(uses_credentials_to_their_end)
{
    struct aws *aws = aws_open("test");
    use_neighbour(3600);
    ask_and_check(aws, 1, true);
    shared->ends_s = 0; /* from here on none are handed out */
    aws->credentials.expires_ms = clock_epoch_ms() + 60000;
    aws->again_ms = 0;
    ask_and_check(aws, 2, true);
    ask_and_check(aws, 2, true); /* and it isn't asked again at once */
    aws->credentials.expires_ms = clock_epoch_ms() - 1;
    ask_and_check(aws, 2, false);
    ck_assert_int_eq(call.reply.status, 503);
    aws->again_ms = 0;
    ask_and_check(aws, 3, false);
    shared->ends_s = 3600;
    ask_and_check(aws, 3, false);
    aws->again_ms = 0;
    ask_and_check(aws, 4, true);
    ck_assert_str_eq(aws->credentials.id, "AKID4");
    aws_close(aws);
}
END_TEST

/* What another origin has handed out isn't used for this one. */
START_TEST(keeps_origins_apart)
{
    struct aws *aws = aws_open("test");
    use_neighbour(3600);
    ask_and_check(aws, 1, true);
    setenv("AWS_ACCESS_KEY_ID", "AKIDAKID", 1);
    ask_and_check(aws, 1, true);
    ck_assert_str_eq(aws->credentials.id, "AKIDAKID");
    ck_assert_str_eq(aws->credentials.token, "");
    unsetenv("AWS_ACCESS_KEY_ID");
    ask_and_check(aws, 2, true);
    aws_close(aws);
}
END_TEST

/* Keys that were removed aren't signed with, whatever comes of the next place that may have some.
 */
START_TEST(forgets_keys_that_were_removed)
{
    struct aws *aws = aws_open("test");
    for (int after = 0; after < 2; after++) {
        use_neighbour(0);
        setenv("AWS_ACCESS_KEY_ID", "AKIDREMOVED", 1);
        ask_and_check(aws, 0, true);
        ck_assert_str_eq(aws->credentials.id, "AKIDREMOVED");
        unsetenv("AWS_ACCESS_KEY_ID");
        if (after) /* the next has a fault, and the one after that is down */
            setenv("AWS_ACCESS_KEY_ID", "in valid", 1);
        int fetched = shared->fetched;
        ask_and_check(aws, fetched + !after, false);
        unsetenv("AWS_ACCESS_KEY_ID");
        ck_assert_str_eq(aws->credentials.id, "");
        ask_and_check(aws, fetched + 1, false);
        ask_and_check(aws, fetched + 1, false);
        ck_assert_str_eq(aws->credentials.id, "");
        ck_assert_str_eq(aws->credentials.secret, "");
        shared->fetched = 0;
    }
    aws_close(aws);
}
END_TEST

START_TEST(gives_up_a_peer_that_says_nothing)
{
    struct http http = {.idle_s = 1};
    struct http_answer answer = {0};
    struct http_request request = {.method = "GET",
                                   .url = address,
                                   .most = 1024,
                                   .connect_ms = 1000,
                                   .until_ms = clock_epoch_ms() + 20000};
    shared->silent = true;
    int64_t began = clock_epoch_ms();
    ck_assert_int_eq(http_exchange(&http, &request, &arena, &answer), HTTP_STALLED);
    int64_t took = clock_epoch_ms() - began;
    ck_assert_msg(took >= 900 && took < 10000, "%lld", (long long)took);
    ck_assert(http.why[0]);
    http_close(&http);
}
END_TEST

/* What libcurl refuses to do, as it does more with each version, is no fault of the peer's. */
START_TEST(names_what_libcurl_refuses)
{
    enum { LONGER = 8000001 }; /* than libcurl takes of any option */
    struct http http = {0};
    struct http_answer answer = {0};
    struct http_request request = {.url = address, .until_ms = clock_epoch_ms() + 20000};
    char *method = malloc(LONGER + 1);
    ck_assert_ptr_nonnull(method);
    memset(method, 'M', LONGER);
    method[LONGER] = '\0';
    request.method = method;
    ck_assert_int_eq(http_exchange(&http, &request, &arena, &answer), HTTP_UNUSABLE);
    ck_assert_str_eq(http.reason, curl_easy_strerror(CURLE_BAD_FUNCTION_ARGUMENT));
    ck_assert_str_eq(http.why, http.reason);
    free(method);
    http_close(&http);
}
END_TEST

START_TEST(waits_a_while_without_a_deadline)
{
    int64_t now = clock_epoch_ms();
    ck_assert_int_ge(aws_until(&call), now + 59000);
    call.deadline_ms = now + 5000;
    ck_assert_int_eq(aws_until(&call), now + 4900);
}
END_TEST

Suite *aws_call_suite(void)
{
    Suite *suite = suite_create("aws_call");
    TCase *calls = tcase_create("calls");
    tcase_add_checked_fixture(calls, begin, end);
    tcase_set_timeout(calls, 60);
    tcase_add_test(calls, answers_each);
    tcase_add_loop_test(calls, survives_every_limit, 0, ASKED_COUNT);
    tcase_add_test(calls, fetches_credentials_before_they_end);
    tcase_add_test(calls, uses_credentials_to_their_end);
    tcase_add_test(calls, keeps_origins_apart);
    tcase_add_test(calls, forgets_keys_that_were_removed);
    tcase_add_test(calls, gives_up_a_peer_that_says_nothing);
    tcase_add_test(calls, names_what_libcurl_refuses);
    tcase_add_test(calls, waits_a_while_without_a_deadline);
    if (fail_malloc_works())
        tcase_add_loop_test(calls, survives_every_failure_of_malloc, 0, ASKED_COUNT);
    else
        unit_skip("survives_every_failure_of_malloc (aws_call)", "a sanitizer has malloc");
    suite_add_tcase(suite, calls);
    return suite;
}
