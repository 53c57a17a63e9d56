/*
 * event_test.c - events of every shape into a request: what is read, and what is refused and how.
 *
 * A request is written down as one line, so that a case shows all of what came of an event. Each
 * event is read from a block of exactly its size, so that a byte read beyond its end is found under
 * the sanitizers, and again with ever too little memory.
 */
#include "events/event.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

Suite *event_suite(void);

#define V2(members) "{\"requestContext\":{\"http\":{\"method\":\"GET\"}}," members "}"
#define V1(members) "{\"httpMethod\":\"GET\"," members "}"
/* Of SNS, to a function and to a queue; the message is written as in a JSON string. */
#define SNS(message)                                                                               \
    "{\"Records\":[{\"EventSource\":\"aws:sns\",\"Sns\":{\"Message\":\"" message "\"}}]}"
#define ENVELOPE(message)                                                                          \
    "{\"Type\":\"Notification\",\"TopicArn\":\"t\",\"Message\":\"" message "\"}"
#define ALB(members) "{\"httpMethod\":\"GET\",\"requestContext\":{\"elb\":{}}," members "}"
/* Names that are reserved for hosts, and one that isn't, each with this value. */
#define RESERVED(value)                                                                            \
    "\"Lambda-Runtime-Cognito-Identity\":" value ",\"DIME-Id\":" value ",\"X-A\":" value           \
    ",\"Proxy\":" value

#define LATTICE(members)                                                                           \
    "{\"method\":\"GET\",\"requestContext\":{\"serviceNetworkArn\":\"a\"}," members "}"

#define NINETY                                                                                     \
    "123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"
#define PREVIOUS(status, members) "{\"statusCode\":" status "," members "}"

