/*
 * aws_probe.c - makes calls to AWS as a test asks for them on stdin, and prints what came of each.
 *
 * A line is a call: its name and its arguments with tabs between them. All are made by one struct
 * aws, so that connections and credentials live on from one to the next as in a worker. What is
 * printed for each is a line of JSON.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "services/aws/client.h"
#include "services/aws/rekognition.h"
#include "services/aws/s3.h"
#include "services/aws/sqs.h"
#include "services/aws/translate.h"
#include "base/buffer.h"
#include "base/clock.h"

enum { WORDS_MAX = 16, LINE_MAX_ = 65536, MEMORY_MAX = 64 * 1024 * 1024, FILE_MAX = 8 << 20 };

struct probe {
    struct aws *aws;
    struct arena arena;
    struct aws_call call;
    int64_t deadline_ms; /* of each call, from its beginning */
    int timer;           /* can be read from when a call is to be given up; -1: never */
    struct sqs_queue queue;
    char queue_url[1024];
    size_t received;
    char receipts[SQS_BATCH_MAX][4096];
    dime_text words[WORDS_MAX];
    size_t count;
    struct buffer *out; /* what a call has to say besides its reply */
};

static dime_text word(const struct probe *probe, size_t number)
{
    return number < probe->count ? probe->words[number] : TEXT("");
}

static int64_t number(const struct probe *probe, size_t place, int64_t otherwise)
{
    int64_t value;
    return text_to_int64(word(probe, place), &value) ? value : otherwise;
}

static dime_text read_file(dime_text path, struct arena *arena)
{
    char *room = arena_alloc(arena, FILE_MAX);
    FILE *file = fopen(path.data, "rb");
    if (!room || !file)
        exit(9);
    size_t length = fread(room, 1, FILE_MAX, file);
    fclose(file);
    return (dime_text){room, length};
}

static void call_ready(struct probe *probe)
{
    const char *why = "";
    probe->call.reply = (struct aws_reply){.ok = aws_ready(probe->aws, &why)};
    if (!probe->call.reply.ok)
        probe->call.reply.detail = text_of(why);
}

/* labels FILE MAX MIN, labels-object BUCKET KEY VERSION REGION */
static void call_labels(struct probe *probe)
{
    bool object = text_equal(word(probe, 0), TEXT("labels-object"));
    int64_t max = number(probe, 2, -1);
    double min = (double)number(probe, 3, -1);
    struct rekognition_question question = {0};
    if (object) {
        question.bucket = word(probe, 1);
        question.key = word(probe, 2);
        question.version = word(probe, 3);
        question.region = word(probe, 4);
    } else {
        question.bytes = read_file(word(probe, 1), probe->call.arena);
        question.max_labels = max >= 0 ? &max : NULL;
        question.min_confidence = min >= 0 ? &min : NULL;
    }
    rekognition_detect_labels(probe->aws, &probe->call, &question);
}

/* get MOST BUCKET KEY VERSION REGION */
static void call_get(struct probe *probe)
{
    struct s3_object object = {.bucket = word(probe, 2),
                               .key = word(probe, 3),
                               .version = word(probe, 4),
                               .region = word(probe, 5)};
    s3_get_object(probe->aws, &probe->call, &object, (size_t)number(probe, 1, 0));
}

/* translate TEXT SOURCE TARGET */
static void call_translate(struct probe *probe)
{
    struct translate_question question = {word(probe, 1), word(probe, 2), word(probe, 3)};
    translate_text(probe->aws, &probe->call, &question);
}

static void call_languages(struct probe *probe)
{
    translate_list_languages(probe->aws, &probe->call);
}

