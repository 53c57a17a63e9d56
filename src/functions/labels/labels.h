/*
 * labels.h - what the files of labels share: a worker's state, a question, a picture, its answer.
 *
 * labels.c reads the request and answers it. engine.c labels a picture, here or by Amazon
 * Rekognition. event.c reads an event in the body and finds the pictures that it names. object.c
 * decides which of them may be read. page.c fills the page.
 */
#ifndef DIME_FUNCTIONS_LABELS_LABELS_H
#define DIME_FUNCTIONS_LABELS_LABELS_H

#include "dime.h"

#include "base/text.h"
#include "request/arena_of.h"
#include "services/aws/aws.h"
#include "services/aws/fallback.h"
#include "services/aws/sns.h"
#include "vision/vision.h"

enum {
    LABELS_IMAGE_MAX = 8 * 1024 * 1024, /* bytes of a picture in a request */
    LABELS_BODY_MAX = 11 * 1024 * 1024, /* of a body: such a picture in base64, and some more */
    LABELS_OBJECTS_MAX = 1000,          /* that an event may name */
};

/* The engine that labels. */
enum labels_choice { LABELS_LOCAL, LABELS_REKOGNITION, LABELS_EITHER };

/* A worker's state. Each part is opened when it's first needed: a page needs no model. */
struct labels {
    enum labels_choice choice;
    dime_text token, buckets, topics; /* settings; empty where they aren't set */
    struct vision *vision;
    struct aws *aws;
    struct sns *sns;
    struct fallback fallback; /* of `auto` */
};

/* An object of S3, or of a compatible server. A text that isn't known is empty. */
struct labels_object {
    dime_text bucket, key, version, region;
};

/* The bytes; without any, the object. */
struct labels_picture {
    dime_text bytes;
    struct labels_object object;
};

/* The fields of a request. */
struct labels_input {
    dime_file image;
    dime_text bucket, key;
    int64_t max_labels;
    dime_text min_confidence;
};

/* The question about each picture of a request. */
struct labels_question {
    struct labels *labels;
    dime_call *call;
    const struct labels_input *input;
    const int64_t *max_labels; /* NULL: all */
    double min_confidence;     /* 0 to 100 */
};

struct labels_answer {
    int status;                 /* 200, or of the problem */
    struct vision_result found; /* 200: the local engine's result */
    dime_text json;             /* 200: of Rekognition, DetectLabels' own answer, an object */
    dime_text why;              /* not 200: a sentence for the person */
    const char *engine;         /* the engine that labelled it, or was asked last; NULL: none was */
};

/* Opens the client of AWS unless it's open. False: out of memory. */
bool labels_open_aws(struct labels *labels);

/* A call to AWS for the request, with its reply in ARENA. */
struct aws_call labels_call(const struct labels_question *question, struct arena *arena);

/*
 * Labels a picture by the engine in the settings. The answer lasts as long as ARENA, which needs
 * room for the answer, and for the picture if it's read from S3.
 */
void labels_look(const struct labels_question *question, const struct labels_picture *picture,
                 struct arena *arena, struct labels_answer *answer);

/* Writes the members of DetectLabels' answer to an object, with either engine. */
void labels_put_answer(dime_call *call, dime_json *json, const struct labels_answer *answer);

/*
 * Whether the client may have objects read at all: over HTTP it needs the token, if one is set.
 * False: the call is answered.
 */
bool labels_authorize(const struct labels_question *question);

/*
 * Whether the request may read objects of this bucket: one of LABELS_BUCKETS. If that isn't set,
 * events from AWS may read any bucket, and requests over HTTP none.
 */
bool labels_may_read(const struct labels_question *question, dime_text bucket);

/* Writes the page's data, made of the JSON in ANSWER, and the picture's bytes if they fit. */
void labels_put_page(dime_call *call, dime_json *page, const struct labels_picture *picture,
                     const char *engine, dime_text answer);

/*
 * Answers an event in the request's body that names objects. False: the body has no such event, and
 * the call isn't answered.
 */
bool labels_answer_event(const struct labels_question *question);

#endif
