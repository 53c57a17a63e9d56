/*
 * engine.c - labels a picture on this machine, by Amazon Rekognition, or by whichever can.
 *
 * Each engine takes the picture in its own way. The local one needs the bytes, so an object is read
 * from S3 first. Rekognition reads an object itself if it can; it gets the bytes if the bucket is
 * in another region, or isn't one of AWS. With `auto`, Rekognition is asked if it has credentials;
 * for a while after it was down, the local engine is asked.
 */
#include "dime.h"

#include "base/clock.h"
#include "base/json.h"
#include "functions/labels/labels.h"
#include "services/aws/rekognition.h"
#include "services/aws/s3.h"

enum {
    LOCAL_MS = 2000, /* of the time left: reserved for labelling here after all */
};

static void refuse_labels(struct labels_answer *answer, int status, dime_text why)
{
    answer->status = status;
    answer->why = why;
}

/* Copies the reason why a call to AWS failed. */
static void refuse_reply(struct labels_answer *answer, const struct aws_reply *reply)
{
    refuse_labels(answer, reply->status, reply->detail);
}

static void refuse_memory(struct labels_answer *answer)
{
    refuse_labels(answer, 503, TEXT("There is no memory left for this picture; try again later."));
}

static bool open_vision(struct labels *labels, struct labels_answer *answer)
{
    const char *why = NULL;
    if (labels->vision || vision_open(&labels->vision, &why))
        return true;
    refuse_labels(answer, 503, text_of(why));
    return false;
}

bool labels_open_aws(struct labels *labels)
{
    if (!labels->aws)
        labels->aws = aws_open("labels");
    return labels->aws;
}

static bool open_aws_or_refuse(struct labels *labels, struct labels_answer *answer)
{
    if (labels_open_aws(labels))
        return true;
    refuse_memory(answer);
    return false;
}

struct aws_call labels_call(const struct labels_question *question, struct arena *arena)
{
    return (struct aws_call){
        .arena = arena,
        .deadline_ms = dime_deadline_ms(question->call),
        .request_id = dime_id(question->call),
    };
}

/* Reads the picture's object into its bytes. */
static bool fetch(const struct labels_question *question, struct labels_picture *picture,
                  size_t most, struct arena *arena, struct labels_answer *answer)
{
    struct aws_call call = labels_call(question, arena);
    const struct s3_object object = {.bucket = picture->object.bucket,
                                     .key = picture->object.key,
                                     .version = picture->object.version,
                                     .region = picture->object.region};
    if (!open_aws_or_refuse(question->labels, answer))
        return false;
    if (!s3_get_object(question->labels->aws, &call, &object, most))
        refuse_reply(answer, &call.reply);
    else if (!call.reply.body.length)
        refuse_labels(answer, 422, TEXT("The object has 0 bytes; take one that is a picture."));
    picture->bytes = call.reply.body;
    return call.reply.body.length;
}

static void put_confidence(dime_call *call, dime_json *json, const char *name, float number)
{
    dime_put_raw(json, name, dime_format(call, "%.6f", number == number ? (double)number : 0.0));
}

static void put_instance(dime_call *call, dime_json *json, const struct vision_instance *instance)
{
    dime_json *box = dime_put_object(json, "BoundingBox");
    put_confidence(call, box, "Width", instance->box.width);
    put_confidence(call, box, "Height", instance->box.height);
    put_confidence(call, box, "Left", instance->box.left);
    put_confidence(call, box, "Top", instance->box.top);
    put_confidence(call, json, "Confidence", instance->confidence);
}

/* A list of objects with a name each. */
static void put_name_list(dime_json *json, const char *name, const dime_text *names, size_t count)
{
    dime_json *list = dime_put_array(json, name);
    for (size_t i = 0; i < count; i++)
        dime_put_text(dime_put_object(list, NULL), "Name", names[i]);
}

static void put_found_label(dime_call *call, dime_json *json, const struct vision_label *label)
{
    dime_put_text(json, "Name", label->name);
    put_confidence(call, json, "Confidence", label->confidence);
    dime_json *instances = dime_put_array(json, "Instances");
    for (size_t i = 0; i < label->instance_count; i++)
        put_instance(call, dime_put_object(instances, NULL), &label->instances[i]);
    put_name_list(json, "Parents", label->parents, label->parent_count);
    put_name_list(json, "Aliases", label->aliases, label->alias_count);
    dime_put_array(json, "Categories");
}

