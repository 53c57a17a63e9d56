/*
 * fields.c - one table says what a function takes; this reads it from a query, a form or JSON.
 *
 * A value arrives as text (query, form), as a part of a multipart form, or as a JSON value. Each
 * kind of field has one reader, which takes all of them. Names that aren't in the table are passed
 * over, whatever they hold: events carry more than a function asks for, and so do addresses. A
 * field that is given twice is refused, since two readers could differ about which counts.
 */
#include "request/fields.h"

#include "base/base64.h"
#include "request/body.h"
#include "request/fields_reading.h"
#include "base/form.h"
#include "base/multipart.h"

enum { MEBIBYTE = 1024 * 1024 };

/* People think of a file's size in MiB. It's rounded up, so that it is never the limit itself. */
static void refuse_large_file(struct reading *reading, const dime_field *field, size_t length)
{
    size_t tenths = length / MEBIBYTE * 10 + (length % MEBIBYTE * 10 + MEBIBYTE - 1) / MEBIBYTE;
    response_field_problem(reading->response, field->name,
                           "%s has %zu.%zu MiB; give at most %" PRId64 " MiB.", field->name,
                           tenths / 10, tenths % 10, field->max / MEBIBYTE);
    reading->failed = true;
}

/* UNIT says what was counted: a byte or a character. */
static bool check_length(struct reading *reading, const dime_field *field, size_t length,
                         const char *unit)
{
    bool short_of = (int64_t)length < field->min;
    if (!short_of && (int64_t)length <= field->max)
        return true;
    if (field->kind == FIELD_FILE && !short_of && field->max && field->max % MEBIBYTE == 0) {
        refuse_large_file(reading, field, length);
        return false;
    }
    response_field_problem(reading->response, field->name,
                           "%s has %zu %s%s; give at %s %" PRId64 ".", field->name, length, unit,
                           length == 1 ? "" : "s", short_of ? "least" : "most",
                           short_of ? field->min : field->max);
    reading->failed = true;
    return false;
}

/* A copy with LF in place of CR LF; the text itself where memory has ended, which fails it all. */
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

static void read_text(struct reading *reading, const dime_field *field, struct value *value,
                      const struct given *given)
{
    value->text = given->text;
    if (!is_text(given)) {
        refuse(reading, field, "must be text");
        return;
    }
    if (field->lines && !given->json.raw.data)
        value->text = unfold_ends(given->text, reading->request->arena);
    if (memchr(value->text.data, '\0', value->text.length))
        refuse(reading, field, "holds a NUL character; leave it out");
    else
        check_length(reading, field, text_characters(value->text), "character");
}

static void read_number(struct reading *reading, const dime_field *field, struct value *value,
                        const struct given *given)
{
    value->text = is_text(given) ? given->text : given->json.raw;
    if (!is_text(given) && !is_json(given, JSON_NUMBER))
        refuse(reading, field, "must be a number, or text that holds one");
    else
        check_length(reading, field, text_characters(value->text), "character");
}

static bool parse_boolean(dime_text text, bool *boolean)
{
    static const dime_text TRUE_WORDS[] = {{"true", 4}, {"on", 2}, {"yes", 3}, {"1", 1}};
    static const dime_text FALSE_WORDS[] = {{"false", 5}, {"off", 3}, {"no", 2}, {"0", 1}};
    text = text_bare(text);
    for (size_t i = 0; i < sizeof TRUE_WORDS / sizeof *TRUE_WORDS; i++) {
        *boolean = text_equal_nocase(text, TRUE_WORDS[i]);
        if (*boolean || text_equal_nocase(text, FALSE_WORDS[i]))
            return true;
    }
    return false;
}

static void read_boolean(struct reading *reading, const dime_field *field, struct value *value,
                         const struct given *given)
{
    value->text = is_text(given) ? given->text : given->json.raw;
    if (is_json(given, JSON_BOOLEAN))
        value->boolean = json_true(given->json);
    else if (!is_text(given) || !parse_boolean(given->text, &value->boolean))
        refuse(reading, field, "must be true or false");
}

static void read_integer(struct reading *reading, const dime_field *field, struct value *value,
                         const struct given *given)
{
    value->text = is_text(given) ? given->text : given->json.raw;
    bool whole = is_text(given)
                     ? text_to_int64(text_bare(given->text), &value->integer)
                     : is_json(given, JSON_NUMBER) && json_integer(given->json, &value->integer);
    if (whole) {
        check_range(reading, field, value->integer);
        return;
    }
    response_field_problem(reading->response, field->name,
                           "%s must be a whole number from %" PRId64 " to %" PRId64 ".",
                           field->name, field->min, field->max);
    reading->failed = true;
}

