/*
 * multipart_test.c - multipart forms: what is read, what is refused, and what it says then.
 *
 * Each body is read from a block of exactly its size, so that a byte read beyond its end is found
 * under the sanitizers.
 */
#include "base/multipart.h"

#include <check.h>
#include <stdlib.h>

#include "base/buffer.h"

Suite *multipart_suite(void);

#define FIFTY "01234567890123456789012345678901234567890123456789"
#define CANT_BE                                                                                    \
    "its beginning: the Content-Type's boundary can't be one; choose at most 200 letters and "     \
    "digits"
#define X           TEXT("multipart/form-data; boundary=x")
#define DISPOSITION "Content-Disposition: form-data; "

/* RESULT has the parts as [name=value], a file's name as [name<file>=value], a type as
   [name(type)=value], and behind them the message of the fault, if any. */
static const struct document {
    dime_text type;
    dime_text body;
    const char *result;
} documents[] = {
    {X, TEXT("--x\r\n" DISPOSITION "name=\"a\"\r\n\r\n1.89\r\n--x--\r\n"), "[a=1.89]"},
    {X,
     TEXT("--x\r\n" DISPOSITION "name=\"a\"\r\n\r\n1\r\n--x\r\n" DISPOSITION
          "name=b\r\n\r\n\r\n--x--"),
     "[a=1][b=]"},
    {X,
     TEXT("--x\r\n" DISPOSITION "name=\"a\"; filename=\"cat.jpg\"\r\nContent-Type: image/jpeg\r\n"
          "X-Other: y\r\n\r\n\xFF\xD8\0\r\n\r\n--x--\r\n"),
     "[a<cat.jpg>(image/jpeg)=\xFF\xD8\\0\r\n]"},
    /* Nothing at all, and nothing but what stands before and behind the parts. */
    {X, TEXT("--x--\r\n"), ""},
    {X, TEXT("\r\n--x--"), ""},
    {X, TEXT("a preamble\r\n--x\r\n" DISPOSITION "name=a\r\n\r\n1\r\n--x--\r\nan epilogue\r\n--x"),
     "[a=1]"},
    {X, TEXT("--xy\r\n--x  \t\r\n" DISPOSITION "name=a\r\n\r\n1\r\n--x-- \r\n"), "[a=1]"},
    /* What only looks like a boundary. */
    {X, TEXT("--x\r\n" DISPOSITION "name=a\r\n\r\n-\r\n--xy\r\n--x \n-x--\r\n--x--"),
     "[a=-\r\n--xy\r\n--x \n-x--]"},
    {X, TEXT("--x\r\n" DISPOSITION "name=a\r\n\r\n\n--x\n\r--x--\r\n--x--"), "[a=\n--x\n\r--x--]"},
    /* The boundary's own notation. */
    {TEXT("multipart/form-data;boundary=\"x\""),
     TEXT("--x\r\n" DISPOSITION "name=a\r\n\r\n1\r\n--x--"), "[a=1]"},
    {TEXT("Multipart/Form-Data; charset=\"a;b\"; BOUNDARY=\"a b'()+_,-./:=?\"; z=1"),
     TEXT("--a b'()+_,-./:=?\r\n" DISPOSITION "name=a\r\n\r\n1\r\n--a b'()+_,-./:=?--"), "[a=1]"},
    {TEXT("multipart/form-data;boundary=*****"),
     TEXT("--*****\r\n" DISPOSITION "name=a\r\n\r\n1\r\n--*****--"), "[a=1]"},
    {TEXT("multipart/form-data; boundary=!#$%&*<>@[]^`{|}~"),
     TEXT("--!#$%&*<>@[]^`{|}~\r\n" DISPOSITION "name=a\r\n\r\n1\r\n--!#$%&*<>@[]^`{|}~--"),
     "[a=1]"},
    /* Blanks and semicolons that needn't be. */
    {TEXT("multipart/form-data;; boundary=x"),
     TEXT("--x\r\nContent-Disposition: form-data; ;name = \"a\";; filename\t= b "
          ";\r\n\r\n1\r\n--x--"),
     "[a<b>=1]"},
    {TEXT("multipart/form-data ; charset = utf-8 ; ; boundary\t= \"x\" ; "),
     TEXT("--x\r\n" DISPOSITION "name=a\r\n\r\n1\r\n--x--"), "[a=1]"},
    {TEXT("multipart/form-data; boundary=x;"),
     TEXT("--x\r\n" DISPOSITION "name=a\r\n\r\n1\r\n--x--"), "[a=1]"},
    /* Names and their escapes. */
    {X, TEXT("--x\r\ncontent-disposition:form-data;NAME=a ; x=y\r\n\r\n1\r\n--x--"), "[a=1]"},
    {X, TEXT("--x\r\n" DISPOSITION "name=\"a\\\"b\\\\c%22d\"\r\n\r\n1\r\n--x--"), "[a\"b\\c\"d=1]"},
    {X, TEXT("--x\r\n" DISPOSITION "name=\"a;b=c\"\r\n\r\n1\r\n--x--"), "[a;b=c=1]"},
    {X, TEXT("--x\r\n" DISPOSITION "name=\"100%25\"\r\n\r\n1\r\n--x--"), "[100%25=1]"},
    {X,
     TEXT("--x\r\n" DISPOSITION
          "filename=\"\xC3\xA9.png\"; name=\"\xE2\x82\xAC\"\r\n\r\n\r\n--x--"),
     "[\xE2\x82\xAC<\xC3\xA9.png>=]"},
    {X, TEXT("--x\r\n" DISPOSITION "name=a; filename=\"C:\\photos\\new.jpg\"\r\n\r\n\r\n--x--"),
     "[a<new.jpg>=]"},
    {X, TEXT("--x\r\n" DISPOSITION "name=a; filename=\"../../etc/passwd\"\r\n\r\n\r\n--x--"),
     "[a<passwd>=]"},
    {X, TEXT("--x\r\n" DISPOSITION "name=a; filename=\"a \\\"b\\\\\"\r\n\r\n\r\n--x--"), "[a<>=]"},
    {X, TEXT("--x\r\n" DISPOSITION "name=a; filename=\"\"\r\n\r\n\r\n--x--"), "[a<>=]"},
    {X, TEXT("--x\r\n" DISPOSITION "name=a; filename*=UTF-8''b.jpg\r\n\r\n1\r\n--x--"), "[a=1]"},
    {X, TEXT("--x\r\n" DISPOSITION "name=a; filename=\"caf\xE9.jpg\"\r\n\r\n1\r\n--x--"),
     "[a<>=1]"},
    {X, TEXT("--x\r\n" DISPOSITION "name=\"\"\r\n\r\n1\r\n--x--"), "[=1]"},
    {X,
     TEXT("--x\r\n" DISPOSITION "name=a\r\nContent-Transfer-Encoding: Binary\r\n"
          "Content-Type:\r\n\r\n1\r\n--x--"),
     "[a()=1]"},
    /* A Content-Type without a boundary, or with one that can't be. */
    {TEXT("multipart/form-data"), TEXT("--x--"),
     "its beginning: the Content-Type names no boundary; let your client write it"},
    {TEXT("multipart/form-data; boundary="), TEXT("----"),
     "its beginning: the Content-Type names no boundary; let your client write it"},
    {TEXT("multipart/form-data; boundary=\"x"), TEXT("--x--"),
     "its beginning: the Content-Type names no boundary; let your client write it"},
    {TEXT("multipart/form-data; boundary=\"x \""), TEXT("--x --"), CANT_BE},
    {TEXT("multipart/form-data; boundary=x; boundary=y"), TEXT("--x--"),
     "its beginning: the Content-Type names no boundary; let your client write it"},
    {TEXT("multipart/form-data; boundary=x y"), TEXT("--x--"),
     "its beginning: the Content-Type names no boundary; let your client write it"},
    {TEXT("multipart/form-data; boundary=\"x\\\"y\""), TEXT("--x\"y--"), CANT_BE},
    {TEXT("multipart/form-data; boundary=\"\xC3\xA9\""), TEXT("--\xC3\xA9--"), CANT_BE},
    {TEXT("multipart/form-data; boundary=\"x\ty\""), TEXT("--x\ty--"), CANT_BE},
    {TEXT("multipart/form-data; boundary=\"x\0\""), TEXT("--x\0--"), CANT_BE},
    {TEXT("multipart/form-data; boundary=" FIFTY FIFTY FIFTY FIFTY "0"), TEXT("--x--"), CANT_BE},
    {X, TEXT("--y--\r\n"),
     "its beginning: the boundary that the Content-Type names isn't in the body"},
    {X, TEXT("--x"), "its beginning: the boundary that the Content-Type names isn't in the body"},
    {X, TEXT("--x\n" DISPOSITION "name=a\n\n1\n--x--\n"),
     "its beginning: the boundary that the Content-Type names isn't in the body"},
    /* A first boundary that doesn't begin a line would take the first part along. */
    {X,
     TEXT("\xEF\xBB\xBF--x\r\n" DISPOSITION "name=a\r\n\r\n1\r\n--x\r\n" DISPOSITION
          "name=b\r\n\r\n2\r\n--x--"),
     "its beginning: something stands before the first boundary; leave it out"},
    {X, TEXT("\n--x\r\n" DISPOSITION "name=a\r\n\r\n1\r\n--x--"),
     "its beginning: something stands before the first boundary; leave it out"},
    {X, TEXT(" --x\r\n--x--"),
     "its beginning: something stands before the first boundary; leave it out"},
    /* Parts without an end, and with headers that can't be read. */
    {X, TEXT("--x\r\n"), "part 1: it has no end; send all of it again"},
    {X, TEXT("--x\r\n" DISPOSITION "name=a\r\n\r\n1"),
     "part 1: it has no end; send all of it again"},
    {X, TEXT("--x\r\n" DISPOSITION "name=a\r\n\r\n1\r\n--x\r\n" DISPOSITION "name=b\r\n\r\n2\r\n-"),
     "[a=1]part 2: it has no end; send all of it again"},
    {X, TEXT("--x\r\n\r\n--x--"), "part 1: its headers have no end"},
    {X, TEXT("--x\r\n" DISPOSITION "name=a\r\n--x--"), "part 1: its headers have no end"},
    {X, TEXT("--x\r\n\r\n\r\n--x--"), "part 1: it has no Content-Disposition"},
    {X, TEXT("--x\r\nContent-Type: text/plain\r\n\r\n1\r\n--x--"),
     "part 1: it has no Content-Disposition"},
    {X, TEXT("--x\r\nno colon\r\n\r\n1\r\n--x--"), "part 1: its headers can't be read"},
    {X, TEXT("--x\r\n: a\r\n\r\n1\r\n--x--"), "part 1: its headers can't be read"},
    {X, TEXT("--x\r\n" DISPOSITION "name=a;\r\n filename=b\r\n\r\n1\r\n--x--"),
     "part 1: its headers can't be read"},
    {X, TEXT("--x\r\nX: a\0b\r\n\r\n1\r\n--x--"), "part 1: its headers can't be read"},
    {X, TEXT("--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--"),
     "part 1: its Content-Disposition can't be read; it is form-data; name=\"...\""},
    {X, TEXT("--x\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n--x--"),
     "part 1: its Content-Disposition can't be read; it is form-data; name=\"...\""},
    {X, TEXT("--x\r\n" DISPOSITION "name=\"a\r\n\r\n1\r\n--x--"),
     "part 1: its Content-Disposition can't be read; it is form-data; name=\"...\""},
    {X, TEXT("--x\r\n" DISPOSITION "name=a; name=b\r\n\r\n1\r\n--x--"),
     "part 1: its Content-Disposition can't be read; it is form-data; name=\"...\""},
    {X, TEXT("--x\r\n" DISPOSITION "name=\"a\"b\r\n\r\n1\r\n--x--"),
     "part 1: its Content-Disposition can't be read; it is form-data; name=\"...\""},
    {X, TEXT("--x\r\n" DISPOSITION "name=a\r\n" DISPOSITION "name=b\r\n\r\n1\r\n--x--"),
     "part 1: it has more than one Content-Disposition"},
    {X,
     TEXT("--x\r\n" DISPOSITION
          "name=a\r\nContent-Type: a/b\r\nContent-Type: a/b\r\n\r\n1\r\n--x--"),
     "part 1: it has more than one Content-Type"},
    {X, TEXT("--x\r\n" DISPOSITION "name=a; filename=\"a\tb\"\r\n\r\n1\r\n--x--"),
     "part 1: a name in it holds a control character"},
    {X,
     TEXT("--x\r\n" DISPOSITION "name=a\r\nContent-Type: Multipart/Mixed; boundary=y\r\n\r\n"
          "--y--\r\n--x--"),
     "part 1: it holds parts itself; send each of them by itself"},
    {X,
     TEXT("--x\r\n" DISPOSITION "name=a\r\nContent-Transfer-Encoding: base64\r\n\r\nMQ==\r\n--x--"),
     "part 1: send it as it is, without a Content-Transfer-Encoding"},
};