/* shape source method scheme path?query name:value... type=content-type body */
static const struct {
    const char *event, *line;
} requests[] = {
    /* direct: whatever has none of the members that a sender is known by */
    {"{}", "direct direct POST https /? type=application/json {}"},
    {" {\"amount\":1.45}\n",
     "direct direct POST https /? type=application/json  {\"amount\":1.45}\n"},
    {"null", "direct direct POST https /? type=application/json null"},
    {"\"x\"", "direct direct POST https /? type=application/json \"x\""},
    {"[{\"httpMethod\":\"GET\"}]",
     "direct direct POST https /? type=application/json [{\"httpMethod\":\"GET\"}]"},
    {"{\"httpMethod\":null,\"requestContext\":null,\"Records\":null,\"source\":1,\"body\":{}}",
     "direct direct POST https /? type=application/json {\"httpMethod\":null,"
     "\"requestContext\":null,\"Records\":null,\"source\":1,\"body\":{}}"},

    /* the older gateway */
    {V1("\"path\":\"/a/b\""), "v1 http GET https /a/b? type= "},
    {V1("\"path\":null,\"headers\":null,\"multiValueHeaders\":null,\"body\":null,"
        "\"queryStringParameters\":null,\"multiValueQueryStringParameters\":null,"
        "\"isBase64Encoded\":null,\"requestContext\":null"),
     "v1 http GET https /? type= "},
    {V1("\"headers\":{\"Content-TYPE\":\"text/x\",\"X-A\":\"\",\"X-Null\":null}"),
     "v1 http GET https /? content-type:text/x x-a: type=text/x "},
    {V1("\"headers\":{\"X-A\":\"2\"},\"multiValueHeaders\":{\"X-A\":[\"1\",\"2\",null],\"b\":[]}"),
     "v1 http GET https /? x-a:1 x-a:2 type= "},
    /* an empty map doesn't hide the other one */
    {V1("\"headers\":{\"A\":\"1\"},\"multiValueHeaders\":{}"), "v1 http GET https /? a:1 type= "},
    {V1("\"headers\":{},\"multiValueHeaders\":{\"A\":[\"1\"]}"), "v1 http GET https /? a:1 type= "},
    {V1("\"queryStringParameters\":{\"a\":\"1\"},\"multiValueQueryStringParameters\":{}"),
     "v1 http GET https /?a=1 type= "},
    {V1("\"queryStringParameters\":{\"a\":\"1\"},"
        "\"multiValueQueryStringParameters\":{\"a\":[],\"b\":null}"),
     "v1 http GET https /?a=1 type= "},
    {V1("\"headers\":{" RESERVED("\"1\"") "}"), "v1 http GET https /? x-a:1 type= "},
    {V1("\"multiValueHeaders\":{" RESERVED("[\"1\"]") "}"), "v1 http GET https /? x-a:1 type= "},
    {V1("\"headers\":{\"X-Forwarded-Proto\":\"http\"}"),
     "v1 http GET http /? x-forwarded-proto:http type= "},
    {V1("\"headers\":{\"X-Forwarded-Proto\":\"javascript\"}"),
     "v1 http GET https /? x-forwarded-proto:javascript type= "},
    {V1("\"queryStringParameters\":{\"a\":\"1\",\"b\":\"\",\"c\":null}"),
     "v1 http GET https /?a=1&b= type= "},
    {V1("\"queryStringParameters\":{\"a&=\":\"1 +%\\u00e9\\u0000\",\"-._~\":\"/\"}"),
     "v1 http GET https /?a%26%3D=1%20%2B%25%C3%A9%00&-._~=%2F type= "},
    {V1("\"queryStringParameters\":{\"a\":\"2\"},"
        "\"multiValueQueryStringParameters\":{\"a\":[\"1\",\"2\"],\"b\":[\"3\"]}"),
     "v1 http GET https /?a=1&a=2&b=3 type= "},
    {V1("\"body\":\"a\\\"\\u00e9\""), "v1 http GET https /? type= a\"\xC3\xA9"},
    {V1("\"body\":\"eyJhIjoxfQ==\",\"isBase64Encoded\":true"),
     "v1 http GET https /? type= {\"a\":1}"},
    {V1("\"body\":\"eyJhIjoxfQ==\",\"isBase64Encoded\":false"),
     "v1 http GET https /? type= eyJhIjoxfQ=="},
    {V1("\"body\":null,\"isBase64Encoded\":true"), "v1 http GET https /? type= "},
    {"{\"httpMethod\":\"POST\"}", "v1 http POST https /? type= "},
    {"{\"httpMethod\":\"PUT\"}", "v1 http OTHER https /? type= "},
    {"{\"httpM\\u0065thod\":\"HEAD\"}", "v1 http HEAD https /? type= "},
    {"{\"body\":\"{\\\"amount\\\":1}\"}", "v1 http POST https /? type= {\"amount\":1}"},
    /* the answer of a function, whose status some write as text */
    {PREVIOUS("200", "\"headers\":{\"Content-Type\":\"text/html\",\"X-Request-Id\":\"i\"},"
                     "\"body\":\"<p>\",\"isBase64Encoded\":false"),
     "previous direct POST https /? content-type:text/html x-request-id:i type=text/html <p>"},
    {PREVIOUS("\"200\"", "\"body\":\"{\\\"res\\\": []}\""),
     "previous direct POST https /? type= {\"res\": []}"},
    {PREVIOUS("399", "\"body\":\"eyJhIjoxfQ==\",\"isBase64Encoded\":true"),
     "previous direct POST https /? type= {\"a\":1}"},
    {PREVIOUS("null", "\"body\":\"{}\""), "v1 http POST https /? type= {}"},
    {PREVIOUS("500", "\"body\":{}"),
     "direct direct POST https /? type=application/json {\"statusCode\":500,\"body\":{}}"},
    {PREVIOUS("500", "\"httpMethod\":\"GET\",\"body\":\"a\""), "v1 http GET https /? type= a"},
    /* a REST API has the stage in no path, an HTTP API of payload 1.0 has it in each */
    {V1("\"path\":\"/prod/x\",\"requestContext\":{\"stage\":\"prod\"}"),
     "v1 http GET https /prod/x? type= "},
    {V1("\"version\":\"1.0\",\"path\":\"/prod/x\",\"requestContext\":{\"stage\":\"prod\"}"),
     "v1 http GET https /x? type= "},

    /* the newer gateway, and function URLs */
    {V2("\"rawPath\":\"/x\",\"rawQueryString\":\"a=%20+&&b\""),
     "v2 http GET https /x?a=%20+&&b type= "},
    {V2("\"rawPath\":null,\"rawQueryString\":null,\"headers\":null,\"cookies\":null"),
     "v2 http GET https /? type= "},
    {V2("\"cookies\":[\"a=1\",\"b=2\"],\"headers\":{\"X\":\"y\"}"),
     "v2 http GET https /? x:y cookie:a=1; b=2 type= "},
    {V2("\"headers\":{" RESERVED("\"1\"") "}"), "v2 http GET https /? x-a:1 type= "},
    {V2("\"cookies\":[]"), "v2 http GET https /? type= "},
    {V2("\"httpMethod\":\"POST\",\"path\":\"/no\",\"rawPath\":\"/yes\""),
     "v2 http GET https /yes? type= "},
    /* where the query as it was written isn't there the map counts */
    {V2("\"queryStringParameters\":{\"a\":\"1\"},\"body\":\"YQ==\",\"isBase64Encoded\":true"),
     "v2 http GET https /?a=1 type= a"},
    {V2("\"rawQueryString\":null,\"queryStringParameters\":{\"a b\":\"1,2\"}"),
     "v2 http GET https /?a%20b=1%2C2 type= "},
    {V2("\"rawQueryString\":\"a=2\",\"queryStringParameters\":{\"a\":\"1\"}"),
     "v2 http GET https /?a=2 type= "},
    {V2("\"cookies\":[\"a=1\",\"b=2\"],\"headers\":{\"Cookie\":\"a=1; b=2\"}"),
     "v2 http GET https /? cookie:a=1; b=2 type= "},
    {"{\"requestContext\":{\"stage\":\"$default\",\"http\":{\"method\":\"GET\"}},"
     "\"rawPath\":\"/prod/x\"}",
     "v2 http GET https /prod/x? type= "},
    {"{\"requestContext\":{\"stage\":\"prod\",\"http\":{\"method\":\"GET\"}},"
     "\"rawPath\":\"/prod/x\"}",
     "v2 http GET https /x? type= "},
    {"{\"requestContext\":{\"stage\":\"prod\",\"http\":{\"method\":\"GET\"}},"
     "\"rawPath\":\"/prod\"}",
     "v2 http GET https /? type= "},
    {"{\"requestContext\":{\"stage\":\"prod\",\"http\":{\"method\":\"GET\"}},"
     "\"rawPath\":\"/products\"}",
     "v2 http GET https /products? type= "},
    {"{\"requestContext\":{\"stage\":\"\",\"http\":{\"method\":\"GET\"}},\"rawPath\":\"//x\"}",
     "v2 http GET https //x? type= "},
    {"{\"requestContext\":{\"stage\":null,\"http\":{\"method\":\"GET\"}},\"rawPath\":\"\"}",
     "v2 http GET https ? type= "},

    /* a balancer */
    {ALB("\"path\":\"/x\",\"queryStringParameters\":{\"a%20b\":\"%241+\"}"),
     "alb http GET https /x?a%20b=%241+ type= "},
    {ALB("\"headers\":{\"host\":\"h\"}"), "alb http GET https /? host:h type= "},
    {ALB("\"headers\":{" RESERVED("\"1\"") "}"), "alb http GET https /? x-a:1 type= "},
    {ALB("\"multiValueHeaders\":{\"a\":[\"1\",\"2\"]},"
         "\"multiValueQueryStringParameters\":{\"q\":[\"%2B\",\"2\"]}"),
     "alb-multi http GET https /?q=%2B&q=2 a:1 a:2 type= "},

    {ALB("\"multiValueHeaders\":{},\"headers\":{\"host\":\"h\"}"),
     "alb http GET https /? host:h type= "},
    {ALB("\"multiValueHeaders\":{}"), "alb-multi http GET https /? type= "},

    /* VPC Lattice: version 2, whose values are lists, and version 1 */
    {LATTICE("\"path\":\"/x\",\"headers\":{\"A\":[\"1\",\"2\"],\"b\":\"3\"},"
             "\"queryStringParameters\":{\"a b\":[\"1\",\"2\"],\"c\":\"+\"}"),
     "lattice http GET https /x?a%20b=1&a%20b=2&c=%2B a:1 a:2 b:3 type= "},
    {LATTICE("\"path\":\"/x?a=%20&b\",\"queryStringParameters\":{\"a\":[\" \"]}"),
     "lattice http GET https /x?a=%20&b type= "},
    {LATTICE("\"path\":\"/prod\",\"body\":\"YQ==\",\"isBase64Encoded\":true"),
     "lattice http GET https /prod? type= a"},
    {"{\"method\":\"GET\",\"path\":\"/\",\"requestContext\":{\"targetGroupArn\":\"t\"}}",
     "lattice http GET https /? type= "},
    {"{\"raw_path\":\"/x?a=1\",\"method\":\"POST\",\"headers\":{\"Content-Type\":\"text/x\"},"
     "\"query_string_parameters\":{\"a\":\"2\"},\"body\":\"YQ==\",\"is_base64_encoded\":true}",
     "lattice http POST https /x?a=1 content-type:text/x type=text/x a"},
    {"{\"raw_path\":\"/\",\"method\":\"GET\",\"query_string_parameters\":{\"a\":\"2\"}}",
     "lattice http GET https /?a=2 type= "},
    {"{\"method\":\"GET\"}",
     "direct direct POST https /? type=application/json {\"method\":\"GET\"}"},

    /* records and notifications; the event is the body */
    {"{\"Records\":[{\"eventSource\":\"aws:s3\"}]}",
     "records s3 POST https /? type=application/json {\"Records\":[{\"eventSource\":\"aws:s3\"}]}"},
    {"{\"Records\":[{\"eventSource\":\"minio:s3\"}]}",
     "records s3 POST https /? type=application/json "
     "{\"Records\":[{\"eventSource\":\"minio:s3\"}]}"},
    {"{\"Event\":\"s3:TestEvent\",\"Bucket\":\"b\"}",
     "records s3 POST https /? type=application/json "
     "{\"Event\":\"s3:TestEvent\",\"Bucket\":\"b\"}"},
    /* SNS carries an event in its message, and a queue that message in an envelope */
    {SNS("{\\\"amount\\\":1}"), "records sns POST https /? type=application/json {\"amount\":1}"},
    {SNS("{\\\"Records\\\":[{\\\"eventSource\\\":\\\"aws:s3\\\"}]}"),
     "records s3 POST https /? type=application/json {\"Records\":[{\"eventSource\":\"aws:s3\"}]}"},
    {SNS("{\\\"httpMethod\\\":\\\"GET\\\",\\\"path\\\":\\\"/x\\\"}"),
     "v1 http GET https /x? type= "},
    {ENVELOPE("{\\\"amount\\\":1}"),
     "direct sns POST https /? type=application/json {\"amount\":1}"},
    {"{\"Type\":\"Notification\",\"Message\":\"{}\"}",
     "direct direct POST https /? type=application/json "
     "{\"Type\":\"Notification\",\"Message\":\"{}\"}"},
    {"{\"Records\":[{\"eventSource\":\"aws:sqs\"}]}",
     "queue sqs POST https /? type=application/json {\"Records\":[{\"eventSource\":\"aws:sqs\"}]}"},
    {"{\"Records\":[{\"eventSource\":\"ceph:s3\"}]}",
     "records s3 POST https /? type=application/json "
     "{\"Records\":[{\"eventSource\":\"ceph:s3\"}]}"},
    {"{\"Records\":[]}", "direct direct POST https /? type=application/json {\"Records\":[]}"},
    {"{\"Records\":[{}]}", "direct direct POST https /? type=application/json {\"Records\":[{}]}"},
    {"{\"detail-type\":\"Scheduled Event\"}",
     "notification schedule POST https /? type=application/json "
     "{\"detail-type\":\"Scheduled Event\"}"},
    {"{\"detail-type\":\"Object Created\",\"source\":\"aws.s3\"}",
     "notification s3 POST https /? type=application/json "
     "{\"detail-type\":\"Object Created\",\"source\":\"aws.s3\"}"},
    {"{\"detail-type\":\"Scheduled Event\",\"source\":\"aws.events\",\"detail\":{}}",
     "notification schedule POST https /? type=application/json {}"},
    {"{\"detail-type\":\"Sold\",\"source\":\"till\",\"detail\": {\"amount\":1}}",
     "notification direct POST https /? type=application/json {\"amount\":1}"},
    {"{\"detail-type\":\"x\",\"source\":\"aws.s3\",\"detail\":{}}",
     "notification s3 POST https /? type=application/json "
     "{\"detail-type\":\"x\",\"source\":\"aws.s3\",\"detail\":{}}"},
    {"{\"detail-type\":\"x\",\"source\":null}",
     "notification direct POST https /? type=application/json "
     "{\"detail-type\":\"x\",\"source\":null}"},
};

