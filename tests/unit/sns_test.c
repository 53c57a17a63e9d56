/*
 * sns_test.c - whether SNS has signed a message, and which addresses are its own.
 *
 * The key is made here, and what is signed is written out by hand from SNS's guide, so that a
 * mistake in the order of the members can't be made twice in the same way.
 */
#include "services/aws/sns_signature.h"

#include <check.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>

#include "base/base64.h"

Suite *sns_suite(void);

enum { BITS = 2048, DAY = 86400 };

static struct arena arena;
static EVP_PKEY *key;

static void begin(void)
{
    arena_open(&arena, 1 << 20);
    key = EVP_RSA_gen(BITS);
    ck_assert_ptr_nonnull(key);
}

static void end(void)
{
    EVP_PKEY_free(key);
    arena_close(&arena);
}

/* The signature of TEXT in base64. */
static dime_text sign(const char *text, const EVP_MD *digest)
{
    unsigned char signature[BITS / 8];
    size_t length = sizeof signature;
    struct buffer base64;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    ck_assert_int_eq(EVP_DigestSignInit(context, NULL, digest, NULL, key), 1);
    ck_assert_int_eq(
        EVP_DigestSign(context, signature, &length, (const unsigned char *)text, strlen(text)), 1);
    EVP_MD_CTX_free(context);
    buffer_open(&base64, &arena, 1024);
    buffer_base64(&base64, (dime_text){(const char *)signature, length});
    return buffer_text(&base64);
}

static struct sns_message notification(void)
{
    return (struct sns_message){.type = TEXT("Notification"),
                                .id = TEXT("1-2"),
                                .topic = TEXT("arn:t"),
                                .text = TEXT("a\nb"),
                                .timestamp = TEXT("2026-11-24T12:00:00.000Z"),
                                .signature_version = TEXT("2")};
}

static const char PLAIN[] = "Message\na\nb\nMessageId\n1-2\nTimestamp\n2026-11-24T12:00:00.000Z\n"
                            "TopicArn\narn:t\nType\nNotification\n";
static const char WITH_SUBJECT[] =
    "Message\na\nb\nMessageId\n1-2\nSubject\ns\nTimestamp\n2026-11-24T12:00:00.000Z\n"
    "TopicArn\narn:t\nType\nNotification\n";
static const char CONFIRMATION[] =
    "Message\na\nb\nMessageId\n1-2\nSubscribeURL\nhttps://x\nTimestamp\n"
    "2026-11-24T12:00:00.000Z\nToken\nt\nTopicArn\narn:t\nType\nSubscriptionConfirmation\n";

START_TEST(verifies_what_sns_signs)
{
    struct sns_message message = notification();
    message.signature = sign(PLAIN, EVP_sha256());
    ck_assert(sns_signature_holds(&message, key, &arena));
    message.signature_version = TEXT("1");
    ck_assert(!sns_signature_holds(&message, key, &arena));
    message.signature = sign(PLAIN, EVP_sha1());
    ck_assert(sns_signature_holds(&message, key, &arena));
    message.subject = TEXT("s");
    ck_assert(!sns_signature_holds(&message, key, &arena));
    message.signature = sign(WITH_SUBJECT, EVP_sha1());
    ck_assert(sns_signature_holds(&message, key, &arena));
    message.type = TEXT("SubscriptionConfirmation");
    message.token = TEXT("t");
    message.subscribe_url = TEXT("https://x");
    ck_assert(!sns_signature_holds(&message, key, &arena));
    message.signature = sign(CONFIRMATION, EVP_sha1());
    ck_assert(sns_signature_holds(&message, key, &arena));
}
END_TEST

START_TEST(refuses_what_is_no_signature)
{
    static const char *const WRONG[] = {"", "AAAA", "?", "====", "AAA"};
    struct sns_message message = notification();
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        message.signature = text_of(WRONG[i]);
        ck_assert(!sns_signature_holds(&message, key, &arena));
    }
    message.signature = sign(PLAIN, EVP_sha256());
    EVP_PKEY *other = EVP_RSA_gen(BITS);
    ck_assert(!sns_signature_holds(&message, other, &arena));
    EVP_PKEY_free(other);
    EVP_PKEY *curve = EVP_EC_gen("P-256");
    ck_assert(!sns_signature_holds(&message, curve, &arena));
    EVP_PKEY_free(curve);
    message.signature_version = TEXT("3");
    ck_assert(!sns_signature_holds(&message, key, &arena));
    message.signature_version = (dime_text){0};
    ck_assert(!sns_signature_holds(&message, key, &arena));
}
END_TEST