static struct arena arena;

static void begin(void)
{
    arena_open(&arena, 1 << 20);
}

static void end(void)
{
    arena_close(&arena);
}

/* Bytes as C shows NUL, so that a result is one string. */
static void put(struct buffer *out, dime_text text)
{
    for (size_t i = 0; i < text.length; i++)
        buffer_put(out, text.data[i] ? (dime_text){text.data + i, 1} : TEXT("\\0"));
}

static void put_part(struct buffer *out, const struct multipart_part *part)
{
    buffer_puts(out, "[");
    put(out, part->name);
    if (part->file_name.data) {
        buffer_puts(out, "<");
        put(out, part->file_name);
        buffer_puts(out, ">");
    }
    if (part->content_type.data) {
        buffer_puts(out, "(");
        put(out, part->content_type);
        buffer_puts(out, ")");
    }
    buffer_puts(out, "=");
    put(out, part->body);
    buffer_puts(out, "]");
}

/* What is read of a body, with all memory from MEMORY. */
static const char *outcome(dime_text type, dime_text body, struct arena *memory)
{
    struct multipart_reader reader;
    struct multipart_part part;
    struct buffer out;
    buffer_open(&out, &arena, 64 * 1024);
    multipart_open(&reader, type, body, memory);
    while (multipart_next(&reader, &part))
        put_part(&out, &part);
    ck_assert(!multipart_next(&reader, &part));
    ck_assert_int_eq(reader.fault != MULTIPART_FINE, reader.message[0] != '\0');
    buffer_puts(&out, reader.message);
    buffer_put(&out, (dime_text){"", 1});
    ck_assert(!out.failed);
    return out.data;
}

