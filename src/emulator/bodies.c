/*
 * bodies.c - a buffer that grows by doubling.
 *
 * Most bodies arrive in one piece of a few hundred bytes; the longest have some megabytes.
 */
#include "emulator/bodies.h"

#include <stdlib.h>

void emu_body_add(struct emu_body *body, const char *data, size_t size, size_t limit)
{
    body->total += size;
    if (size > limit - body->length)
        size = limit - body->length;
    if (!body->data || body->capacity - body->length < size) {
        size_t capacity = body->capacity ? body->capacity * 2 : 4096;
        while (capacity - body->length < size)
            capacity *= 2;
        char *more = realloc(body->data, capacity);
        if (!more) {
            body->failed = true;
            return;
        }
        body->data = more;
        body->capacity = capacity;
    }
    if (size)
        memcpy(body->data + body->length, data, size);
    body->length += size;
}

dime_text emu_body_text(const struct emu_body *body)
{
    return (dime_text){body->data ? body->data : "", body->length};
}

void emu_body_free(struct emu_body *body)
{
    free(body->data);
    *body = (struct emu_body){0};
}
