/*
 * queue_event_test.c - messages as an event of SQS: its bytes, what can't be in one, and its size.
 *
 * The event is read again by the events' own reader, as every function's host would: so what is
 * written is what Lambda would hand over, or the test fails.
 */
#include "tool/consume/queue_event.h"

#include <check.h>
#include <stdlib.h>

#include "fail_malloc.h"
#include "base/backoff.h"
#include "events/invoke.h"
#include "unit.h"

Suite *queue_event_suite(void);

static struct arena arena;
static struct queue_batch batch;
static struct queue queue;

static void begin(void)
{
    arena_open(&arena, 64 * 1024 * 1024);
    queue =
        (struct queue){.arn = TEXT("arn:aws:sqs:local:000000000000:q"), .region = TEXT("local")};
    batch.count = 0;
}

static void end(void)
{
    arena_close(&arena);
}

static struct queue_message *add(const char *id, dime_text body)
{
    struct queue_message *message = &batch.messages[batch.count++];
    *message = (struct queue_message){.id = text_of(id),
                                      .receipt = TEXT("r\""),
                                      .body = body,
                                      .attributes = TEXT("{\"A\":\"1\"}")};
    return message;
}

static size_t write_event(struct buffer *out, size_t first)
{
    buffer_open(out, &arena, 2 * INVOKE_EVENT_MAX);
    return queue_event(&queue, &batch, first, out);
}

#define BEHIND                                                                                     \
    "\"eventSource\":\"aws:sqs\",\"eventSourceARN\":\"arn:aws:sqs:local:000000000000:q\","         \
    "\"awsRegion\":\"local\"}"

START_TEST(writes_the_event_of_sqs)
{
    struct buffer event;
    add("1-0", TEXT("{\"a\":\"\xC3\xA9\"}"));
    struct queue_message *second = add("2-0", TEXT("x"));
    second->md5 = TEXT("9dd4e461268c8034f5c8564e155c67a6");
    second->message_attributes = TEXT("{\"A\\u0062\":{\"StringValue\":\"v\\n\",\"DataType\":"
                                      "\"String\"},\"Empty\":{},\"Odd\":[1]}");
    ck_assert_uint_eq(write_event(&event, 0), 2);
    const char *wanted =
        "{\"Records\":[{\"messageId\":\"1-0\",\"receiptHandle\":\"r\\\"\","
        "\"body\":\"{\\\"a\\\":\\\"\xC3\xA9\\\"}\",\"attributes\":{\"A\":\"1\"},"
        "\"messageAttributes\":{}," BEHIND
        ",{\"messageId\":\"2-0\",\"receiptHandle\":\"r\\\"\",\"body\":\"x\","
        "\"attributes\":{\"A\":\"1\"},\"messageAttributes\":{\"Ab\":{\"stringValue\":\"v\\n\","
        "\"dataType\":\"String\"},\"Empty\":{},\"Odd\":{}},"
        "\"md5OfBody\":\"9dd4e461268c8034f5c8564e155c67a6\"," BEHIND "]}";
    ck_assert_msg(text_equal(buffer_text(&event), text_of(wanted)), "%.*s", (int)event.length,
                  event.data);
}
END_TEST

static const char *const forged[] = {
    "{\"k\":{\"String\\\"Value\":\"x\",\"DataType\":\"String\"}}",
    "{\"k\":{\"DataType\":\"String\",\"x\\\":1},\\\"k2\\\":{\\\"stringValue\":\"injected\"}}",
    "{\"k\":{\"DataType\":\"String\",\"dataType\":\"Number\",\"\":1}}",
    "{\"k\\\":{},\\\"k2\":{\"DataType\":\"String\"}}",
};

/* Whatever a sender calls an attribute or its members, it is one attribute, and the batch is read.
 */
START_TEST(takes_no_names_from_an_attribute)
{
    struct buffer event;
    struct event read;
    struct json_value records, attributes, attribute, type;
    struct json_error error;
    size_t count = 0;
    add("1-0", TEXT("x"))->message_attributes = text_of(forged[_i]);
    add("2-0", TEXT("y"));
    write_event(&event, 0);
    event_read(&read, buffer_text(&event), &arena);
    ck_assert_msg(read.status == 0, "%s: %.*s", read.why, (int)event.length, event.data);
    ck_assert_int_eq(read.shape, EVENT_QUEUE);
    ck_assert(json_check(read.records.raw, &arena, &records, &error));
    struct json_cursor messages = json_members(records, &arena);
    struct json_member message;
    ck_assert(json_next(&messages, &message));
    ck_assert(json_find(message.value, TEXT("messageAttributes"), &attributes));
    struct json_cursor each = json_members(attributes, &arena);
    for (struct json_member one; json_next(&each, &one); count++)
        attribute = one.value;
    ck_assert_uint_eq(count, 1);
    ck_assert(json_find(attribute, TEXT("dataType"), &type));
    ck_assert(text_equal(type.raw, TEXT("\"String\"")));
    ck_assert_msg(text_equal(attribute.raw, TEXT("{\"dataType\":\"String\"}")), "%.*s",
                  (int)attribute.raw.length, attribute.raw.data);
}
END_TEST