/* Cuts what a data: URL (RFC 2397) says before its base64 off; other text stays as it is. */
static void cut_data_url(struct given *given)
{
    const dime_text scheme = TEXT("data:"), coding = TEXT(";base64");
    dime_text rest = given->text, head;
    if (rest.length < scheme.length ||
        !text_equal_nocase((dime_text){rest.data, scheme.length}, scheme) ||
        !text_cut(&rest, ',', &head) || !rest.data || !text_ends_nocase(head, coding))
        return;
    given->text = rest;
    given->content_type =
        (dime_text){head.data + scheme.length, head.length - scheme.length - coding.length};
}

/*
 * Decodes the base64 of a file in place of its text. In a form a blank is a + that wasn't escaped,
 * which would be lost where blanks are passed over, as in JSON.
 */
static bool decode_file(struct reading *reading, const dime_field *field, struct given *file)
{
    cut_data_url(file);
    file->text = text_bare(file->text);
    if (!file->json.raw.data && memchr(file->text.data, ' ', file->text.length)) {
        refuse(reading, field, "has blanks in its base64; in a form send each + as %2B");
        return false;
    }
    if (base64_decode_sent(file->text, reading->request->arena, &file->text))
        return true;
    refuse(reading, field, "isn't base64; base64 -w0 FILE makes it of a file");
    return false;
}

static void read_file(struct reading *reading, const dime_field *field, struct value *value,
                      const struct given *given)
{
    struct given file = *given;
    value->text = TEXT("");
    if (!is_text(given)) {
        refuse(reading, field, "must be a file, or its bytes as text in base64");
        return;
    }
    /* Of a form of parts some senders give neither the file's name nor its type. */
    if (!given->bytes && text_is_utf8(given->text)) {
        file.text = text_bare(given->text);
        if (!decode_file(reading, field, &file))
            return;
    }
    if (!check_length(reading, field, file.text.length, "byte"))
        return;
    value->text = file.text;
    value->content_type = file.content_type;
    value->file_name = file.file_name;
}

/* In a query or a form the text is the JSON itself. */
static void read_any(struct reading *reading, const dime_field *field, struct value *value,
                     const struct given *given)
{
    struct json_value json = given->json;
    struct json_error error;
    if (!json.raw.data && !json_check(given->text, reading->request->arena, &json, &error)) {
        if (error.fault == JSON_MALFORMED)
            refuse(reading, field, "must be JSON");
        return; /* or the arena has failed, and so will the request */
    }
    value->text = json.raw;
    check_length(reading, field, json.raw.length, "byte");
}

/* An empty input of a form, and JSON's null, say nothing. */
static bool says_nothing(const dime_field *field, const struct given *given)
{
    if (is_json(given, JSON_NULL))
        return true;
    bool named = field->kind == FIELD_FILE && given->file_name.length;
    return is_text(given) && !named && text_trim(given->text).length == 0;
}

static void read_field(struct reading *reading, const dime_field *field, struct value *value,
                       const struct given *given)
{
    static void (*const READERS[])(struct reading *, const dime_field *, struct value *,
                                   const struct given *) = {
        [FIELD_TEXT] = read_text,         [FIELD_NUMBER] = read_number,
        [FIELD_BOOLEAN] = read_boolean,   [FIELD_INTEGER] = read_integer,
        [FIELD_LIST] = fields_read_items, [FIELD_MAP] = fields_read_items,
        [FIELD_FILE] = read_file,         [FIELD_JSON] = read_any,
    };
    if (says_nothing(field, given))
        return;
    if (value->given) {
        refuse(reading, field, "is given more than once; give it once");
        return;
    }
    value->given = true;
    if (field->kind != FIELD_FILE && is_text(given) && !text_is_utf8(given->text))
        refuse(reading, field, "must be text in UTF-8");
    else
        READERS[field->kind](reading, field, value, given);
}

/* What other programs write behind a list's name, in the notation that a sender has to hear of. */
static const struct {
    const char *marks, *why;
} NOTATIONS[] = {
    {"[]", "takes no brackets behind its name; send one value"},
    {"()", "takes no parentheses behind its name; send one value"},
    {"{}", "takes no braces behind its name; send one value"},
    {".", "takes no dot behind its name; send one value"},
    {":", "takes no colon behind its name; send one value"},
    {"%", "takes no percent sign behind its name; leave it out"},
};

