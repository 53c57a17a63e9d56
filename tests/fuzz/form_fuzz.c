/*
 * form_fuzz.c - urlencoded text against hostile bytes.
 *
 * What is read must be UTF-8, bounded in number and no longer than it was; written again with every
 * byte escaped, it must read the same. Build: clang -fsanitize=fuzzer,address,undefined.
 */
#include "base/form.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/buffer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
    if (!held)
        abort();
}

static void escape(struct buffer *buffer, dime_text text)
{
    for (size_t i = 0; i < text.length; i++)
        buffer_printf(buffer, "%%%02X", (unsigned char)text.data[i]);
}

/* Reads a form and writes it to BUFFER with every byte escaped. */
static enum form_fault rewrite(dime_text text, struct arena *arena, struct buffer *buffer)
{
    struct form_reader reader;
    struct form_pair pair;
    size_t pairs = 0;
    size_t bytes = 0;
    form_open(&reader, text, arena);
    while (form_next(&reader, &pair)) {
        require(text_is_utf8(pair.name) && text_is_utf8(pair.value));
        pairs++;
        bytes += pair.name.length + pair.value.length;
        escape(buffer, pair.name);
        buffer_puts(buffer, "=");
        escape(buffer, pair.value);
        buffer_puts(buffer, "&");
    }
    require(pairs <= FORM_PAIRS_MAX && bytes <= text.length);
    require(reader.fault == FORM_FINE || (reader.offset <= text.length && reader.message[0]));
    require(!form_next(&reader, &pair));
    return reader.fault;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dime_text text = {(const char *)data, size};
    struct buffer once;
    struct buffer twice;
    struct arena arena;
    arena_open(&arena, (size_t)64 << 20);
    buffer_open(&once, &arena, (size_t)16 << 20);
    buffer_open(&twice, &arena, (size_t)16 << 20);
    if (rewrite(text, &arena, &once) == FORM_FINE) {
        require(rewrite(buffer_text(&once), &arena, &twice) == FORM_FINE);
        require(text_equal(buffer_text(&once), buffer_text(&twice)));
    }
    arena_close(&arena);
    return 0;
}