/* What isn't text, or is too long, is null: a message that fails, and is there for its id. */
START_TEST(says_null_for_what_is_no_text)
{
    struct buffer event;
    struct event read;
    struct event_message message;
    char *large = arena_array(&arena, QUEUE_BODY_MAX + 1, 1);
    memset(large, 'x', QUEUE_BODY_MAX + 1);
    add("a", TEXT("\xFF"));
    add("b", (dime_text){0});
    add("c", (dime_text){large, QUEUE_BODY_MAX + 1});
    add("d", (dime_text){large, QUEUE_BODY_MAX});
    ck_assert_uint_eq(write_event(&event, 0), 4);
    event_read(&read, buffer_text(&event), &arena);
    ck_assert_int_eq(read.shape, EVENT_QUEUE);
    struct json_cursor messages = event_messages(&read);
    for (int i = 0; i < 4; i++) {
        ck_assert(event_next_message(&messages, &message));
        ck_assert_int_eq(message.body.kind, i == 3 ? JSON_STRING : JSON_NULL);
    }
    ck_assert(!event_next_message(&messages, &message));
}
END_TEST

/* Each event is as small as an event may be, and no message is in none or in two. */
START_TEST(splits_what_is_too_much)
{
    char *large = arena_array(&arena, QUEUE_BODY_MAX, 1);
    memset(large, 1, QUEUE_BODY_MAX); /* six bytes each, in JSON */
    for (int i = 0; i < 3; i++)
        add("large", (dime_text){large, QUEUE_BODY_MAX});
    for (int i = 0; i < 20; i++)
        add("half", (dime_text){large, QUEUE_BODY_MAX / 12});
    size_t next = 0, events = 0;
    while (next < batch.count) {
        struct arena own = arena;
        struct buffer event;
        arena_open(&arena, 64 * 1024 * 1024);
        size_t first = next;
        next = write_event(&event, first);
        ck_assert(!event.failed && next > first && event.length <= INVOKE_EVENT_MAX);
        arena_close(&arena);
        arena = own;
        events++;
    }
    ck_assert_uint_eq(next, batch.count);
    ck_assert_uint_le(events, 5);
}
END_TEST

START_TEST(says_that_memory_has_ended)
{
    bool failed = true;
    add("a", TEXT("{}"))->message_attributes = TEXT("{\"\\u0061\":{\"\\u0062\":1}}");
    add("b", TEXT("{}"));
    for (size_t number = 0; failed; number++) {
        struct buffer event;
        arena_reset(&arena);
        arena_close(&arena);
        fail_malloc_begin(number);
        size_t next = write_event(&event, 0);
        failed = fail_malloc_end();
        ck_assert(failed == (event.failed || arena.failed));
        ck_assert(failed || next == 2);
    }
}
END_TEST

START_TEST(waits_twice_as_long_each_time)
{
    struct backoff backoff = {0};
    int64_t most = 100;
    for (int i = 0; i < 20; i++) {
        int64_t wait = backoff_next(&backoff, 100, 3000);
        ck_assert_msg(wait >= most / 2 && wait <= most, "%lld", (long long)wait);
        most = 2 * most < 3000 ? 2 * most : 3000;
    }
    backoff_reset(&backoff);
    ck_assert_int_le(backoff_next(&backoff, 100, 3000), 100);
}
END_TEST

Suite *queue_event_suite(void)
{
    Suite *suite = suite_create("queue_event");
    TCase *test = tcase_create("queue_event");
    tcase_add_checked_fixture(test, begin, end);
    tcase_set_timeout(test, 60);
    tcase_add_test(test, writes_the_event_of_sqs);
    tcase_add_loop_test(test, takes_no_names_from_an_attribute, 0, sizeof forged / sizeof *forged);
    tcase_add_test(test, says_null_for_what_is_no_text);
    tcase_add_test(test, splits_what_is_too_much);
    if (fail_malloc_works())
        tcase_add_test(test, says_that_memory_has_ended);
    else
        unit_skip("says_that_memory_has_ended", "the sanitizers bring a malloc of their own");
    tcase_add_test(test, waits_twice_as_long_each_time);
    suite_add_tcase(suite, test);
    return suite;
}
