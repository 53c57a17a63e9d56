/*
 * fields.c - finds the fields in a path, a query, a form or JSON.
 *
 * Names that aren't in the table are ignored, whatever their values: events and URLs carry more
 * than a function asks for. A field that is given twice is refused, because two readers could
 * differ about which one counts. Only for a list of texts or files may a form repeat a name.
 */
#include "request/fields.h"

#include "base/form.h"
#include "base/multipart.h"
#include "request/body.h"
#include "request/fields_reading.h"
#include "request/route.h"

/* What other programs write after a list's name. The client must be told that it is wrong here. */
static const struct {
    const char *marks, *why;
} NOTATIONS[] = {
    {"[]", "takes no brackets after its name; send one value"},
    {"()", "takes no parentheses after its name; send one value"},
    {"{}", "takes no braces after its name; send one value"},
    {".", "takes no dot after its name; send one value"},
    {":", "takes no colon after its name; send one value"},
    {"%", "takes no percent sign after its name; leave it out"},
};

/* What is wrong with a name that is followed by C; NULL if C isn't the mark of a list. */
static const char *wrong_notation(char c)
{
    for (size_t i = 0; c && i < sizeof NOTATIONS / sizeof *NOTATIONS; i++) {
        if (strchr(NOTATIONS[i].marks, c))
            return NOTATIONS[i].why;
    }
    return NULL;
}

/*
 * The field that NAME begins with, if the rest can't be part of another name: the mark of a list,
 * or damaged bytes. A client that sends these, or other capitals, means this field and must be told
 * that its name is wrong.
 */
static const dime_field *find_meant(const struct field_reading *reading, dime_text name)
{
    const struct bound *input = reading->input;
    size_t length = 0;
    name = text_bare(name);
    while (length < name.length && (unsigned char)name.data[length] < 0x80 &&
           name.data[length] != '%' && !wrong_notation(name.data[length]))
        length++;
    name.length = length;
    const dime_field *meant = field_find(input->fields, input->count, name);
    for (size_t i = 0; !meant && i < input->count; i++) {
        if (text_equal_nocase(name, text_of(input->fields[i].name)))
            meant = &input->fields[i];
    }
    return meant;
}

/* The first byte of TEXT, decoded if it is still escaped; NUL if TEXT is empty. */
static char first_byte(dime_text text)
{
    int high = text.length > 2 ? text_hex_digit(text.data[1]) : -1;
    int low = high >= 0 ? text_hex_digit(text.data[2]) : -1;
    if (text_starts(text, TEXT("%")) && low >= 0)
        return (char)(high * 16 + low);
    return text.length ? *text.data : '\0';
}

/*
 * What is wrong with a name that is almost a field's; NULL if it is another name. In JSON a name in
 * other capitals may be an event's own: S3 writes "Bucket", MinIO "Key".
 */
static const char *wrong_name(const dime_field *field, dime_text name,
                              const struct given_value *given)
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
 * till[25]=2 or till.25=2. Invisible characters come along when a name is copied. If such a name
 * were ignored, the client would get the answer to another question.
 */
static void refuse_field_name(struct field_reading *reading, const dime_field *field,
                              dime_text name, const struct given_value *given)
{
    const struct field_place place = {reading->input, field, BOUND_ALONE, TEXT("")};
    const char *why = wrong_name(field, name, given);
    if (!why)
        return;
    reading->input->given[field - reading->input->fields] = true;
    reading->failed = true;
    if (response_field_error(reading->response, text_of(field->name)))
        return;
    if (fields_is_repeated(field) && strstr(why, "value"))
        why = "takes nothing after its name; repeat the name for each value";
    bool many = field->shape != DIME_ONE && strstr(why, "send one value");
    fields_refuse(reading, &place, "%s %s%s%s.", field->name, why, many ? ", such as " : "",
                  many ? fields_items_example(field, given) : "");
}

/* Records a field's value for a page that shows it again. */
static void keep_value(struct field_reading *reading, const struct field_place *place,
                       const struct given_value *given)
{
    const dime_field *field = place->field;
    struct value *value = &reading->values[field - reading->input->fields];
    const void *slot = place->bound->base + field->offset;
    value->given = true;
    if (field->shape != DIME_ONE && !given_is_text(given))
        value->text = fields_items_text(reading, place, given);
    else if (field->kind != DIME_KIND_FILE)
        value->text = given_is_text(given) ? given->text : given->json.raw;
    if (field->kind == DIME_KIND_BOOLEAN && field->shape == DIME_ONE)
        value->boolean = *(const bool *)slot;
    if (field->lines && field->shape == DIME_ONE && given_is_text(given))
        value->text = *(const dime_text *)slot;
}

static void read_field(struct field_reading *reading, const dime_field *field,
                       const struct given_value *given)
{
    const struct field_place place = {reading->input, field, BOUND_ALONE, TEXT("")};
    bool *was_given = &reading->input->given[field - reading->input->fields];
    bool repeated = fields_is_repeated(field) && !given->json.raw.data;
    if (fields_say_nothing(field, given))
        return;
    if (*was_given && !repeated) {
        fields_refuse(reading, &place, "%s is given more than once; give it once.", field->name);
        return;
    }
    *was_given = true;
    fields_read_member(reading, &place, given);
    keep_value(reading, &place, given);
}

