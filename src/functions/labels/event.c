/*
 * event.c - an event in a request's body, by itself or in a message of SNS over HTTP.
 *
 * SNS sends the handshake of a subscription too. A message counts if its topic is one of
 * LABELS_SNS_TOPICS and SNS has signed it. That does for the token, which SNS can't send. Whoever
 * wants to be sure that nothing else is confirmed sets no topics: then there is nothing to be had
 * by this way.
 */
#include "functions/labels/event.h"

#include "functions/labels/records.h"
#include "services/aws/sns.h"

static struct sns_message read_sns_message(struct json_value message, struct arena *arena)
{
    return (struct sns_message){
        .type = json_text_at(message, "Type", arena),
        .id = json_text_at(message, "MessageId", arena),
        .topic = json_text_at(message, "TopicArn", arena),
        .subject = json_at(message, "Subject").kind == JSON_STRING
                       ? json_text_at(message, "Subject", arena)
                       : (dime_text){0},
        .text = json_text_at(message, "Message", arena),
        .timestamp = json_text_at(message, "Timestamp", arena),
        .token = json_text_at(message, "Token", arena),
        .subscribe_url = json_text_at(message, "SubscribeURL", arena),
        .signature = json_text_at(message, "Signature", arena),
        .signature_version = json_text_at(message, "SignatureVersion", arena),
        .certificate_url = json_text_at(message, "SigningCertURL", arena),
    };
}

static bool is_wanted(const struct labels *labels, dime_text topic)
{
    dime_text rest = labels->topics, one;
    while (topic.length && text_cut(&rest, ',', &one)) {
        if (text_equal(text_trim(one), topic))
            return true;
    }
    return false;
}

/* The event in a message that has been verified. */
static void answer_event(const struct labels_question *question, dime_text text)
{
    struct json_value event = {0};
    struct json_error error;
    bool read = json_check(text, call_arena(question->call), &event, &error);
    enum labels_shape shape = read ? labels_shape_of(event) : LABELS_NO_EVENT;
    if (shape == LABELS_NO_EVENT)
        dime_problem(question->call, 422, "The message's text isn't an event that names objects.");
    else
        labels_answer_objects(question, event, shape);
}

static void answer_verified(const struct labels_question *question, struct aws_call *call,
                            const struct sns_message *message)
{
    if (text_equal(message->type, TEXT("Notification"))) {
        answer_event(question, message->text);
        return;
    }
    if (!text_equal(message->type, TEXT("SubscriptionConfirmation")) ||
        sns_confirm(question->labels->aws, call, message))
        dime_put_array(dime_answer(question->call, 200), "Results");
    else
        dime_problem(question->call, call->reply.status, "%.*s", DIME_ARG(call->reply.detail));
}

static void answer_topic(const struct labels_question *question, struct json_value message)
{
    struct labels *labels = question->labels;
    struct arena *arena = call_arena(question->call);
    struct sns_message read = read_sns_message(message, arena);
    struct aws_call call = labels_call(question, arena);
    if (!is_wanted(labels, read.topic)) {
        dime_problem(question->call, 422,
                     "Messages of this topic aren't taken; whoever runs this server can allow "
                     "it with the setting LABELS_SNS_TOPICS.");
        return;
    }
    labels->sns = labels->sns ? labels->sns : sns_open();
    if (!labels->sns || !labels_open_aws(labels)) {
        dime_problem(question->call, 503, "There is no memory for this message; send it again.");
        return;
    }
    if (sns_verify(labels->sns, labels->aws, &call, &read))
        answer_verified(question, &call, &read);
    else
        dime_problem(question->call, call.reply.status, "%.*s", DIME_ARG(call.reply.detail));
}

bool labels_answer_event(const struct labels_question *question)
{
    dime_call *call = question->call;
    dime_text body = dime_body(call);
    struct json_value event;
    struct json_error error;
    if (!body.length || !json_check(body, call_arena(call), &event, &error))
        return false;
    if (dime_source(call) == DIME_HTTP && dime_header(call, "x-amz-sns-message-type").length) {
        answer_topic(question, event);
        return true;
    }
    enum labels_shape shape = labels_shape_of(event);
    if (shape == LABELS_NO_EVENT)
        return false;
    if (labels_authorize(question))
        labels_answer_objects(question, event, shape);
    return true;
}