static const struct {
    const char *event;
    int status;
    const char *why;
} refused[] = {
    {"", 400,
     "The JSON can't be read at line 1, column 1: there is no JSON here: the text is empty."},
    {"{", 400, NULL},
    {"amount=1", 400, NULL},
    {"{}{}", 400, NULL},
    {"{\"a\":NaN}", 400, NULL},
    {"{\"a\":1,\"a\":2}", 400, NULL},
    {"{\"a\":\"\xFF\"}", 400, NULL},
    {"{\"httpMethod\":5}", 422, "The event's httpMethod must be text."},
    {"{\"requestContext\":\"x\"}", 422, "The event's requestContext must be an object."},
    {"{\"requestContext\":{\"http\":\"x\"}}", 422,
     "The event's requestContext.http must be an object."},
    {"{\"requestContext\":{\"elb\":[]}}", 422, "The event's requestContext.elb must be an object."},
    {V1("\"version\":1.0"), 422, "The event's version must be text."},
    {V2("\"version\":[]"), 422, "The event's version must be text."},
    {"{\"Records\":{}}", 422, "The event's Records must be a list."},
    {"{\"Records\":[7]}", 422, "The event's Records must be objects."},
    {"{\"Records\":[{\"eventSource\":7}]}", 422,
     "The event's Records[0].eventSource must be text."},
    {"{\"detail-type\":1}", 422, "The event's detail-type must be text."},
    {"{\"detail-type\":\"x\",\"source\":1}", 422, "The event's source must be text."},
    {"{\"Type\":\"Notification\",\"TopicArn\":\"t\",\"Message\":{}}", 422,
     "The event's Message must be text."},
    {"{\"requestContext\":{\"http\":{\"method\":{}}}}", 422,
     "The event's requestContext.http.method must be text."},
    {V1("\"path\":[]"), 422, "The event's path must be text."},
    {V1("\"headers\":[]"), 422, "The event's headers must be an object."},
    {V1("\"headers\":{\"a\":1}"), 422, "The event's headers must be text."},
    {V1("\"multiValueHeaders\":\"a\""), 422, "The event's multiValueHeaders must be an object."},
    {V1("\"multiValueHeaders\":{\"a\":[{}]}"), 422, "The event's multiValueHeaders must be text."},
    {V1("\"queryStringParameters\":true"), 422,
     "The event's queryStringParameters must be an object."},
    {V1("\"multiValueQueryStringParameters\":{\"a\":[[]]}"), 422,
     "The event's multiValueQueryStringParameters must be text."},
    {V2("\"rawQueryString\":1"), 422, "The event's rawQueryString must be text."},
    {V2("\"rawPath\":1"), 422, "The event's rawPath must be text."},
    {V2("\"cookies\":{}"), 422, "The event's cookies must be a list."},
    {V2("\"cookies\":[1]"), 422, "The event's cookies must be text."},
    {V1("\"headers\":{\"a\":[\"b\"]}"), 422, "The event's headers must be text."},
    {V1("\"multiValueHeaders\":{\"a\":\"b\"}"), 422,
     "The event's multiValueHeaders must be a list."},
    {LATTICE("\"path\":1"), 422, "The event's path must be text."},
    {LATTICE("\"headers\":{\"a\":{}}"), 422, "The event's headers must be text."},
    {V1("\"multiValueHeaders\":[]"), 422, "The event's multiValueHeaders must be an object."},
    {V1("\"requestContext\":7"), 422, "The event's requestContext must be an object."},
    {"{\"requestContext\":{\"stage\":5,\"http\":{\"method\":\"GET\"}}}", 422,
     "The event's requestContext.stage must be text."},
    {"{\"requestContext\":{\"connectionId\":\"c\",\"eventType\":\"MESSAGE\"},\"body\":\"{}\"}", 422,
     "A WebSocket can't be served; call the function through an HTTP API, a REST API or its URL."},
    {"{\"Records\":[{\"EventSource\":\"aws:sns\"}]}", 422, "The event's Sns.Message must be text."},
    {"{\"Records\":[{\"EventSource\":\"aws:sns\",\"Sns\":{\"Message\":{}}}]}", 422,
     "The event's Sns.Message must be text."},
    {"{\"Records\":[{\"EventSource\":\"aws:sns\"},{}]}", 422,
     "An event of SNS has one record; send each in an event."},
    {SNS("hello"), 400, NULL},
    {"{\"detail-type\":\"x\",\"detail\":[]}", 422, "The event's detail must be an object."},
    {V1("\"body\":{}"), 422, "The event's body must be text."},
    {V1("\"isBase64Encoded\":\"true\""), 422, "The event's isBase64Encoded must be true or false."},
    {V1("\"body\":\"a\",\"isBase64Encoded\":true"), 400,
     "The event's body isn't base64, though isBase64Encoded is true."},
    {V1("\"body\":\"eyJhIjoxfQ\",\"isBase64Encoded\":true"), 400,
     "The event's body isn't base64, though isBase64Encoded is true."},
    {PREVIOUS("422", "\"body\":\"{\\\"detail\\\":\\\"Give amount.\\\"}\""), 422, "Give amount."},
    {PREVIOUS("\"503\"", "\"body\":\"{\\\"detail\\\":\\\"cut off here\\\\u0000 and gone\\\"}\""),
     503, "cut off here"},
    {PREVIOUS("500", "\"body\":\"down\""), 500, "The function before this one failed."},
    {PREVIOUS("500", "\"body\":\"[]\""), 500, "The function before this one failed."},
    {PREVIOUS("404", "\"body\":\"{\\\"detail\\\":\\\"" NINETY NINETY "1234567890\xC3\xA9" NINETY
                     "\\\"}\""),
     404, NINETY NINETY "1234567890"},
    {PREVIOUS("42", "\"body\":\"a\""), 422, "The event's statusCode must be a status of HTTP."},
    {PREVIOUS("\"ok\"", "\"body\":\"a\""), 422, "The event's statusCode must be a status of HTTP."},
    {PREVIOUS("200.5", "\"body\":\"a\""), 422, "The event's statusCode must be a status of HTTP."},
    {PREVIOUS("{}", "\"body\":\"a\""), 422, "The event's statusCode must be a status of HTTP."},
    {ALB("\"body\":\"\xC3\xA9==\",\"isBase64Encoded\":true"), 400,
     "The event's body isn't base64, though isBase64Encoded is true."},
};