/* Copies the members of an object that has been checked, as they stand. */
static void put_members(dime_call *call, dime_json *json, dime_text object)
{
    struct arena *arena = call_arena(call);
    struct json_value value = {0};
    struct json_error error;
    struct json_member member;
    (void)json_check(object, arena, &value, &error);
    struct json_cursor cursor = json_members(value, arena);
    while (json_next(&cursor, &member)) {
        dime_text name = dime_copy(call, member.name);
        if (name.data)
            dime_put_raw(json, name.data, member.value.raw);
    }
}

void labels_put_answer(dime_call *call, dime_json *json, const struct labels_answer *answer)
{
    const struct vision_result *found = &answer->found;
    if (answer->json.length) {
        put_members(call, json, answer->json);
        return;
    }
    dime_json *labels = dime_put_array(json, "Labels");
    for (size_t i = 0; i < found->label_count; i++)
        put_found_label(call, dime_put_object(labels, NULL), &found->labels[i]);
    dime_put_text(json, "LabelModelVersion", vision_model_version());
}

static void look_here(const struct labels_question *question, struct labels_picture picture,
                      struct arena *arena, struct labels_answer *answer)
{
    struct labels *labels = question->labels;
    struct vision_result *found = &answer->found;
    const struct vision_options options = {
        .max_labels = question->max_labels ? (size_t)*question->max_labels : VISION_LABELS_MAX,
        .min_confidence = (float)question->min_confidence,
    };
    answer->engine = "local";
    if (!open_vision(labels, answer) ||
        (!picture.bytes.length && !fetch(question, &picture, VISION_BYTES_MAX, arena, answer)))
        return;
    if (vision_look(labels->vision, picture.bytes, &options, arena, found))
        answer->status = 200;
    else
        refuse_labels(answer, found->status, text_of(found->why));
}

static bool ask_rekognition(const struct labels_question *question,
                            const struct labels_picture *picture, struct aws_call *call)
{
    const struct labels_object *object = &picture->object;
    return rekognition_detect_labels(
        question->labels->aws, call,
        &(struct rekognition_question){
            .bytes = picture->bytes,
            .bucket = object->bucket,
            .key = object->key,
            .version = object->version,
            .region = picture->bytes.length ? TEXT("") : object->region,
            .max_labels = question->max_labels,
            .min_confidence = &question->min_confidence,
        });
}

/* Within the deadline in CALL. */
static void look_there(const struct labels_question *question, struct labels_picture picture,
                       struct aws_call call, struct labels_answer *answer)
{
    answer->engine = "rekognition";
    if (!open_aws_or_refuse(question->labels, answer))
        return;
    bool done = ask_rekognition(question, &picture, &call);
    if (!done && text_equal(call.reply.code, TEXT("InvalidS3ObjectException"))) {
        if (!fetch(question, &picture, REKOGNITION_BYTES_MAX, call.arena, answer))
            return;
        done = ask_rekognition(question, &picture, &call);
    }
    answer->status = 200;
    answer->json = call.reply.body;
    if (!done)
        refuse_reply(answer, &call.reply);
}

/* Whether it's worth asking Rekognition first. */
static bool can_ask(struct labels *labels, const struct labels_picture *picture)
{
    return picture->bytes.length <= REKOGNITION_BYTES_MAX && labels_open_aws(labels) &&
           fallback_may_ask(&labels->fallback, labels->aws);
}

/* If both fail, the answer has Rekognition's reason: a missing local engine is expected. */
static void look_by_either(const struct labels_question *question,
                           const struct labels_picture *picture, struct arena *arena,
                           struct labels_answer *answer)
{
    struct labels *labels = question->labels;
    struct aws_call call = labels_call(question, arena);
    struct labels_answer none;
    bool asked = can_ask(labels, picture);
    if (asked) {
        if (call.deadline_ms - LOCAL_MS > clock_epoch_ms() + LOCAL_MS)
            call.deadline_ms -= LOCAL_MS;
        look_there(question, *picture, call, answer);
        if (answer->status < 500)
            return;
        fallback_shun(&labels->fallback, call.request_id, answer->why);
    }
    if (!asked || open_vision(labels, &none))
        look_here(question, *picture, arena, answer);
}

void labels_look(const struct labels_question *question, const struct labels_picture *picture,
                 struct arena *arena, struct labels_answer *answer)
{
    *answer = (struct labels_answer){.why = TEXT("")};
    switch (question->labels->choice) {
    case LABELS_LOCAL:
        look_here(question, *picture, arena, answer);
        break;
    case LABELS_REKOGNITION:
        look_there(question, *picture, labels_call(question, arena), answer);
        break;
    case LABELS_EITHER:
        look_by_either(question, picture, arena, answer);
        break;
    }
}
