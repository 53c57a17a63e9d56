/*
 * guard.c - walks the records of one FastCGI request, and copies only to close a gap.
 *
 * A request is BEGIN_REQUEST, PARAMS records up to an empty one, STDIN records up to an empty one,
 * all of one request id. The variables' lengths may be split anywhere between records, so they are
 * read byte by byte by a small machine that only counts. Management records and those of other
 * request ids may lie between; libfcgi never sees them.
 */
#include "hosts/fastcgi/guard.h"

#include <stdio.h>

enum {
    VERSION = 1,
    BEGIN_REQUEST = 1,
    ABORT_REQUEST = 2,
    END_REQUEST = 3,
    PARAMS = 4,
    STDIN = 5,
    GET_VALUES = 9,
    GET_VALUES_RESULT = 10,
    UNKNOWN_TYPE = 11,
    NOTHING = 256, /* what is expected once the request is whole */
};

enum { RESPONDER = 1, KEEP_CONN = 1 };

enum { REQUEST_COMPLETE = 0, CANT_MPX_CONN = 1, UNKNOWN_ROLE = 3 };

enum { HEADER = 8, CONTENT = 8, ONE_REPLY_MAX = 160 };

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
    unsigned version, type, id;
    size_t length, padding;
    const unsigned char *content;
};

/* What the header alone tells to be wrong, so that a wrong peer isn't waited for; NULL: nothing. */
static const char *fault_of(const struct guard *guard, const struct record *record)
{
    if (record->version != VERSION)
        return "what came isn't FastCGI 1.0";
    if (record->id == 0)
        return record->type < GET_VALUES ? "a record of a request has the id 0" : NULL;
    if (record->type == BEGIN_REQUEST && record->length != CONTENT)
        return "a BEGIN_REQUEST record doesn't have 8 bytes";
    if (record->type == BEGIN_REQUEST && record->id == guard->id)
        return "a request began before the last one of this id was answered";
    if (record->type == BEGIN_REQUEST || record->type == ABORT_REQUEST || record->id != guard->id)
        return NULL;
    return record->type == guard->expected ? NULL : "a record is of another type than was to come";
}

static void put_reply(struct guard_reply *reply, unsigned type, unsigned id, const void *content,
                      size_t length)
{
    const unsigned char header[HEADER] = {
        VERSION,           (unsigned char)type,          (unsigned char)(id >> 8),
        (unsigned char)id, (unsigned char)(length >> 8), (unsigned char)length};
    if (sizeof reply->bytes - reply->length < sizeof header + length)
        return;
    memcpy(reply->bytes + reply->length, header, sizeof header);
    if (length)
        memcpy(reply->bytes + reply->length + sizeof header, content, length);
    reply->length += sizeof header + length;
}

static void end_request(struct guard_reply *reply, unsigned id, unsigned protocol_status)
{
    const unsigned char content[CONTENT] = {[4] = (unsigned char)protocol_status};
    put_reply(reply, END_REQUEST, id, content, sizeof content);
}

/* Reads a length off the front of LEFT. False: it isn't whole. */
static bool read_length(dime_text *left, size_t *length)
{
    const unsigned char *data = (const unsigned char *)left->data;
    size_t bytes = left->length && data[0] & 0x80 ? 4 : 1;
    if (left->length < bytes)
        return false;
    *length = data[0];
    if (bytes == 4)
        *length =
            (size_t)(data[0] & 0x7F) << 24 | (size_t)data[1] << 16 | (size_t)data[2] << 8 | data[3];
    *left = (dime_text){left->data + bytes, left->length - bytes};
    return true;
}

/* Reads a pair of GET_VALUES off the front of LEFT; only its name counts. */
static bool read_pair(dime_text *left, dime_text *name)
{
    size_t lengths[2];
    if (!read_length(left, &lengths[0]) || !read_length(left, &lengths[1]) ||
        lengths[0] > left->length || lengths[1] > left->length - lengths[0])
        return false;
    *name = (dime_text){left->data, lengths[0]};
    size_t both = lengths[0] + lengths[1];
    *left = (dime_text){left->data + both, left->length - both};
    return true;
}

/* Tells those of the values asked for that are known, each once (section 4.1). */
static void put_values(struct guard_reply *reply, dime_text asked, size_t connections)
{
    static const dime_text NAMES[] = {
        {"FCGI_MAX_CONNS", 14}, {"FCGI_MAX_REQS", 13}, {"FCGI_MPXS_CONNS", 15}};
    enum { COUNT = sizeof NAMES / sizeof *NAMES, MPXS = COUNT - 1 };
    bool wanted[COUNT] = {false};
    char content[ONE_REPLY_MAX - HEADER];
    size_t length = 0;
    dime_text name;
    while (read_pair(&asked, &name)) {
        for (size_t i = 0; i < COUNT; i++)
            wanted[i] |= text_equal(name, NAMES[i]);
    }
    for (size_t i = 0; i < COUNT; i++) {
        char value[24]; /* a request at a time on each connection */
        int digits = snprintf(value, sizeof value, "%zu", i == MPXS ? 0 : connections);
        if (wanted[i] && digits > 0)
            length += (size_t)snprintf(content + length, sizeof content - length, "%c%c%s%s",
                                       (char)NAMES[i].length, (char)digits, NAMES[i].data, value);
    }
    put_reply(reply, GET_VALUES_RESULT, 0, content, length);
}

