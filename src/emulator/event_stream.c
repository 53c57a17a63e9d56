/*
 * event_stream.c - writes an answer as the events PayloadChunk and InvokeComplete.
 *
 * An event consists of its length, its headers' length, a checksum of both, the headers, the
 * payload, and a checksum of all. Each piece of the answer becomes an event as it arrives from the
 * process.
 */
#include "emulator/event_stream.h"

#include <stdlib.h>

#include "base/json_put.h"
#include "emulator/flow.h"
#include "emulator/replies.h"

enum { CHUNK_MAX = 64 * 1024, ERROR_MAX = 4096 };

/* CRC-32 as in gzip (RFC 1952, section 8). */
static uint32_t checksum(const char *data, size_t length)
{
    uint32_t sum = UINT32_MAX;
    for (size_t i = 0; i < length; i++) {
        sum ^= (unsigned char)data[i];
        for (int bit = 0; bit < 8; bit++)
            sum = (sum >> 1) ^ (sum & 1 ? UINT32_C(0xEDB88320) : 0);
    }
    return ~sum;
}

static void put_big_endian(struct emu_body *out, uint32_t number, size_t bytes)
{
    char room[4];
    for (size_t i = 0; i < bytes; i++)
        room[i] = (char)(number >> (8 * (bytes - 1 - i)) & 0xFF);
    emu_body_add(out, room, bytes, SIZE_MAX);
}

/* A header with a string as its value: type 7. */
static void put_header(struct emu_body *out, const char *name, const char *value)
{
    put_big_endian(out, (uint32_t)strlen(name), 1);
    emu_body_add(out, name, strlen(name), SIZE_MAX);
    put_big_endian(out, 7, 1);
    put_big_endian(out, (uint32_t)strlen(value), 2);
    emu_body_add(out, value, strlen(value), SIZE_MAX);
}

static void put_event(struct emu_body *out, const char *type, const char *content_type,
                      dime_text payload)
{
    struct emu_body headers = {0};
    size_t start = out->length;
    put_header(&headers, ":event-type", type);
    put_header(&headers, ":content-type", content_type);
    put_header(&headers, ":message-type", "event");
    put_big_endian(out, (uint32_t)(headers.length + payload.length + 16), 4);
    put_big_endian(out, (uint32_t)headers.length, 4);
    put_big_endian(out, out->failed ? 0 : checksum(out->data + start, 8), 4);
    emu_body_add(out, emu_body_text(&headers).data, headers.length, SIZE_MAX);
    emu_body_add(out, payload.data, payload.length, SIZE_MAX);
    put_big_endian(out, out->failed ? 0 : checksum(out->data + start, out->length - start), 4);
    out->failed |= headers.failed;
    emu_body_free(&headers);
}

static void put_end(struct emu_body *out, dime_text answer, const char *error)
{
    char room[ERROR_MAX * 2];
    struct buffer end;
    if (answer.length > ERROR_MAX / 2)
        answer.length = ERROR_MAX / 2;
    buffer_over(&end, room, sizeof room);
    json_begin_object(&end, NULL);
    if (error) {
        json_put_text(&end, "ErrorCode", TEXT("Unhandled"));
        json_put_text(&end, "ErrorDetails", answer);
    }
    json_end_object(&end);
    put_event(out, "InvokeComplete", "application/json", buffer_text(&end));
}

/* Begins to answer: the status is known before the first event. */
static bool begin_events(struct emu_call *call)
{
    struct emu_flow *flow = NULL;
    if (call->flow || !call->caller)
        return call->flow;
    struct MHD_Response *response = emu_flow_make(call->caller, &flow);
    emu_reply_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/vnd.amazon.eventstream");
    emu_reply_header(response, "X-Amzn-Remapped-Content-Type", "application/octet-stream");
    emu_add_headers(response, call, NULL);
    emu_exchange_reply(call->caller, MHD_HTTP_OK, response);
    call->caller->call = NULL;
    call->caller = NULL;
    call->flow = flow;
    return flow;
}

static void pass_on_in_events(struct emu_call *call, dime_text so_far)
{
    struct emu_body out = {0};
    if (!begin_events(call))
        return;
    while (call->passed_on < so_far.length) {
        size_t left = so_far.length - call->passed_on;
        dime_text piece = {so_far.data + call->passed_on, left < CHUNK_MAX ? left : CHUNK_MAX};
        put_event(&out, "PayloadChunk", "application/octet-stream", piece);
        call->passed_on += piece.length;
    }
    if (out.failed)
        emu_flow_break(call->flow);
    else
        emu_flow_add(call->flow, emu_body_text(&out));
    emu_body_free(&out);
}

static void reply_in_events(struct emu_call *call, dime_text answer, const char *error)
{
    struct emu_body out = {0};
    if (!begin_events(call))
        return;
    if (!error)
        pass_on_in_events(call, answer);
    put_end(&out, answer, error);
    emu_flow_add(call->flow, emu_body_text(&out));
    emu_flow_end(call->flow, !out.failed);
    call->flow = NULL;
    emu_body_free(&out);
}

void emu_event_stream_prepare(struct emu_call *call)
{
    call->reply = reply_in_events;
    call->pass_on = pass_on_in_events;
    call->answer_max = EMU_STREAM_MAX;
}
