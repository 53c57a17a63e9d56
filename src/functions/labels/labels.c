/*
 * labels.c - what is in this picture.
 *
 * A picture comes as a file, in base64, or as the name of an object in S3; events that name objects
 * are in labels_records.c. The answer has the shape of Amazon Rekognition's DetectLabels, whoever
 * has labelled it, so that a program can change from one engine to the other without a change of
 * its own. No address is ever fetched that a client names: only buckets that the settings allow.
 */
#include "functions/labels/labels.h"

#include <stdlib.h>

extern const dime_text labels_page; /* www/labels.html */

enum { CONFIDENCE_BYTES = 16 };
static const double CONFIDENCE_USUAL = 55; /* DetectLabels' own */

static const dime_field FIELDS[] = {
    {.name = "image",
     .kind = FIELD_FILE,
     .min = 1,
     .max = LABELS_IMAGE_MAX,
     .types = "image/jpeg, image/png",
     .names = "image/jpg, image/pjpeg, image/x-jpeg, image/x-jpg, image/jpe, image/x-citrix-jpeg, "
              "image/jfif, image/pipeg, image/x-png, image/x-citrix-png, image/apng, image/*, "
              "application/octet-stream, application/x-octet-stream, binary/octet-stream",
     .help = "the picture, JPEG or PNG, of at most 8 MiB"},
    {.name = "bucket",
     .kind = FIELD_TEXT,
     .max = 255,
     .help = "instead of image: the bucket of S3 that has it"},
    {.name = "key", .kind = FIELD_TEXT, .max = 1024, .help = "the picture's key in the bucket"},
    {.name = "max_labels",
     .kind = FIELD_INTEGER,
     .max = VISION_LABELS_MAX,
     .help = "how many labels at most; all if left out"},
    {.name = "min_confidence",
     .kind = FIELD_NUMBER,
     .max = CONFIDENCE_BYTES,
     .help = "how sure a label must be, 0 to 100; 55 if left out"},
    {0},
};

static bool read_choice(const char *name, enum labels_choice *choice)
{
    static const struct {
        dime_text name;
        enum labels_choice choice;
    } CHOICES[] = {{{"", 0}, LABELS_LOCAL},
                   {{"local", 5}, LABELS_LOCAL},
                   {{"rekognition", 11}, LABELS_REKOGNITION},
                   {{"auto", 4}, LABELS_EITHER}};
    for (size_t i = 0; i < sizeof CHOICES / sizeof *CHOICES; i++) {
        *choice = CHOICES[i].choice;
        if (text_equal(text_of(name), CHOICES[i].name))
            return true;
    }
    return false;
}

static bool open(void **state, const char **why)
{
    struct labels *labels = calloc(1, sizeof *labels);
    if (!labels) {
        *why = "There is no memory to begin with; try again later.";
        return false;
    }
    *labels = (struct labels){.token = text_of(getenv("LABELS_TOKEN")),
                              .buckets = text_of(getenv("LABELS_BUCKETS")),
                              .topics = text_of(getenv("LABELS_SNS_TOPICS")),
                              .fallback = {.function = "labels",
                                           .service = "Amazon Rekognition",
                                           .other = "the local engine"}};
    if (!read_choice(getenv("LABELS_ENGINE"), &labels->choice)) {
        *why = "The setting LABELS_ENGINE must be local, rekognition or auto.";
        free(labels);
        return false;
    }
    *state = labels;
    return true;
}

static void close(void *state)
{
    struct labels *labels = state;
    vision_close(labels->vision);
    sns_close(labels->sns);
    aws_close(labels->aws);
    free(labels);
}

/* A number as JSON writes it, or digits with a point, from 0 to 100. */
static bool read_confidence(const struct request *request, struct response *response,
                            double *confidence)
{
    char room[CONFIDENCE_BYTES + 1], *end = room;
    dime_text text = text_bare(field_text(request, "min_confidence"));
    *confidence = CONFIDENCE_USUAL;
    if (!text.length || response_field_error(response, TEXT("min_confidence")))
        return true;
    if (text.length < sizeof room)
        memcpy(room, text.data, text.length);
    room[text.length < sizeof room ? text.length : 0] = '\0';
    if (strspn(room, "0123456789.eE+-") == text.length)
        *confidence = strtod(room, &end);
    if (*end == '\0' && end != room && *confidence >= 0 && *confidence <= 100)
        return true;
    response_field_problem(response, "min_confidence",
                           "min_confidence must be a number from 0 to 100.");
    return false;
}