static struct arena arena;
static struct event event;

static void begin(void)
{
    arena_open(&arena, 64 << 20);
}

static void end(void)
{
    arena_close(&arena);
}

static void put_name(struct buffer *line, dime_text name)
{
    buffer_put(line, name);
    buffer_puts(line, " ");
}

static void put_kinds(struct buffer *line)
{
    static const char *const SHAPES[] = {"direct",   "v1",      "v2",    "alb",         "lattice",
                                         "previous", "records", "queue", "notification"};
    static const char *const SOURCES[] = {"http", "direct", "s3", "sqs", "sns", "schedule"};
    const char *method = event.request.method == DIME_GET    ? "GET"
                         : event.request.method == DIME_HEAD ? "HEAD"
                         : event.request.method == DIME_POST ? "POST"
                                                             : "OTHER";
    buffer_puts(line, SHAPES[event.shape]);
    buffer_puts(line, event.multi_values ? "-multi " : " ");
    put_name(line, text_of(SOURCES[event.request.source]));
    put_name(line, text_of(method));
}

static dime_text line_of_event(void)
{
    const struct request *request = &event.request;
    struct buffer line;
    buffer_open(&line, &arena, 1 << 20);
    put_kinds(&line);
    put_name(&line, request->scheme);
    buffer_put(&line, request->path);
    buffer_puts(&line, "?");
    put_name(&line, request->query);
    for (size_t i = 0; i < request->header_count; i++) {
        buffer_put(&line, request->headers[i].name);
        buffer_puts(&line, ":");
        put_name(&line, request->headers[i].value);
    }
    buffer_puts(&line, "type=");
    put_name(&line, request->content_type);
    buffer_put(&line, request->body);
    ck_assert(!line.failed);
    return buffer_text(&line);
}

