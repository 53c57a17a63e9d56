/*
 * s3.c - GetObject.
 *
 * A key is encoded part by part, and its slashes stay, so that the signature is the one that S3
 * computes, for every key. Without a length, half an object would look like a whole one. S3 always
 * sends the length, so an answer without it is refused.
 */
#include "services/aws/s3.h"

#include "services/aws/client.h"
#include "services/aws/endpoint.h"
#include "base/buffer.h"

enum { KEY_MAX = 1024, PATH_ROOM = 3 * (KEY_MAX + 1024) + 64, VERSION_MAX = 1024 };

static const struct aws_service S3 = {"Amazon S3", "s3", "AWS_ENDPOINT_URL_S3"};

static const char NO_OBJECT[] = "there is no such object; check the key.";
static const char NO_RIGHT[] = "there is no such object, or dime may not read it.";

static const struct aws_refusal S3_REFUSALS[] = {
    {"NoSuchKey", 422, NO_OBJECT},
    {"NoSuchVersion", 422, "there is no such version of the object."},
    {"NoSuchBucket", 422, "there is no such bucket; check its name."},
    {"InvalidBucketName", 422, "no bucket can have this name; check it."},
    {"AllAccessDisabled", 422, NO_RIGHT},
    {"AccessDenied", 422, NO_RIGHT},
    {"InvalidObjectState", 422, "the object is archived; restore it first."},
    {"InvalidArgument", 422, "the request is wrong; check key and version."},
    {"KeyTooLongError", 422, "the key is too long."},
    {"MethodNotAllowed", 422, "this version is a delete marker."},
    {0},
};

static void put_object_path(struct buffer *path, const struct s3_object *object)
{
    dime_text rest = object->key, part;
    while (text_cut(&rest, '/', &part)) {
        buffer_puts(path, "/");
        buffer_percent(path, part);
    }
    if (object->version.length) {
        buffer_puts(path, "?versionId=");
        buffer_percent(path, object->version);
    }
}

static bool check_object(const struct s3_object *object, struct aws_call *call)
{
    if (!endpoint_is_bucket(object->bucket))
        return aws_refuse(call, 422, "No bucket can have this name; check it.");
    if (!object->key.length || object->key.length > KEY_MAX)
        return aws_refuse(call, 422, "A key must have 1 to 1024 bytes.");
    if (object->version.length > VERSION_MAX)
        return aws_refuse(call, 422, "A version must have at most 1024 bytes.");
    return true;
}

bool s3_get_object(struct aws *aws, struct aws_call *call, const struct s3_object *object,
                   size_t most)
{
    struct aws_operation operation = {.service = &S3,
                                      .region = object->region,
                                      .bucket = object->bucket,
                                      .most = most,
                                      .refusals = S3_REFUSALS};
    struct buffer path;
    if (!check_object(object, call))
        return false;
    buffer_open(&path, call->arena, PATH_ROOM);
    put_object_path(&path, object);
    operation.path = buffer_text(&path);
    return path.failed ? aws_no_memory(call) : client_perform(aws, call, &operation);
}
