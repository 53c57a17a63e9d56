/*
 * batch_test.c - the messages of a queue: which fail, what a failure takes with it, and the time.
 *
 * The function answers with the status that a message names, so that each can be told what to do;
 * it counts its calls, since a message that isn't to be run must not be.
 */
#include "events/invoke.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "request/call.h"
#include "fail_malloc.h"
#include "unit.h"

Suite *batch_suite(void);

struct order {
    int64_t status, bytes, sleep, header;
};

static const dime_field fields[] = {
    DIME_INTEGER(struct order, status, .required = true, .min = 200, .max = 599),
    DIME_INTEGER(struct order, bytes, .max = 1 << 30),
    DIME_INTEGER(struct order, sleep, .max = 1000),
    DIME_INTEGER(struct order, header, .max = 1 << 20),
};

static size_t calls;

static void handle(dime_call *call, const void *input)
{
    const struct order *order = input;
    size_t bytes = (size_t)order->bytes, header = (size_t)order->header;
    calls++;
    struct timespec pause = clock_timespec(order->sleep * 1000000);
    nanosleep(&pause, NULL);
    struct buffer *json = response_begin(call->response, ANSWER_JSON, 200, "application/json");
    char *room = dime_alloc(call, bytes + header + 1);
    if (!room)
        return;
    memset(room, 'x', bytes + header);
    buffer_json(json, (dime_text){room, bytes});
    if (header)
        response_header(call->response, "X-Long", (dime_text){room, header});
    if (order->status >= 400)
        dime_problem(call, (int)order->status, "As it was told.");
}

static const dime_function function = {
    .name = "told",
    .summary = "Does as it is told",
    .methods = DIME_POST,
    .body_max = 1024,
    DIME_INPUT(struct order, fields),
    .handle = handle,
};

static struct arena arena;
static struct invocation invocation;
static struct invoker invoker;

static void begin(void)
{
    arena_open(&arena, INVOKE_MEMORY_MAX);
    invoker = (struct invoker){.function = &function, .id = TEXT("batch")};
    calls = 0;
}

static void end(void)
{
    arena_close(&arena);
}

#define QUEUE(records)      "{\"Records\":[{\"eventSource\":\"aws:sqs\"," records "]}"
#define MESSAGE(id, body)   "\"messageId\":\"" id "\",\"body\":\"" body "\"}"
#define TOLD(id, members)   MESSAGE(id, "{" members "}")
#define STATUS(id, status)  TOLD(id, "\\\"status\\\":" status)
#define IN_ORDER            "{\"eventSourceARN\":\"arn:aws:sqs:x:1:q.fifo\","
#define OF_GROUP(group)     IN_ORDER "\"attributes\":{\"MessageGroupId\":\"" group "\"},"
#define FAILED(identifiers) "{\"batchItemFailures\":[" identifiers "]}"
#define ID(id)              "{\"itemIdentifier\":\"" id "\"}"

