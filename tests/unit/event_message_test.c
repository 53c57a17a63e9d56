/*
 * event_message_test.c - the messages in an event of SQS: what each is, and what is wrong with it.
 *
 * A message is an event of its own. One that can't be read must still be named by its id, since the
 * queue deletes what its answer doesn't name.
 */
#include "events/event.h"

#include <check.h>

Suite *event_message_suite(void);

static struct arena arena;

static void begin(void)
{
    arena_open(&arena, 1 << 20);
}

static void end(void)
{
    arena_close(&arena);
}

/* id, whether in order, status, source, and the body as the function sees it */
static const struct {
    const char *record, *id;
    bool in_order;
    int status;
    enum dime_source source;
    const char *body;
} messages[] = {
    {"{\"messageId\":\"a\",\"body\":\"{\\\"amount\\\":1}\"}", "\"a\"", false, 0, DIME_SQS,
     "{\"amount\":1}"},
    {"{\"messageId\":\"\\u00e9\",\"eventSourceARN\":\"arn:q.fifo\",\"body\":\"5\"}", "\"\\u00e9\"",
     true, 0, DIME_SQS, "5"},
    {"{\"eventSourceARN\":\"arn:fifo\",\"body\":\"{\\\"Event\\\":\\\"s3:TestEvent\\\"}\"}", "",
     false, 0, DIME_S3, "{\"Event\":\"s3:TestEvent\"}"},
    {"{\"body\":\"{\\\"Type\\\":\\\"Notification\\\",\\\"TopicArn\\\":\\\"t\\\",\\\"Message\\\":"
     "\\\"{\\\\\\\"amount\\\\\\\":1}\\\"}\"}",
     "", false, 0, DIME_SNS, "{\"amount\":1}"},
    {"{\"body\":\"amount=1\"}", "", false, 400, DIME_SQS, "amount=1"},
    {"{\"body\":\"\"}", "", false, 400, DIME_SQS, ""},
    {"{\"messageId\":null,\"body\":null}", "null", false, 422, DIME_SQS, "null"},
    {"{\"messageId\":5,\"body\":{}}", "5", false, 422, DIME_SQS, "null"},
    {"{\"messageId\":[],\"body\":\"{}\"}", "[]", false, 422, DIME_SQS, "{}"},
    {"{\"eventSourceARN\":{},\"body\":\"{}\"}", "", false, 422, DIME_SQS, "{}"},
    {"{}", "", false, 422, DIME_SQS, "null"},
    {"7", "", false, 422, DIME_SQS, "null"},
    {"{\"body\":\"{\\\"Records\\\":[{\\\"eventSource\\\":\\\"aws:sqs\\\"}]}\"}", "", false, 422,
     DIME_SQS, "{\"Records\":[{\"eventSource\":\"aws:sqs\"}]}"},
};

START_TEST(reads_a_message)
{
    struct event queue, one;
    struct event_message message;
    struct buffer batch;
    buffer_open(&batch, &arena, 1 << 16);
    buffer_puts(&batch, "{\"Records\":[{\"eventSource\":\"aws:sqs\"},");
    buffer_puts(&batch, messages[_i].record);
    buffer_puts(&batch, "]}");
    event_read(&queue, buffer_text(&batch), &arena);
    ck_assert_int_eq(queue.shape, EVENT_QUEUE);
    struct event_cursor cursor = event_messages(&queue);
    ck_assert(event_next_message(&cursor, &message) && event_next_message(&cursor, &message));
    event_of_message(&one, &message, &arena);
    ck_assert(text_equal(message.id.raw, text_of(messages[_i].id)));
    ck_assert_int_eq(message.in_order, messages[_i].in_order);
    ck_assert_msg(one.status == messages[_i].status, "%d: %s", one.status, one.why);
    ck_assert_int_ne(one.shape, EVENT_QUEUE);
    ck_assert_int_eq(one.request.source, messages[_i].source);
    ck_assert_msg(text_equal(one.request.body, text_of(messages[_i].body)), "%.*s",
                  (int)one.request.body.length, one.request.body.data);
    ck_assert(!event_next_message(&cursor, &message));
}
END_TEST

Suite *event_message_suite(void)
{
    Suite *suite = suite_create("event_message");
    TCase *test = tcase_create("event_message");
    tcase_add_checked_fixture(test, begin, end);
    tcase_add_loop_test(test, reads_a_message, 0, sizeof messages / sizeof *messages);
    suite_add_tcase(suite, test);
    return suite;
}
