/*
 * template_fuzz.c - templates and the data that they're filled from, both hostile.
 *
 * The input is the template, a partial called p and JSON, with a NUL between them. A page is within
 * its limit and the same each time. What the check lets pass is filled without a complaint but of
 * its depth or length, and what is written then is UTF-8. Build: clang
 * -fsanitize=fuzzer,address,undefined.
 */
#include "request/template.h"

#include <stdint.h>
#include <stdlib.h>

enum { LIMIT = 1 << 18 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
    if (!held)
        abort();
}

/* A copy of exactly its length, so that the sanitizer sees a step too far. */
static dime_text part_of(dime_text *rest, struct arena *arena)
{
    dime_text part = {0};
    text_cut(rest, '\0', &part);
    char *copy = arena_alloc(arena, part.length);
    require(copy != NULL);
    if (part.length)
        memcpy(copy, part.data, part.length);
    return (dime_text){copy, part.length};
}

static bool is_limit(const char *why)
{
    return strstr(why, " is more than 32 ") || strstr(why, " is beyond the 1000000 tags of a page");
}

static void fill_twice(dime_text source, const struct template_data *data, struct arena *arena)
{
    char check[TEMPLATE_WHY] = "", why[TEMPLATE_WHY] = "", again[TEMPLATE_WHY] = "";
    struct buffer page, second;
    buffer_open(&page, arena, LIMIT);
    buffer_open(&second, arena, LIMIT);
    bool right = template_check(source, data->partials, data->partial_count, check);
    enum template_outcome outcome = template_write(source, data, &page, why);
    require(template_write(source, data, &second, again) == outcome);
    require(text_equal(buffer_text(&page), buffer_text(&second)) && strcmp(why, again) == 0);
    require(page.length <= LIMIT && right == (check[0] == '\0'));
    if (text_is_utf8(source) && text_is_utf8(data->partials[0].text))
        require(text_is_utf8(text_of(check)) && text_is_utf8(text_of(why)));
    if (right && outcome != TEMPLATE_NO_MEMORY)
        require(text_is_utf8(buffer_text(&page)) && (outcome == TEMPLATE_FINE || is_limit(why)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dime_text rest = {(const char *)data, size};
    struct json_value value;
    struct json_error error;
    struct arena arena;
    arena_open(&arena, (size_t)64 << 20);
    dime_text source = part_of(&rest, &arena);
    struct template_partial partial = {TEXT("p"), part_of(&rest, &arena)};
    if (rest.data && json_check(rest, &arena, &value, &error)) {
        struct template_data filled = {&value, 1, &partial, 1};
        fill_twice(source, &filled, &arena);
    }
    arena_close(&arena);
    return 0;
}
