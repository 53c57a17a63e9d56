/*
 * sign_test.c - Signature Version 4, against the signatures that AWS has published.
 *
 * They are those of AWS's Signature Version 4 test suite for requests that aren't normalized, and
 * of S3's page "Signature Calculations for the Authorization Header". Left out are repeated headers
 * and parameters out of order, which dime never sends.
 */
#include <check.h>
#include <stdio.h>

#include "services/aws/sign.h"
#include "fail_malloc.h"
#include "unit.h"

Suite *sign_suite(void);

#define UNRESERVED "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define EMPTY      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define FORM       "application/x-www-form-urlencoded"
#define FORM_HASH  "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"
#define SESSION    "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"

static struct arena arena;

static void begin(void)
{
    arena_open(&arena, 1 << 20);
}

static void end(void)
{
    arena_close(&arena);
}

static const struct {
    const char *method, *target, *body, *headers[4], *names, *signature;
} SUITE[] = {
    {"GET",
     "/",
     "",
     {0},
     "host;x-amz-date",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"GET",
     "",
     "",
     {0},
     "host;x-amz-date",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"GET",
     "/" UNRESERVED,
     "",
     {0},
     "host;x-amz-date",
     "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
    {"GET",
     "/\xE1\x88\xB4",
     "",
     {0},
     "host;x-amz-date",
     "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
    {"GET",
     "/example space/",
     "",
     {0},
     "host;x-amz-date",
     "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
    {"GET",
     "//example//",
     "",
     {0},
     "host;x-amz-date",
     "87cca117541a147f6df867677d98a7d80dff226d2bfca9e4ffa899665623c7e5"},
    {"GET",
     "/example/..",
     "",
     {0},
     "host;x-amz-date",
     "eca7ead57bb5aa5c8e28007acd4ff04e1ff9a0ff3b237ec1554a184887ff9282"},
    {"GET",
     "/?Param1=value1&Param2=value2",
     "",
     {0},
     "host;x-amz-date",
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {"GET",
     "?%E1%88%B4=Value1&Param=Value2&Param-3=Value3",
     "",
     {0},
     "host;x-amz-date",
     "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
    {"GET",
     "/?" UNRESERVED "=" UNRESERVED,
     "",
     {0},
     "host;x-amz-date",
     "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
    {"GET",
     "/?%E1%88%B4=bar",
     "",
     {0},
     "host;x-amz-date",
     "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
    {"GET",
     "/",
     "",
     {"X-Amz-Security-Token: " SESSION},
     "host;x-amz-date;x-amz-security-token",
     "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"},
    {"GET",
     "/",
     "",
     {"My-Header2:  \"a   b   c\"", "My-Header1:  value1 "},
     "host;my-header1;my-header2;x-amz-date",
     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
    {"POST",
     "/",
     "",
     {0},
     "host;x-amz-date",
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"POST",
     "/?Param1=value1",
     "",
     {0},
     "host;x-amz-date",
     "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
    {"POST",
     "/",
     "",
     {"My-Header1: VALUE1"},
     "host;my-header1;x-amz-date",
     "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
    {"POST",
     "/",
     "Param1=value1",
     {"Content-Type: " FORM},
     "content-type;host;x-amz-date",
     "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
    {"POST",
     "/",
     "Param1=value1",
     {"Content-Type: " FORM, "x-amz-content-sha256: " FORM_HASH, "Content-Length: 13"},
     "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
     "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b"},
};

/* The suite's, of POST or GET to example.amazonaws.com at its hour. */
static struct signing of_suite(size_t number, char url[512])
{
    snprintf(url, 512, "https://example.amazonaws.com%s", SUITE[number].target);
    return (struct signing){.method = SUITE[number].method,
                            .url = text_of(url),
                            .headers = SUITE[number].headers,
                            .body = text_of(SUITE[number].body),
                            .region = TEXT("us-east-1"),
                            .service = TEXT("service"),
                            .id = TEXT("AKIDEXAMPLE"),
                            .secret = TEXT("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
                            .time_s = 1440938160};
}

START_TEST(signs_as_the_published_suite)
{
    for (size_t i = 0; i < sizeof SUITE / sizeof *SUITE; i++) {
        char url[512], wanted[512];
        struct signature signature;
        const struct signing signing = of_suite(i, url);
        ck_assert(sign_request(&signing, &arena, &signature));
        snprintf(wanted, sizeof wanted,
                 "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service"
                 "/aws4_request, SignedHeaders=%s, Signature=%s",
                 SUITE[i].names, SUITE[i].signature);
        ck_assert_msg(strcmp(signature.authorization, wanted) == 0, "%s: %s", url,
                      signature.authorization);
        ck_assert_str_eq(signature.host, "Host: example.amazonaws.com");
        ck_assert_str_eq(signature.date, "X-Amz-Date: 20150830T123600Z");
    }
}
END_TEST

static struct signing of_s3(const char *url, const char *const *headers)
{
    return (struct signing){.method = "GET",
                            .url = text_of(url),
                            .headers = headers,
                            .body = TEXT(""),
                            .region = TEXT("us-east-1"),
                            .service = TEXT("s3"),
                            .id = TEXT("AKIAIOSFODNN7EXAMPLE"),
                            .secret = TEXT("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
                            .time_s = 1369353600};
}

static const struct {
    const char *url, *headers[3], *signature;
} OF_S3[] = {
    {"https://examplebucket.s3.amazonaws.com/test.txt",
     {"Range: bytes=0-9", "x-amz-content-sha256: " EMPTY},
     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
    {"https://examplebucket.s3.amazonaws.com?lifecycle=", /* sent with a slash */
     {"x-amz-content-sha256: " EMPTY},
     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
    {"https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J",
     {"x-amz-content-sha256: " EMPTY},
     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
    /* As botocore signs it: a plus in a key and in a version is encoded, once. */
    {"https://examplebucket.s3.amazonaws.com/a%2Bb/../c?versionId=v%2B%2F%3D1",
     {"x-amz-content-sha256: " EMPTY},
     "76f9c42888be5acac761b89b8684a6521b2f715b74c3cbc390ebcab949fe5c17"},
};

START_TEST(signs_as_the_pages_of_s3)
{
    for (size_t i = 0; i < sizeof OF_S3 / sizeof *OF_S3; i++) {
        struct signature signature;
        const struct signing signing = of_s3(OF_S3[i].url, OF_S3[i].headers);
        ck_assert(sign_request(&signing, &arena, &signature));
        ck_assert_msg(
            text_ends_nocase(text_of(signature.authorization), text_of(OF_S3[i].signature)),
            "%s: %s", OF_S3[i].url, signature.authorization);
    }
}
END_TEST

START_TEST(names_the_host_as_it_is_asked)
{
    static const char *const NONE[] = {NULL};
    static const struct {
        const char *url, *host;
    } HOSTS[] = {
        {"http://[::1]:9000/a?b=c", "Host: [::1]:9000"},
        {"http://localhost:80/a", "Host: localhost"},
        {"https://localhost:443", "Host: localhost"},
        {"https://localhost:80/a:443", "Host: localhost:80"},
        {"http://localhost:443?:80", "Host: localhost:443"},
        {"https://localhost:4430", "Host: localhost:4430"},
    };
    for (size_t i = 0; i < sizeof HOSTS / sizeof *HOSTS; i++) {
        struct signature signature;
        const struct signing signing = of_s3(HOSTS[i].url, NONE);
        ck_assert(sign_request(&signing, &arena, &signature));
        ck_assert_str_eq(signature.host, HOSTS[i].host);
    }
}
END_TEST

START_TEST(refuses_what_fits_nowhere)
{
    static const char *const MANY[] = {"A: a", "B: b", "C: c", "D: d",
                                       "E: e", "F: f", "G: g", NULL};
    static const char *const NO_HEADER[] = {"A", NULL}, *const NONE[] = {NULL};
    static char room[40000];
    struct signature signature;
    struct signing signing = of_s3("https://x/", MANY);
    ck_assert(!sign_request(&signing, &arena, &signature));
    signing.headers = NO_HEADER;
    ck_assert(!sign_request(&signing, &arena, &signature));
    signing.headers = NONE;
    ck_assert(sign_request(&signing, &arena, &signature));
    memset(room, 'a', sizeof room);
    const dime_text too_long = {room, sizeof room}, name = {room, 310};
    dime_text *const each[] = {&signing.url, &signing.region, &signing.service, &signing.id,
                               &signing.secret};
    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
        const dime_text right = *each[i];
        *each[i] = too_long;
        ck_assert(!sign_request(&signing, &arena, &signature));
        *each[i] = right;
    }
    signing.url = name;
    ck_assert(sign_request(&signing, &arena, &signature));
    signing.time_s = INT64_MAX;
    ck_assert(!sign_request(&signing, &arena, &signature));
}
END_TEST

START_TEST(survives_the_end_of_memory)
{
    if (!fail_malloc_works())
        return;
    for (int count = 0;; count++) {
        char url[512];
        struct signature signature;
        struct arena own;
        const struct signing signing = of_suite(0, url);
        arena_open(&own, 1 << 20);
        fail_malloc_begin((size_t)count);
        bool made = sign_request(&signing, &own, &signature);
        bool reached = fail_malloc_end();
        arena_close(&own);
        if (!reached) {
            ck_assert(made);
            break;
        }
        ck_assert(count < 1000);
    }
}
END_TEST

Suite *sign_suite(void)
{
    Suite *suite = suite_create("sign");
    TCase *rules = tcase_create("rules");
    tcase_add_checked_fixture(rules, begin, end);
    tcase_add_test(rules, signs_as_the_published_suite);
    tcase_add_test(rules, signs_as_the_pages_of_s3);
    tcase_add_test(rules, names_the_host_as_it_is_asked);
    tcase_add_test(rules, refuses_what_fits_nowhere);
    tcase_add_test(rules, survives_the_end_of_memory);
    suite_add_tcase(suite, rules);
    return suite;
}
