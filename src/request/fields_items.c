/*
 * fields_items.c - the fields that hold several values: lists, maps, and objects.
 *
 * They come as a JSON array or object. A form has a notation for numbers, 25,10,5 and 25:2,10:0,
 * which a JSON string may hold too. For a list of texts or files a form repeats the name, since a
 * text may hold commas. Objects are JSON in a form too. A page shows values in the form's notation.
 */
#include <stdio.h>

#include "request/fields.h"
#include "request/fields_reading.h"

enum { FALLBACK_MEMORY_MAX = 32 * 1024 * 1024 };

/* Whether single values can be written in a form's notation of digits and commas. */
static bool has_notation(const dime_field *field)
{
    return field->kind == DIME_KIND_INTEGER || field->kind == DIME_KIND_DECIMAL ||
           field->kind == DIME_KIND_NUMBER;
}

/* An item may be an object with members of its own. */
static void read_one(struct field_reading *reading, const struct field_place *place,
                     const struct given_value *given, void *slot);

bool fields_given_json(struct field_reading *reading, struct json_value value,
                       struct given_value *given)
{
    *given = (struct given_value){.json = value};
    return value.kind != JSON_STRING || json_string(value, reading->request->arena, &given->text);
}

bool fields_is_repeated(const dime_field *field)
{
    return field->shape == DIME_MANY &&
           (field->kind == DIME_KIND_TEXT || field->kind == DIME_KIND_FILE);
}

static struct bound_list *list_at(const struct field_place *place)
{
    return (struct bound_list *)(void *)(place->bound->base + place->field->offset);
}

static size_t stride_of(const dime_field *field)
{
    return field->shape == DIME_MAP ? bound_map_stride(field->size) : field->size;
}

/* Returns space for one more value; NULL if there are too many, or memory has run out. */
static void *next_slot(struct field_reading *reading, const struct field_place *place,
                       size_t capacity)
{
    struct bound_list *list = list_at(place);
    size_t stride = stride_of(place->field), most = field_most(place->field);
    if (list->count == most) {
        const struct field_place whole = {place->bound, place->field, BOUND_ALONE, TEXT("")};
        fields_refuse(reading, &whole, "%s may have at most %zu items.",
                      fields_name(reading, &whole), most);
        return NULL;
    }
    if (list->count == capacity) { /* of what a form repeats, which comes one by one */
        char *grown = arena_array(reading->request->arena, capacity ? capacity * 2 : 8, stride);
        if (!grown)
            return NULL;
        if (list->count)
            memcpy(grown, list->items, list->count * stride);
        list->items = grown;
    }
    char *item = list->items + list->count++ * stride;
    if (place->field->shape != DIME_MAP)
        return item;
    memcpy(item, &place->name, sizeof place->name);
    return item + sizeof place->name;
}

const char *fields_items_example(const dime_field *field, const struct given_value *given)
{
    bool json = given->json.raw.data;
    if (field->kind == DIME_KIND_TEXT || field->kind == DIME_KIND_FILE)
        return field->shape == DIME_MAP ? "{\"a\":\"b\"}" : "[\"a\",\"b\"]";
    if (field->kind == DIME_KIND_OBJECT)
        return field->shape == DIME_MAP ? "{\"a\":{...}}" : "[{...},{...}]";
    if (field->shape == DIME_MANY)
        return json ? "[25,10,5,1]" : "25,10,5,1";
    return json ? "{\"25\":2,\"10\":0}" : "25:2,10:0";
}

/* Says what a value of the wrong type must be. */
static const char *what_of(const dime_field *field)
{
    if (field->shape == DIME_MAP)
        return field->whole_names ? "say how many there are of each"
                                  : "be an object of named values";
    switch (field->kind) {
    case DIME_KIND_INTEGER:
        return "be a list of whole numbers";
    case DIME_KIND_DECIMAL:
    case DIME_KIND_NUMBER:
        return "be a list of numbers";
    case DIME_KIND_OBJECT:
        return "be a list of objects";
    case DIME_KIND_FILE:
        return "be a list of files in base64";
    default:
        return "be a list of texts";
    }
}

