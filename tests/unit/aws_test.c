/*
 * aws_test.c - what calls to AWS decide without a network: files, addresses, faults, retries.
 *
 * The tables hold what AWS's reference guide says, and what must not come of input that is wrong: a
 * region, a bucket or an address that would lead to another host.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "services/aws/client.h"
#include "services/aws/credentials.h"
#include "services/aws/endpoint.h"
#include "services/aws/fault.h"
#include "services/aws/ini.h"
#include "services/aws/origins.h"
#include "services/aws/retry.h"
#include "services/aws/settings.h"
#include "base/clock.h"

Suite *aws_suite(void);

static struct arena arena;

static void begin(void)
{
    arena_open(&arena, 1 << 20);
}

static void end(void)
{
    arena_close(&arena);
}

#define CHECK_TEXT(found, wanted)                                                                  \
    do {                                                                                           \
        dime_text text_ = (found);                                                                 \
        ck_assert_msg(text_equal(text_, text_of(wanted)), "%.*s, not %s", (int)text_.length,       \
                      text_.data, wanted);                                                         \
    } while (0)

static const char FILE_TEXT[] = "\xEF\xBB\xBF# aws_access_key_id = comment\n"
                                "outside = 1\n"
                                "[default]\r\n"
                                "region = eu-west-1 \r\n"
                                "; region = comment\n"
                                "  region = indented\n"
                                "secret = a;b#c=d\n"
                                "empty =\n"
                                "no value\n"
                                "[profile  \"two words\" ] # comment\n"
                                "REGION=eu-two-1\n"
                                "services = mine\n"
                                "[profile one]\n"
                                "region = eu-one-1\n"
                                "[one]\n"
                                "region = eu-plain-1\n"
                                "[services mine]\n"
                                "s3 =\n"
                                "  endpoint_url = http://s3\n"
                                "\tother = x\n"
                                "sqs =\n"
                                "  endpoint_url = http://sqs\n"
                                "[profile one]\n"
                                "region = eu-last-1\n"
                                "[indented]\n"
                                "    region = eu-in-1\n"
                                "    secret: b=:\n"
                                "\n"
                                "    s3 =\n"
                                "    # between\n"
                                "        region = eu-below-1\n"
                                "    other = 1\n"
                                "    s3control =\n"
                                "\t\t \t\tregion = eu-tabs-1\n"
                                "    last = 2\n"
                                " token = 3\n"
                                "   deeper = 4\n"
                                " [services mine]\n"
                                "  s3 =\n"
                                "   endpoint_url = http://deeper\n"
                                "sns = http://none\n"
                                "  endpoint_url = http://below-a-value\n"
                                "[unclosed\n"
                                "region = eu-unclosed-1\n"
                                "[]\n"
                                "region = eu-nameless-1";

static const struct {
    const char *kind, *name, *key, *under;
    const char *value; /* NULL: isn't there */
} INI[] = {
    {"", "default", "region", "", "eu-west-1"},
    {"profile", "default", "Region", "", "eu-west-1"},
    {"", "default", "secret", "", "a;b#c=d"},
    {"", "default", "empty", "", ""},
    {"", "default", "no value", "", NULL},
    {"", "default", "outside", "", NULL},
    {"", "default", "aws_access_key_id", "", NULL},
    {"profile", "two words", "region", "", "eu-two-1"},
    {"profile", "one", "region", "", "eu-last-1"},
    {"", "one", "region", "", "eu-plain-1"},
    {"", "profile one", "region", "", "eu-last-1"},
    {"", "two", "region", "", NULL},
    {"", "unclosed", "region", "", NULL},
    {"profile", "", "region", "", NULL},
    {"services", "mine", "endpoint_url", "s3", "http://deeper"},
    {"services", "mine", "endpoint_url", "sns", NULL},
    {"", "indented", "region", "", "eu-in-1"},
    {"", "indented", "secret", "", "b=:"},
    {"", "indented", "region", "s3", "eu-below-1"},
    {"", "indented", "region", "s3control", "eu-tabs-1"},
    {"", "indented", "other", "", "1"},
    {"", "indented", "other", "s3", NULL},
    {"", "indented", "last", "", "2"},
    {"", "indented", "token", "", "3"},
    {"", "indented", "deeper", "", NULL},
    {"services", "mine", "endpoint_url", "SQS", "http://sqs"},
    {"services", "mine", "endpoint_url", "", NULL},
    {"services", "mine", "endpoint_url", "rekognition", NULL},
    {"services", "mine", "", "", ""},
    {"services", "yours", "", "", NULL},
};