/* A copy of exactly this size, to be freed. */
static char *copy_of(const char *text)
{
    size_t length = strlen(text);
    char *copy = malloc(length ? length : 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text, length);
    return copy;
}

START_TEST(reads_a_request)
{
    char *copy = copy_of(requests[_i].event);
    event_read(&event, (dime_text){copy, strlen(requests[_i].event)}, &arena);
    dime_text line = line_of_event();
    ck_assert_msg(event.status == 0, "%s: %s", requests[_i].event, event.why);
    ck_assert_msg(text_equal(line, text_of(requests[_i].line)), "%s:\n%.*s\n%s", requests[_i].event,
                  (int)line.length, line.data, requests[_i].line);
    ck_assert(!arena.failed);
    free(copy);
}
END_TEST

START_TEST(refuses_an_event)
{
    char *copy = copy_of(refused[_i].event);
    event_read(&event, (dime_text){copy, strlen(refused[_i].event)}, &arena);
    ck_assert_msg(event.status == refused[_i].status, "%s: %d", refused[_i].event, event.status);
    if (refused[_i].why)
        ck_assert_str_eq(event.why, refused[_i].why);
    ck_assert_uint_gt(strlen(event.why), 10);
    ck_assert(!arena.failed);
    free(copy);
}
END_TEST

