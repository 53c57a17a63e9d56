/*
 * reader.c - parses the records of one FastCGI request, and joins their contents in place.
 *
 * A request is BEGIN_REQUEST, PARAMS records up to an empty one, and STDIN records up to an empty
 * one, all with one request id. A variable may be split anywhere across records, so it is checked
 * once its bytes are contiguous. Management records and those of other request ids may come in
 * between.
 */
#include "hosts/fastcgi/reader.h"

#include <stdio.h>

#include "net/fastcgi_record.h"

enum { NOTHING = 256 }; /* `expected` once the request is complete */

enum { ONE_REPLY_MAX = 160 };

/* What is wrong with a record's header; NULL: nothing. Checked before the content arrives, so that
 * nobody waits for a client that doesn't speak FastCGI. */
static const char *fault_of(const struct reader *reader, const struct record *record)
{
    bool begins = record->type == FCGI_BEGIN_REQUEST;
    if (record->version != FCGI_VERSION_1)
        return "what came isn't FastCGI 1.0";
    if (record->id == FCGI_NULL_REQUEST_ID)
        return record->type < FCGI_GET_VALUES ? "a record of a request has the id 0" : NULL;
    if (begins && record->length != sizeof(FCGI_BeginRequestBody))
        return "a BEGIN_REQUEST record doesn't have 8 bytes";
    if (begins && record->id == reader->id)
        return "a request began before the last one of this id was answered";
    if (begins || record->type == FCGI_ABORT_REQUEST || record->id != reader->id)
        return NULL;
    return record->type == reader->expected ? NULL : "a record has an unexpected type";
}

static void put_reply(struct reader_reply *reply, const void *bytes, size_t length)
{
    if (sizeof reply->bytes - reply->length < length)
        return;
    memcpy(reply->bytes + reply->length, bytes, length);
    reply->length += length;
}

static void end_request(struct reader_reply *reply, unsigned id, unsigned protocol_status)
{
    const FCGI_EndRequestRecord end = record_end(id, protocol_status);
    put_reply(reply, &end, sizeof end);
}

/* Takes a length off the front of LEFT. False: it isn't complete. */
static bool take_length(dime_text *left, size_t *length)
{
    const unsigned char *data = (const unsigned char *)left->data;
    size_t bytes = left->length && data[0] & 0x80 ? 4 : 1;
    if (left->length < bytes)
        return false;
    *length = data[0];
    if (bytes == 4)
        *length =
            (size_t)(data[0] & 0x7F) << 24 | (size_t)data[1] << 16 | (size_t)data[2] << 8 | data[3];
    *left = text_skip(*left, bytes);
    return true;
}

bool reader_variable(dime_text *variables, dime_text *name, dime_text *value)
{
    dime_text left = *variables;
    if (!take_length(&left, &name->length) || !take_length(&left, &value->length) ||
        name->length > left.length || value->length > left.length - name->length)
        return false;
    name->data = left.data;
    value->data = name->data + name->length;
    *variables = text_skip(left, name->length + value->length);
    return true;
}

/* Replies with the requested values that are known, each once (section 4.1). */
static void put_values(struct reader_reply *reply, dime_text asked, size_t connections)
{
    static const dime_text NAMES[] = {
        {FCGI_MAX_CONNS, 14}, {FCGI_MAX_REQS, 13}, {FCGI_MPXS_CONNS, 15}};
    enum { COUNT = sizeof NAMES / sizeof *NAMES, MPXS = COUNT - 1 };
    bool wanted[COUNT] = {false};
    char content[ONE_REPLY_MAX - FCGI_HEADER_LEN];
    size_t length = 0;
    dime_text name, value;
    while (reader_variable(&asked, &name, &value)) {
        for (size_t i = 0; i < COUNT; i++)
            wanted[i] |= text_equal(name, NAMES[i]);
    }
    for (size_t i = 0; i < COUNT; i++) {
        char number[24]; /* one request at a time on each connection */
        int digits = snprintf(number, sizeof number, "%zu", i == MPXS ? 0 : connections);
        if (wanted[i] && digits > 0)
            length += (size_t)snprintf(content + length, sizeof content - length, "%c%c%s%s",
                                       (char)NAMES[i].length, (char)digits, NAMES[i].data, number);
    }
    const FCGI_Header header = record_header(FCGI_GET_VALUES_RESULT, FCGI_NULL_REQUEST_ID, length);
    put_reply(reply, &header, sizeof header);
    put_reply(reply, content, length);
}

static void manage(const struct record *record, const struct reader_limits *limits,
                   struct reader_reply *reply)
{
    const FCGI_UnknownTypeRecord unknown = {
        .header = record_header(FCGI_UNKNOWN_TYPE, FCGI_NULL_REQUEST_ID, sizeof unknown.body),
        .body.type = (unsigned char)record->type};
    if (record->type == FCGI_GET_VALUES)
        put_values(reply, (dime_text){record->content, record->length}, limits->connections);
    else
        put_reply(reply, &unknown, sizeof unknown);
}

