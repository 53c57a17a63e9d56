/*
 * guard.c - walks the records of one FastCGI request without copying anything.
 *
 * A request is BEGIN_REQUEST, PARAMS records up to an empty one, STDIN records up to an empty one,
 * all of one request id. The variables' lengths may be split anywhere between records, so they are
 * read byte by byte by a small machine that only counts.
 */
#include "hosts/guard.h"

enum { VERSION = 1, BEGIN_REQUEST = 1, PARAMS = 4, STDIN = 5, RESPONDER = 1, HEADER = 8 };

static void end_length(struct guard *guard)
{
    guard->which++;
    if (guard->which < 2)
        return;
    guard->skip = (uint64_t)guard->lengths[0] + guard->lengths[1];
    if (guard->skip == 0)
        guard->which = 0;
}

static void length_byte(struct guard *guard, unsigned char byte)
{
    uint32_t *length = &guard->lengths[guard->which];
    if (guard->length_bytes) {
        *length = *length << 8 | byte;
        if (--guard->length_bytes == 0)
            end_length(guard);
    } else if (byte & 0x80) {
        *length = byte & 0x7F;
        guard->length_bytes = 3;
    } else {
        *length = byte;
        end_length(guard);
    }
}

/* False where a variable is larger than all of them may be together. */
static bool take_variables(struct guard *guard, const unsigned char *data, size_t length)
{
    size_t i = 0;
    while (i < length) {
        if (guard->which < 2) {
            length_byte(guard, data[i++]);
            continue;
        }
        uint64_t step = length - i < guard->skip ? length - i : guard->skip;
        guard->skip -= step;
        i += (size_t)step;
        if (guard->skip == 0)
            guard->which = 0;
    }
    guard->variables += length;
    return guard->variables <= GUARD_VARIABLES_MAX && guard->skip <= GUARD_VARIABLES_MAX;
}

struct record {
    unsigned type; /* 0 for a version that isn't known */
    unsigned id;
    size_t length, padding;
    const unsigned char *content;
};

/* Only a responder's request; what its flags say can't be wrong. */
static enum guard_verdict take_begin(struct guard *guard, const struct record *record)
{
    guard->expected = PARAMS;
    guard->id = record->id;
    bool responder = record->id && record->length == 8 && record->content[0] == 0 &&
                     record->content[1] == RESPONDER;
    return responder ? GUARD_MORE : GUARD_BAD;
}

static enum guard_verdict take_params(struct guard *guard, const struct record *record)
{
    if (record->length)
        return take_variables(guard, record->content, record->length) ? GUARD_MORE : GUARD_BAD;
    guard->expected = STDIN;
    return guard->which == 0 && guard->length_bytes == 0 ? GUARD_MORE : GUARD_BAD;
}

/*
 * What the header alone tells, so that a wrong peer isn't waited for. libfcgi doesn't skip the
 * padding of BEGIN_REQUEST and of the record that ends a stream: it would take it for records that
 * the guard hasn't seen. No web server pads those.
 */
static bool fits(const struct guard *guard, const struct record *record)
{
    unsigned expected = guard->expected ? guard->expected : BEGIN_REQUEST;
    bool may_pad = record->type != BEGIN_REQUEST && record->length;
    return record->type == expected && (!guard->id || record->id == guard->id) &&
           (may_pad || !record->padding);
}

static enum guard_verdict take(struct guard *guard, const struct record *record, size_t body_max)
{
    if (record->type == BEGIN_REQUEST)
        return take_begin(guard, record);
    if (record->type == PARAMS)
        return take_params(guard, record);
    guard->body += record->length;
    if (guard->body > body_max)
        return GUARD_LONG;
    return record->length ? GUARD_MORE : GUARD_WHOLE;
}

enum guard_verdict guard_judge(struct guard *guard, struct text bytes, size_t body_max)
{
    enum guard_verdict verdict = GUARD_MORE;
    while (verdict == GUARD_MORE && bytes.length - guard->at >= HEADER) {
        const unsigned char *data = (const unsigned char *)bytes.data + guard->at;
        struct record record = {
            .type = data[0] == VERSION ? data[1] : 0,
            .id = (unsigned)data[2] << 8 | data[3],
            .length = (size_t)data[4] << 8 | data[5],
            .padding = data[6],
            .content = data + HEADER,
        };
        size_t whole = HEADER + record.length + record.padding;
        if (!fits(guard, &record))
            return GUARD_BAD;
        if (bytes.length - guard->at < whole)
            break;
        verdict = take(guard, &record, body_max);
        guard->at += whole;
    }
    /* Web servers wait for the answer; libfcgi would lose what came behind the request. */
    return verdict == GUARD_WHOLE && guard->at != bytes.length ? GUARD_BAD : verdict;
}
