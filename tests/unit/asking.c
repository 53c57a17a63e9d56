/*
 * asking.c - a request's fields, read and put in one line.
 *
 * It goes by the table alone, with the offsets and strides that the library goes by, so the suites
 * also look at a few members by their own names: that the compiler and the library agree.
 */
#include "asking.h"

#include <check.h>

#include "request/problem.h"

void asking_open(struct asking *asking, size_t memory)
{
    arena_open(&asking->arena, memory);
}

void asking_close(struct asking *asking)
{
    arena_close(&asking->arena);
}

bool asking_again(struct asking *asking, const dime_function *function, const dime_route *route,
                  dime_text path)
{
    response_open(&asking->response, &asking->arena);
    call_open(&asking->call, function, &asking->request, &asking->response);
    asking->call.route = route;
    return fields_read(&asking->call, path);
}

bool asking_read(struct asking *asking, const dime_function *function, dime_text query,
                 const char *type, dime_text body)
{
    asking->request = (struct request){
        .arena = &asking->arena,
        .method = body.length ? DIME_POST : DIME_GET,
        .query = query,
        .content_type = text_of(type),
        .body = body,
    };
    return asking_again(asking, function, NULL, TEXT(""));
}

static void put_file(struct buffer *out, const dime_file *file)
{
    for (size_t i = 0; i < file->bytes.length; i++)
        buffer_printf(out, "%02X", (unsigned char)file->bytes.data[i]);
    buffer_puts(out, " ");
    buffer_put(out, file->type);
    buffer_puts(out, " ");
    buffer_put(out, file->name);
}

/* The struct at BASE, as a table has bound it: one without members lies where another may. */
static const struct bound *find_bound(const struct bound *first, const char *base,
                                      const dime_field *fields)
{
    while (first && (first->base != base || first->fields != fields))
        first = first->next;
    return first;
}

static void put_bound(struct buffer *out, const struct bound *bound);

static void put_one(struct buffer *out, const struct bound *bound, const dime_field *field,
                    const char *slot)
{
    const void *value = slot;
    const struct bound *inner;
    switch (field->kind) {
    case DIME_KIND_FILE:
        put_file(out, value);
        break;
    case DIME_KIND_BOOLEAN:
        buffer_puts(out, *(const bool *)value ? "yes" : "no");
        break;
    case DIME_KIND_INTEGER:
    case DIME_KIND_DECIMAL:
        buffer_decimal(out, *(const int64_t *)value, field->places);
        break;
    case DIME_KIND_CHOICE:
        buffer_puts(out, field->choices[*(const int *)value]);
        break;
    case DIME_KIND_OBJECT:
        inner = find_bound(bound, slot, field->fields);
        buffer_puts(out, inner ? "{ " : "?");
        if (inner)
            put_bound(out, inner);
        buffer_puts(out, inner ? "}" : "");
        break;
    default:
        buffer_put(out, *(const dime_text *)value);
        break;
    }
}

static void put_field(struct buffer *out, const struct bound *bound, const dime_field *field)
{
    const char *member = bound->base + field->offset;
    const struct bound_list *list = (const void *)member;
    size_t stride = field->shape == DIME_MAP ? bound_map_stride(field->size) : field->size;
    if (field->shape == DIME_ONE) {
        put_one(out, bound, field, member);
        return;
    }
    for (size_t i = 0; i < list->count; i++) {
        const char *item = list->items + i * stride;
        if (field->shape == DIME_MAP) {
            buffer_put(out, *(const dime_text *)(const void *)item);
            buffer_puts(out, ":");
            item += sizeof(dime_text);
        }
        put_one(out, bound, field, item);
        buffer_puts(out, ",");
    }
}

static void put_bound(struct buffer *out, const struct bound *bound)
{
    for (size_t i = 0; i < bound->count; i++) {
        const dime_field *field = &bound->fields[i];
        if (!bound->given[i] && !field->fallback)
            continue;
        buffer_printf(out, "%s%s", field->name, bound->given[i] ? "=" : "~");
        put_field(out, bound, field);
        buffer_puts(out, " ");
    }
}

const char *asking_outcome(struct asking *asking, bool fine)
{
    const struct response *response = &asking->response;
    const struct bound *input = asking->call.input;
    struct buffer out;
    buffer_open(&out, &asking->arena, 1 << 16);
    for (size_t i = 0; fine && i < input->count; i++)
        ck_assert_int_eq(asking->call.values[i].given, input->given[i]);
    if (fine)
        put_bound(&out, input);
    else if (!response->error_count)
        buffer_printf(&out, "%d %s", response->status, problem_detail(response).data);
    for (size_t i = 0; !fine && i < response->error_count; i++)
        buffer_printf(&out, "%s%s", i ? " | " : "", response->errors[i].detail.data);
    buffer_put(&out, (dime_text){"", 1});
    ck_assert(!out.failed && !asking->arena.failed);
    return out.data;
}
