/*
 * labels.c - names what is in a picture.
 *
 * A picture comes as a file, in base64, or as the name of an object in S3; event.c handles events
 * that name objects. The answer has the shape of Amazon Rekognition's DetectLabels with either
 * engine, so a client needn't change with the engine. dime never fetches an address that a client
 * names; it reads only from buckets that the settings allow.
 */
#include "functions/labels/labels.h"

#include <stdlib.h>

DIME_EMBED(LABELS_PAGE, "www/whole/labels.html");
DIME_EMBED(LABELS_SCHEMA, "src/functions/labels/labels.schema.json");

enum { CONFIDENCE_BYTES = 16 };
static const double CONFIDENCE_USUAL = 55; /* DetectLabels' own */

static const dime_field LABELS_FIELDS[] = {
    DIME_FILE(struct labels_input, image, .min = 1, .max = LABELS_IMAGE_MAX,
              .help = "the picture, JPEG or PNG, of at most 8 MiB",
              .types = "image/jpeg, image/png",
              .other_types = "image/jpg, image/pjpeg, image/x-jpeg, image/x-jpg, image/jpe, "
                             "image/x-citrix-jpeg, image/jfif, image/pipeg, image/x-png, "
                             "image/x-citrix-png, image/apng, image/*, application/octet-stream, "
                             "application/x-octet-stream, binary/octet-stream"),
    DIME_TEXT(struct labels_input, bucket, .max = 255,
              .help = "instead of image: the bucket of S3 that has it"),
    DIME_TEXT(struct labels_input, key, .max = 1024, .help = "the picture's key in the bucket"),
    DIME_INTEGER(struct labels_input, max_labels, .max = VISION_LABELS_MAX,
                 .help = "how many labels at most; all if left out"),
    DIME_NUMBER(struct labels_input, min_confidence, .max = CONFIDENCE_BYTES,
                .help = "how sure a label must be, 0 to 100; 55 if left out"),
};

static const dime_setting LABELS_SETTINGS[] = {
    {.name = "LABELS_ENGINE",
     .fallback = "local",
     .help = "the engine: local, rekognition or auto"},
    {.name = "LABELS_BUCKETS", .help = "the buckets whose objects may be read; * means any"},
    {.name = "LABELS_TOKEN",
     .secret = true,
     .help = "the token that a client must send to name an object over HTTP"},
    {.name = "LABELS_SNS_TOPICS", .help = "the topics whose messages are taken over HTTP"},
};

static bool read_labels_engine(const char *name, enum labels_choice *choice)
{
    static const char *const NAMES[] = {
        [LABELS_LOCAL] = "local", [LABELS_REKOGNITION] = "rekognition", [LABELS_EITHER] = "auto"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        *choice = (enum labels_choice)i;
        if (strcmp(name, NAMES[i]) == 0)
            return true;
    }
    return false;
}

static bool open_labels(dime_call *call, void **state)
{
    struct labels *labels = calloc(1, sizeof *labels);
    if (!labels) {
        dime_problem(call, 503, "There is no memory to begin with; try again later.");
        return false;
    }
    *labels = (struct labels){.token = text_of(dime_setting_of(call, "LABELS_TOKEN")),
                              .buckets = text_of(dime_setting_of(call, "LABELS_BUCKETS")),
                              .topics = text_of(dime_setting_of(call, "LABELS_SNS_TOPICS")),
                              .fallback = {.function = "labels",
                                           .service = "Amazon Rekognition",
                                           .other = "the local engine"}};
    if (!read_labels_engine(dime_setting_of(call, "LABELS_ENGINE"), &labels->choice)) {
        dime_problem(call, 503, "The setting LABELS_ENGINE must be local, rekognition or auto.");
        free(labels);
        return false;
    }
    *state = labels;
    return true;
}

static void close_labels(void *state)
{
    struct labels *labels = state;
    vision_close(labels->vision);
    sns_close(labels->sns);
    aws_close(labels->aws);
    free(labels);
}

/* A number as JSON writes it, or digits with a point, from 0 to 100. */
static bool read_confidence(const struct labels_question *question, double *confidence)
{
    const struct labels_input *input = question->input;
    char room[CONFIDENCE_BYTES + 1], *end = room;
    dime_text text = text_bare(input->min_confidence);
    *confidence = CONFIDENCE_USUAL;
    if (!text.length || dime_is_wrong(question->call, &input->min_confidence))
        return true;
    if (text.length < sizeof room)
        memcpy(room, text.data, text.length);
    room[text.length < sizeof room ? text.length : 0] = '\0';
    if (strspn(room, "0123456789.eE+-") == text.length)
        *confidence = strtod(room, &end);
    if (*end == '\0' && end != room && *confidence >= 0 && *confidence <= 100)
        return true;
    dime_wrong(question->call, &input->min_confidence,
               "min_confidence must be a number from 0 to 100.");
    return false;
}

