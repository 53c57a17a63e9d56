/*
 * template.c - writes a template, piece by piece, and looks up what its names stand for.
 *
 * A hidden section is read too, to find its end. So checking a template means reading it without
 * writing anything. Names are looked up in a stack of values: those that the caller gave and, above
 * them, one for each open section. The members of an object are indexed when the first name is
 * looked up in it. Otherwise each name on a page with a long list would read the whole list.
 */
#include "request/template.h"

#include <stdio.h>

#include "request/template_scan.h"

enum { FIRST_MEMBERS = 16, NAME_IN_WHY = 60, DIGITS_MAX = 20 };

/* A value that names are looked up in. */
struct template_level {
    struct json_value value;
    struct json_member *members; /* of an object, with quoted names, once it is indexed */
    size_t count, room;
    bool listed;
};

struct template_run {
    const struct template_data *data;
    struct buffer *out;
    bool checks; /* only check: nothing is written, and each partial must exist */
    struct template_level *levels;
    size_t level_count;
    size_t depth; /* open sections and partials */
    size_t tags;  /* pieces that were read, counted each time */
    enum template_outcome outcome;
    char *why;
};

static bool write_block(struct template_run *run, struct template_scan *scan,
                        const struct template_piece *section, bool shown);

/* The beginning of a name, as long as a message has room for. */
static int shown_length(dime_text name)
{
    return (int)text_kept_length(name, NAME_IN_WHY);
}

/* Says what is wrong with a tag. */
static bool blame_tag(struct template_run *run, const struct template_scan *scan, dime_text tag,
                      const char *what)
{
    size_t line = 1;
    for (const char *at = scan->begin; at < tag.data; at++)
        line += *at == '\n';
    snprintf(run->why, TEMPLATE_WHY, "line %zu%s%.*s: %.*s %s", line,
             scan->name.length ? " of " : "", shown_length(scan->name), scan->name.data,
             shown_length(tag), tag.data, what);
    run->outcome = TEMPLATE_WRONG;
    return false;
}

static bool lack_memory(struct template_run *run)
{
    run->outcome = TEMPLATE_NO_MEMORY;
    return false;
}

/* Makes room for one more member. */
static bool grow_members(struct template_run *run, struct template_level *level)
{
    size_t room = level->room ? level->room * 2 : FIRST_MEMBERS;
    struct json_member *members = arena_array(run->out->arena, room, sizeof *members);
    if (!members)
        return lack_memory(run);
    if (level->count)
        memcpy(members, level->members, level->count * sizeof *members);
    level->members = members;
    level->room = room;
    return true;
}

/* Indexes the members of a level's value, unless that was done. */
static bool list_members(struct template_run *run, struct template_level *level)
{
    struct json_cursor cursor = json_members(level->value, NULL);
    struct json_value name;
    struct json_value value;
    if (level->listed)
        return true;
    level->count = 0;
    while (cursor.object && json_next_quoted(&cursor, &name, &value)) {
        if (level->count == level->room && !grow_members(run, level))
            return false;
        level->members[level->count++] = (struct json_member){name.raw, value};
    }
    level->listed = true;
    return true;
}

static bool find_member(const struct template_level *level, dime_text name,
                        struct json_value *found)
{
    for (size_t i = 0; i < level->count; i++) {
        const struct json_member *member = &level->members[i];
        if (json_reads_as((struct json_value){JSON_STRING, member->name}, name)) {
            *found = member->value;
            return true;
        }
    }
    return false;
}

/* A list's item by its number, from 0, or the number of items, whose name is "length". */
static bool find_item(struct template_run *run, struct json_value list, dime_text name,
                      struct json_value *found)
{
    struct json_cursor cursor = json_members(list, NULL);
    struct json_member item;
    bool is_length = text_equal(name, TEXT("length"));
    int64_t wanted = -1;
    int64_t count = 0;
    if (!is_length && (!text_to_int64(name, &wanted) || name.data[0] == '-' ||
                       (name.data[0] == '0' && name.length > 1)))
        return false;
    for (; json_next(&cursor, &item); count++) {
        if (count == wanted) {
            *found = item.value;
            return true;
        }
    }
    if (!is_length)
        return false;
    struct buffer digits;
    buffer_open(&digits, run->out->arena, DIGITS_MAX);
    buffer_int64(&digits, count);
    *found = (struct json_value){JSON_NUMBER, buffer_text(&digits)};
    return !digits.failed || lack_memory(run);
}

/*
 * Looks NAME up: the first value, from the top of the stack, in which the whole dotted name is
 * found, as in npm's mustache. False if there is none, or if memory runs out.
 */
