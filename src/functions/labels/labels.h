/*
 * labels.h - what the files of labels share: a worker's state, a question, a picture, its answer.
 *
 * labels.c reads what was asked and answers it, engine.c has a picture labelled, here or by Amazon
 * Rekognition, event.c takes an event out of the body and finds the pictures that it names,
 * object.c says which of them may be read, and page.c has what a person is shown besides.
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
    LABELS_IMAGE_MAX = 8 * 1024 * 1024, /* bytes of a picture that is sent along */
    LABELS_BODY_MAX = 11 * 1024 * 1024, /* of a body: such a picture in base64, and a bit */
    LABELS_OBJECTS_MAX = 1000,          /* that an event may name */
};

/* Who labels. */
enum labels_choice { LABELS_LOCAL, LABELS_REKOGNITION, LABELS_EITHER };

/* A worker's. What isn't needed yet hasn't been opened: a page needs no model. */
struct labels {
    enum labels_choice choice;
    dime_text token, buckets, topics; /* settings; empty where they aren't set */
    struct vision *vision;
    struct aws *aws;
    struct sns *sns;
    struct fallback fallback; /* of `auto` */
};

/* An object of S3, or of what speaks like it. Empty texts: not told. */
struct labels_object {
    dime_text bucket, key, version, region;
};

/* The bytes, or the object where there are none. */
struct labels_picture {
    dime_text bytes;
    struct labels_object object;
};

/* What a request gives. */
struct labels_input {
    dime_file image;
    dime_text bucket, key;
    int64_t max_labels;
    dime_text min_confidence;
};

/* What is asked of each picture in a request. */
struct labels_question {
    struct labels *labels;
    dime_call *call;
    const struct labels_input *input;
    const int64_t *max_labels; /* NULL: all */
    double min_confidence;     /* 0 to 100 */
};

struct labels_answer {
    int status;                 /* 200, or of the problem */
    struct vision_result found; /* 200: what the local engine has found */
    dime_text json;             /* 200: of Rekognition, DetectLabels' own answer, an object */
    dime_text why;              /* not 200: a sentence for the person */
    const char *engine;         /* that has labelled it, or was asked last; NULL: none was */
};

/* Opens what calls AWS, unless it's open. False: there is no memory. */
bool labels_open_aws(struct labels *labels);

/* A call to AWS on behalf of the request, whose reply is ARENA's. */
struct aws_call labels_call(const struct labels_question *question, struct arena *arena);

/*
 * Has a picture labelled by whom the settings say. The answer lasts as long as ARENA, which must
 * have room for the picture where it is to be read from S3, and for the answer.
 */
void labels_look(const struct labels_question *question, const struct labels_picture *picture,
                 struct arena *arena, struct labels_answer *answer);

/* Writes the members of DetectLabels' answer to an object, whichever engine has found them. */
void labels_put_answer(dime_call *call, dime_json *json, const struct labels_answer *answer);

/*
 * Whether whoever sent the request may have objects read at all: over HTTP it takes the token,
 * where one is set. False: the call is answered.
 */
bool labels_authorize(const struct labels_question *question);

/*
 * Whether an object of this bucket may be read for the request: one of LABELS_BUCKETS, or, where
 * that isn't set, any for events from AWS and none over HTTP.
 */
bool labels_may_read(const struct labels_question *question, dime_text bucket);

/* Writes what the page needs besides the answer, whose JSON is ANSWER. The picture's bytes are
 * shown too, where they fit. */
void labels_put_page(dime_call *call, dime_json *page, const struct labels_picture *picture,
                     const char *engine, dime_text answer);

/*
 * Answers an event in the request's body that names objects. False: there is no such event in it,
 * and nothing has been answered.
 */
bool labels_answer_event(const struct labels_question *question);

#endif