/* With each amount of memory it's either read as it should be, or the arena says that it wasn't. */
START_TEST(says_where_memory_ends)
{
    dime_text text = text_of(requests[_i].event), line = text_of(requests[_i].line);
    for (size_t limit = 0; limit < 64 * 1024; limit += 512) {
        struct arena small;
        arena_open(&small, limit);
        event_read(&event, text, &small);
        ck_assert(event.status == 0 || (event.status == 503 && small.failed));
        ck_assert(small.failed || text_equal(line_of_event(), line));
        arena_close(&small);
        arena_reset(&arena);
    }
}
END_TEST

/* So many members that finding a name twice takes memory, with an escape in one of the names. */
#define MANY                                                                                       \
    "{\"a\":0,\"b\":0,\"c\":0,\"d\":0,\"e\":0,\"f\":0,\"g\":0,\"h\":0,\"i\":0,\"j\":0,\"k\":0,"    \
    "\"A\":0,\"B\":0,\"C\":0,\"D\":0,\"E\":0,\"F\":0,\"G\":0,\"H\":0,\"I\":0,\"J\":0,\"K\":0,"     \
    "\"0\":0,\"1\":0,\"2\":0,\"3\":0,\"4\":0,\"5\":0,\"6\":0,\"7\":0,\"8\":0,\"9\":0,\"\\u00e9\":" \
    "0,"