static bool look_up(struct template_run *run, dime_text name, struct json_value *found)
{
    if (text_equal(name, TEXT("."))) {
        if (run->level_count)
            *found = run->levels[run->level_count - 1].value;
        return run->level_count > 0;
    }
    for (size_t i = run->level_count; i-- > 0 && run->outcome == TEMPLATE_FINE;) {
        struct template_level *level = &run->levels[i];
        dime_text rest = name;
        dime_text part;
        bool has;
        text_cut(&rest, '.', &part);
        if (level->value.kind == JSON_ARRAY)
            has = find_item(run, level->value, part, found);
        else
            has = list_members(run, level) && find_member(level, part, found);
        while (has && text_cut(&rest, '.', &part))
            has = found->kind == JSON_ARRAY ? find_item(run, *found, part, found)
                                            : json_find(*found, part, found);
        if (has)
            return true;
    }
    return false;
}

/* Whether a number has only zeros before its exponent. */
static bool is_zero(dime_text number)
{
    for (size_t i = 0; i < number.length && (number.data[i] | 32) != 'e'; i++)
        if (number.data[i] >= '1' && number.data[i] <= '9')
            return false;
    return true;
}

/* Whether a section is shown, as in JavaScript: not for null, false, 0, "" and []. */
static bool is_true(struct json_value value)
{
    struct json_cursor items;
    switch (value.kind) {
    case JSON_NULL:
        return false;
    case JSON_BOOLEAN:
        return json_true(value);
    case JSON_NUMBER:
        return !is_zero(value.raw);
    case JSON_STRING:
        return value.raw.length > 2;
    case JSON_ARRAY:
        items = json_members(value, NULL);
        return items.at != items.end;
    default:
        return true;
    }
}

static bool write_value(struct template_run *run, dime_text name, bool escaped)
{
    struct json_value value;
    if (!look_up(run, name, &value))
        return run->outcome == TEMPLATE_FINE;
    dime_text text = value.raw;
    if (value.kind == JSON_NULL)
        return true;
    if (value.kind == JSON_STRING && !json_string(value, run->out->arena, &text))
        return lack_memory(run);
    if (escaped)
        buffer_html(run->out, text);
    else
        buffer_put(run->out, text);
    return true;
}

/* Writes a section with VALUE on top of the stack. */
static bool write_within(struct template_run *run, struct template_scan *scan,
                         const struct template_piece *section, struct json_value value)
{
    struct template_level *level = &run->levels[run->level_count++];
    level->value = value;
    level->listed = false;
    bool written = write_block(run, scan, section, true);
    run->level_count--;
    return written;
}

/* Writes a section for each item of a list that isn't empty. */
static bool write_items(struct template_run *run, struct template_scan *scan,
                        const struct template_piece *section, struct json_value list)
{
    struct template_scan begin = *scan;
    struct json_cursor items = json_members(list, NULL);
    struct json_member item;
    while (json_next(&items, &item)) {
        *scan = begin;
        if (!write_within(run, scan, section, item.value))
            return false;
    }
    return true;
}

static bool write_section(struct template_run *run, struct template_scan *scan,
                          const struct template_piece *section, bool shown)
{
    struct json_value value = {JSON_NULL, {0}};
    bool inverted = section->kind == TEMPLATE_INVERTED;
    bool holds = shown && look_up(run, section->text, &value) && is_true(value);
    if (run->outcome != TEMPLATE_FINE)
        return false;
    if (!shown || holds == inverted)
        return write_block(run, scan, section, false);
    if (inverted || value.kind == JSON_BOOLEAN)
        return write_block(run, scan, section, true);
    if (value.kind == JSON_ARRAY)
        return write_items(run, scan, section, value);
    return write_within(run, scan, section, value);
}

static const struct template_partial *find_partial(const struct template_data *data, dime_text name)
{
    for (size_t i = 0; i < data->partial_count; i++)
        if (text_equal(data->partials[i].name, name))
            return &data->partials[i];
    return NULL;
}

/* If a partial's tag is alone on its line, each line of the partial is indented like it. */
static bool write_partial(struct template_run *run, const struct template_scan *scan,
                          const struct template_piece *piece)
{
    const struct template_partial *partial = find_partial(run->data, piece->text);
    struct template_indent indent = {piece->blanks, scan->indent};
    struct template_scan inner;
    if (!partial)
        return true;
    bool indented = piece->alone && (piece->blanks.length || scan->indent);
    template_scan_open(&inner, partial->text, partial->name, indented ? &indent : NULL);
    return write_block(run, &inner, NULL, true);
}

