/*
 * rekognition.c - DetectLabels, with the picture in the request or in S3.
 *
 * The picture in base64 is most of the request, so the room for it is allocated at once in the
 * right size: a growing buffer would take twice as much.
 */
#include "services/aws/rekognition.h"

#include <stdio.h>

#include "services/aws/client.h"
#include "base/json_put.h"

enum { LABELS_REPLY_MAX = 4 * 1024 * 1024, REST_MAX = 8 * 1024 };

static const struct aws_service REKOGNITION = {"Amazon Rekognition", "rekognition",
                                               "AWS_ENDPOINT_URL_REKOGNITION"};

static const struct aws_refusal REKOGNITION_REFUSALS[] = {
    {"InvalidImageFormatException", 415,
     "this isn't a picture that it can read; send JPEG or PNG."},
    {"ImageTooLargeException", 413,
     "the picture is too large; send one of at most 5 MiB, and of 10,000 pixels a side."},
    {"InvalidS3ObjectException", 422,
     "there is no such object, or neither dime nor Rekognition may read it, or it lies in another "
     "region."},
    {"InvalidParameterException", 422,
     "it can't do this with the picture; send one of at least 80 pixels a side."},
    {"ValidationException", 422,
     "it can't do this with the picture; send one of at least 80 pixels a side."},
    {0},
};

static void put_s3_object(struct buffer *body, const struct rekognition_question *question)
{
    json_begin_object(body, "S3Object");
    json_put_text(body, "Bucket", question->bucket);
    json_put_text(body, "Name", question->key);
    if (question->version.length)
        json_put_text(body, "Version", question->version);
    json_end_object(body);
}

static void put_question(struct buffer *body, const struct rekognition_question *question)
{
    char confidence[24];
    json_begin_object(body, NULL);
    json_begin_object(body, "Image");
    if (question->bytes.length)
        json_put_base64(body, "Bytes", question->bytes);
    else
        put_s3_object(body, question);
    json_end_object(body);
    if (question->max_labels)
        json_put_integer(body, "MaxLabels", *question->max_labels);
    if (question->min_confidence) {
        snprintf(confidence, sizeof confidence, "%.6g", *question->min_confidence);
        json_put_raw(body, "MinConfidence", text_of(confidence));
    }
    json_end_object(body);
}

/* Refuses what Rekognition would refuse, sooner and with a better message. */
static bool check_picture_question(const struct rekognition_question *question,
                                   struct aws_call *call)
{
    const double *confidence = question->min_confidence;
    if (question->bytes.length > REKOGNITION_BYTES_MAX)
        return aws_refuse(call, 413, "Amazon Rekognition takes pictures of at most 5 MiB.");
    if (!question->bytes.length && (!question->bucket.length || !question->key.length))
        return aws_refuse(call, 422, "There is no picture; send one, or name a bucket and key.");
    if (question->max_labels && (*question->max_labels < 0 || *question->max_labels > 1000))
        return aws_refuse(call, 422, "max_labels must be 0 to 1000.");
    if (confidence && !(*confidence >= 0 && *confidence <= 100))
        return aws_refuse(call, 422, "min_confidence must be 0 to 100.");
    return true;
}

bool rekognition_detect_labels(struct aws *aws, struct aws_call *call,
                               const struct rekognition_question *question)
{
    struct aws_operation operation = {.service = &REKOGNITION,
                                      .target = "X-Amz-Target: RekognitionService.DetectLabels",
                                      .type = "Content-Type: application/x-amz-json-1.1",
                                      .region = question->region,
                                      .most = LABELS_REPLY_MAX,
                                      .refusals = REKOGNITION_REFUSALS};
    struct buffer body;
    if (!check_picture_question(question, call))
        return false;
    size_t size = REST_MAX + (question->bytes.length + 2) / 3 * 4;
    char *room = arena_alloc(call->arena, size);
    buffer_over(&body, room, room ? size : 0);
    put_question(&body, question);
    operation.body = buffer_text(&body);
    if (!room)
        return aws_no_memory(call);
    if (body.failed)
        return aws_refuse(call, 422, "The object's name is too long for S3; check bucket and key.");
    return client_perform(aws, call, &operation);
}
