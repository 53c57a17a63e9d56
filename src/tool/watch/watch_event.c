/*
 * watch_event.c - a file in a watched folder as an event of S3.
 *
 * It has the shape that S3 sends to a Lambda (AWS's page "Event message structure"), so that a
 * function which labels what is uploaded to a bucket does the same for a folder. The sequencer is
 * the time of the file's last change: of two events on one name the later has the greater.
 */
#include "base/clock.h"
#include "request/log.h"
#include "tool/registry.h"
#include "tool/watch/watch.h"

/* The last part of a path, without slashes at its end. */
static dime_text last_part(const char *path)
{
    dime_text text = text_of(path);
    while (text.length > 1 && text.data[text.length - 1] == '/')
        text.length--;
    size_t begin = text.length;
    while (begin && text.data[begin - 1] != '/')
        begin--;
    return (dime_text){text.data + begin, text.length - begin};
}

static void put_key(struct buffer *event, dime_text name)
{
    while (name.length) {
        size_t length = text_utf8_length(name);
        buffer_percent(event, length ? (dime_text){name.data, length} : TEXT("\xEF\xBF\xBD"));
        length += !length;
        name = (dime_text){name.data + length, name.length - length};
    }
}

void watch_event(struct buffer *event, const char *folder, const char *name,
                 const struct stat *file)
{
    dime_text bucket = last_part(folder);
    int64_t modified_ms = (int64_t)file->st_mtim.tv_sec * 1000 + file->st_mtim.tv_nsec / 1000000;
    int64_t changed_ns = clock_ns(&file->st_ctim);
    char timestamp[25];
    log_timestamp(modified_ms < 0 ? 0 : modified_ms, timestamp);
    buffer_puts(event, "{\"Records\":[{\"eventVersion\":\"2.1\",\"eventSource\":\"aws:s3\","
                       "\"awsRegion\":\"local\",\"eventTime\":\"");
    buffer_puts(event, timestamp);
    buffer_puts(event, "\",\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"s3SchemaVersion\":\"1.0\","
                       "\"bucket\":{\"name\":");
    buffer_json(event, bucket.length ? bucket : TEXT("/"));
    buffer_puts(event, "},\"object\":{\"key\":\"");
    put_key(event, text_of(name));
    buffer_puts(event, "\",\"size\":");
    buffer_int64(event, (int64_t)file->st_size);
    buffer_printf(event, ",\"sequencer\":\"%016llX\"}}}]}", (unsigned long long)changed_ns);
}

/* Whether NAME is the result of a function on a file. */
static bool is_result(dime_text name)
{
    const dime_function *const *all = registry_list();
    for (size_t i = 0; all[i]; i++) {
        char room[64];
        struct buffer suffix;
        buffer_over(&suffix, room, sizeof room);
        buffer_puts(&suffix, ".");
        buffer_puts(&suffix, all[i]->name);
        buffer_puts(&suffix, ".json");
        if (text_ends_nocase(name, buffer_text(&suffix)))
            return true;
    }
    return false;
}

bool watch_is_upload(const char *name)
{
    return *name != '.' && !is_result(text_of(name));
}
