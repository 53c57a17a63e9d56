/*
 * fields_value.c - reads one value of a field, by its kind.
 *
 * A value arrives as text (path, query, form), as a part of a multipart form, or as a JSON value.
 * Each kind has one reader for all of these. It writes to a slot in the author's struct, whose type
 * the compiler has checked.
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/base64.h"
#include "request/fields_reading.h"

enum { MEBIBYTE = 1024 * 1024 };

/* People think of file sizes in MiB. The size is rounded up, so that it exceeds the limit. */
static void refuse_large_file(struct field_reading *reading, const struct field_place *place,
                              size_t length)
{
    size_t tenths = length / MEBIBYTE * 10 + (length % MEBIBYTE * 10 + MEBIBYTE - 1) / MEBIBYTE;
    fields_refuse(reading, place, "%s has %zu.%zu MiB; give at most %" PRId64 " MiB.",
                  fields_name(reading, place), tenths / 10, tenths % 10,
                  field_max(place->field) / MEBIBYTE);
}

/* UNIT is what was counted, bytes or characters. */
static bool check_length(struct field_reading *reading, const struct field_place *place,
                         size_t length, const char *unit)
{
    int64_t least = field_min(place->field), most = field_max(place->field);
    bool short_of = (int64_t)length < least;
    if (!short_of && (int64_t)length <= most)
        return true;
    if (place->field->kind == DIME_KIND_FILE && !short_of && most % MEBIBYTE == 0)
        refuse_large_file(reading, place, length);
    else
        fields_refuse(reading, place, "%s has %zu %s%s; give at %s %" PRId64 ".",
                      fields_name(reading, place), length, unit, length == 1 ? "" : "s",
                      short_of ? "least" : "most", short_of ? least : most);
    return false;
}

/* A copy with each CR LF replaced by LF. If memory runs out, the text itself; the arena has failed
 * then. */
static dime_text unfold_ends(dime_text text, struct arena *arena)
{
    dime_text copy = {arena_alloc(arena, text.length + 1), 0};
    char *to = (char *)copy.data;
    for (size_t i = 0; to && i < text.length; i++) {
        bool pair = text.data[i] == '\r' && i + 1 < text.length && text.data[i + 1] == '\n';
        if (!pair)
            to[copy.length++] = text.data[i];
    }
    return to ? copy : text;
}

static void read_text_value(struct field_reading *reading, const struct field_place *place,
                            const struct given_value *given, void *slot)
{
    dime_text text = given->text;
    if (!given_is_text(given)) {
        fields_refuse(reading, place, "%s must be text.", fields_name(reading, place));
        return;
    }
    if (place->field->lines && !given->json.raw.data)
        text = unfold_ends(text, reading->request->arena);
    *(dime_text *)slot = text;
    if (memchr(text.data, '\0', text.length))
        fields_refuse(reading, place, "%s holds a NUL character; leave it out.",
                      fields_name(reading, place));
    else
        check_length(reading, place, text_characters(text), "character");
}

static void read_number(struct field_reading *reading, const struct field_place *place,
                        const struct given_value *given, void *slot)
{
    dime_text text = given_is_text(given) ? given->text : given->json.raw;
    *(dime_text *)slot = text;
    if (!given_is_text(given) && !given_is_json(given, JSON_NUMBER))
        fields_refuse(reading, place, "%s must be a number, or text that holds one.",
                      fields_name(reading, place));
    else
        check_length(reading, place, text_characters(text), "character");
}

/* Refuses a number that the field doesn't allow. */
static void check_range(struct field_reading *reading, const struct field_place *place,
                        int64_t number)
{
    int64_t least = field_min(place->field), most = field_max(place->field);
    if (number >= least && number <= most)
        return;
    if (place->field->kind == DIME_KIND_DECIMAL) {
        struct buffer text;
        buffer_open(&text, reading->request->arena, 128);
        buffer_decimal(&text, least, place->field->places);
        buffer_puts(&text, " to ");
        buffer_decimal(&text, most, place->field->places);
        fields_refuse(reading, place, "%s must be from %.*s.", fields_name(reading, place),
                      DIME_ARG(buffer_text(&text)));
        return;
    }
    fields_refuse(reading, place,
                  "%s holds %" PRId64 "; it must be from %" PRId64 " to %" PRId64 ".",
                  fields_name(reading, place), number, least, most);
}

static void read_integer(struct field_reading *reading, const struct field_place *place,
                         const struct given_value *given, void *slot)
{
    int64_t *integer = slot;
    bool whole = given_is_text(given)
                     ? text_to_int64(text_bare(given->text), integer)
                     : given_is_json(given, JSON_NUMBER) && json_integer(given->json, integer);
    if (whole)
        check_range(reading, place, *integer);
    else
        fields_refuse(reading, place, "%s must be a whole number from %" PRId64 " to %" PRId64 ".",
                      fields_name(reading, place), field_min(place->field),
                      field_max(place->field));
}

/* Writes a decimal as people do, without an exponent: -12.50. */
static bool is_plain_number(dime_text text)
{
    size_t digits = 0, points = 0;
    for (size_t i = text.length && text.data[0] == '-'; i < text.length; i++) {
        bool digit = text.data[i] >= '0' && text.data[i] <= '9';
        bool point = text.data[i] == '.' && digits && !points && i + 1 < text.length;
        if (!digit && !point)
            return false;
        digits += digit;
        points += point;
    }
    return digits;
}