START_TEST(reads_documents)
{
    const struct document *document = &documents[_i];
    char *body = malloc(document->body.length);
    ck_assert_ptr_nonnull(body);
    memcpy(body, document->body.data, document->body.length);
    const char *said = outcome(document->type, (dime_text){body, document->body.length}, &arena);
    free(body);
    ck_assert_str_eq(said, document->result);
}
END_TEST

/* A body that is cut anywhere is never read as if it were whole. */
START_TEST(takes_no_part_of_a_body)
{
    const dime_text whole =
        TEXT("--x\r\n" DISPOSITION "name=\"a\"; filename=\"b\\\"c\"\r\n\r\n1\r\n--x--");
    for (size_t length = 0; length < whole.length; length++) {
        char *body = malloc(length + !length);
        ck_assert_ptr_nonnull(body);
        memcpy(body, whole.data, length);
        struct multipart_reader reader;
        struct multipart_part part;
        multipart_open(&reader, X, (dime_text){body, length}, &arena);
        while (multipart_next(&reader, &part))
            ;
        ck_assert_int_eq(reader.fault, MULTIPART_MALFORMED);
        free(body);
    }
}
END_TEST

START_TEST(copies_nothing_plain)
{
    dime_text body = TEXT("--x\r\n" DISPOSITION "name=\"a\"; filename=b\r\n\r\n12\r\n--x--");
    struct multipart_reader reader;
    struct multipart_part part;
    multipart_open(&reader, X, body, &arena);
    ck_assert(multipart_next(&reader, &part));
    ck_assert_uint_eq(arena.total, 0);
    ck_assert(part.body.data > body.data && part.body.data < body.data + body.length);
    ck_assert(text_equal(part.body, TEXT("12")));
}
END_TEST