static void refuse_items(struct field_reading *reading, const struct field_place *place,
                         const struct given_value *given)
{
    fields_refuse(reading, place, "%s must %s, such as %s.", fields_name(reading, place),
                  what_of(place->field), fields_items_example(place->field, given));
}

/* Whether a text is an integer at all. If it isn't, the message is about the whole list. */
static bool is_wrong_integer(const dime_field *field, const struct given_value *given)
{
    int64_t integer;
    if (field->kind != DIME_KIND_INTEGER)
        return false;
    return given->json.raw.data ? !json_integer(given->json, &integer)
                                : !text_to_int64(text_bare(given->text), &integer);
}

static bool is_named(const struct field_place *place)
{
    const struct bound_list *list = list_at(place);
    size_t stride = stride_of(place->field);
    for (size_t i = 0; i < list->count; i++) {
        dime_text name;
        memcpy(&name, list->items + i * stride, sizeof name);
        if (text_equal(name, place->name))
            return true;
    }
    return false;
}

/* Reads one value into the list or map. False: stop reading. */
static bool take_item(struct field_reading *reading, const struct field_place *place,
                      const struct given_value *whole, const struct given_value *given,
                      dime_text name)
{
    const dime_field *field = place->field;
    struct field_place item = {place->bound, field, list_at(place)->count, name};
    int64_t number;
    bool misnamed = field->shape == DIME_MAP && field->whole_names && !text_to_int64(name, &number);
    bool nothing =
        field->kind == DIME_KIND_NUMBER && given_is_text(given) && !text_bare(given->text).length;
    bool no_text = memchr(name.data, '\0', name.length) || !text_is_utf8(name);
    if (misnamed || nothing || no_text || is_wrong_integer(field, given)) {
        refuse_items(reading, place, whole);
        return false;
    }
    if (field->shape == DIME_MAP && !given->json.raw.data && is_named(&item)) {
        fields_refuse(reading, place, "%s names %.*s more than once; name it once.",
                      fields_name(reading, place), DIME_ARG(name));
        return false;
    }
    void *slot = next_slot(reading, &item, SIZE_MAX);
    if (!slot)
        return false;
    size_t errors = reading->response->error_count;
    /* A list of numbers is one value to a person, so an error is about the whole list. */
    const struct field_place *said = has_notation(field) ? place : &item;
    read_one(reading, said, given, slot);
    bool goes_on = !has_notation(field) || reading->response->error_count == errors;
    return goes_on && !reading->request->arena->failed;
}

/* The most parts of a name in a form's notation, such as a[b][c]. */
static size_t count_parts(dime_text text)
{
    size_t count = 1;
    for (size_t i = 0; i < text.length; i++)
        count += text.data[i] == ',';
    return count;
}

static bool open_items(struct field_reading *reading, const struct field_place *place, size_t count)
{
    struct bound_list *list = list_at(place);
    size_t most = field_most(place->field);
    list->items =
        arena_array(reading->request->arena, count < most ? count : most, stride_of(place->field));
    list->count = 0;
    return list->items;
}

static void items_from_text(struct field_reading *reading, const struct field_place *place,
                            const struct given_value *given)
{
    dime_text text = given->text, part;
    while (text_cut(&text, ',', &part)) {
        dime_text name = TEXT("");
        if (place->field->shape == DIME_MAP && (!text_cut(&part, ':', &name) || !part.data)) {
            refuse_items(reading, place, given);
            return;
        }
        struct given_value item = {.text = part};
        if (!take_item(reading, place, given, &item, text_bare(name)))
            return;
    }
}

static void items_from_json(struct field_reading *reading, const struct field_place *place,
                            const struct given_value *given)
{
    struct json_cursor cursor = json_members(given->json, reading->request->arena);
    struct json_member member;
    while (json_next(&cursor, &member)) {
        struct given_value item;
        if (!fields_given_json(reading, member.value, &item) ||
            !take_item(reading, place, given, &item, member.name))
            return;
    }
}