static const struct {
    const char *event, *answer;
    int status;
    size_t calls;
} batches[] = {
    {QUEUE(STATUS("a", "200")), FAILED(""), 200, 1},
    {QUEUE(STATUS("a", "200") ",{" STATUS("b", "200")), FAILED(""), 200, 2},
    {QUEUE(STATUS("a", "500") ",{" STATUS("b", "200")), FAILED(ID("a")), 500, 2},
    {QUEUE(STATUS("a", "200") ",{" STATUS("b", "422")), FAILED(ID("b")), 422, 2},
    {QUEUE(STATUS("a", "503") ",{" STATUS("b", "422")), FAILED(ID("a") "," ID("b")), 503, 2},
    /* what can't be read fails alone */
    {QUEUE(MESSAGE("a", "no") ",{" STATUS("b", "200")), FAILED(ID("a")), 400, 1},
    {QUEUE(MESSAGE("a", "[]") ",{" STATUS("b", "200")), FAILED(ID("a")), 422, 1},
    {QUEUE("\"messageId\":\"a\"},{" STATUS("b", "200")), FAILED(ID("a")), 422, 1},
    /* what has no name brings back all, by an empty one */
    {QUEUE("\"body\":\"{}\"},{" STATUS("b", "200")), FAILED(ID("")), 422, 1},
    {QUEUE(STATUS("a", "200") ",7"), FAILED(ID("")), 422, 1},
    /* nothing overtakes what failed in an ordered queue */
    {"{\"Records\":[" IN_ORDER "\"eventSource\":\"aws:sqs\"," STATUS(
         "a", "200") "," IN_ORDER STATUS("b", "500") "," IN_ORDER STATUS("c", "200") "]}",
     FAILED(ID("b") "," ID("c")), 500, 2},
    /* but what is of another group isn't behind it */
    {"{\"Records\":[" OF_GROUP("1") "\"eventSource\":\"aws:sqs\"," STATUS("a", "500") "," OF_GROUP(
         "2") STATUS("b", "200") "," OF_GROUP("1") STATUS("c", "200") "]}",
     FAILED(ID("a") "," ID("c")), 500, 2},
    {"{\"Records\":[" OF_GROUP("1") "\"eventSource\":\"aws:sqs\"," STATUS("a", "500") "," OF_GROUP(
         "2") STATUS("b", "422") "," OF_GROUP("\\u0032") STATUS("c", "200") "," OF_GROUP("3")
         STATUS("d", "200") "," OF_GROUP("") STATUS("e", "200") "]}",
     FAILED(ID("a") "," ID("b") "," ID("c")), 500, 4},
    /* those without a group are one */
    {"{\"Records\":[" OF_GROUP("1") "\"eventSource\":\"aws:sqs\"," STATUS(
         "a", "200") "," IN_ORDER STATUS("b", "500") "," OF_GROUP("1")
         STATUS("c", "200") "," IN_ORDER STATUS("d", "200") "]}",
     FAILED(ID("b") "," ID("d")), 500, 3},
    /* a batch that can't be read comes again as a whole */
    {QUEUE(STATUS("a", "200") ",{" MESSAGE("b", "\xff")), FAILED(ID("")), 400, 0},
    {QUEUE(STATUS("a", "200")) "x", FAILED(ID("")), 400, 0},
    /* each has the function's own limit and the memory of a whole event */
    {QUEUE(TOLD("a", "\\\"status\\\":200,\\\"bytes\\\":8000000") ",{" TOLD(
         "b", "\\\"status\\\":200,\\\"bytes\\\":900000000") ",{" STATUS("c", "200")),
     FAILED(ID("b")), 503, 3},
};

START_TEST(runs_each_message)
{
    dime_text answer = invoke(&invocation, &invoker, text_of(batches[_i].event), &arena);
    ck_assert_msg(text_equal(answer, text_of(batches[_i].answer)), "%s:\n%.*s", batches[_i].event,
                  (int)answer.length, answer.data);
    ck_assert_int_eq(invocation.response.status, batches[_i].status);
    ck_assert_uint_eq(calls, batches[_i].calls);
    ck_assert(text_equal(invocation.event.request.id, TEXT("batch")));
}
END_TEST

START_TEST(fails_all_where_the_function_is_not_open)
{
    invoker.not_open = "The model is missing.";
    const char *event = QUEUE(STATUS("a", "200") ",{" STATUS("b", "200"));
    dime_text answer = invoke(&invocation, &invoker, text_of(event), &arena);
    ck_assert(text_equal(answer, TEXT(FAILED(ID("a") "," ID("b")))));
    ck_assert_int_eq(invocation.response.status, 503);
    ck_assert_uint_eq(calls, 0);
}
END_TEST

/* The first takes 200 ms, and so might the second, for which there are fewer. */
START_TEST(leaves_what_would_be_late)
{
    const char *event = QUEUE(TOLD("a", "\\\"status\\\":200,\\\"sleep\\\":200") ",{" STATUS(
        "b", "200") ",{" STATUS("c", "200"));
    invoker.deadline_ms = clock_epoch_ms() + 450;
    dime_text answer = invoke(&invocation, &invoker, text_of(event), &arena);
    ck_assert(text_equal(answer, TEXT(FAILED(ID("b") "," ID("c")))));
    ck_assert_int_eq(invocation.response.status, 503);
    ck_assert_uint_eq(calls, 1);
}
END_TEST

/* Of more groups than are told apart the rest is left, and nothing is run out of order. */
START_TEST(leaves_all_behind_too_many_groups)
{
    struct buffer event;
    buffer_open(&event, &arena, 1 << 20);
    buffer_puts(&event, "{\"Records\":[");
    for (int i = 0; i < 200; i++)
        buffer_printf(&event,
                      "%s{\"eventSource\":\"aws:sqs\",\"eventSourceARN\":\"a.fifo\",\"messageId\":"
                      "\"%d\",\"attributes\":{\"MessageGroupId\":\"%d\"},\"body\":"
                      "\"{\\\"status\\\":%d}\"}",
                      i ? "," : "", i, i, i < 100 ? 500 : 200);
    buffer_puts(&event, "]}");
    (void)invoke(&invocation, &invoker, buffer_text(&event), &arena);
    ck_assert_uint_eq(calls, 65);
    for (int i = 65; i < 200; i++)
        ck_assert_int_eq(invocation.event.ends[i], MESSAGE_LEFT);
}
END_TEST