static const char *outcome_of_many(size_t parts)
{
    struct buffer body;
    buffer_open(&body, &arena, 64 * 1024);
    for (size_t i = 0; i < parts; i++)
        buffer_puts(&body, "--x\r\n" DISPOSITION "name=a\r\n\r\n\r\n");
    buffer_puts(&body, "--x--");
    return outcome(X, buffer_text(&body), &arena);
}

START_TEST(limits_the_parts)
{
    const char *said = outcome_of_many(MULTIPART_PARTS_MAX);
    ck_assert_uint_eq(strlen(said), MULTIPART_PARTS_MAX * strlen("[a=]"));
    said = outcome_of_many(MULTIPART_PARTS_MAX + 1);
    ck_assert_str_eq(said + MULTIPART_PARTS_MAX * strlen("[a=]"),
                     "part 64: there are more than 64 parts");
}
END_TEST

static const char *outcome_of_header(size_t length)
{
    struct buffer body;
    buffer_open(&body, &arena, 64 * 1024);
    buffer_puts(&body, "--x\r\nX:");
    for (size_t i = sizeof "X:\r\n" - 1; i < length; i++)
        buffer_puts(&body, "y");
    buffer_puts(&body, "\r\n" DISPOSITION "name=a\r\n\r\n1\r\n--x--");
    return outcome(X, buffer_text(&body), &arena);
}