/* What is wrong with a name behind which C stands, or NULL: C is no mark of a list. */
static const char *wrong_notation(char c)
{
    for (size_t i = 0; c && i < sizeof NOTATIONS / sizeof *NOTATIONS; i++) {
        if (strchr(NOTATIONS[i].marks, c))
            return NOTATIONS[i].why;
    }
    return NULL;
}

/*
 * The field that NAME begins with, where what follows can't be part of another one's name: the mark
 * of a list, or what has been damaged. Who sends that, or other capitals, means this field, and has
 * to hear of it.
 */
static const dime_field *find_meant(const dime_function *function, dime_text name)
{
    size_t length = 0;
    name = text_bare(name);
    while (length < name.length && (unsigned char)name.data[length] < 0x80 &&
           name.data[length] != '%' && !wrong_notation(name.data[length]))
        length++;
    name.length = length;
    const dime_field *meant = fields_find(function, name);
    for (const dime_field *field = function->fields; !meant && field && field->name; field++) {
        if (text_equal_nocase(name, text_of(field->name)))
            meant = field;
    }
    return meant;
}

/* The first byte of TEXT, also where it's escaped once more; NUL: there is none. */
static char first_byte(dime_text text)
{
    int high = text.length > 2 ? text_hex_digit(text.data[1]) : -1;
    int low = high >= 0 ? text_hex_digit(text.data[2]) : -1;
    if (text_starts(text, TEXT("%")) && low >= 0)
        return (char)(high * 16 + low);
    return text.length ? *text.data : '\0';
}

/*
 * What is wrong with a name that isn't quite a field's, or NULL: it is another one. In JSON a name
 * with other capitals may be an event's own: S3 writes "Bucket", MinIO "Key".
 */
static const char *wrong_name(const dime_field *field, dime_text name, const struct given *given)
{
    dime_text bare = text_bare(name), behind = text_skip(bare, strlen(field->name));
    const char *why = wrong_notation(first_byte(behind));
    if (why)
        return why;
    if (text_equal_nocase(name, text_of(field->name)))
        return given->json.raw.data ? NULL
                                    : "has other capitals in its name; write the name as here";
    if (!behind.length)
        return "has a blank or an invisible character at its name; leave that out";
    return text_is_utf8(behind) ? NULL : "has something at its name that isn't UTF-8; leave it out";
}

/*
 * PHP, Rails, jQuery and others send a list as coins[]=25&coins[]=10 or coins.0=25, and a map as
 * till[25]=2 or till.25=2; what nobody sees comes along where a name is copied. Were such a name
 * passed over, the answer would be to another question.
 */
static void refuse_name(struct reading *reading, const dime_field *field, dime_text name,
                        const struct given *given)
{
    struct value *value = &reading->values[field - reading->function->fields];
    const char *why = wrong_name(field, name, given);
    bool many = field->kind == FIELD_LIST || field->kind == FIELD_MAP;
    if (!why)
        return;
    value->given = true;
    reading->failed = true;
    if (!response_field_error(reading->response, text_of(field->name)))
        response_field_problem(reading->response, field->name, "%s %s%s%s.", field->name, why,
                               many && strstr(why, "value") ? ", such as " : "",
                               many && strstr(why, "value") ? fields_items_example(field, given)
                                                            : "");
}

static void read_name(struct reading *reading, dime_text name, const struct given *given)
{
    const dime_field *field = fields_find(reading->function, name);
    if (field) {
        read_field(reading, field, &reading->values[field - reading->function->fields], given);
        return;
    }
    field = find_meant(reading->function, name);
    if (field)
        refuse_name(reading, field, name, given);
}

static void unreadable(struct reading *reading, const char *what, const char *why)
{
    response_problem(reading->response, 400, "%s can't be read at %s.", what, why);
    reading->failed = true;
}

static void read_form(struct reading *reading, dime_text form, const char *what)
{
    struct form_reader reader;
    struct form_pair pair = {0};
    form_open(&reader, form, reading->request->arena);
    for (;;) {
        if (form_next(&reader, &pair))
            read_name(reading, pair.name, &(struct given){.text = pair.value});
        else if (reader.fault == FORM_DAMAGED && !find_meant(reading->function, pair.name))
            (void)form_pass_over(&reader);
        else
            break;
    }
    if (reader.fault == FORM_DAMAGED || reader.fault == FORM_MALFORMED)
        unreadable(reading, what, reader.message);
}