START_TEST(finds_values_in_files)
{
    for (size_t i = 0; i < sizeof INI / sizeof *INI; i++) {
        struct ini_place place = {text_of(INI[i].kind), text_of(INI[i].name), text_of(INI[i].key),
                                  text_of(INI[i].under)};
        dime_text value;
        bool found = ini_find(text_of(FILE_TEXT), &place, &value);
        ck_assert_msg(found == (INI[i].value != NULL), "line %zu", i);
        CHECK_TEXT(value, INI[i].value ? INI[i].value : "");
    }
}
END_TEST

/* Every beginning of the file is a file too, and none is read past its end (sanitizers see it). */
START_TEST(reads_cut_files)
{
    const struct ini_place place = {.kind = TEXT("services"),
                                    .name = TEXT("mine"),
                                    .key = TEXT("endpoint_url"),
                                    .under = TEXT("sqs")};
    for (size_t length = 0; length < sizeof FILE_TEXT; length++) {
        char *copy = malloc(length ? length : 1);
        dime_text value;
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, FILE_TEXT, length);
        ini_find((dime_text){copy, length}, &place, &value);
        free(copy);
    }
}
END_TEST

static const struct {
    const char *url;
    bool good, secure;
    const char *host, *base, *path;
} ADDRESSES[] = {
    {"https://sqs.eu-west-1.amazonaws.com/1/a", true, true, "sqs.eu-west-1.amazonaws.com",
     "https://sqs.eu-west-1.amazonaws.com", "/1/a"},
    {"http://LOCALHOST:4566", true, false, "localhost", "http://localhost:4566", ""},
    {"http://[::1]:80/x/?y#z", true, false, "::1", "http://[::1]:80", "/x/"},
    {"http://127.0.0.1?x", true, false, "127.0.0.1", "http://127.0.0.1", ""},
    {"http://user@host/", .good = false},
    {"http://user:password@host/", .good = false},
    {"http://:password@host/", .good = false},
    {"localhost:4566", .good = false},
    {"ftp://host/", .good = false},
    {"file:///etc/passwd", .good = false},
    {"http://", .good = false},
    {"http:///1/q", .good = false}, /* 1 would be the host */
    {"http://host:99999/", .good = false},
    {"http://a b/", .good = false},
    {"", .good = false},
};

START_TEST(takes_addresses_apart)
{
    for (size_t i = 0; i < sizeof ADDRESSES / sizeof *ADDRESSES; i++) {
        struct http_address address;
        const char *url = ADDRESSES[i].url;
        ck_assert_msg(http_read_address(&address, text_of(url)) == ADDRESSES[i].good, "%s", url);
        if (!ADDRESSES[i].good)
            continue;
        ck_assert_int_eq(address.secure, ADDRESSES[i].secure);
        ck_assert_str_eq(address.host, ADDRESSES[i].host);
        ck_assert_str_eq(address.base, ADDRESSES[i].base);
        CHECK_TEXT(address.path, ADDRESSES[i].path);
    }
    struct http_address address;
    ck_assert(!http_read_address(&address, (dime_text){"http://a\0b/", 11}));
}
END_TEST

static const struct aws_service S3 = {"Amazon S3", "s3", "AWS_ENDPOINT_URL_S3"};

