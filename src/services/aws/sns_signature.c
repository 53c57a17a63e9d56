/*
 * sns_signature.c - writes the text that SNS signs, and verifies the signature.
 *
 * The signed text is the names and values of some members in the order of their names, a line each.
 * OpenSSL verifies it. Only programs that use SNS link it.
 */
#include "services/aws/sns_signature.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "net/http.h"
#include "base/base64.h"
#include "base/buffer.h"

enum { SIGNED_REST_MAX = 16 * 1024 };

struct evp_pkey_st *sns_key_of(dime_text pem)
{
    EVP_PKEY *key = NULL;
    BIO *bio = pem.length <= INT32_MAX ? BIO_new_mem_buf(pem.data, (int)pem.length) : NULL;
    X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    if (certificate && X509_cmp_current_time(X509_get0_notBefore(certificate)) < 0 &&
        X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0)
        key = X509_get_pubkey(certificate);
    X509_free(certificate);
    BIO_free(bio);
    return key;
}

void sns_key_free(struct evp_pkey_st *key)
{
    EVP_PKEY_free(key);
}

static void put_signed_member(struct buffer *text, const char *name, dime_text value)
{
    if (!value.data)
        return;
    buffer_puts(text, name);
    buffer_puts(text, "\n");
    buffer_put(text, value);
    buffer_puts(text, "\n");
}

/* The signed text, with the members for each type of message. */
static void put_signed(struct buffer *text, const struct sns_message *message)
{
    bool notification = text_equal(message->type, TEXT("Notification"));
    put_signed_member(text, "Message", message->text);
    put_signed_member(text, "MessageId", message->id);
    if (notification)
        put_signed_member(text, "Subject", message->subject);
    else
        put_signed_member(text, "SubscribeURL", message->subscribe_url);
    put_signed_member(text, "Timestamp", message->timestamp);
    if (!notification)
        put_signed_member(text, "Token", message->token);
    put_signed_member(text, "TopicArn", message->topic);
    put_signed_member(text, "Type", message->type);
}

static const EVP_MD *digest_of(dime_text version)
{
    if (text_equal(version, TEXT("1")))
        return EVP_sha1();
    return text_equal(version, TEXT("2")) ? EVP_sha256() : NULL;
}

bool sns_signature_holds(const struct sns_message *message, struct evp_pkey_st *key,
                         struct arena *arena)
{
    const EVP_MD *digest = digest_of(message->signature_version);
    dime_text signature;
    struct buffer text;
    buffer_open(&text, arena, message->text.length + SIGNED_REST_MAX);
    put_signed(&text, message);
    if (!digest || text.failed || EVP_PKEY_base_id(key) != EVP_PKEY_RSA ||
        !base64_decode(message->signature, arena, &signature) || !signature.length)
        return false;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool holds = context && EVP_DigestVerifyInit(context, NULL, digest, NULL, key) == 1 &&
                 EVP_DigestVerify(context, (const unsigned char *)signature.data, signature.length,
                                  (const unsigned char *)text.data, text.length) == 1;
    EVP_MD_CTX_free(context);
    return holds;
}

static bool is_region_label(dime_text text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (!text_alphanumeric(text.data[i]) && text.data[i] != '-')
            return false;
    }
    return text.length >= 3;
}

bool sns_owns(dime_text url)
{
    const dime_text begin = TEXT("https://sns.");
    dime_text ends[] = {TEXT(".amazonaws.com"), TEXT(".amazonaws.com.cn")};
    struct http_address address;
    if (!text_starts(url, begin) || !http_read_address(&address, url))
        return false;
    dime_text base = text_of(address.base); /* with a port, if there is one */
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        if (text_ends_nocase(base, ends[i]) && base.length > begin.length + ends[i].length &&
            is_region_label(
                (dime_text){base.data + begin.length, base.length - begin.length - ends[i].length}))
            return true;
    }
    return false;
}
