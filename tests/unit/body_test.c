/*
 * body_test.c - what a body is, by its Content-Type or by how it begins, and a file in each of the
 * ways in which people write its base64.
 *
 * The wrong types are those that curl, fetch(), phones and programs for S3 really send.
 */
#include "request/body.h"

#include <check.h>
#include <stdlib.h>

#include "request/fields.h"
#include "request/response.h"

Suite *body_suite(void);

struct filing {
    dime_file image;
};

static const dime_field FIELDS[] = {
    DIME_FILE(struct filing, image, .min = 1, .max = 8, .types = "image/jpeg, image/png",
              .other_types = "image/jpg, application/octet-stream", .help = "a picture"),
};
static const dime_function plain = {.name = "plain"};
static const dime_function filing = {.name = "filing",
                                     DIME_INPUT(struct filing, FIELDS),
                                     .json_types = "application/x-event, text/plain"};

#define FORM "application/x-www-form-urlencoded"

static const struct {
    const char *type;
    dime_text body;
    enum body_kind of_plain, of_filing;
} bodies[] = {
    {"", {"", 0}, BODY_NONE, BODY_NONE},
    {"", {" \r\n", 3}, BODY_NONE, BODY_NONE},
    {"", {"a=1", 3}, BODY_FORM, BODY_FORM},
    {"", {"{}", 2}, BODY_JSON, BODY_JSON},
    {"", {"\xFF\xD8", 2}, BODY_FORM, BODY_FILE},
    {FORM, {"a=1", 3}, BODY_FORM, BODY_FORM},
    {FORM, {" [", 2}, BODY_JSON, BODY_JSON},
    {FORM, {"\xFF\xD8", 2}, BODY_FORM, BODY_FILE},
    {FORM, {"{\xFF", 2}, BODY_JSON, BODY_FILE},
    {"application/json", {"a=1", 3}, BODY_JSON, BODY_JSON},
    {"application/json", {"", 0}, BODY_JSON, BODY_JSON},
    {"text/json", {"1", 1}, BODY_JSON, BODY_JSON},
    {"Text/JSON; charset=utf-8", {"1", 1}, BODY_JSON, BODY_JSON},
    {"application/cloudevents+json", {"1", 1}, BODY_JSON, BODY_JSON},
    {"application/x-event", {"1", 1}, BODY_UNKNOWN, BODY_JSON},
    {"text/plain", {"{}", 2}, BODY_JSON, BODY_JSON},
    {"Text/Plain;charset=UTF-8", {"\n\"a\"", 4}, BODY_JSON, BODY_JSON},
    {"text/plain", {"a=1", 3}, BODY_UNKNOWN, BODY_JSON},
    {"text/plain", {"\xFF\xD8", 2}, BODY_UNKNOWN, BODY_FILE},
    {"Text/Plain; charset=x", {"{\xFF", 2}, BODY_JSON, BODY_FILE},
    {"text/x-json", {"1", 1}, BODY_JSON, BODY_JSON},
    {"application/x-json", {"1", 1}, BODY_JSON, BODY_JSON},
    {"text/javascript", {"{}", 2}, BODY_JSON, BODY_JSON},
    {"Application/JavaScript; charset=utf-8", {"{}", 2}, BODY_JSON, BODY_JSON},
    {"application/x-javascript", {"{}", 2}, BODY_JSON, BODY_JSON},
    {"application/x-amz-json-1.0", {"{}", 2}, BODY_JSON, BODY_JSON},
    {"application/x-amz-json-1.1", {"{}", 2}, BODY_JSON, BODY_JSON},
    {"application/x-amz-json-2.0", {"{}", 2}, BODY_UNKNOWN, BODY_UNKNOWN},
    {"text/plain", {"", 0}, BODY_NONE, BODY_JSON},
    {"text/html", {"{}", 2}, BODY_UNKNOWN, BODY_UNKNOWN},
    {"application/json5", {"{}", 2}, BODY_UNKNOWN, BODY_UNKNOWN},
    {"image/jpeg", {"{}", 2}, BODY_UNKNOWN, BODY_FILE},
    {"Image/JPG", {"a", 1}, BODY_UNKNOWN, BODY_FILE},
    {"application/octet-stream", {"a", 1}, BODY_UNKNOWN, BODY_FILE},
    {"image/webp", {"a", 1}, BODY_UNKNOWN, BODY_UNKNOWN},
    {"multipart/form-data; boundary=x", {"{}", 2}, BODY_MULTIPART, BODY_MULTIPART},
    {"multipart/mixed; boundary=x", {"{}", 2}, BODY_UNKNOWN, BODY_UNKNOWN},
};