static const struct {
    const char *region, *bucket, *path, *url;
} URLS[] = {
    {"eu-west-1", "", "", "https://s3.eu-west-1.amazonaws.com"},
    {"eu-west-1", "photos", "/a", "https://photos.s3.eu-west-1.amazonaws.com/a"},
    {"cn-north-1", "photos", "/a", "https://photos.s3.cn-north-1.amazonaws.com.cn/a"},
    {"eusc-de-east-1", "photos", "/a", "https://photos.s3.eusc-de-east-1.amazonaws.eu/a"},
    {"us-gov-west-1", "my.photos", "/a", "https://s3.us-gov-west-1.amazonaws.com/my.photos/a"},
    {"eu-west-1", "Photos", "//a", "https://s3.eu-west-1.amazonaws.com/Photos//a"},
    {"eu-west-1", "photos-", "/a", "https://s3.eu-west-1.amazonaws.com/photos-/a"},
};

START_TEST(makes_addresses_of_objects)
{
    struct aws_settings settings;
    const char *why = "";
    settings_open(&settings, "test");
    for (size_t i = 0; i < sizeof URLS / sizeof *URLS; i++) {
        struct aws_endpoint endpoint;
        struct buffer url;
        ck_assert(
            endpoint_find(&settings, &S3, text_of(URLS[i].region), TEXT(""), &endpoint, &why));
        buffer_open(&url, &arena, 4096);
        endpoint_url(&endpoint, text_of(URLS[i].bucket), text_of(URLS[i].path), &url);
        CHECK_TEXT(buffer_text(&url), URLS[i].url);
    }
    settings_close(&settings);
}
END_TEST

START_TEST(leads_to_no_other_host)
{
    static const char *const REGIONS[] = {"",    "x@evil",    "evil.example/",    "a b", "-a", "a-",
                                          "a_b", "\xC3\xA9u", "eu-west-1\r\nX: y"};
    static const char *const BUCKETS[] = {"",    "ab",    "a/b", "a@b",    ".ab",        "-ab",
                                          "a b", "a%2fb", "..",  "a\r\nb", "caf\xC3\xA9"};
    char room[SETTINGS_REGION_MAX + 1];
    for (size_t i = 0; i < sizeof REGIONS / sizeof *REGIONS; i++)
        ck_assert_msg(!settings_take_region(text_of(REGIONS[i]), room) && !room[0], "%s",
                      REGIONS[i]);
    for (size_t i = 0; i < sizeof BUCKETS / sizeof *BUCKETS; i++)
        ck_assert_msg(!endpoint_is_bucket(text_of(BUCKETS[i])), "%s", BUCKETS[i]);
    struct aws_endpoint own = {.own = true, .region = "eu-west-1", .base = "https://x"};
    ck_assert(!endpoint_move(&own, &S3, TEXT("x.evil.example/")));
    ck_assert_str_eq(own.base, "https://x");
    ck_assert(endpoint_move(&own, &S3, TEXT("us-east-2")));
    ck_assert_str_eq(own.base, "https://s3.us-east-2.amazonaws.com");
    struct aws_endpoint other = {.region = "eu-west-1", .base = "http://x"};
    ck_assert(!endpoint_move(&other, &S3, TEXT("us-east-2")));
    char long_bucket[257] = {0};
    memset(long_bucket, 'a', 256);
    ck_assert(!endpoint_is_bucket(text_of(long_bucket)));
    ck_assert(endpoint_is_bucket(TEXT("my.photos_of-2026")));
}
END_TEST

static const struct {
    const char *relative, *full;
    const char *url; /* NULL: it may not be asked */
} CONTAINERS[] = {
    {"/v2/x", "", "http://169.254.170.2/v2/x"},
    {"/v2/x", "http://evil.example/", "http://169.254.170.2/v2/x"},
    {"v2", "", NULL},
    {"@evil.example/", "", NULL},
    {"", "http://127.0.0.1:80/x", "http://127.0.0.1:80/x"},
    {"", "http://127.9.9.9/", "http://127.9.9.9/"},
    {"", "http://localhost/", "http://localhost/"},
    {"", "http://[::1]/", "http://[::1]/"},
    {"", "http://169.254.170.23/", "http://169.254.170.23/"},
    {"", "http://[fd00:ec2::23]/", "http://[fd00:ec2::23]/"},
    {"", "https://anywhere.example/", "https://anywhere.example/"},
    {"", "http://anywhere.example/", NULL},
    {"", "http://127.0.0.1.example/", NULL},
    {"", "http://127.0.0.1@evil.example/", NULL},
    {"", "http://169.254.170.2@evil.example/", NULL},
    {"", "http://[::2]/", NULL},
    {"", "http://128.0.0.1/", NULL},
    {"", "ftp://127.0.0.1/", NULL},
    {"", "", NULL},
};