/* queue URL */
static void call_queue(struct probe *probe)
{
    const char *why = "";
    snprintf(probe->queue_url, sizeof probe->queue_url, "%.*s", (int)word(probe, 1).length,
             word(probe, 1).data);
    struct sqs_queue *queue = &probe->queue;
    bool open = sqs_open(queue, probe->aws, text_of(probe->queue_url), &why);
    probe->call.reply = (struct aws_reply){.ok = open, .detail = text_of(why)};
    buffer_printf(probe->out, ",\"region\":\"%s\",\"endpoint\":\"%s\",\"ordered\":%s",
                  queue->region, queue->endpoint, queue->ordered ? "true" : "false");
    buffer_printf(probe->out, ",\"account\":\"%.*s\",\"name\":\"%.*s\"", (int)queue->account.length,
                  queue->account.data, (int)queue->name.length, queue->name.data);
}

static void put_entries(struct probe *probe, const struct sqs_entry *entries, size_t count)
{
    buffer_puts(probe->out, ",\"failed\":[");
    for (size_t i = 0; i < count; i++) {
        buffer_puts(probe->out, i ? "," : "");
        if (entries[i].failed)
            buffer_json(probe->out, entries[i].code);
        else
            buffer_puts(probe->out, "null");
    }
    buffer_puts(probe->out, "]");
}

/* send BODY..., delete NUMBER..., hide SECONDS NUMBER...: numbers of messages received last */
static void call_batch(struct probe *probe)
{
    struct sqs_entry entries[WORDS_MAX] = {0};
    bool send = text_equal(word(probe, 0), TEXT("send"));
    bool hide = text_equal(word(probe, 0), TEXT("hide"));
    size_t first = hide ? 2 : 1, count = probe->count - first;
    for (size_t i = 0; i < count; i++) {
        int64_t which = number(probe, first + i, -1);
        bool known = which >= 0 && (size_t)which < probe->received;
        entries[i].receipt = known ? text_of(probe->receipts[which]) : TEXT("nothing");
        entries[i].visibility_s = (int)number(probe, 1, 0);
        entries[i].body = word(probe, first + i);
        if (probe->queue.ordered)
            entries[i].group = TEXT("one");
    }
    sqs_batch(probe->aws, &probe->call, &probe->queue,
              send   ? SQS_SEND
              : hide ? SQS_HIDE
                     : SQS_DELETE,
              entries, count);
    put_entries(probe, entries, count);
}

/* receive MOST WAIT VISIBILITY */
static void call_receive(struct probe *probe)
{
    struct sqs_messages messages;
    sqs_receive(probe->aws, &probe->call, &probe->queue, (int)number(probe, 1, 10),
                (int)number(probe, 2, 0), (int)number(probe, 3, -1), &messages);
    probe->received = messages.count;
    buffer_puts(probe->out, ",\"messages\":[");
    for (size_t i = 0; i < messages.count; i++) {
        const struct sqs_message *message = &messages.items[i];
        snprintf(probe->receipts[i], sizeof probe->receipts[i], "%.*s",
                 (int)message->receipt.length, message->receipt.data);
        buffer_puts(probe->out, i ? ",{\"body\":" : "{\"body\":");
        buffer_json(probe->out, message->body);
        buffer_puts(probe->out, ",\"id\":");
        buffer_json(probe->out, message->id);
        buffer_puts(probe->out, ",\"attributes\":");
        buffer_put(probe->out, message->attributes);
        buffer_puts(probe->out, "}");
    }
    buffer_puts(probe->out, "]");
}

/* deadline MILLISECONDS */
static void call_deadline(struct probe *probe)
{
    probe->deadline_ms = number(probe, 1, 10000);
    probe->call.reply.ok = true;
}

/* stop MILLISECONDS: what is under way then, and all that comes later, is given up */
static void call_stop(struct probe *probe)
{
    int64_t after = number(probe, 1, 0);
    struct itimerspec time = {.it_value = clock_timespec(after * 1000000 + 1)};
    probe->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    probe->call.reply.ok = probe->timer >= 0 && timerfd_settime(probe->timer, 0, &time, NULL) == 0;
    probe->call.stop = &probe->timer;
}