/* Begins a request, or refuses it by a reply (section 5.5). */
static enum reading take_begin(struct reader *reader, const struct record *record,
                               struct reader_reply *reply)
{
    FCGI_BeginRequestBody body;
    memcpy(&body, record->content, sizeof body);
    bool keep = body.flags & FCGI_KEEP_CONN;
    if (reader->id) {
        reader->why = "a second request came on a connection before the first was answered";
        end_request(reply, record->id, FCGI_CANT_MPX_CONN);
        return READING_MORE;
    }
    if (body.roleB1 || body.roleB0 != FCGI_RESPONDER) {
        reader->why = "a request isn't for a responder but for an authorizer, a filter or the like";
        end_request(reply, record->id, FCGI_UNKNOWN_ROLE);
        return keep ? READING_MORE : READING_ANSWERED;
    }
    *reader = (struct reader){.id = record->id, .keep = keep, .expected = FCGI_PARAMS};
    return READING_MORE;
}

/* Drops the request, unless it's complete and about to be answered anyway. */
static enum reading take_abort(struct reader *reader, struct reader_reply *reply)
{
    if (reader->expected == NOTHING)
        return READING_MORE;
    end_request(reply, reader->id, FCGI_REQUEST_COMPLETE);
    enum reading reading = reader->keep ? READING_MORE : READING_ANSWERED;
    *reader = (struct reader){0};
    return reading;
}

/* Appends a record's content to those before it, at BYTES. */
static void keep_content(const struct reader *reader, char *bytes, const struct record *record)
{
    memmove(bytes + reader->variables + reader->body, record->content, record->length);
}

/* Checks the variables that have arrived since. False: one is longer than all may be together. */
static bool check_variables(struct reader *reader, const char *bytes)
{
    dime_text left = {bytes + reader->checked, reader->variables - reader->checked};
    dime_text name = {0}, value = {0};
    while (reader_variable(&left, &name, &value))
        reader->count++;
    reader->checked = reader->variables - left.length;
    return name.length + value.length <= RECORD_VARIABLES_MAX;
}

static enum reading take_params(struct reader *reader, char *bytes, const struct record *record)
{
    keep_content(reader, bytes, record);
    reader->variables += record->length;
    if (!record->length)
        reader->expected = FCGI_STDIN;
    if (reader->variables <= RECORD_VARIABLES_MAX && check_variables(reader, bytes) &&
        (record->length || reader->checked == reader->variables))
        return READING_MORE;
    reader->why = "the variables are too long, or incomplete";
    return READING_BAD;
}

static enum reading take_stdin(struct reader *reader, char *bytes, const struct record *record,
                               size_t body_max)
{
    if (!record->length)
        reader->expected = NOTHING;
    keep_content(reader, bytes, record);
    reader->body += record->length;
    return reader->body > body_max ? READING_LONG : READING_MORE;
}

static enum reading use_record(struct reader *reader, char *bytes, const struct record *record,
                               const struct reader_limits *limits, struct reader_reply *reply)
{
    if (record->id == FCGI_NULL_REQUEST_ID)
        manage(record, limits, reply);
    else if (record->type == FCGI_BEGIN_REQUEST)
        return take_begin(reader, record, reply);
    else if (record->id != reader->id)
        return READING_MORE; /* of a request that has ended or was refused: section 3.3 */
    else if (record->type == FCGI_ABORT_REQUEST)
        return take_abort(reader, reply);
    else if (record->type == FCGI_PARAMS)
        return take_params(reader, bytes, record);
    else
        return take_stdin(reader, bytes, record, limits->body_max);
    return READING_MORE;
}

enum reading reader_read(struct reader *reader, struct reader_input *input,
                         const struct reader_limits *limits, struct reader_reply *reply)
{
    enum reading reading = READING_MORE;
    size_t from = reader->variables + reader->body;
    while (reading == READING_MORE && input->length - from >= FCGI_HEADER_LEN) {
        struct record record = record_read(input->bytes + from);
        size_t whole = FCGI_HEADER_LEN + record.length + record.padding;
        const char *fault = fault_of(reader, &record);
        if (fault) {
            reader->why = fault;
            return READING_BAD;
        }
        if (input->length - from < whole)
            break;
        if (sizeof reply->bytes - reply->length < ONE_REPLY_MAX) {
            reading = READING_REPLY;
            break;
        }
        reading = use_record(reader, input->bytes, &record, limits, reply);
        from += whole;
    }
    size_t taken = reader->variables + reader->body;
    if (from != taken) {
        memmove(input->bytes + taken, input->bytes + from, input->length - from);
        input->length -= from - taken;
    }
    bool ended = reading == READING_MORE && reader->expected == NOTHING;
    return ended && taken == input->length ? READING_WHOLE : reading;
}