/* Reads a form's text as JSON, for a field without a notation of its own. */
static bool read_as_json(struct field_reading *reading, struct given_value *given)
{
    struct json_error error;
    return json_check(given->text, reading->request->arena, &given->json, &error);
}

/* Reads a whole list or map. */
static void read_items(struct field_reading *reading, const struct field_place *place,
                       const struct given_value *given)
{
    const dime_field *field = place->field;
    enum json_kind wanted = field->shape == DIME_MAP ? JSON_OBJECT : JSON_ARRAY;
    size_t errors = reading->response->error_count;
    struct given_value whole = *given;
    bool notation = given_is_text(&whole) && has_notation(field);
    if (!notation && !whole.json.raw.data && !read_as_json(reading, &whole)) {
        refuse_items(reading, place, given);
        return;
    }
    if (!notation && whole.json.kind != wanted) {
        refuse_items(reading, place, given);
        return;
    }
    if (!open_items(reading, place, notation ? count_parts(given->text) : json_count(whole.json)))
        return; /* the arena has failed, and so will the whole response */
    if (notation)
        items_from_text(reading, place, &whole);
    else
        items_from_json(reading, place, &whole);
    if (!list_at(place)->count && reading->response->error_count == errors)
        fields_refuse(reading, place, "%s is empty; %sgive at least one item.",
                      fields_name(reading, place), field->required ? "" : "leave it out or ");
}

/* Adds a value to the list of a field that a form repeats. */
static void add_item(struct field_reading *reading, const struct field_place *place,
                     const struct given_value *given)
{
    struct field_place item = {place->bound, place->field, list_at(place)->count, TEXT("")};
    size_t count = item.index;
    /* The list doubles from 8, so it is full whenever the count is 8, 16, 32 and so on. */
    bool full = count == 0 || (count >= 8 && (count & (count - 1)) == 0);
    void *slot = next_slot(reading, &item, full ? count : SIZE_MAX);
    if (slot)
        read_one(reading, &item, given, slot);
}

dime_text fields_items_text(struct field_reading *reading, const struct field_place *place,
                            const struct given_value *given)
{
    if (!has_notation(place->field))
        return given->json.raw;
    const struct bound_list *list = list_at(place);
    const dime_field *field = place->field;
    struct buffer text;
    buffer_open(&text, reading->request->arena, field_most(field) * 256);
    for (size_t i = 0; i < list->count; i++) {
        const char *item = list->items + i * stride_of(field);
        buffer_puts(&text, i ? "," : "");
        if (field->shape == DIME_MAP) {
            buffer_put(&text, *(const dime_text *)(const void *)item);
            buffer_puts(&text, ":");
            item += sizeof(dime_text);
        }
        if (field->kind == DIME_KIND_NUMBER)
            buffer_put(&text, *(const dime_text *)(const void *)item);
        else
            buffer_decimal(&text, *(const int64_t *)(const void *)item, field->places);
    }
    return buffer_text(&text);
}

struct bound *fields_bind(struct field_reading *reading, const struct field_place *place,
                          const dime_field *fields, size_t count, char *base)
{
    struct bound *bound = arena_alloc(reading->request->arena, sizeof *bound + count);
    if (!bound)
        return NULL;
    *bound = (struct bound){.base = base, .fields = fields, .count = count, .index = BOUND_ALONE};
    memset(bound->given, false, count);
    if (place) {
        bound->outer = place->bound;
        bound->field = place->field;
        bound->index = place->index;
        bound->name = place->name;
        reading->last->next = bound;
    }
    reading->last = bound;
    return bound;
}

/* The fallback is valid: that was checked when the program started. */
static void read_fallback(struct field_reading *reading, const struct field_place *place)
{
    struct given_value given = {.text = text_of(place->field->fallback)};
    fields_read_member(reading, place, &given);
}