/* Whether picture or object are told once, and whole. */
static bool read_source(const struct request *request, struct response *response)
{
    bool image = field_given(request, "image");
    bool bucket = field_given(request, "bucket"), key = field_given(request, "key");
    if (image && (bucket || key))
        response_field_problem(response, "image",
                               "Give either image, or bucket and key, and not both.");
    else if (bucket && !key)
        response_field_problem(response, "key", "Give key: which object of the bucket it is.");
    else if (key && !bucket)
        response_field_problem(response, "bucket", "Give bucket: where the key is.");
    else
        return true;
    return false;
}

static bool read_question(struct labels_question *question, struct response *response)
{
    const struct request *request = question->request;
    bool confidence = read_confidence(request, response, &question->min_confidence);
    question->most = field_integer(request, "max_labels");
    question->max_labels = field_given(request, "max_labels") ? &question->most : NULL;
    return read_source(request, response) && confidence;
}

/* Whether it's the picture that is wrong, and not who looks at it. */
static bool is_of_picture(int status)
{
    return status == 400 || status == 413 || status == 415 || status == 422;
}

static void refuse_picture(const struct labels_question *question,
                           const struct labels_answer *answer, struct response *response)
{
    response_problem(response, answer->status, "%.*s", (int)answer->why.length, answer->why.data);
    if (field_given(question->request, "image") && is_of_picture(answer->status))
        response_blame(response, "image");
}

static void answer_picture(const struct labels_question *question,
                           const struct labels_picture *picture, struct response *response)
{
    struct labels_answer answer;
    labels_look(question, picture, question->request->arena, &answer);
    if (answer.engine)
        response_header(response, "X-Labels-Engine", text_of(answer.engine));
    if (answer.status != 200)
        refuse_picture(question, &answer, response);
    else if (question->request->html)
        labels_put_page(question, picture, &answer, response);
    else
        buffer_put(response_json(response), answer.json);
}

static void answer_object(const struct labels_question *question, struct response *response)
{
    const struct request *request = question->request;
    struct labels_picture picture = {.bytes = TEXT("")};
    picture.object.bucket = field_text(request, "bucket");
    picture.object.key = field_text(request, "key");
    if (!labels_authorize(question, response))
        return;
    if (labels_may_read(question, picture.object.bucket))
        answer_picture(question, &picture, response);
    else
        response_field_problem(response, "bucket",
                               "This bucket may not be read from here; whoever runs this server "
                               "can allow it with the setting LABELS_BUCKETS.");
}

/* A page of ours shows what it was sent, or has chosen itself, besides what lies here. */
static void allow_pictures(const struct request *request, struct response *response)
{
    if (request->html)
        response_header(response, "Content-Security-Policy",
                        TEXT("default-src 'none'; style-src 'self'; script-src 'self'; "
                             "img-src 'self' data: blob:; connect-src 'self'; form-action 'self'; "
                             "base-uri 'none'; frame-ancestors 'none'"));
}

/* Neither a picture nor an event: somebody opens the page, or a webhook looks whether it's there.
 */
static void answer_nothing(const struct request *request, struct response *response)
{
    bool asks = request->method != METHOD_POST && !request->query.length && !request->body.length;
    if (asks && request->html)
        (void)response_html(response);
    else if (asks && request->method == METHOD_HEAD)
        buffer_puts(response_json(response), "{}");
    else
        response_field_problem(response, "image", "Give image: %s.", FIELDS[0].help);
}

static void handle(const struct request *request, struct response *response)
{
    struct labels_question question = {.labels = request->state, .request = request};
    struct labels_picture picture = {.bytes = field_text(request, "image")};
    allow_pictures(request, response);
    if (!read_question(&question, response))
        return;
    if (field_given(request, "image"))
        answer_picture(&question, &picture, response);
    else if (field_given(request, "bucket"))
        answer_object(&question, response);
    else if (!labels_answer_event(&question, response))
        answer_nothing(request, response);
}

static void check(const struct request *request, struct response *response)
{
    struct labels_question question = {.labels = request->state, .request = request};
    allow_pictures(request, response);
    read_question(&question, response);
}

const dime_function function_labels = {
    .name = "labels",
    .summary = LABELS_SUMMARY,
    .methods = METHOD_GET | METHOD_POST,
    .body_max = LABELS_BODY_MAX,
    .fields = FIELDS,
    .json_types = "text/plain", /* SNS */
    .uploads = true,
    .streams = true,
    .heavy = true,
    .page = &labels_page,
    .open = open,
    .handle = handle,
    .check = check,
    .close = close,
};