START_TEST(asks_neighbours_alone)
{
    for (size_t i = 0; i < sizeof CONTAINERS / sizeof *CONTAINERS; i++) {
        char url[256];
        setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", CONTAINERS[i].relative, 1);
        setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", CONTAINERS[i].full, 1);
        bool may = origins_container_url(url, sizeof url);
        ck_assert_msg(may == (CONTAINERS[i].url != NULL), "%s%s", CONTAINERS[i].relative,
                      CONTAINERS[i].full);
        if (may)
            ck_assert_str_eq(url, CONTAINERS[i].url);
    }
    char room[8];
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1/", 1);
    ck_assert(!origins_container_url(room, sizeof room));
}
END_TEST

static struct aws_fault read_fault(const char *body, const char *header)
{
    struct http_answer answer = {0};
    static char room[4096];
    buffer_over(&answer.body, room, sizeof room);
    buffer_puts(&answer.body, body);
    snprintf(answer.error_type, sizeof answer.error_type, "%s", header);
    struct aws_fault fault = fault_read(&answer, &arena);
    fault.code = arena_copy(&arena, fault.code);
    return fault;
}

static const struct {
    const char *body, *header, *code, *message;
} FAULTS[] = {
    {"{\"__type\":\"A\",\"message\":\"m\"}", "", "A", "m"},
    {"{\"__type\":\"com.amazonaws.sqs#QueueDoesNotExist\",\"Message\":\"m\"}", "",
     "QueueDoesNotExist", "m"},
    {"{\"Code\":\"A\"}", "", "A", ""},
    {"{\"code\":\"A:http://x/\",\"message\":7}", "", "A", ""},
    {"{\"__type\":7,\"code\":null,\"Code\":\"AWS.A\"}", "", "AWS.A", ""},
    {"", "A:http://internal.amazon.com/coral/", "A", ""},
    {"{\"__type\":\"B\"}", "A", "A", ""},
    {"{\"__type\":\"B\"}", "<A>", "B", ""},
    {"<?xml?>\n<Error><Code>NoSuchKey</Code><Message>m n</Message></Error>", "", "NoSuchKey",
     "m n"},
    {"<Error><Code></Code></Error>", "", "", ""},
    {"<Error><Code>Half", "", "", ""},
    {"<html>Bad gateway</html>", "", "", ""},
    {"garbage", "", "", ""},
    {"[1]", "", "", ""},
    {"{\"__type\":\"<script>\"}", "", "", ""},
    {"{\"__type\":\"#\"}", "", "", ""},
    {"{\"__type\":\"\\u0000\"}", "", "", ""},
    {"{\"__type\":\"A\",\"__type\":\"B\"}", "", "", ""},
};

START_TEST(reads_faults)
{
    for (size_t i = 0; i < sizeof FAULTS / sizeof *FAULTS; i++) {
        struct aws_fault fault = read_fault(FAULTS[i].body, FAULTS[i].header);
        CHECK_TEXT(fault.code, FAULTS[i].code);
        CHECK_TEXT(fault.message, FAULTS[i].message);
    }
    char body[256];
    snprintf(body, sizeof body, "{\"__type\":\"%0100d\"}", 1);
    CHECK_TEXT(read_fault(body, "").code, "");
}
END_TEST