/* Where answers go: each takes some time, and the second ends as a test says. */
static enum keep_end kept_as;
static int kept, keeping_ms;

static enum keep_end keep(void *keeper, dime_text answer)
{
    ck_assert_ptr_eq(keeper, &kept);
    ck_assert_uint_gt(answer.length, 10);
    nanosleep(&(struct timespec){.tv_nsec = keeping_ms * 1000000L}, NULL);
    return ++kept == 2 ? kept_as : KEEP_PASSED;
}

static const struct {
    enum keep_end end;
    enum message_end ends[3];
    size_t calls;
} keeps[] = {
    {KEEP_PASSED, {MESSAGE_DONE, MESSAGE_DONE, MESSAGE_DONE}, 3},
    {KEEP_REFUSED, {MESSAGE_DONE, MESSAGE_FAILED, MESSAGE_DONE}, 3},
    {KEEP_LATER, {MESSAGE_DONE, MESSAGE_LEFT, MESSAGE_DONE}, 3},
    {KEEP_ENDED, {MESSAGE_DONE, MESSAGE_LEFT, MESSAGE_LEFT}, 2},
};

#define THREE QUEUE(STATUS("a", "200") ",{" STATUS("b", "200") ",{" STATUS("c", "200"))

/* What isn't the message's fault isn't held against it, and runs nothing for nobody. */
START_TEST(takes_what_became_of_an_answer)
{
    invoker.keep = keep;
    invoker.keeper = &kept;
    kept = keeping_ms = 0;
    kept_as = keeps[_i].end;
    dime_text answer = invoke(&invocation, &invoker, text_of(THREE), &arena);
    ck_assert_uint_eq(calls, keeps[_i].calls);
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(invocation.event.ends[i], keeps[_i].ends[i]);
    ck_assert_int_eq(invocation.response.status, _i ? 503 : 200);
    ck_assert_ptr_nonnull(answer.data);
}
END_TEST

/* The deadline is the function's: the time that answers wait for their queue isn't of it. */
START_TEST(counts_no_time_that_an_answer_waits)
{
    invoker.keep = keep;
    invoker.keeper = &kept;
    invoker.deadline_ms = clock_epoch_ms() + 3000;
    kept = 0;
    keeping_ms = 500;
    kept_as = KEEP_PASSED;
    const char *event =
        QUEUE(STATUS("a", "200") ",{" STATUS("b", "200") ",{" STATUS("c", "200") ",{" STATUS(
            "d", "200") ",{" STATUS("e", "200") ",{" STATUS("f", "200") ",{" STATUS("g", "200"));
    (void)invoke(&invocation, &invoker, text_of(event), &arena);
    ck_assert_uint_eq(calls, 7);
    ck_assert_int_eq(invocation.response.status, 200);
}
END_TEST

/* However little time there is, the first is run: else none ever would be. */
START_TEST(runs_the_first_before_the_deadline)
{
    invoker.deadline_ms = clock_epoch_ms() + 90;
    (void)invoke(&invocation, &invoker, text_of(THREE), &arena);
    ck_assert_uint_ge(calls, 1);
}
END_TEST

/* Many messages with large answers: what they use isn't kept. */
START_TEST(keeps_no_memory_of_a_message)
{
    struct buffer event;
    buffer_open(&event, &arena, 1 << 20);
    buffer_puts(&event, "{\"Records\":[");
    for (int i = 0; i < 100; i++)
        buffer_printf(&event,
                      "%s{\"eventSource\":\"aws:sqs\",\"messageId\":\"%d\",\"body\":"
                      "\"{\\\"status\\\":200,\\\"bytes\\\":4000000}\"}",
                      i ? "," : "", i);
    buffer_puts(&event, "]}");
    dime_text answer = invoke(&invocation, &invoker, buffer_text(&event), &arena);
    ck_assert(text_equal(answer, TEXT(FAILED(""))));
    ck_assert_uint_eq(calls, 100);
    ck_assert_uint_lt(arena.total, 1 << 20);
}
END_TEST