/* sleep MILLISECONDS */
static void call_sleep(struct probe *probe)
{
    (void)poll(NULL, 0, (int)number(probe, 1, 0));
    probe->call.reply.ok = true;
}

static const struct {
    const char *name;
    void (*make)(struct probe *probe);
} CALLS[] = {
    {"ready", call_ready}, {"labels", call_labels},       {"labels-object", call_labels},
    {"get", call_get},     {"translate", call_translate}, {"languages", call_languages},
    {"queue", call_queue}, {"send", call_batch},          {"delete", call_batch},
    {"hide", call_batch},  {"receive", call_receive},     {"deadline", call_deadline},
    {"stop", call_stop},   {"sleep", call_sleep},
};

/* The most memory that this process has had, in kB: getrusage would count its parent's too. */
static long most_memory(void)
{
    char line[256];
    long size = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status)) {
        if (text_starts(text_of(line), TEXT("VmHWM:")))
            size = strtol(line + 6, NULL, 10);
    }
    if (status)
        fclose(status);
    return size;
}

static void put_reply(const struct probe *probe, double milliseconds)
{
    struct arena arena;
    struct buffer line;
    const struct aws_reply *reply = &probe->call.reply;
    arena_open(&arena, 4 * (size_t)MEMORY_MAX);
    buffer_open(&line, &arena, 2 * (size_t)MEMORY_MAX);
    buffer_printf(&line,
                  "{\"ok\":%s,\"stopped\":%s,\"status\":%d,\"code\":", reply->ok ? "true" : "false",
                  reply->stopped ? "true" : "false", reply->status);
    buffer_json(&line, reply->code);
    buffer_puts(&line, ",\"detail\":");
    buffer_json(&line, reply->detail);
    buffer_puts(&line, ",\"body\":");
    buffer_json(&line, reply->body);
    buffer_put(&line, buffer_text(probe->out));
    buffer_printf(&line, ",\"ms\":%.1f,\"memory\":%zu,\"rss\":%ld}\n", milliseconds,
                  probe->arena.total, most_memory());
    if (line.failed || probe->out->failed)
        exit(8);
    fwrite(line.data, 1, line.length, stdout);
    fflush(stdout);
    arena_close(&arena);
}

/* Splits the line into words, each with a NUL behind it. */
static void split(struct probe *probe, char *line)
{
    dime_text rest = text_trim(text_of(line)), part;
    line[rest.length] = '\0';
    for (probe->count = 0; probe->count < WORDS_MAX && text_cut(&rest, '\t', &part);) {
        line[part.data + part.length - line] = '\0';
        probe->words[probe->count++] = part;
    }
}

static void make_call(struct probe *probe, char *line)
{
    struct buffer out;
    buffer_open(&out, &probe->arena, 8 << 20);
    probe->out = &out;
    probe->call.reply = (struct aws_reply){0};
    split(probe, line);
    probe->call.deadline_ms = clock_epoch_ms() + probe->deadline_ms;
    probe->call.request_id = TEXT("request-1");
    int64_t began = clock_monotonic_ns();
    for (size_t i = 0; i < sizeof CALLS / sizeof *CALLS; i++) {
        if (text_equal(word(probe, 0), text_of(CALLS[i].name)))
            CALLS[i].make(probe);
    }
    put_reply(probe, (double)(clock_monotonic_ns() - began) / 1e6);
    arena_reset(&probe->arena);
}

int main(void)
{
    static char line[LINE_MAX_];
    static struct probe probe = {.deadline_ms = 10000, .timer = -1};
    probe.aws = aws_open("probe");
    if (!probe.aws)
        return 1;
    arena_open(&probe.arena, MEMORY_MAX);
    probe.call.arena = &probe.arena;
    while (fgets(line, sizeof line, stdin))
        make_call(&probe, line);
    arena_close(&probe.arena);
    aws_close(probe.aws);
    return 0;
}