static void read_name(struct field_reading *reading, dime_text name,
                      const struct given_value *given)
{
    const struct bound *input = reading->input;
    const dime_field *field = field_find(input->fields, input->count, name);
    if (field) {
        read_field(reading, field, given);
        return;
    }
    field = find_meant(reading, name);
    if (field)
        refuse_field_name(reading, field, name, given);
}

static void unreadable(struct field_reading *reading, const char *what, const char *why)
{
    response_problem(reading->response, 400, "%s can't be read at %s.", what, why);
    reading->failed = true;
}

static void read_form_fields(struct field_reading *reading, dime_text form, const char *what)
{
    struct form_reader reader;
    struct form_pair pair = {0};
    form_open(&reader, form, reading->request->arena);
    for (;;) {
        if (form_next(&reader, &pair))
            read_name(reading, pair.name, &(struct given_value){.text = pair.value});
        else if (reader.fault == FORM_DAMAGED && !find_meant(reading, pair.name))
            form_pass_over(&reader);
        else
            break;
    }
    if (reader.fault == FORM_DAMAGED || reader.fault == FORM_MALFORMED)
        unreadable(reading, what, reader.message);
}

/* A part is a file if it has a file name, or a media type that isn't text. */
static void take_part(struct field_reading *reading, const struct multipart_part *part)
{
    const dime_text plain = TEXT("text/plain");
    dime_text type = text_media_type(part->content_type);
    read_name(reading, part->name,
              &(struct given_value){.text = part->body,
                                    .bytes = part->file_name.data ||
                                             (type.length && !text_equal_nocase(type, plain)),
                                    .content_type = part->content_type,
                                    .file_name = part->file_name});
}

static void read_multipart(struct field_reading *reading)
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

static void read_json_fields(struct field_reading *reading, struct json_value object)
{
    struct json_cursor cursor = json_members(object, reading->request->arena);
    struct json_member member;
    while (json_next(&cursor, &member)) {
        struct given_value given;
        if (!fields_given_json(reading, member.value, &given))
            return;
        read_name(reading, member.name, &given);
    }
}

static void read_json(struct field_reading *reading)
{
    struct json_value value;
    struct json_error error;
    if (!json_check(reading->request->body, reading->request->arena, &value, &error)) {
        if (error.fault == JSON_MALFORMED)
            unreadable(reading, "The JSON", error.message);
        return;
    }
    if (value.kind == JSON_OBJECT) {
        read_json_fields(reading, value);
        return;
    }
    if (reading->input->count)
        response_problem(reading->response, 422, "Send a JSON object, such as {\"%s\":...}.",
                         reading->input->fields[0].name);
    else
        response_problem(reading->response, 422, "Send a JSON object, such as {}.");
    reading->failed = true;
}

static void refuse_type(struct field_reading *reading)
{
    const char *types = body_file_types(reading->call);
    response_problem(reading->response, 415,
                     "Send the body as %s%sapplication/json, multipart/form-data or "
                     "application/x-www-form-urlencoded.",
                     types ? types : "", types ? ", " : "");
    reading->failed = true;
}

static void refuse_encoding(struct field_reading *reading)
{
    response_problem(reading->response, 415, "Send the body as it is, without a Content-Encoding.");
    reading->failed = true;
}

static void read_body_fields(struct field_reading *reading)
{
    const struct request *request = reading->request;
    struct sent_body body = body_of(reading->call);
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
        read_form_fields(reading, text_trim(request->body), "The form");
        break;
    case BODY_MULTIPART:
        read_multipart(reading);
        break;
    case BODY_FILE:
        read_name(
            reading, text_of(body.file->name),
            &(struct given_value){.text = request->body, .bytes = true, .content_type = body.type});
        break;
    case BODY_UNKNOWN:
        refuse_type(reading);
        break;
    }
}

/* Whether reading can go on: a field may be wrong, but nothing worse has happened. */
static bool goes_on(const struct field_reading *reading)
{
    return !reading->failed || reading->response->error_count;
}

/* Reads the fields in the path, by the route's pattern. */
static void read_path(struct field_reading *reading, dime_text path)
{
    dime_text name, part;
    if (!reading->call->route)
        return;
    dime_text pattern = route_path(reading->call->route);
    while (route_next(&pattern, &path, &name, &part))
        read_name(reading, name, &(struct given_value){.text = part});
}

/* Allocates the input. False: out of memory. */
static bool open_input(struct field_reading *reading)
{
    struct dime_call *call = reading->call;
    size_t count, size = call->route ? call->route->input_size : call->function->input_size;
    const dime_field *fields = call_fields(call, &count);
    char *base = arena_array(reading->request->arena, 1, size ? size : 1);
    reading->values = arena_array(reading->request->arena, count + 1, sizeof *reading->values);
    reading->input = base ? fields_bind(reading, NULL, fields, count, base) : NULL;
    call->values = reading->values;
    call->input = reading->input;
    return reading->input && reading->values;
}

bool fields_read(struct dime_call *call, dime_text path)
{
    struct request *request = call->request;
    struct field_reading reading = {.call = call, .request = request, .response = call->response};
    if (!open_input(&reading))
        return false;
    read_path(&reading, path);
    read_form_fields(&reading, request->query, "The query");
    if (goes_on(&reading) &&
        (request->method & ~(unsigned)(DIME_GET | DIME_HEAD) || request->body.length))
        read_body_fields(&reading);
    if (goes_on(&reading))
        fields_complete(&reading, reading.input);
    return !reading.failed && !request->arena->failed;
}
