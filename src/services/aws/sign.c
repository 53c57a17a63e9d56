/*
 * sign.c - the canonical request, the string to sign, and the chain of keys.
 *
 * The hashes are libcrypto's. All keys that are derived from the secret are wiped after use.
 */
#include "services/aws/sign.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <time.h>

#include "base/buffer.h"

enum { HASH = 32, HEX = 2 * HASH + 1, CANONICAL_MAX = 32 * 1024, KEY_ROOM = 256 };

static const char ALGORITHM[] = "AWS4-HMAC-SHA256";

struct signed_header {
    dime_text name, value;
};

/* The state that the steps share. */
struct signing_work {
    const struct signing *signing;
    dime_text host, path, query;
    struct signed_header headers[SIGN_HEADERS_MAX]; /* in the order of their names */
    size_t count;
    char time[20];   /* 20260824T120000Z */
    char scope[160]; /* 20260824/REGION/SERVICE/aws4_request */
};

static bool hash(dime_text text, char hex[HEX])
{
    unsigned char digest[HASH];
    if (!EVP_Digest(text.data, text.length, digest, NULL, EVP_sha256(), NULL))
        return false;
    for (size_t i = 0; i < HASH; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    return true;
}

static bool mac(dime_text key, dime_text text, unsigned char result[HASH])
{
    return HMAC(EVP_sha256(), key.data, (int)key.length, (const unsigned char *)text.data,
                text.length, result, NULL) != NULL;
}

/* The default port, which every client leaves out, and a server or a proxy may. */
static dime_text without_usual_port(dime_text host, bool secure)
{
    dime_text port = secure ? TEXT(":443") : TEXT(":80");
    if (text_ends_nocase(host, port))
        host.length -= port.length;
    return host;
}

/* Splits the address into host, path and query. */
static void take_url(struct signing_work *work)
{
    const dime_text end = TEXT("://");
    dime_text rest = work->signing->url;
    const char *at = memmem(rest.data, rest.length, end.data, end.length);
    if (at)
        rest = (dime_text){at + end.length, (size_t)(rest.data + rest.length - at) - end.length};
    size_t length = 0;
    while (length < rest.length && rest.data[length] != '/' && rest.data[length] != '?')
        length++;
    work->host = without_usual_port((dime_text){rest.data, length},
                                    text_starts(work->signing->url, TEXT("https:")));
    rest = text_skip(rest, length);
    if (!text_cut(&rest, '?', &work->path) || !work->path.length)
        work->path = TEXT("/");
    work->query = rest.data ? rest : TEXT("");
}

static bool precedes(dime_text a, dime_text b)
{
    size_t least = a.length < b.length ? a.length : b.length;
    for (size_t i = 0; i < least; i++) {
        if (text_lower(a.data[i]) != text_lower(b.data[i]))
            return text_lower(a.data[i]) < text_lower(b.data[i]);
    }
    return a.length < b.length;
}

/* Inserts a header in order. False: there are too many. */
static bool add_signed_header(struct signing_work *work, dime_text name, dime_text value)
{
    size_t place = work->count;
    if (place == SIGN_HEADERS_MAX)
        return false;
    for (; place > 0 && precedes(name, work->headers[place - 1].name); place--)
        work->headers[place] = work->headers[place - 1];
    work->headers[place] = (struct signed_header){name, text_trim(value)};
    work->count++;
    return true;
}

static bool take_signed_headers(struct signing_work *work)
{
    if (!add_signed_header(work, TEXT("host"), work->host) ||
        !add_signed_header(work, TEXT("x-amz-date"), text_of(work->time)))
        return false;
    for (const char *const *line = work->signing->headers; *line; line++) {
        dime_text value = text_of(*line), name;
        if (!text_cut(&value, ':', &name) || !value.data || !add_signed_header(work, name, value))
            return false;
    }
    return true;
}

static void put_lower(struct buffer *buffer, dime_text name)
{
    for (size_t i = 0; i < name.length; i++)
        buffer_put(buffer, (dime_text){(char[]){text_lower(name.data[i])}, 1});
}

/* Runs of blanks within a value become one blank. */
static void put_value(struct buffer *buffer, dime_text value)
{
    for (size_t i = 0; i < value.length; i++) {
        if (value.data[i] != ' ' ||
            value.data[i - 1] != ' ') /* it was trimmed, so no blank comes first */
            buffer_put(buffer, (dime_text){value.data + i, 1});
    }
}

static void put_signed_names(struct buffer *buffer, const struct signing_work *work)
{
    for (size_t i = 0; i < work->count; i++) {
        buffer_puts(buffer, i ? ";" : "");
        put_lower(buffer, work->headers[i].name);
    }
}

/* S3 takes a path as it is sent; every other service encodes it once more. */
static void put_canonical_path(struct buffer *buffer, const struct signing_work *work)
{
    dime_text rest = work->path, part;
    if (text_equal(work->signing->service, TEXT("s3"))) {
        buffer_put(buffer, rest);
        return;
    }
    for (bool first = true; text_cut(&rest, '/', &part); first = false) {
        buffer_puts(buffer, first ? "" : "/");
        buffer_percent(buffer, part);
    }
}

static bool put_canonical(struct buffer *buffer, const struct signing_work *work)
{
    char of_body[HEX];
    if (!hash(work->signing->body, of_body))
        return false;
    buffer_puts(buffer, work->signing->method);
    buffer_puts(buffer, "\n");
    put_canonical_path(buffer, work);
    buffer_puts(buffer, "\n");
    buffer_put(buffer, work->query);
    buffer_puts(buffer, "\n");
    for (size_t i = 0; i < work->count; i++) {
        put_lower(buffer, work->headers[i].name);
        buffer_puts(buffer, ":");
        put_value(buffer, work->headers[i].value);
        buffer_puts(buffer, "\n");
    }
    buffer_puts(buffer, "\n");
    put_signed_names(buffer, work);
    buffer_puts(buffer, "\n");
    buffer_puts(buffer, of_body);
    return !buffer->failed;
}

/* Derives the key that signs, which is for one day, region and service. */
static bool sign_text(const struct signing_work *work, dime_text text, unsigned char result[HASH])
{
    const dime_text parts[] = {
        {work->time, 8}, work->signing->region, work->signing->service, TEXT("aws4_request"), text};
    char room[KEY_ROOM];
    struct buffer first;
    buffer_over(&first, room, sizeof room);
    buffer_puts(&first, "AWS4");
    buffer_put(&first, work->signing->secret);
    bool made = !first.failed && mac(buffer_text(&first), parts[0], result);
    for (size_t i = 1; made && i < sizeof parts / sizeof *parts; i++) {
        unsigned char key[HASH];
        memcpy(key, result, HASH);
        made = mac((dime_text){(const char *)key, HASH}, parts[i], result);
        explicit_bzero(key, sizeof key);
    }
    explicit_bzero(room, sizeof room);
    return made;
}

/* The signature of the canonical request. */
static bool sign_canonical(const struct signing_work *work, dime_text canonical, char hex[HEX])
{
    char of_canonical[HEX], text[sizeof work->time + sizeof work->scope + HEX + 64];
    unsigned char result[HASH];
    if (!hash(canonical, of_canonical))
        return false;
    int length = snprintf(text, sizeof text, "%s\n%s\n%s\n%s", ALGORITHM, work->time, work->scope,
                          of_canonical);
    if (!sign_text(work, (dime_text){text, (size_t)length}, result))
        return false;
    for (size_t i = 0; i < HASH; i++)
        snprintf(hex + 2 * i, 3, "%02x", result[i]);
    return true;
}

/* The time and the scope of the signature. */
static bool set_scope(struct signing_work *work)
{
    const struct signing *signing = work->signing;
    time_t seconds = (time_t)signing->time_s;
    struct tm parts;
    if (!gmtime_r(&seconds, &parts) ||
        !strftime(work->time, sizeof work->time, "%Y%m%dT%H%M%SZ", &parts))
        return false;
    int length = snprintf(work->scope, sizeof work->scope, "%.8s/%.*s/%.*s/aws4_request",
                          work->time, (int)signing->region.length, signing->region.data,
                          (int)signing->service.length, signing->service.data);
    return length > 0 && (size_t)length < sizeof work->scope;
}

/* Writes the headers to send. False: they don't fit. */
static bool put_lines(const struct signing_work *work, const char *hex, struct signature *signature)
{
    struct buffer line;
    int host = snprintf(signature->host, sizeof signature->host, "Host: %.*s",
                        (int)work->host.length, work->host.data);
    snprintf(signature->date, sizeof signature->date, "X-Amz-Date: %s", work->time);
    buffer_over(&line, signature->authorization, sizeof signature->authorization - 1);
    buffer_printf(&line, "Authorization: %s Credential=", ALGORITHM);
    buffer_put(&line, work->signing->id);
    buffer_printf(&line, "/%s, SignedHeaders=", work->scope);
    put_signed_names(&line, work);
    buffer_printf(&line, ", Signature=%s", hex);
    signature->authorization[line.length] = '\0';
    return !line.failed && host > 0 && (size_t)host < sizeof signature->host;
}

bool sign_request(const struct signing *signing, struct arena *arena, struct signature *signature)
{
    struct signing_work work = {.signing = signing};
    struct buffer canonical;
    char hex[HEX];
    take_url(&work);
    buffer_open(&canonical, arena, CANONICAL_MAX);
    return set_scope(&work) && take_signed_headers(&work) && put_canonical(&canonical, &work) &&
           sign_canonical(&work, buffer_text(&canonical), hex) && put_lines(&work, hex, signature);
}
