/*
 * topic.c - what SNS sends over HTTP: the handshake of a subscription, and events in
 * messages.
 *
 * A message counts if its topic is one of LABELS_SNS_TOPICS and SNS has signed it. That does for
 * the token, which SNS can't send. Whoever wants to be sure that nothing else is confirmed sets no
 * topics: then there is nothing to be had by this way.
 */
#include "dime.h"

#include "services/aws/sns.h"
#include "functions/labels/event.h"

static struct sns_message read_message(struct json_value message, struct arena *arena)
{
    return (struct sns_message){
        .type = labels_text(message, "Type", arena),
        .id = labels_text(message, "MessageId", arena),
        .topic = labels_text(message, "TopicArn", arena),
        .subject = labels_member(message, "Subject").kind == JSON_STRING
                       ? labels_text(message, "Subject", arena)
                       : (dime_text){0},
        .text = labels_text(message, "Message", arena),
        .timestamp = labels_text(message, "Timestamp", arena),
        .token = labels_text(message, "Token", arena),
        .subscribe_url = labels_text(message, "SubscribeURL", arena),
        .signature = labels_text(message, "Signature", arena),
        .signature_version = labels_text(message, "SignatureVersion", arena),
        .certificate_url = labels_text(message, "SigningCertURL", arena),
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

static void answer_verified(const struct labels_question *question, const struct aws_call *call,
                            const struct sns_message *message)
{
    struct aws_reply reply = {.ok = true};
    if (text_equal(message->type, TEXT("Notification"))) {
        answer_event(question, message->text);
        return;
    }
    if (text_equal(message->type, TEXT("SubscriptionConfirmation")))
        sns_confirm(question->labels->aws, call, message, &reply);
    if (reply.ok)
        dime_put_array(dime_answer(question->call, 200), "Results");
    else
        dime_problem(question->call, reply.status, "%.*s", DIME_ARG(reply.detail));
}

void labels_answer_topic(const struct labels_question *question, struct json_value message)
{
    struct labels *labels = question->labels;
    struct arena *arena = call_arena(question->call);
    struct sns_message read = read_message(message, arena);
    struct aws_call call = labels_call(question, arena);
    struct aws_reply reply = {0};
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
    sns_verify(labels->sns, labels->aws, &call, &read, &reply);
    if (reply.ok)
        answer_verified(question, &call, &read);
    else
        dime_problem(question->call, reply.status, "%.*s", DIME_ARG(reply.detail));
}