/* A part is a file if it's named as one, or says that it isn't text. */
static void take_part(struct reading *reading, const struct multipart_part *part)
{
    const dime_text plain = TEXT("text/plain");
    dime_text type = text_media_type(part->content_type);
    read_name(reading, part->name,
              &(struct given){.text = part->body,
                              .bytes = part->file_name.data ||
                                       (type.length && !text_equal_nocase(type, plain)),
                              .content_type = part->content_type,
                              .file_name = part->file_name});
}

static void read_multipart(struct reading *reading)
{
    const struct request *request = reading->request;
    struct multipart_reader reader;
    struct multipart_part part;
    multipart_open(&reader, request->content_type, request->body, request->arena);
    while (multipart_next(&reader, &part))
        take_part(reading, &part);
    if (reader.fault == MULTIPART_MALFORMED)
        unreadable(reading, "The form", reader.message);
}

static void read_members(struct reading *reading, struct json_value object)
{
    struct json_cursor cursor = json_members(object, reading->request->arena);
    struct json_member member;
    while (json_next(&cursor, &member)) {
        struct given given = {.json = member.value};
        if (member.value.kind == JSON_STRING &&
            !json_string(member.value, reading->request->arena, &given.text))
            return;
        read_name(reading, member.name, &given);
    }
}

static void read_json(struct reading *reading)
{
    struct json_value value;
    struct json_error error;
    if (!json_check(reading->request->body, reading->request->arena, &value, &error)) {
        if (error.fault == JSON_MALFORMED)
            unreadable(reading, "The JSON", error.message);
        return;
    }
    if (value.kind == JSON_OBJECT) {
        read_members(reading, value);
        return;
    }
    const char *name = reading->function->fields[0].name;
    if (name)
        response_problem(reading->response, 422, "Send a JSON object, such as {\"%s\":...}.", name);
    else
        response_problem(reading->response, 422, "Send a JSON object, such as {}.");
    reading->failed = true;
}

static void refuse_type(struct reading *reading)
{
    const char *types = body_file_types(reading->function);
    response_problem(reading->response, 415,
                     "Send the body as %s%sapplication/json, multipart/form-data or "
                     "application/x-www-form-urlencoded.",
                     types ? types : "", types ? ", " : "");
    reading->failed = true;
}

static void refuse_encoding(struct reading *reading)
{
    response_problem(reading->response, 415, "Send the body as it is, without a Content-Encoding.");
    reading->failed = true;
}

static void read_body(struct reading *reading)
{
    const struct request *request = reading->request;
    struct body body = body_of(reading->function, request);
    switch (body.kind) {
    case BODY_NONE:
        break;
    case BODY_ENCODED:
        refuse_encoding(reading);
        break;
    case BODY_JSON:
        read_json(reading);
        break;
    case BODY_FORM:
        read_form(reading, text_trim(request->body), "The form");
        break;
    case BODY_MULTIPART:
        read_multipart(reading);
        break;
    case BODY_FILE:
        read_name(reading, text_of(body.file->name),
                  &(struct given){.text = request->body, .bytes = true, .content_type = body.type});
        break;
    case BODY_UNKNOWN:
        refuse_type(reading);
        break;
    }
}

static void check_required(struct reading *reading)
{
    const dime_field *fields = reading->function->fields;
    for (size_t i = 0; fields[i].name; i++) {
        if (!fields[i].required || reading->values[i].given)
            continue;
        response_field_problem(reading->response, fields[i].name, "Give %s: %s.", fields[i].name,
                               fields[i].help);
        reading->failed = true;
    }
}

/* Whether what was read so far, though a field in it may be wrong, lets more be read and judged. */
static bool goes_on(const struct reading *reading)
{
    return !reading->failed || reading->response->error_count;
}

static size_t count_fields(const dime_function *function)
{
    size_t count = 0;
    while (function->fields[count].name)
        count++;
    return count;
}

bool fields_read(const dime_function *function, struct request *request, struct response *response)
{
    struct reading reading = {.function = function, .request = request, .response = response};
    reading.values = arena_array(request->arena, count_fields(function) + 1, sizeof(struct value));
    request->values = reading.values;
    request->fields = function->fields;
    if (!reading.values)
        return false;
    read_form(&reading, request->query, "The query");
    if (goes_on(&reading) && (request->method == METHOD_POST || request->body.length))
        read_body(&reading);
    if (goes_on(&reading))
        check_required(&reading);
    return !reading.failed && !request->arena->failed;
}