START_TEST(reads_times)
{
    int64_t time = 0;
    ck_assert(credentials_time(TEXT("1970-01-01T00:00:01Z"), &time));
    ck_assert_int_eq(time, 1000);
    ck_assert(credentials_time(TEXT("2026-11-24T13:20:00Z"), &time));
    ck_assert_int_eq(time, 1795526400000);
    ck_assert(credentials_time(TEXT("2026-11-24T13:20:00.123Z"), &time));
    ck_assert_int_eq(time, 1795526400000);
    static const char *const WRONG[] = {"",
                                        "Z",
                                        "2026-11-24",
                                        "2026-11-24T13:20:00",
                                        "2026-11-24T13:20:00+01:00",
                                        "2026-11-24 13:20:00Z",
                                        "2O26-11-24T13:20:00Z",
                                        "-026-11-24T13:20:00Z"};
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
        ck_assert_msg(!credentials_time(text_of(WRONG[i]), &time), "%s", WRONG[i]);
}
END_TEST

START_TEST(takes_only_keys)
{
    struct credentials credentials;
    static char token[CREDENTIALS_TOKEN_MAX + 2];
    memset(token, 't', CREDENTIALS_TOKEN_MAX);
    ck_assert(credentials_set(&credentials, TEXT("id"), TEXT("a/b+c="), text_of(token)));
    ck_assert_str_eq(credentials.secret, "a/b+c=");
    token[CREDENTIALS_TOKEN_MAX] = 't';
    ck_assert(!credentials_set(&credentials, TEXT("id"), TEXT("secret"), text_of(token)));
    ck_assert_str_eq(credentials.id, "");
    ck_assert_str_eq(credentials.secret, "");
    static const char *const WRONG[] = {"", "a b", "a\n", "\r\nX: y", "a\x7F", "caf\xC3\xA9"};
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        ck_assert(!credentials_set(&credentials, text_of(WRONG[i]), TEXT("s"), TEXT("")));
        ck_assert(!credentials_set(&credentials, TEXT("id"), text_of(WRONG[i]), TEXT("")));
        ck_assert(!WRONG[i][0] ||
                  !credentials_set(&credentials, TEXT("id"), TEXT("s"), text_of(WRONG[i])));
    }
    ck_assert(!credentials_set(&credentials, (dime_text){"a\0b", 3}, TEXT("s"), TEXT("")));
}
END_TEST

START_TEST(reads_what_servers_hand_out)
{
    struct credentials credentials;
    ck_assert(credentials_read(&credentials,
                               TEXT("{\"AccessKeyId\":\"i\",\"SecretAccessKey\":\"s\",\"Token\":"
                                    "\"t\",\"Expiration\":\"1970-01-01T00:00:01Z\",\"x\":[]}"),
                               &arena));
    ck_assert_str_eq(credentials.token, "t");
    ck_assert_int_eq(credentials.expires_ms, 1000);
    ck_assert(credentials_read(&credentials,
                               TEXT("{\"AccessKeyId\":\"i\",\"SecretAccessKey\":\"s\"}"), &arena));
    ck_assert_int_eq(credentials.expires_ms, 0);
    ck_assert(!credentials_read(&credentials, TEXT("{\"AccessKeyId\":\"i\"}"), &arena));
    ck_assert(!credentials_read(&credentials, TEXT("[]"), &arena));
    ck_assert(!credentials_read(&credentials, TEXT(""), &arena));
}
END_TEST

START_TEST(tells_what_is_worth_a_retry)
{
    const dime_text none = TEXT("");
    ck_assert(retry_is_worth(HTTP_UNREACHED, 0, none));
    ck_assert(retry_is_worth(HTTP_BROKEN, 200, none));
    ck_assert(retry_is_worth(HTTP_STALLED, 0, none));
    ck_assert(!retry_is_worth(HTTP_UNTRUSTED, 0, none));
    ck_assert(!retry_is_worth(HTTP_TOO_LONG, 500, none));
    ck_assert(!retry_is_worth(HTTP_LATE, 0, none));
    ck_assert(!retry_is_worth(HTTP_STOPPED, 0, none));
    ck_assert(!retry_is_worth(HTTP_NO_MEMORY, 0, none));
    ck_assert(!retry_is_worth(HTTP_UNUSABLE, 0, none));
    for (long status = 100; status < 600; status++) {
        bool worth = status == 500 || status == 502 || status == 503 || status == 504;
        ck_assert_int_eq(retry_is_worth(HTTP_ANSWERED, status, none), worth);
        ck_assert(retry_is_worth(HTTP_ANSWERED, status, TEXT("ThrottlingException")));
        ck_assert(retry_is_worth(HTTP_ANSWERED, status, TEXT("RequestTimeout")));
    }
    ck_assert(!retry_is_throttling(TEXT("AccessDenied")));
    ck_assert(!retry_is_throttling(TEXT("throttlingexception")));
    ck_assert(retry_is_throttling(TEXT("SlowDown")));
}
END_TEST