static void read_decimal(struct field_reading *reading, const struct field_place *place,
                         const struct given_value *given, void *slot)
{
    int places = place->field->places;
    dime_text text = given_is_text(given) ? text_bare(given->text) : given->json.raw;
    bool number = given_is_text(given) ? is_plain_number(text) : given_is_json(given, JSON_NUMBER);
    if (number && json_decimal(text, places, slot))
        check_range(reading, place, *(int64_t *)slot);
    else
        fields_refuse(reading, place,
                      "%s must be a number with at most %d digit%s after the point.",
                      fields_name(reading, place), places, places == 1 ? "" : "s");
}

static void read_boolean(struct field_reading *reading, const struct field_place *place,
                         const struct given_value *given, void *slot)
{
    bool *boolean = slot;
    if (given_is_json(given, JSON_BOOLEAN))
        *boolean = json_true(given->json);
    else if (!given_is_text(given) || !text_to_boolean(text_bare(given->text), boolean))
        fields_refuse(reading, place, "%s must be true or false.", fields_name(reading, place));
}

/* "red, green or blue" */
static dime_text list_choices(struct field_reading *reading, const char *const *choices)
{
    struct buffer list;
    buffer_open(&list, reading->request->arena, 512);
    for (size_t i = 0; choices[i]; i++) {
        buffer_puts(&list, !i ? "" : choices[i + 1] ? ", " : " or ");
        buffer_puts(&list, choices[i]);
    }
    return buffer_text(&list);
}

static void read_choice_value(struct field_reading *reading, const struct field_place *place,
                              const struct given_value *given, void *slot)
{
    const char *const *choices = place->field->choices;
    dime_text text = text_bare(given->text);
    for (int i = 0; given_is_text(given) && choices[i]; i++) {
        if (text_equal(text, text_of(choices[i]))) {
            *(int *)slot = i;
            return;
        }
    }
    fields_refuse(reading, place, "%s must be %.*s.", fields_name(reading, place),
                  DIME_ARG(list_choices(reading, choices)));
}

/* Removes everything before the base64 of a data: URL (RFC 2397). Other text stays as it is. */
static void cut_data_url(struct given_value *given)
{
    const dime_text scheme = TEXT("data:"), coding = TEXT(";base64");
    dime_text rest = given->text, head;
    if (!text_starts_nocase(rest, scheme) || !text_cut(&rest, ',', &head) || !rest.data ||
        !text_ends_nocase(head, coding))
        return;
    given->text = rest;
    given->content_type =
        (dime_text){head.data + scheme.length, head.length - scheme.length - coding.length};
}

/*
 * Replaces a file's base64 with its bytes. In a form a blank is an unescaped +, which would be lost
 * if blanks were skipped as in JSON.
 */
static bool decode_file(struct field_reading *reading, const struct field_place *place,
                        struct given_value *file)
{
    cut_data_url(file);
    file->text = text_bare(file->text);
    if (!file->json.raw.data && memchr(file->text.data, ' ', file->text.length)) {
        fields_refuse(reading, place, "%s has blanks in its base64; in a form send each + as %%2B.",
                      fields_name(reading, place));
        return false;
    }
    if (base64_decode_sent(file->text, reading->request->arena, &file->text))
        return true;
    fields_refuse(reading, place, "%s isn't base64; base64 -w0 FILE makes it of a file.",
                  fields_name(reading, place));
    return false;
}

static void read_file(struct field_reading *reading, const struct field_place *place,
                      const struct given_value *given, void *slot)
{
    struct given_value file = *given;
    if (!given_is_text(given)) {
        fields_refuse(reading, place, "%s must be a file, or its bytes as text in base64.",
                      fields_name(reading, place));
        return;
    }
    /* In a multipart form some clients give neither the file's name nor its type. */
    if (!given->bytes && text_is_utf8(given->text)) {
        file.text = text_bare(given->text);
        if (!decode_file(reading, place, &file))
            return;
    }
    if (check_length(reading, place, file.text.length, "byte"))
        *(dime_file *)slot = (dime_file){file.text, file.content_type, file.file_name};
}

/* In a query or a form the text itself is JSON. */
static void read_any(struct field_reading *reading, const struct field_place *place,
                     const struct given_value *given, void *slot)
{
    struct json_value json = given->json;
    struct json_error error;
    if (!json.raw.data && !json_check(given->text, reading->request->arena, &json, &error)) {
        if (error.fault == JSON_MALFORMED)
            fields_refuse(reading, place, "%s must be JSON.", fields_name(reading, place));
        return; /* otherwise the arena has failed, and the request fails later */
    }
    *(dime_text *)slot = json.raw;
    check_length(reading, place, json.raw.length, "byte");
}

void fields_read_value(struct field_reading *reading, const struct field_place *place,
                       const struct given_value *given, void *slot)
{
    static void (*const READERS[])(struct field_reading *, const struct field_place *,
                                   const struct given_value *, void *) = {
        [DIME_KIND_TEXT] = read_text_value, [DIME_KIND_NUMBER] = read_number,
        [DIME_KIND_DECIMAL] = read_decimal, [DIME_KIND_INTEGER] = read_integer,
        [DIME_KIND_BOOLEAN] = read_boolean, [DIME_KIND_CHOICE] = read_choice_value,
        [DIME_KIND_FILE] = read_file,       [DIME_KIND_JSON] = read_any,
    };
    READERS[place->field->kind](reading, place, given, slot);
}

const char *fields_name(struct field_reading *reading, const struct field_place *place)
{
    dime_text text =
        bound_place(place->bound, place->field, place->index, place->name, reading->request->arena);
    return text.length ? text.data : "a field";
}

void fields_refuse(struct field_reading *reading, const struct field_place *place,
                   const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    dime_text at =
        bound_place(place->bound, place->field, place->index, place->name, reading->request->arena);
    response_field_problem_of(reading->response, at, format, arguments);
    va_end(arguments);
    reading->failed = true;
}