static const struct {
    const char *event;
    enum event_shape shape;
    bool asynchronous;
} senders[] = {
    {MANY "\"Records\":[{\"eventSource\":\"aws:sqs\"}]}", EVENT_QUEUE, false},
    {MANY "\"Records\":[{\"eventSource\":\"aws:s3\"}]}", EVENT_RECORDS, true},
    {MANY "\"Records\":[{\"EventSource\":\"aws:sns\",\"Sns\":{\"Message\":\"{\\\"x\\\":1}\"}}]}",
     EVENT_RECORDS, true},
    {MANY "\"Records\":[{\"EventSource\":\"aws:sns\",\"Sns\":{\"Message\":"
          "\"{\\\"httpMethod\\\":\\\"GET\\\"}\"}}]}",
     EVENT_GATEWAY_V1, true},
    {MANY "\"detail-type\":\"Scheduled Event\",\"detail\":{}}", EVENT_NOTIFICATION, true},
    {MANY "\"httpMethod\":\"GET\"}", EVENT_GATEWAY_V1, false},
    {MANY "\"amount\":1}", EVENT_DIRECT, false},
    /* what can't be read is a batch where it looks like one */
    {"{\"Records\":[{\"eventSource\":\"aws:sqs\",\"body\":\"\xff\"}]}", EVENT_QUEUE, false},
    {"{\"Records\":[{\"eventSource\":\"aws:s3\",\"x\":\"\xff\"}]}", EVENT_DIRECT, false},
    {"{\"httpMethod\":\"POST\",\"body\":\"\\\"aws:sqs\\\"\xff\"}", EVENT_DIRECT, false},
};

START_TEST(tells_who_has_sent_it)
{
    event_read(&event, text_of(senders[_i].event), &arena);
    ck_assert_int_eq(event.shape, senders[_i].shape);
    ck_assert_int_eq(event.asynchronous, senders[_i].asynchronous);
    ck_assert_int_eq(event_must_fail(&event, 500), senders[_i].asynchronous);
    ck_assert(!event_must_fail(&event, 499));
}
END_TEST

/* A batch that is taken for anything else would be answered as done: rather no answer at all. */
START_TEST(knows_its_sender_or_has_not_been_read)
{
    size_t unread = 0;
    for (size_t limit = 0; limit < 4096; limit += 8) {
        struct arena small;
        arena_open(&small, limit);
        event_read(&event, text_of(senders[_i].event), &small);
        unread += event.status == 503;
        ck_assert(event.status == 503 || event.asynchronous == senders[_i].asynchronous);
        ck_assert(event.status == 503 ||
                  (event.shape == EVENT_QUEUE) == (senders[_i].shape == EVENT_QUEUE));
        ck_assert(event.status != 503 || small.failed);
        arena_close(&small);
    }
    ck_assert(unread || !text_starts(text_of(senders[_i].event), TEXT("{\"a\"")));
}
END_TEST

/* BEFORE, many times MIDDLE, and AFTER, of about this size. */
static void read_large(const char *before, const char *middle, const char *after, size_t size)
{
    size_t length = strlen(before);
    char *room = malloc(size + 1000), *out = room;
    ck_assert_ptr_nonnull(room);
    memcpy(out, before, length);
    out += length;
    for (length = strlen(middle); (size_t)(out - room) + length < size; out += length)
        memcpy(out, middle, length);
    length = strlen(after);
    memcpy(out, after, length);
    event_read(&event, (dime_text){room, (size_t)(out - room) + length}, &arena);
    free(room);
}

enum { LARGE = 6 << 20 };

