/*
 * fill.c - fills templates by the engine of src/request/template.h, for compare.js.
 *
 * Each line of stdin is a JSON object: the "template", its "contexts" (a list, the last of which is
 * looked in first) and its "partials" (their texts by name). Each line of stdout is one as well:
 * the "page", and what is wrong to the check, "check", and to the engine, "why"; empty where
 * nothing is.
 */
#include "request/template.h"

#include <stdio.h>
#include <stdlib.h>

enum { MEMORY_MAX = 64 << 20, PAGE_MAX = 1 << 20, LIST_MAX = 64 };

struct filling {
    dime_text source;
    struct json_value contexts[LIST_MAX];
    struct template_partial partials[LIST_MAX];
    struct template_data data;
};

static void fail(const char *why)
{
    fprintf(stderr, "fill: %s\n", why);
    exit(EXIT_FAILURE);
}

static void read_filling(struct filling *filling, dime_text line, struct arena *arena)
{
    struct json_value all;
    struct json_value list;
    struct json_error error;
    struct json_member member;
    if (!json_check(line, arena, &all, &error))
        fail(error.message);
    *filling =
        (struct filling){.data = {.contexts = filling->contexts, .partials = filling->partials}};
    filling->source = json_text_at(all, "template", arena);
    if (!json_find(all, TEXT("contexts"), &list))
        fail("there are no contexts");
    struct json_cursor cursor = json_members(list, arena);
    while (json_next(&cursor, &member) && filling->data.context_count < LIST_MAX)
        filling->contexts[filling->data.context_count++] = member.value;
    if (!json_find(all, TEXT("partials"), &list))
        fail("there are no partials");
    cursor = json_members(list, arena);
    while (json_next(&cursor, &member) && filling->data.partial_count < LIST_MAX) {
        struct template_partial *partial = &filling->partials[filling->data.partial_count++];
        partial->name = member.name;
        if (!json_string(member.value, arena, &partial->text))
            fail("a partial is no text");
    }
}

static void fill(dime_text line, struct arena *arena)
{
    struct filling filling;
    struct buffer page;
    struct buffer answer;
    char why[TEMPLATE_WHY] = "";
    read_filling(&filling, line, arena);
    buffer_open(&page, arena, PAGE_MAX);
    buffer_open(&answer, arena, 8 * PAGE_MAX);
    buffer_puts(&answer, "{\"check\":");
    template_check(filling.source, filling.partials, filling.data.partial_count, why);
    buffer_json(&answer, text_of(why));
    why[0] = '\0';
    if (template_write(filling.source, &filling.data, &page, why) == TEMPLATE_NO_MEMORY)
        fail("out of memory");
    buffer_puts(&answer, ",\"why\":");
    buffer_json(&answer, text_of(why));
    buffer_puts(&answer, ",\"page\":");
    buffer_json(&answer, buffer_text(&page));
    buffer_puts(&answer, "}\n");
    if (answer.failed)
        fail("out of memory");
    fwrite(answer.data, 1, answer.length, stdout);
}

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    struct arena arena;
    arena_open(&arena, MEMORY_MAX);
    for (ssize_t length; (length = getline(&line, &room, stdin)) > 0;) {
        fill((dime_text){line, (size_t)length}, &arena);
        arena_reset(&arena);
    }
    arena_close(&arena);
    free(line);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