/* Of so many members the names are gathered in memory to compare them. */
#define MANY                                                                                       \
    "{\"a\":0,\"b\":0,\"c\":0,\"d\":0,\"e\":0,\"f\":0,\"g\":0,\"h\":0,\"i\":0,\"j\":0,\"k\":0,"    \
    "\"A\":0,\"B\":0,\"C\":0,\"D\":0,\"E\":0,\"F\":0,\"G\":0,\"H\":0,\"I\":0,\"J\":0,\"K\":0,"     \
    "\"0\":0,\"1\":0,\"2\":0,\"3\":0,\"4\":0,\"5\":0,\"6\":0,\"7\":0,\"8\":0,\"9\":0,"

static const char *const starving[] = {
    QUEUE(STATUS("a", "200") ",{" STATUS("b", "422")),
    MANY
    "\"Records\":[{\"eventSource\":\"aws:sqs\"," STATUS("a", "200") ",{" STATUS("b", "422") "]}",
};

/*
 * Whichever allocation fails, no message that wasn't run to its end is left out of the answer, and
 * where it isn't known that it is a batch, there is no answer.
 */
START_TEST(loses_no_message_where_malloc_fails)
{
    const char *event = starving[_i];
    bool failed = true;
    for (size_t number = 0; failed; number++) {
        struct arena own;
        long live = fail_malloc_live();
        arena_open(&own, INVOKE_MEMORY_MAX);
        fail_malloc_begin(number);
        dime_text answer = invoke(&invocation, &invoker, text_of(event), &own);
        failed = fail_malloc_end();
        bool right = text_equal(answer, TEXT(FAILED(ID("a") "," ID("b")))) ||
                     text_equal(answer, TEXT(FAILED(ID("b")))) ||
                     (failed && !answer.data && invocation.response.status == 503);
        ck_assert_msg(right, "malloc %zu: %.*s", number, (int)answer.length, answer.data);
        arena_close(&own);
        ck_assert_int_eq(fail_malloc_live(), live);
    }
}
END_TEST

static const struct {
    const char *event;
    int status;
} limits[] = {
    {"{\"httpMethod\":\"POST\",\"body\":\"{\\\"status\\\":200,\\\"header\\\":9000}\"}", 200},
    {"{\"httpMethod\":\"POST\",\"body\":\"{\\\"status\\\":200,\\\"header\\\":10240}\"}", 500},
    {"{\"requestContext\":{\"http\":{\"method\":\"POST\"}},"
     "\"body\":\"{\\\"status\\\":200,\\\"header\\\":100000}\"}",
     500},
    {"{\"status\":200,\"header\":100000}", 200},
    {"{\"httpMethod\":\"POST\",\"requestContext\":{\"elb\":{}},"
     "\"body\":\"{\\\"status\\\":200,\\\"bytes\\\":1000000}\"}",
     200},
    {"{\"httpMethod\":\"POST\",\"requestContext\":{\"elb\":{}},"
     "\"body\":\"{\\\"status\\\":200,\\\"bytes\\\":1100000}\"}",
     500},
};

/* What a gateway would refuse is a problem that it takes. */
START_TEST(keeps_the_limits_of_gateways)
{
    dime_text answer = invoke(&invocation, &invoker, text_of(limits[_i].event), &arena);
    ck_assert_int_eq(invocation.response.status, limits[_i].status);
    if (limits[_i].status == 200)
        return;
    ck_assert_uint_lt(answer.length, 2000);
    ck_assert_ptr_nonnull(strstr(arena_copy(&arena, answer).data, "can be sent from here"));
}
END_TEST

Suite *batch_suite(void)
{
    Suite *suite = suite_create("batch");
    TCase *test = tcase_create("batch");
    tcase_add_checked_fixture(test, begin, end);
    tcase_set_timeout(test, 60);
    tcase_add_loop_test(test, runs_each_message, 0, sizeof batches / sizeof *batches);
    tcase_add_test(test, fails_all_where_the_function_is_not_open);
    tcase_add_test(test, leaves_what_would_be_late);
    tcase_add_test(test, leaves_all_behind_too_many_groups);
    tcase_add_loop_test(test, takes_what_became_of_an_answer, 0, sizeof keeps / sizeof *keeps);
    tcase_add_test(test, counts_no_time_that_an_answer_waits);
    tcase_add_test(test, runs_the_first_before_the_deadline);
    tcase_add_test(test, keeps_no_memory_of_a_message);
    if (fail_malloc_works())
        tcase_add_loop_test(test, loses_no_message_where_malloc_fails, 0,
                            sizeof starving / sizeof *starving);
    else
        unit_skip("loses_no_message_where_malloc_fails",
                  "the sanitizers bring a malloc of their own");
    tcase_add_loop_test(test, keeps_the_limits_of_gateways, 0, sizeof limits / sizeof *limits);
    suite_add_tcase(suite, test);
    return suite;
}