START_TEST(survives_the_end_of_memory)
{
    struct sns_message message = notification();
    message.signature = sign(PLAIN, EVP_sha256());
    bool holds = false;
    size_t failures = 0;
    for (size_t limit = 0; !holds && limit < 8192; limit += 16) {
        struct arena small;
        arena_open(&small, limit);
        holds = sns_signature_holds(&message, key, &small);
        ck_assert(holds || small.failed);
        failures += !holds;
        arena_close(&small);
    }
    ck_assert(holds);
    ck_assert_uint_gt(failures, 10);
}
END_TEST

/* A certificate that is valid from FROM to TO seconds from now, in PEM. */
static dime_text certificate(long from, long to, char *room, size_t size)
{
    X509 *made = X509_new();
    BIO *bio = BIO_new(BIO_s_mem());
    X509_gmtime_adj(X509_getm_notBefore(made), from);
    X509_gmtime_adj(X509_getm_notAfter(made), to);
    X509_set_pubkey(made, key);
    ck_assert_int_gt(X509_sign(made, key, EVP_sha256()), 0);
    ck_assert_int_eq(PEM_write_bio_X509(bio, made), 1);
    int length = BIO_read(bio, room, (int)size);
    ck_assert_int_gt(length, 0);
    BIO_free(bio);
    X509_free(made);
    return (dime_text){room, (size_t)length};
}

START_TEST(takes_a_certificate_that_is_valid_now)
{
    char room[8192];
    EVP_PKEY *found = sns_key_of(certificate(-DAY, DAY, room, sizeof room));
    ck_assert_ptr_nonnull(found);
    ck_assert_int_eq(EVP_PKEY_eq(found, key), 1);
    sns_key_free(found);
    ck_assert_ptr_null(sns_key_of(certificate(-2 * DAY, -DAY, room, sizeof room)));
    ck_assert_ptr_null(sns_key_of(certificate(DAY, 2 * DAY, room, sizeof room)));
    dime_text whole = certificate(-DAY, DAY, room, sizeof room);
    for (size_t length = 0; length + 1 < whole.length; length += 7)
        sns_key_free(sns_key_of((dime_text){whole.data, length})); /* no crash */
    ck_assert_ptr_null(sns_key_of(TEXT("")));
    ck_assert_ptr_null(sns_key_of(TEXT("no certificate")));
    sns_key_free(NULL);
}
END_TEST

static const struct {
    const char *url;
    bool own;
} addresses[] = {
    {"https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-x.pem", true},
    {"https://sns.us-gov-west-1.amazonaws.com/?Action=ConfirmSubscription", true},
    {"https://sns.cn-north-1.amazonaws.com.cn/a.pem", true},
    {"https://sns.eu-west-1.amazonaws.com", true},
    {"http://sns.eu-west-1.amazonaws.com/", false},
    {"HTTPS://sns.eu-west-1.amazonaws.com/", false},
    {"https://sns.amazonaws.com/", false},
    {"https://sns..amazonaws.com/", false},
    {"https://sns.a.b.amazonaws.com/", false},
    {"https://sns.eu-west-1.amazonaws.com:443/", false},
    {"https://sns.eu-west-1.amazonaws.com:8443/", false},
    {"https://a@sns.eu-west-1.amazonaws.com/", false},
    {"https://sns.eu-west-1.amazonaws.com@example.com/", false},
    {"https://sns.eu-west-1.amazonaws.com.example.com/", false},
    {"https://sns.example.com/.amazonaws.com", false},
    {"https://sns.example.com#.amazonaws.com", false},
    {"https://sns.example.com?.amazonaws.com", false},
    {"https://sns.eu-west-1.amazonaws.com\\.example.com/", false},
    {"https://sqs.eu-west-1.amazonaws.com/", false},
    {"https://169.254.169.254/", false},
    {"https://", false},
    {"sns.eu-west-1.amazonaws.com", false},
    {"", false},
};

START_TEST(knows_the_addresses_of_sns)
{
    ck_assert_msg(sns_owns(text_of(addresses[_i].url)) == addresses[_i].own, "%s",
                  addresses[_i].url);
}
END_TEST

Suite *sns_suite(void)
{
    Suite *suite = suite_create("sns");
    TCase *signing = tcase_create("signing");
    TCase *owning = tcase_create("owning");
    tcase_set_timeout(signing, 60);
    tcase_add_checked_fixture(signing, begin, end);
    tcase_add_test(signing, verifies_what_sns_signs);
    tcase_add_test(signing, refuses_what_is_no_signature);
    tcase_add_test(signing, survives_the_end_of_memory);
    tcase_add_test(signing, takes_a_certificate_that_is_valid_now);
    tcase_add_loop_test(owning, knows_the_addresses_of_sns, 0,
                        sizeof addresses / sizeof *addresses);
    suite_add_tcase(suite, signing);
    suite_add_tcase(suite, owning);
    return suite;
}