static void manage(const struct record *record, const struct guard_limits *limits,
                   struct guard_reply *reply)
{
    const unsigned char unknown[CONTENT] = {(unsigned char)record->type};
    if (record->type == GET_VALUES)
        put_values(reply, (dime_text){(const char *)record->content, record->length},
                   limits->connections);
    else
        put_reply(reply, UNKNOWN_TYPE, 0, unknown, sizeof unknown);
}

/* Begins a request, or refuses it in the reply (section 5.5). */
static enum guard_verdict take_begin(struct guard *guard, const struct record *record,
                                     struct guard_reply *reply)
{
    unsigned role = (unsigned)record->content[0] << 8 | record->content[1];
    bool keep = record->content[2] & KEEP_CONN;
    if (guard->id) {
        guard->why = "a second request came on a connection before the first was answered";
        end_request(reply, record->id, CANT_MPX_CONN);
        return GUARD_MORE;
    }
    if (role != RESPONDER) {
        guard->why = "a request isn't for a responder but for an authorizer, a filter or the like";
        end_request(reply, record->id, UNKNOWN_ROLE);
        return keep ? GUARD_MORE : GUARD_ANSWERED;
    }
    guard->id = record->id;
    guard->keep = keep;
    guard->expected = PARAMS;
    return GUARD_MORE;
}

/* Forgets the request, unless it's whole and about to be answered anyway. */
static enum guard_verdict take_abort(struct guard *guard, struct guard_reply *reply)
{
    if (guard->expected == NOTHING)
        return GUARD_MORE;
    end_request(reply, guard->id, REQUEST_COMPLETE);
    enum guard_verdict verdict = guard->keep ? GUARD_MORE : GUARD_ANSWERED;
    *guard = (struct guard){0};
    return verdict;
}

static enum guard_verdict take_params(struct guard *guard, const struct record *record)
{
    if (!record->length)
        guard->expected = STDIN;
    bool good = record->length ? take_variables(guard, record->content, record->length)
                               : guard->which == 0 && guard->length_bytes == 0;
    if (!good)
        guard->why = "the variables are too long, or cut short";
    return good ? GUARD_MORE : GUARD_BAD;
}

static enum guard_verdict take_stdin(struct guard *guard, const struct record *record,
                                     size_t body_max)
{
    if (!record->length)
        guard->expected = NOTHING;
    guard->body += record->length;
    return guard->body > body_max ? GUARD_LONG : GUARD_MORE;
}

static enum guard_verdict take(struct guard *guard, const struct record *record,
                               const struct guard_limits *limits, struct guard_reply *reply)
{
    if (record->id == 0)
        manage(record, limits, reply);
    else if (record->type == BEGIN_REQUEST)
        return take_begin(guard, record, reply);
    else if (record->id != guard->id)
        return GUARD_MORE; /* of a request that has ended or was refused: section 3.3 */
    else if (record->type == ABORT_REQUEST)
        return take_abort(guard, reply);
    else if (record->type == PARAMS)
        return take_params(guard, record);
    else
        return take_stdin(guard, record, limits->body_max);
    return GUARD_MORE;
}

static struct record read_header(const char *bytes)
{
    const unsigned char *data = (const unsigned char *)bytes;
    return (struct record){
        .version = data[0],
        .type = data[1],
        .id = (unsigned)data[2] << 8 | data[3],
        .length = (size_t)data[4] << 8 | data[5],
        .padding = data[6],
        .content = data + HEADER,
    };
}

/*
 * Puts a record behind those of the request that were judged before. libfcgi doesn't skip the
 * padding of BEGIN_REQUEST and of the record that ends a stream: it would take it for records that
 * the guard hasn't seen. So that padding goes.
 */
static void keep_record(struct guard *guard, char *bytes, size_t from, const struct record *record)
{
    bool padded = record->type != BEGIN_REQUEST && record->length;
    size_t length = HEADER + record->length + (padded ? record->padding : 0);
    if (from != guard->at)
        memmove(bytes + guard->at, bytes + from, length);
    if (!padded)
        bytes[guard->at + 6] = 0;
    guard->at += length;
}

enum guard_verdict guard_judge(struct guard *guard, struct guard_input *input,
                               const struct guard_limits *limits, struct guard_reply *reply)
{
    enum guard_verdict verdict = GUARD_MORE;
    size_t from = guard->at;
    while (verdict == GUARD_MORE && input->length - from >= HEADER) {
        struct record record = read_header(input->bytes + from);
        size_t whole = HEADER + record.length + record.padding;
        const char *fault = fault_of(guard, &record);
        if (fault) {
            guard->why = fault;
            return GUARD_BAD;
        }
        if (input->length - from < whole)
            break;
        if (sizeof reply->bytes - reply->length < ONE_REPLY_MAX) {
            verdict = GUARD_REPLY;
            break;
        }
        verdict = take(guard, &record, limits, reply);
        bool own = record.id == guard->id && record.id && record.type != ABORT_REQUEST;
        if (own)
            keep_record(guard, input->bytes, from, &record);
        from += whole;
    }
    if (from != guard->at) {
        memmove(input->bytes + guard->at, input->bytes + from, input->length - from);
        input->length -= from - guard->at;
    }
    bool ended = verdict == GUARD_MORE && guard->expected == NOTHING;
    return ended && guard->at == input->length ? GUARD_WHOLE : verdict;
}