START_TEST(limits_the_headers)
{
    const size_t rest = sizeof DISPOSITION "name=a\r\n\r\n" - 1;
    ck_assert_str_eq(outcome_of_header(MULTIPART_HEADERS_MAX - rest), "[a=1]");
    ck_assert_str_eq(outcome_of_header(MULTIPART_HEADERS_MAX - rest + 1),
                     "part 1: its headers are longer than 4 kB");
    ck_assert_str_eq(outcome_of_header(3 * MULTIPART_HEADERS_MAX),
                     "part 1: its headers are longer than 4 kB");
}
END_TEST

START_TEST(takes_the_longest_boundary)
{
    static const char LONGEST[] = FIFTY FIFTY FIFTY FIFTY;
    struct buffer type, body;
    buffer_open(&type, &arena, 1024);
    buffer_open(&body, &arena, 1024);
    buffer_printf(&type, "multipart/form-data; boundary=%s", LONGEST);
    buffer_printf(&body, "--%s\r\n" DISPOSITION "name=a\r\n\r\n1\r\n--%s--", LONGEST, LONGEST);
    ck_assert_str_eq(outcome(buffer_text(&type), buffer_text(&body), &arena), "[a=1]");
}
END_TEST

START_TEST(reads_a_body_without_bytes)
{
    ck_assert_str_eq(outcome(X, (dime_text){NULL, 0}, &arena),
                     "its beginning: the boundary that the Content-Type names isn't in the body");
    ck_assert_str_eq(outcome((dime_text){NULL, 0}, TEXT("--x--"), &arena),
                     "its beginning: the Content-Type names no boundary; let your client write it");
}
END_TEST

START_TEST(says_when_memory_ends)
{
    struct arena none;
    struct multipart_reader reader;
    struct multipart_part part;
    arena_open(&none, 0);
    multipart_open(&reader, X,
                   TEXT("--x\r\n" DISPOSITION "name=a\r\n\r\n1\r\n--x\r\n" DISPOSITION
                        "name=\"\\\"\"\r\n\r\n2\r\n--x--"),
                   &none);
    ck_assert(multipart_next(&reader, &part));
    ck_assert(!multipart_next(&reader, &part));
    ck_assert_int_eq(reader.fault, MULTIPART_NO_MEMORY);
    ck_assert_str_eq(reader.message, "part 2: out of memory while reading it");
    ck_assert(!multipart_next(&reader, &part));
    arena_close(&none);
}
END_TEST

Suite *multipart_suite(void)
{
    Suite *suite = suite_create("multipart");
    TCase *reading = tcase_create("reading");
    tcase_add_checked_fixture(reading, begin, end);
    tcase_add_loop_test(reading, reads_documents, 0, sizeof documents / sizeof *documents);
    tcase_add_test(reading, takes_no_part_of_a_body);
    tcase_add_test(reading, copies_nothing_plain);
    tcase_add_test(reading, limits_the_parts);
    tcase_add_test(reading, limits_the_headers);
    tcase_add_test(reading, takes_the_longest_boundary);
    tcase_add_test(reading, reads_a_body_without_bytes);
    tcase_add_test(reading, says_when_memory_ends);
    suite_add_tcase(suite, reading);
    return suite;
}