START_TEST(knows_what_a_body_is)
{
    struct request request = {.content_type = text_of(bodies[_i].type), .body = bodies[_i].body};
    struct response response;
    struct dime_call to_plain, to_filing;
    call_open(&to_plain, &plain, &request, &response);
    call_open(&to_filing, &filing, &request, &response);
    struct sent_body of_plain = body_of(&to_plain), of_filing = body_of(&to_filing);
    ck_assert_int_eq(of_plain.kind, bodies[_i].of_plain);
    ck_assert_int_eq(of_filing.kind, bodies[_i].of_filing);
    if (of_filing.kind == BODY_FILE)
        ck_assert_ptr_eq(of_filing.file, FIELDS);
    struct header coding = {TEXT("content-encoding"), TEXT("gzip")};
    request.headers = &coding;
    request.header_count = 1;
    bool empty = text_trim(request.body).length == 0;
    ck_assert_int_eq(body_of(&to_plain).kind, empty ? bodies[_i].of_plain : BODY_ENCODED);
}
END_TEST

/* {type, body, the field's bytes; NULL: it's wrong} */
static const struct {
    const char *type, *body, *bytes;
} files[] = {
    {FORM, "image=%2F9j%2F", "\xFF\xD8\xFF"},
    {FORM, "image=_9j_", "\xFF\xD8\xFF"},
    {FORM, "image=/9j/%0D%0AAB%2Bx%0D%0A", "\xFF\xD8\xFF\0\x1F\xB1"},
    {FORM, "image=/9j/AB+x", NULL},
    {FORM, "image=_9j_.", NULL},
    {"application/json", "{\"image\":\"/9j/\\r\\n AA\"}", "\xFF\xD8\xFF"},
    {"application/json", "{\"image\":\"DATA:image/jpeg;BASE64,/9j/\"}", "\xFF\xD8\xFF"},
    {"application/json", "{\"image\":\"data:image/jpeg;base64, /9j/\\n\"}", "\xFF\xD8\xFF"},
    {"application/json", "{\"image\":\"data:image/jpeg,/9j/\"}", NULL},
    {"text/plain", "{\"image\":\"_9j_\"}", "\xFF\xD8\xFF"},
    {"image/jpg", "\xFF\xD8", "\xFF\xD8"},
    {"application/octet-stream", "{}", "{}"},
    {"", "\xFF\xD8", "\xFF\xD8"},
};

START_TEST(reads_a_file)
{
    struct arena arena;
    struct response response;
    dime_text bytes = text_of(files[_i].bytes);
    arena_open(&arena, 1 << 16);
    response_open(&response, &arena);
    struct request request = {.arena = &arena,
                              .method = DIME_POST,
                              .content_type = text_of(files[_i].type),
                              .body = text_of(files[_i].body)};
    struct dime_call call;
    call_open(&call, &filing, &request, &response);
    ck_assert(fields_read(&call, TEXT("")) == (files[_i].bytes != NULL));
    const struct filing *input = (const void *)call.input->base;
    ck_assert(call.input->given[0] && call.values[0].given);
    ck_assert(text_starts(input->image.bytes, bytes));
    ck_assert_int_eq(response.status == 422, !files[_i].bytes);
    arena_close(&arena);
}
END_TEST

Suite *body_suite(void)
{
    Suite *suite = suite_create("body");
    TCase *test = tcase_create("body");
    tcase_add_loop_test(test, knows_what_a_body_is, 0, sizeof bodies / sizeof *bodies);
    tcase_add_loop_test(test, reads_a_file, 0, sizeof files / sizeof *files);
    suite_add_tcase(suite, test);
    return suite;
}
