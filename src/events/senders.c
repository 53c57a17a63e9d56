/*
 * senders.c - recognizes senders whose events aren't supported, by what only they send.
 *
 * If such an event were taken for a function's fields, the answer would be a problem about fields,
 * and the sender would take it for a success: a stream would drop a batch, and a stack would wait
 * for an hour. So the problem names the sender and the invocation fails, which every sender
 * notices. A stream sends the batch again, Lambda retries an asynchronous event and then makes it a
 * dead letter, and a synchronous sender gets an error.
 */
#include "base/text.h"
#include "events/members.h"

#define WORD(literal)                                                                              \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

enum { SENDER_WORDS = 2, SOURCE_LENGTH_MAX = 64 };

/* Senders that are recognized by outermost members: all words of a line must be there. */
static const struct {
    const char *name;
    dime_text words[SENDER_WORDS];
} SENDERS[] = {
    {"an API Gateway authorizer", {WORD("type"), WORD("methodArn")}},
    {"an API Gateway authorizer", {WORD("type"), WORD("routeArn")}},
    {"Alexa", {WORD("session"), WORD("request")}},
    {"AppSync", {WORD("info"), WORD("arguments")}},
    {"AWS Config", {WORD("invokingEvent"), WORD("configRuleName")}},
    {"CloudFormation", {WORD("RequestType"), WORD("ResponseURL")}},
    {"Bedrock", {WORD("messageVersion"), WORD("agent")}},
    {"CloudWatch alarms", {WORD("alarmArn"), WORD("alarmData")}},
    {"CloudWatch Logs", {WORD("awslogs")}},
    {"CodeDeploy", {WORD("DeploymentId"), WORD("LifecycleEventHookExecutionId")}},
    {"CodePipeline", {WORD("CodePipeline.job")}},
    {"Cognito", {WORD("triggerSource"), WORD("userPoolId")}},
    {"Cognito", {WORD("datasetName"), WORD("identityPoolId")}},
    {"Amazon Connect", {WORD("Name"), WORD("Details")}},
    {"Data Firehose", {WORD("deliveryStreamArn"), WORD("records")}},
    {"an IoT button", {WORD("clickType"), WORD("serialNumber")}},
    {"Kinesis Data Analytics", {WORD("applicationArn"), WORD("records")}},
    {"Lex", {WORD("bot"), WORD("sessionState")}},
    {"Lex", {WORD("bot"), WORD("currentIntent")}},
    {"S3 Batch Operations", {WORD("invocationSchemaVersion"), WORD("tasks")}},
    {"S3 Object Lambda", {WORD("getObjectContext")}},
    {"Secrets Manager", {WORD("SecretId"), WORD("ClientRequestToken")}},
    {"Transfer Family", {WORD("serverId"), WORD("username")}},
    {"WorkMail", {WORD("summaryVersion"), WORD("messageId")}},
};

_Static_assert(sizeof SENDERS / sizeof *SENDERS * SENDER_WORDS <= 64, "a bit for each word");

/* Senders that name themselves, in each record or in the event. */
static const struct {
    dime_text source;
    const char *name;
} SOURCES[] = {
    {WORD("aws:kinesis"), "Kinesis"}, {WORD("aws:dynamodb"), "DynamoDB"},
    {WORD("aws:kafka"), "Kafka"},     {WORD("SelfManagedKafka"), "Kafka"},
    {WORD("aws:mq"), "Amazon MQ"},    {WORD("aws:amq"), "Amazon MQ"},
    {WORD("aws:rmq"), "Amazon MQ"},   {WORD("aws:docdb"), "DocumentDB"},
    {WORD("aws:ses"), "SES"},         {WORD("aws:codecommit"), "CodeCommit"},
};

static void refuse_sender(struct event *event, dime_text name)
{
    event->shape = EVENT_DIRECT;
    event->unanswerable = true;
    event_refuse(event, 422,
                 "An event of %.*s can't be read; invoke the function with its fields, or through"
                 " SQS, SNS or EventBridge.",
                 (int)name.length, name.data);
}

void senders_note(struct members *members, dime_text name)
{
    for (size_t i = 0; i < sizeof SENDERS / sizeof *SENDERS; i++) {
        for (size_t j = 0; j < SENDER_WORDS; j++) {
            if (SENDERS[i].words[j].length && text_equal(name, SENDERS[i].words[j]))
                members->words |= UINT64_C(1) << (SENDER_WORDS * i + j);
        }
    }
}

bool senders_refuse(struct event *event, const struct members *members)
{
    for (size_t i = 0; i < sizeof SENDERS / sizeof *SENDERS; i++) {
        uint64_t wanted = SENDERS[i].words[1].length ? 3 : 1;
        if ((members->words >> (SENDER_WORDS * i) & 3) != wanted)
            continue;
        refuse_sender(event, text_of(SENDERS[i].name));
        return true;
    }
    return false;
}

/* Whether a name can be used in a message as it is. */
static bool is_plain_name(dime_text text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (!text_alphanumeric(text.data[i]) && !memchr(":.-_", text.data[i], 4))
            return false;
    }
    return text.length && text.length <= SOURCE_LENGTH_MAX;
}

void senders_refuse_source(struct event *event, struct json_value source)
{
    dime_text name = TEXT("");
    if (!json_string(source, event->request.arena, &name))
        return; /* the arena has failed, and so will the request */
    for (size_t i = 0; i < sizeof SOURCES / sizeof *SOURCES; i++) {
        if (text_equal(name, SOURCES[i].source)) {
            refuse_sender(event, text_of(SOURCES[i].name));
            return;
        }
    }
    refuse_sender(event, is_plain_name(name) ? name : TEXT("an unknown sender"));
}

void senders_refuse_edge(struct event *event)
{
    refuse_sender(event, TEXT("Lambda@Edge"));
}

/* Whether TEXT holds WORD in quotes. In a string within the event, the quotes would be escaped. */
static bool has_quoted(dime_text text, dime_text word)
{
    dime_text rest = text;
    while (rest.length) {
        const char *found = memmem(rest.data, rest.length, word.data, word.length);
        if (!found)
            return false;
        bool opened = found > text.data && found[-1] == '"';
        rest = text_skip(rest, (size_t)(found - rest.data) + word.length);
        if (opened && rest.length && rest.data[0] == '"')
            return true;
    }
    return false;
}

bool senders_have_sent(dime_text text)
{
    for (size_t i = 0; i < sizeof SOURCES / sizeof *SOURCES; i++) {
        if (has_quoted(text, SOURCES[i].source))
            return true;
    }
    return false;
}