START_TEST(bounds_what_is_large)
{
    read_large("", "[", "", LARGE);
    ck_assert_int_eq(event.status, 400);
    read_large("{\"a\":", "{\"a\":", "", 1000);
    ck_assert_int_eq(event.status, 400);
    read_large("{\"httpMethod\":\"GET\",\"multiValueHeaders\":{\"x\":[\"\"", ",\"\"", "]}}", 4000);
    ck_assert_int_eq(event.status, 422);
    ck_assert_uint_eq(event.request.header_count, EVENT_HEADERS_MAX);
    ck_assert_ptr_nonnull(strstr(event.why, "256 headers"));
    read_large("{\"httpMethod\":\"GET\",\"queryStringParameters\":{\"x\":\"", "yyyy", "\"}}",
               LARGE);
    ck_assert_int_eq(event.status, 422);
    ck_assert_ptr_nonnull(strstr(event.why, "The query is longer"));
    read_large("{\"requestContext\":{\"http\":{\"method\":\"GET\"}},\"rawQueryString\":\"a=",
               "yyyy", "\"}", EVENT_QUERY_MAX + 100);
    ck_assert_int_eq(event.status, 422);
    ck_assert_ptr_nonnull(strstr(event.why, "The query is longer"));
    read_large("{\"requestContext\":{\"http\":{\"method\":\"GET\"}},\"cookies\":[\"\"", ",\"a=b\"",
               "]}", 200000);
    ck_assert_int_eq(event.status, 422);
    ck_assert_ptr_nonnull(strstr(event.why, "The cookies are longer"));
}
END_TEST

/* A long name with many values would be copied for each of them. */
START_TEST(bounds_what_multiplies)
{
    char *name = malloc(500000);
    ck_assert_ptr_nonnull(name);
    int length = snprintf(name, 500000, "{\"httpMethod\":\"GET\",\"multiValueHeaders\":{\"");
    memset(name + length, 'x', 400000);
    snprintf(name + length + 400000, 100, "\":[\"\"");
    read_large(name, ",\"\"", "]}}", LARGE);
    ck_assert(event.status == 422 || arena.failed);
    free(name);
}
END_TEST

START_TEST(takes_a_large_body)
{
    read_large("{\"httpMethod\":\"POST\",\"isBase64Encoded\":true,\"body\":\"", "QUJD", "\"}",
               LARGE);
    ck_assert_int_eq(event.status, 0);
    ck_assert(!arena.failed);
    ck_assert_uint_gt(event.request.body.length, LARGE / 4 * 3 - 100);
    ck_assert(text_starts(event.request.body, TEXT("ABCABC")));
}
END_TEST

/* Envelopes in envelopes: each doubles the escapes, so that the text grows by itself. */
START_TEST(bounds_what_is_wrapped)
{
    dime_text inner = TEXT("{\"amount\":1}");
    for (int layers = 0; layers < 6; layers++) {
        struct buffer outer;
        event_read(&event, inner, &arena);
        ck_assert_int_eq(event.status, layers < 4 ? 0 : 422);
        buffer_open(&outer, &arena, 1 << 20);
        buffer_puts(&outer, "{\"Type\":\"Notification\",\"TopicArn\":\"t\",\"Message\":");
        buffer_json(&outer, inner);
        buffer_puts(&outer, "}");
        inner = buffer_text(&outer);
    }
    ck_assert_ptr_nonnull(strstr(event.why, "wrapped"));
}
END_TEST

Suite *event_suite(void)
{
    Suite *suite = suite_create("event");
    TCase *test = tcase_create("event");
    tcase_add_checked_fixture(test, begin, end);
    tcase_set_timeout(test, 60);
    tcase_add_loop_test(test, reads_a_request, 0, sizeof requests / sizeof *requests);
    tcase_add_loop_test(test, refuses_an_event, 0, sizeof refused / sizeof *refused);
    tcase_add_loop_test(test, says_where_memory_ends, 0, sizeof requests / sizeof *requests);
    tcase_add_loop_test(test, tells_who_has_sent_it, 0, sizeof senders / sizeof *senders);
    tcase_add_loop_test(test, knows_its_sender_or_has_not_been_read, 0,
                        sizeof senders / sizeof *senders);
    tcase_add_test(test, bounds_what_is_large);
    tcase_add_test(test, bounds_what_multiplies);
    tcase_add_test(test, takes_a_large_body);
    tcase_add_test(test, bounds_what_is_wrapped);
    suite_add_tcase(suite, test);
    return suite;
}