START_TEST(pauses_within_bounds)
{
    static const int64_t LONGEST[] = {1000, 1000, 2000, 4000, 8000, 16000, 20000, 20000};
    for (int tries = 0; tries < 8; tries++) {
        ck_assert_int_eq(retry_pause_ms(tries, 0), 0);
        ck_assert_int_eq(retry_pause_ms(tries, 1u << 31), LONGEST[tries] / 2);
        ck_assert_int_eq(retry_pause_ms(tries, UINT32_MAX), LONGEST[tries] - 1);
    }
    ck_assert_int_eq(retry_pause_ms(INT32_MAX, UINT32_MAX), 19999);
}
END_TEST

START_TEST(ends_retries)
{
    int64_t later = clock_epoch_ms() + 60000;
    int tokens = RETRY_TOKENS, stop = eventfd(1, EFD_CLOEXEC);
    ck_assert(!retry_pause(RETRY_TRIES, &tokens, later, NULL));
    ck_assert(!retry_pause(1, &tokens, clock_epoch_ms(), NULL));
    ck_assert_int_eq(tokens, RETRY_TOKENS);
    int retries = 0;
    for (bool stopped = true; stopped && tokens >= RETRY_COST; retries++)
        stopped = !retry_pause(1, &tokens, later, &stop);
    /* All but pauses of no length at all are cut short by the stop, and paid for like others. */
    ck_assert_int_eq(tokens, RETRY_TOKENS - retries * RETRY_COST);
    tokens = RETRY_COST - 1;
    ck_assert(!retry_pause(1, &tokens, later, NULL));
    retry_succeeded(1, &tokens);
    ck_assert_int_eq(tokens, RETRY_COST);
    retry_succeeded(2, &tokens);
    ck_assert_int_eq(tokens, 2 * RETRY_COST);
    tokens = RETRY_TOKENS;
    retry_succeeded(1, &tokens);
    ck_assert_int_eq(tokens, RETRY_TOKENS);
    close(stop);
}
END_TEST

/* On a machine of 32 bits it can't be opened unless it's asked for, and its size is no size_t. */
START_TEST(refuses_files_over_4_gb)
{
    char path[] = "/tmp/dime-aws.XXXXXX";
    int fd = mkstemp(path);
    dime_text content = {0};
    ck_assert(fd >= 0 && ftruncate(fd, (off_t)((INT64_C(1) << 32) + 5)) == 0);
    bool taken = settings_read_file(path, 100, &arena, &content);
    ck_assert_int_eq(errno, EFBIG);
    ck_assert(!taken);
    unlink(path);
    close(fd);
}
END_TEST

Suite *aws_suite(void)
{
    Suite *suite = suite_create("aws");
    TCase *rules = tcase_create("rules");
    tcase_add_checked_fixture(rules, begin, end);
    tcase_add_test(rules, finds_values_in_files);
    tcase_add_test(rules, reads_cut_files);
    tcase_add_test(rules, refuses_files_over_4_gb);
    tcase_add_test(rules, takes_addresses_apart);
    tcase_add_test(rules, makes_addresses_of_objects);
    tcase_add_test(rules, leads_to_no_other_host);
    tcase_add_test(rules, asks_neighbours_alone);
    tcase_add_test(rules, reads_faults);
    tcase_add_test(rules, reads_times);
    tcase_add_test(rules, takes_only_keys);
    tcase_add_test(rules, reads_what_servers_hand_out);
    tcase_add_test(rules, tells_what_is_worth_a_retry);
    tcase_add_test(rules, pauses_within_bounds);
    tcase_add_test(rules, ends_retries);
    suite_add_tcase(suite, rules);
    return suite;
}
