/*
 * fields_items.c - the fields that hold several values: a list of whole numbers, or a map of them.
 *
 * They come as an array or an object of JSON, or in a form's notation, which a JSON string may hold
 * as well. Either way the page gets them back in a form's notation.
 */
#include "request/fields_reading.h"

/* Items as they are gathered. */
struct items {
    struct item *items;
    size_t count;
};

static bool add_item(struct reading *reading, const dime_field *field, struct items *items,
                     struct item item)
{
    if (items->count == field->most) {
        response_field_problem(reading->response, field->name, "%s may have at most %zu items.",
                               field->name, field->most);
        reading->failed = true;
        return false;
    }
    items->items[items->count++] = item;
    return check_range(reading, field, item.value);
}

/* "25" or, for a map, "25:2". */
static bool parse_item(const dime_field *field, dime_text text, struct item *item)
{
    if (field->kind == FIELD_LIST)
        return text_to_int64(text_bare(text), &item->value);
    dime_text key;
    return text_cut(&text, ':', &key) && text.data && text_to_int64(text_bare(key), &item->key) &&
           text_to_int64(text_bare(text), &item->value);
}

const char *fields_items_example(const dime_field *field, const struct given *given)
{
    bool json = given->json.raw.data;
    if (field->kind == FIELD_LIST)
        return json ? "[25,10,5,1]" : "25,10,5,1";
    return json ? "{\"25\":2,\"10\":0}" : "25:2,10:0";
}

static void refuse_items(struct reading *reading, const dime_field *field,
                         const struct given *given)
{
    response_field_problem(reading->response, field->name, "%s must %s, such as %s.", field->name,
                           field->kind == FIELD_LIST ? "be a list of whole numbers"
                                                     : "say how many there are of each",
                           fields_items_example(field, given));
    reading->failed = true;
}

static void items_from_text(struct reading *reading, const dime_field *field, struct items *items,
                            const struct given *given)
{
    dime_text text = given->text, part;
    while (text_cut(&text, ',', &part)) {
        struct item item = {0};
        if (!parse_item(field, part, &item)) {
            refuse_items(reading, field, given);
            return;
        }
        if (!add_item(reading, field, items, item))
            return;
    }
}

static void items_from_json(struct reading *reading, const dime_field *field, struct items *items,
                            const struct given *given)
{
    struct json_cursor cursor = json_members(given->json, reading->request->arena);
    struct json_member member;
    while (json_next(&cursor, &member)) {
        struct item item = {0};
        bool whole = member.value.kind == JSON_NUMBER && json_integer(member.value, &item.value);
        if (whole && field->kind == FIELD_MAP)
            whole = text_to_int64(member.name, &item.key);
        if (!whole) {
            refuse_items(reading, field, given);
            return;
        }
        if (!add_item(reading, field, items, item))
            return;
    }
}

/* The items in a form's notation, so that a page can show them again. */
static dime_text items_text(struct reading *reading, const dime_field *field,
                            const struct items *items)
{
    struct buffer text;
    buffer_open(&text, reading->request->arena, field->most * 42);
    for (size_t i = 0; i < items->count; i++) {
        if (i)
            buffer_put(&text, TEXT(","));
        if (field->kind == FIELD_MAP) {
            buffer_int64(&text, items->items[i].key);
            buffer_put(&text, TEXT(":"));
        }
        buffer_int64(&text, items->items[i].value);
    }
    return buffer_text(&text);
}

void fields_read_items(struct reading *reading, const dime_field *field, struct value *value,
                       const struct given *given)
{
    struct items items = {arena_array(reading->request->arena, field->most, sizeof(struct item)),
                          0};
    size_t errors = reading->response->error_count;
    value->text = given->text;
    if (!items.items)
        return; /* the arena has failed, and so will the whole response */
    if (is_text(given))
        items_from_text(reading, field, &items, given);
    else if (is_json(given, field->kind == FIELD_LIST ? JSON_ARRAY : JSON_OBJECT))
        items_from_json(reading, field, &items, given);
    else
        refuse_items(reading, field, given);
    if (!is_text(given))
        value->text = items_text(reading, field, &items);
    value->items = items.items;
    value->count = items.count;
    if (!items.count && reading->response->error_count == errors)
        refuse(reading, field, "is empty; leave it out or give at least one item");
}
