/*
 * queue_bare.c - a bare loop of hiredis that empties a stream: what dime consume is compared with.
 *
 * usage: queue_bare SOCKET STREAM GROUP. It sends the commands that dime consume sends for each
 * batch of ten, one XREADGROUP, then XACK and XDEL together, and looks at no message but for its
 * id. It ends when nothing is left.
 */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>

enum { BATCH = 10 };

static redisReply *ask(redisContext *redis, redisReply *reply)
{
    if (reply && reply->type != REDIS_REPLY_ERROR)
        return reply;
    fprintf(stderr, "queue_bare: %s\n", reply ? reply->str : redis->errstr);
    exit(2);
}

/* XACK and XDEL of the ids. */
static void acknowledge(redisContext *redis, const char *stream, const char *group,
                        const redisReply *entries)
{
    const char *words[BATCH + 3] = {"XACK", stream, group};
    int count = 3;
    for (size_t i = 0; i < entries->elements; i++)
        words[count++] = entries->element[i]->element[0]->str;
    redisAppendCommandArgv(redis, count, words, NULL);
    words[1] = "XDEL";
    words[2] = stream;
    redisAppendCommandArgv(redis, count - 1, words + 1, NULL);
    for (int i = 0; i < 2; i++) {
        void *reply = NULL;
        redisGetReply(redis, &reply);
        freeReplyObject(ask(redis, reply));
    }
}

int main(int count, char **arguments)
{
    redisContext *redis = count == 4 ? redisConnectUnix(arguments[1]) : NULL;
    const char *stream = arguments[2], *group = arguments[3];
    if (!redis || redis->err)
        return 2;
    freeReplyObject(
        ask(redis, redisCommand(redis, "XGROUP CREATE %s %s 0 MKSTREAM", stream, group)));
    for (;;) {
        redisReply *streams =
            ask(redis, redisCommand(redis, "XREADGROUP GROUP %s bare COUNT %d BLOCK 1 STREAMS %s >",
                                    group, BATCH, stream));
        if (streams->type == REDIS_REPLY_NIL)
            return 0;
        acknowledge(redis, stream, group, streams->element[0]->element[1]);
        freeReplyObject(streams);
    }
}
