/*
 * senders_test.c - events of senders that aren't read: each is named, and its invocation fails.
 *
 * What must not happen is an answer: a stream, a pipe or a stack would count it as done. A text
 * that is no JSON is judged by what it looks like, for the same reason.
 */
#include "events/event.h"

#include <check.h>
#include <stdio.h>

Suite *senders_suite(void);

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

/* Events that nothing here reads: the sender is named, and the invocation fails. */
static const struct {
    const char *event, *sender;
} strangers[] = {
    {"{\"Records\":[{\"eventSource\":\"aws:kinesis\",\"kinesis\":{\"data\":\"e30=\"}}]}",
     "Kinesis"},
    {"{\"Records\":[{\"eventSource\":\"aws:dynamodb\",\"dynamodb\":{}}]}", "DynamoDB"},
    {"{\"Records\":[{\"eventSource\":\"aws:ses\",\"ses\":{}}]}", "SES"},
    {"{\"Records\":[{\"eventSource\":\"aws:codecommit\"}]}", "CodeCommit"},
    {"{\"Records\":[{\"eventSource\":\"aws:new-one\"}]}", "aws:new-one"},
    {"{\"Records\":[{\"eventSource\":\"a\\u001bb\"}]}", "an unknown sender"},
    {"{\"Records\":[{\"cf\":{\"request\":{\"method\":\"GET\",\"uri\":\"/\"}}}]}", "Lambda@Edge"},
    {"{\"eventSource\":\"aws:kafka\",\"records\":{\"t-0\":[]}}", "Kafka"},
    {"{\"eventSource\":\"SelfManagedKafka\",\"records\":{}}", "Kafka"},
    {"{\"eventSource\":\"aws:rmq\",\"rmqMessagesByQueue\":{}}", "Amazon MQ"},
    {"{\"eventSource\":\"aws:docdb\",\"events\":[]}", "DocumentDB"},
    {"{\"awslogs\":{\"data\":\"H4s\"}}", "CloudWatch Logs"},
    {"{\"alarmArn\":\"a\",\"alarmData\":{},\"source\":\"aws.cloudwatch\"}", "CloudWatch alarms"},
    {"{\"CodePipeline.job\":{}}", "CodePipeline"},
    {"{\"triggerSource\":\"PreSignUp\",\"userPoolId\":\"p\",\"request\":{}}", "Cognito"},
    {"{\"RequestType\":\"Create\",\"ResponseURL\":\"https://x\"}", "CloudFormation"},
    {"{\"invokingEvent\":\"{}\",\"configRuleName\":\"r\"}", "AWS Config"},
    {"{\"deliveryStreamArn\":\"a\",\"records\":[]}", "Data Firehose"},
    {"{\"DeploymentId\":\"d\",\"LifecycleEventHookExecutionId\":\"e\"}", "CodeDeploy"},
    {"{\"eventType\":\"SyncTrigger\",\"identityPoolId\":\"p\",\"datasetName\":\"d\"}", "Cognito"},
    {"{\"messageVersion\":\"1.0\",\"agent\":{},\"actionGroup\":\"g\"}", "Bedrock"},
    {"{\"serialNumber\":\"G0\",\"clickType\":\"SINGLE\"}", "an IoT button"},
    {"{\"username\":\"u\",\"serverId\":\"s-1\",\"protocol\":\"SFTP\"}", "Transfer Family"},
    {"{\"summaryVersion\":\"2019-07-28\",\"messageId\":\"m\"}", "WorkMail"},
    {"{\"applicationArn\":\"a\",\"records\":[]}", "Kinesis Data Analytics"},
    {"{\"invocationSchemaVersion\":\"1.0\",\"tasks\":[]}", "S3 Batch Operations"},
    {"{\"getObjectContext\":{}}", "S3 Object Lambda"},
    {"{\"SecretId\":\"s\",\"ClientRequestToken\":\"t\",\"Step\":\"x\"}", "Secrets Manager"},
    {"{\"info\":{\"fieldName\":\"f\"},\"arguments\":{\"amount\":1}}", "AppSync"},
    {"{\"session\":{},\"request\":{},\"version\":\"1.0\"}", "Alexa"},
    {"{\"sessionState\":{},\"bot\":{}}", "Lex"},
    {"{\"Details\":{},\"Name\":\"ContactFlowEvent\"}", "Amazon Connect"},
    {"{\"type\":\"REQUEST\",\"methodArn\":\"a\",\"httpMethod\":\"GET\",\"path\":\"/\"}",
     "an API Gateway authorizer"},
    {"{\"type\":\"REQUEST\",\"routeArn\":\"a\",\"requestContext\":{\"http\":{\"method\":\"GET\"}}}",
     "an API Gateway authorizer"},
};

START_TEST(names_a_sender_that_is_not_read)
{
    char wanted[192];
    snprintf(wanted, sizeof wanted,
             "An event of %s can't be read; invoke the function with its fields, or through SQS, "
             "SNS or EventBridge.",
             strangers[_i].sender);
    event_read(&event, text_of(strangers[_i].event), &arena);
    ck_assert_int_eq(event.status, 422);
    ck_assert_str_eq(event.why, wanted);
    ck_assert(event_must_fail(&event, 422) && event_must_fail(&event, 500));
}
END_TEST

/* Batches of pipes, and of streams that aren't JSON: an answer would count as done. */
START_TEST(fails_a_batch_that_is_not_read)
{
    static const char *const BATCHES[] = {
        "[{\"eventSource\":\"aws:sqs\",\"body\":\"{}\"}]",
        "{\"Records\":[{\"eventSource\":\"aws:kinesis\",\"x\":\"\xff\"}]}",
        "{\"eventSource\":\"aws:kafka\",\"records\":{\"a\":1,\"a\":2}}",
    };
    static const char *const OTHERS[] = {
        "[]", "[{\"amount\":1}]", "{\"records\":{},\"type\":\"x\",\"Name\":\"x\",\"bot\":1}",
        "{\"httpMethod\":\"POST\",\"body\":\"{\\\"eventSource\\\":\\\"aws:kinesis\\\"}\xff\"}"};
    for (size_t i = 0; i < sizeof BATCHES / sizeof *BATCHES; i++) {
        event_read(&event, text_of(BATCHES[i]), &arena);
        ck_assert_msg(event_must_fail(&event, event.status), "%s", BATCHES[i]);
    }
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++) {
        event_read(&event, text_of(OTHERS[i]), &arena);
        ck_assert_msg(!event_must_fail(&event, 422), "%s", OTHERS[i]);
    }
}
END_TEST

Suite *senders_suite(void)
{
    Suite *suite = suite_create("senders");
    TCase *test = tcase_create("senders");
    tcase_add_checked_fixture(test, begin, end);
    tcase_add_loop_test(test, names_a_sender_that_is_not_read, 0,
                        sizeof strangers / sizeof *strangers);
    tcase_add_test(test, fails_a_batch_that_is_not_read);
    suite_add_tcase(suite, test);
    return suite;
}
