/*
 * multipart_fuzz.c - multipart forms against hostile bytes.
 *
 * The first line is the Content-Type's boundary, the rest the body. What is read must lie in the
 * body, be bounded in number, and read the same when it is written again under another boundary.
 * Build: clang -fsanitize=fuzzer,address,undefined.
 */
#include "base/multipart.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/buffer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A body that holds this one, which libFuzzer learns from comparisons, isn't tried. */
#define BOUNDARY "e9Jq2vY7sQ4xT1mZ8kW3"

static void require(bool held)
{
    if (!held)
        abort();
}

static bool lies_in(dime_text part, dime_text whole)
{
    return part.data >= whole.data && part.data + part.length <= whole.data + whole.length;
}

/* Writes a name in quotes, as curl does. */
static void put_name(struct buffer *out, const char *before, dime_text name)
{
    buffer_puts(out, before);
    for (size_t i = 0; i < name.length; i++) {
        if (name.data[i] == '"' || name.data[i] == '\\')
            buffer_puts(out, "\\");
        buffer_put(out, (dime_text){name.data + i, 1});
    }
    buffer_puts(out, "\"");
}

/* Reads a body and writes its parts to OUT. */
static enum multipart_fault rewrite(dime_text type, dime_text body, struct arena *arena,
                                    struct buffer *out)
{
    struct multipart_reader reader;
    struct multipart_part part;
    size_t parts = 0;
    multipart_open(&reader, type, body, arena);
    while (multipart_next(&reader, &part)) {
        require(lies_in(part.body, body) && text_is_utf8(part.name));
        require(!part.file_name.data || text_is_utf8(part.file_name));
        parts++;
        put_name(out, "--" BOUNDARY "\r\nContent-Disposition: form-data; name=\"", part.name);
        if (part.file_name.data)
            put_name(out, "; filename=\"", part.file_name);
        buffer_puts(out, "\r\n\r\n");
        buffer_put(out, part.body);
        buffer_puts(out, "\r\n");
    }
    buffer_puts(out, "--" BOUNDARY "--");
    require(parts <= MULTIPART_PARTS_MAX);
    require(reader.fault == MULTIPART_FINE || reader.message[0]);
    require(!multipart_next(&reader, &part));
    return reader.fault;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dime_text body = {(const char *)data, size}, boundary;
    struct buffer type, once, twice;
    struct arena arena;
    if (!size || !text_cut(&body, '\n', &boundary) || !body.data ||
        memmem(data, size, BOUNDARY, sizeof BOUNDARY - 1))
        return 0;
    arena_open(&arena, (size_t)64 << 20);
    buffer_open(&type, &arena, (size_t)1 << 20);
    buffer_open(&once, &arena, (size_t)16 << 20);
    buffer_open(&twice, &arena, (size_t)16 << 20);
    buffer_puts(&type, "multipart/form-data; boundary=");
    buffer_put(&type, boundary);
    if (rewrite(buffer_text(&type), body, &arena, &once) == MULTIPART_FINE) {
        require(rewrite(TEXT("multipart/form-data; boundary=" BOUNDARY), buffer_text(&once), &arena,
                        &twice) == MULTIPART_FINE);
        require(text_equal(buffer_text(&once), buffer_text(&twice)));
    }
    arena_close(&arena);
    return 0;
}