static void write_indent(struct buffer *out, const struct template_indent *indent)
{
    if (indent->outer)
        write_indent(out, indent->outer);
    buffer_put(out, indent->blanks);
}

/* Writes a piece that holds no others, if it is shown. */
static bool write_template_piece(struct template_run *run, const struct template_scan *scan,
                                 const struct template_piece *piece)
{
    switch (piece->kind) {
    case TEMPLATE_TEXT:
        buffer_put(run->out, piece->text);
        return true;
    case TEMPLATE_INDENT:
        write_indent(run->out, scan->indent);
        return true;
    default:
        return write_value(run, piece->text, piece->kind == TEMPLATE_VARIABLE);
    }
}

/* Writes a section, an inverted one or a partial, which may hold others. */
static bool write_deeper(struct template_run *run, struct template_scan *scan,
                         const struct template_piece *piece, bool shown)
{
    bool written = true;
    if (run->depth == TEMPLATE_DEPTH_MAX)
        return blame_tag(run, scan, piece->tag, "is more than 32 sections and partials deep");
    run->depth++;
    if (piece->kind != TEMPLATE_PARTIAL)
        written = write_section(run, scan, piece, shown);
    else if (shown)
        written = write_partial(run, scan, piece);
    else if (run->checks && !find_partial(run->data, piece->text))
        written = blame_tag(run, scan, piece->tag, "names an unknown partial");
    run->depth--;
    return written;
}

/* Reads on to the end of SECTION, or of the template if that is NULL. */
static bool write_block(struct template_run *run, struct template_scan *scan,
                        const struct template_piece *section, bool shown)
{
    struct template_piece piece;
    for (bool written = true; written;) {
        template_next(scan, &piece);
        if (run->out->failed)
            return lack_memory(run);
        if (piece.kind >= TEMPLATE_VARIABLE && ++run->tags > TEMPLATE_TAGS_MAX)
            return blame_tag(run, scan, piece.tag, "is beyond the 1000000 tags of a page");
        switch (piece.kind) {
        case TEMPLATE_MISTAKE:
            return blame_tag(run, scan, piece.tag, piece.mistake);
        case TEMPLATE_END:
            return !section || blame_tag(run, scan, section->tag, "isn't ended");
        case TEMPLATE_CLOSE:
            if (!section)
                return blame_tag(run, scan, piece.tag, "ends no section");
            return text_equal(piece.text, section->text) ||
                   blame_tag(run, scan, piece.tag, "ends another section than the last one");
        case TEMPLATE_SECTION:
        case TEMPLATE_INVERTED:
        case TEMPLATE_PARTIAL:
            written = write_deeper(run, scan, &piece, shown);
            break;
        default:
            written = !shown || write_template_piece(run, scan, &piece);
        }
    }
    return false;
}

/* Checks one template; run->why says what is wrong. */
static bool check_one(struct template_run *run, dime_text source, dime_text name)
{
    struct template_scan scan;
    if (!text_is_utf8(source)) {
        snprintf(run->why, TEMPLATE_WHY, "%.*s%sn't UTF-8", shown_length(name), name.data,
                 name.length ? " is" : "it is");
        return false;
    }
    run->tags = 0;
    template_scan_open(&scan, source, name, NULL);
    return write_block(run, &scan, NULL, false);
}

bool template_check(dime_text source, const struct template_partial *partials, size_t partial_count,
                    char why[TEMPLATE_WHY])
{
    struct template_data data = {.partials = partials, .partial_count = partial_count};
    struct buffer nothing = {0};
    struct template_run run = {.data = &data, .out = &nothing, .checks = true, .why = why};
    if (!check_one(&run, source, TEXT("")))
        return false;
    for (size_t i = 0; i < partial_count; i++)
        if (!check_one(&run, partials[i].text, partials[i].name))
            return false;
    return true;
}

enum template_outcome template_write(dime_text source, const struct template_data *data,
                                     struct buffer *out, char why[TEMPLATE_WHY])
{
    struct template_scan scan;
    struct template_run run = {.data = data, .out = out, .why = why};
    size_t levels = data->context_count + TEMPLATE_DEPTH_MAX;
    run.levels = arena_array(out->arena, levels, sizeof *run.levels);
    if (!run.levels)
        return TEMPLATE_NO_MEMORY;
    for (size_t i = 0; i < data->context_count; i++)
        run.levels[run.level_count++].value = data->contexts[i];
    template_scan_open(&scan, source, TEXT(""), NULL);
    write_block(&run, &scan, NULL, true);
    return run.outcome;
}