bool fields_fallback_fits(const dime_field *field, char *why, size_t size)
{
    struct arena arena;
    struct response response;
    struct request request = {.arena = &arena};
    struct field_reading reading = {.request = &request, .response = &response};
    dime_field alone = *field;
    alone.offset = 0;
    arena_open(&arena, FALLBACK_MEMORY_MAX);
    response_open(&response, &arena);
    char *base = arena_array(&arena, 1, field->size + sizeof(struct bound_list));
    struct bound *bound = base ? fields_bind(&reading, NULL, &alone, 1, base) : NULL;
    const struct field_place place = {bound, &alone, BOUND_ALONE, TEXT("")};
    if (bound)
        read_fallback(&reading, &place);
    if (arena.failed)
        (void)snprintf(why, size, "that can't be read: out of memory");
    else if (reading.failed)
        (void)snprintf(why, size, "that it would refuse: %.*s",
                       DIME_ARG(response.errors[0].detail));
    bool fits = !arena.failed && !reading.failed;
    arena_close(&arena);
    return fits;
}

void fields_complete(struct field_reading *reading, struct bound *bound)
{
    for (size_t i = 0; i < bound->count; i++) {
        const dime_field *field = &bound->fields[i];
        const struct field_place place = {bound, field, BOUND_ALONE, TEXT("")};
        if (bound->given[i])
            continue;
        if (field->required && field->help)
            fields_refuse(reading, &place, "Give %s: %s.", fields_name(reading, &place),
                          field->help);
        else if (field->required)
            fields_refuse(reading, &place, "Give %s.", fields_name(reading, &place));
        else if (field->fallback)
            read_fallback(reading, &place);
    }
}

bool fields_say_nothing(const dime_field *field, const struct given_value *given)
{
    if (given_is_json(given, JSON_NULL))
        return true;
    bool named = field->kind == DIME_KIND_FILE && given->file_name.length;
    return given_is_text(given) && !named && text_trim(given->text).length == 0;
}

/* Reads the members of an object that are fields of its table. Others are ignored. */
static void read_object_members(struct field_reading *reading, struct bound *bound,
                                struct json_value object)
{
    struct json_cursor cursor = json_members(object, reading->request->arena);
    struct json_member member;
    while (json_next(&cursor, &member)) {
        const dime_field *field = field_find(bound->fields, bound->count, member.name);
        struct given_value given;
        if (!field)
            continue;
        if (!fields_given_json(reading, member.value, &given))
            return;
        if (fields_say_nothing(field, &given))
            continue;
        struct field_place place = {bound, field, BOUND_ALONE, TEXT("")};
        bound->given[field - bound->fields] = true;
        fields_read_member(reading, &place, &given);
    }
}

/* Fills a struct from an object's members and fallbacks, and reports required fields. */
static void read_object(struct field_reading *reading, const struct field_place *place,
                        const struct given_value *given, void *slot)
{
    const dime_field *field = place->field;
    struct given_value whole = *given;
    if (!whole.json.raw.data && !read_as_json(reading, &whole))
        whole.json.kind = JSON_NULL;
    if (whole.json.kind != JSON_OBJECT) {
        fields_refuse(reading, place, "%s must be an object, such as {\"%s\":...}.",
                      fields_name(reading, place),
                      field->field_count ? field->fields[0].name : "name");
        return;
    }
    struct bound *bound = fields_bind(reading, place, field->fields, field->field_count, slot);
    if (!bound)
        return; /* the arena has failed, and so will the whole response */
    read_object_members(reading, bound, whole.json);
    fields_complete(reading, bound);
}

static void read_one(struct field_reading *reading, const struct field_place *place,
                     const struct given_value *given, void *slot)
{
    if (place->field->kind != DIME_KIND_FILE && given_is_text(given) && !text_is_utf8(given->text))
        fields_refuse(reading, place, "%s must be text in UTF-8.", fields_name(reading, place));
    else if (place->field->kind == DIME_KIND_OBJECT)
        read_object(reading, place, given, slot);
    else
        fields_read_value(reading, place, given, slot);
}

void fields_read_member(struct field_reading *reading, const struct field_place *place,
                        const struct given_value *given)
{
    const dime_field *field = place->field;
    if (fields_is_repeated(field) && !given->json.raw.data)
        add_item(reading, place, given);
    else if (field->shape != DIME_ONE)
        read_items(reading, place, given);
    else
        read_one(reading, place, given, place->bound->base + field->offset);
}