/* Whether the request has one picture or one object, and all of its name. */
static bool read_source(const struct labels_question *question)
{
    dime_call *call = question->call;
    const struct labels_input *input = question->input;
    bool image = dime_given(call, &input->image);
    bool bucket = dime_given(call, &input->bucket), key = dime_given(call, &input->key);
    if (image && (bucket || key))
        dime_wrong(call, &input->image, "Give either image, or bucket and key, and not both.");
    else if (bucket && !key)
        dime_wrong(call, &input->key, "Give key: the object's name in the bucket.");
    else if (key && !bucket)
        dime_wrong(call, &input->bucket, "Give bucket: the bucket that has the key.");
    else
        return true;
    return false;
}

static bool read_labels_question(struct labels_question *question)
{
    const struct labels_input *input = question->input;
    bool confidence = read_confidence(question, &question->min_confidence);
    bool limited = dime_given(question->call, &input->max_labels);
    question->max_labels = limited ? &input->max_labels : NULL;
    return read_source(question) && confidence;
}

/* Whether the picture is at fault, and not the engine. */
static bool is_of_picture(int status)
{
    return status == 400 || status == 413 || status == 415 || status == 422;
}

static void refuse_picture(const struct labels_question *question,
                           const struct labels_answer *answer)
{
    dime_call *call = question->call;
    const dime_file *image = &question->input->image;
    if (dime_given(call, image) && is_of_picture(answer->status))
        dime_problem_at(call, image, answer->status, "%.*s", DIME_ARG(answer->why));
    else
        dime_problem(call, answer->status, "%.*s", DIME_ARG(answer->why));
}

static void answer_picture(const struct labels_question *question,
                           const struct labels_picture *picture)
{
    dime_call *call = question->call;
    struct labels_answer answer;
    labels_look(question, picture, call_arena(call), &answer);
    if (answer.engine)
        dime_set_header(call, "X-Labels-Engine", text_of(answer.engine));
    if (answer.status != 200) {
        refuse_picture(question, &answer);
        return;
    }
    dime_text json = answer.json;
    if (json.length) {
        dime_answer_json(call, 200, json);
    } else {
        dime_json *root = dime_answer(call, 200);
        labels_put_answer(call, root, &answer);
        json = dime_json_text(root);
    }
    if (dime_wants_page(call))
        labels_put_page(call, dime_page_data(call), picture, answer.engine, json);
}

static void answer_object(const struct labels_question *question)
{
    const struct labels_input *input = question->input;
    struct labels_picture picture = {.object = {.bucket = input->bucket, .key = input->key}};
    if (!labels_authorize(question))
        return;
    if (labels_may_read(question, input->bucket))
        answer_picture(question, &picture);
    else
        dime_wrong(question->call, &input->bucket,
                   "This bucket may not be read from here; whoever runs this server "
                   "can allow it with the setting LABELS_BUCKETS.");
}

/* The page shows its own files, the picture in the answer, and one that the person has chosen. */
static void allow_pictures(dime_call *call)
{
    if (dime_wants_page(call))
        dime_set_header(call, "Content-Security-Policy",
                        TEXT("default-src 'none'; style-src 'self'; script-src 'self'; "
                             "img-src 'self' data: blob:; connect-src 'self'; form-action 'self'; "
                             "base-uri 'none'; frame-ancestors 'none'"));
}

/* Neither a picture nor an event: a person opens the page, or a webhook checks the address. */
static void answer_nothing(const struct labels_question *question)
{
    dime_call *call = question->call;
    bool asks =
        dime_method(call) != DIME_POST && !dime_query(call).length && !dime_body(call).length;
    if (asks && (dime_wants_page(call) || dime_method(call) == DIME_HEAD))
        dime_answer_page(call);
    else
        dime_wrong(call, &question->input->image, "Give image: %s.", LABELS_FIELDS[0].help);
}

static struct labels_question begin_question(dime_call *call, const void *input)
{
    allow_pictures(call);
    return (struct labels_question){.labels = dime_state(call), .call = call, .input = input};
}

static void handle_labels(dime_call *call, const void *input)
{
    struct labels_question question = begin_question(call, input);
    struct labels_picture picture = {.bytes = question.input->image.bytes};
    if (!read_labels_question(&question))
        return;
    if (dime_given(call, &question.input->image))
        answer_picture(&question, &picture);
    else if (dime_given(call, &question.input->bucket))
        answer_object(&question);
    else if (!labels_answer_event(&question))
        answer_nothing(&question);
}

static void check_labels(dime_call *call, const void *input)
{
    struct labels_question question = begin_question(call, input);
    read_labels_question(&question);
}

DIME_FUNCTION(labels, .summary = "What is to be seen in a picture", .body_max = LABELS_BODY_MAX,
              DIME_INPUT(struct labels_input, LABELS_FIELDS), DIME_SETTINGS(LABELS_SETTINGS),
              .effects = DIME_READS, .heavy = true, .network = true,
              .json_types = "text/plain" /* SNS */, .page = LABELS_PAGE, .statuses = "401",
              .schema = LABELS_SCHEMA, .open = open_labels, .close = close_labels,
              .handle = handle_labels, .check = check_labels);
