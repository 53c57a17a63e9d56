/*
 * event_client_test.c - whose address an event says has asked, for each shape of event.
 *
 * A header that a client can choose never counts; what a balancer adds to one does.
 */
#include "events/event.h"

#include <check.h>

Suite *event_client_suite(void);

static struct arena arena;
static struct event event;

static void begin(void)
{
    arena_open(&arena, 1 << 20);
}

static void end(void)
{
    arena_close(&arena);
}

#define ALB(members) "{\"httpMethod\":\"GET\",\"requestContext\":{\"elb\":{}}," members "}"
#define LATTICE(members)                                                                           \
    "{\"method\":\"GET\",\"requestContext\":{\"serviceNetworkArn\":\"a\"}," members "}"
#define FORWARDED "\"headers\":{\"x-forwarded-for\":\"192.0.2.66, 192.0.2.9\"}"

/* Who asks, by the sender's own word. A header that a client can choose is none. */
static const struct {
    const char *event, *client;
} clients[] = {
    {"{\"requestContext\":{\"http\":{\"method\":\"GET\",\"sourceIp\":\"192.0.2.1\"}}," FORWARDED
     "}",
     "192.0.2.1"},
    {"{\"requestContext\":{\"http\":{\"method\":\"GET\",\"sourceIp\":\"2001:db8::1\"}}}",
     "2001:db8::1"},
    {"{\"requestContext\":{\"http\":{\"method\":\"GET\"}}," FORWARDED "}", ""},
    {"{\"requestContext\":{\"http\":{\"method\":\"GET\",\"sourceIp\":7}}}", ""},
    {"{\"httpMethod\":\"GET\",\"requestContext\":{\"identity\":{\"sourceIp\":\"192.0.2.1\"}},"
     "" FORWARDED "}",
     "192.0.2.1"},
    {"{\"httpMethod\":\"GET\",\"requestContext\":{\"identity\":null}," FORWARDED "}", ""},
    {"{\"httpMethod\":\"GET\"," FORWARDED "}", ""},
    {"{\"body\":\"a\"," FORWARDED "}", ""},
    {ALB(FORWARDED), "192.0.2.9"},
    {ALB("\"headers\":{\"x-forwarded-for\":\"192.0.2.9\"}"), "192.0.2.9"},
    {ALB("\"headers\":{\"x-forwarded-for\":\"a,[2001:db8::9]:4711\"}"), "2001:db8::9"},
    {ALB("\"multiValueHeaders\":{\"x-forwarded-for\":[\"192.0.2.66\",\"192.0.2.67 ,192.0.2.9 \"]}"),
     "192.0.2.9"},
    {ALB("\"headers\":{\"x-forwarded-for\":\"192.0.2.9,\"}"), ""},
    {ALB("\"headers\":{}"), ""},
    {LATTICE(FORWARDED), "192.0.2.9"},
    {LATTICE("\"headers\":{\"x-forwarded-for\":[\"192.0.2.66\",\"192.0.2.9\"]}"), "192.0.2.9"},
    {"{\"method\":\"GET\",\"raw_path\":\"/\"," FORWARDED "}", "192.0.2.9"},
    {"{\"statusCode\":200,\"body\":\"a\"," FORWARDED "}", ""},
    {"{\"amount\":1," FORWARDED "}", ""},
    {"{\"Records\":[{\"eventSource\":\"aws:s3\",\"requestParameters\":"
     "{\"sourceIPAddress\":\"192.0.2.1\"}}]}",
     ""},
};

START_TEST(tells_who_asks)
{
    event_read(&event, text_of(clients[_i].event), &arena);
    ck_assert_msg(event.status == 0, "%s: %s", clients[_i].event, event.why);
    dime_text client = request_client(&event.request);
    ck_assert_msg(text_equal(client, text_of(clients[_i].client)), "%s: %.*s", clients[_i].event,
                  DIME_ARG(client));
}
END_TEST

Suite *event_client_suite(void)
{
    Suite *suite = suite_create("event-client");
    TCase *test = tcase_create("client");
    tcase_add_checked_fixture(test, begin, end);
    tcase_add_loop_test(test, tells_who_asks, 0, sizeof clients / sizeof *clients);
    suite_add_tcase(suite, test);
    return suite;
}
