/*
 * replies.c - refusals as JSON, and the headers of an answer.
 *
 * They need no memory of their own, so that they can be sent when memory runs out.
 */
#include "emulator/replies.h"

#include "base/json_put.h"

void emu_refuse_invocation(struct emu_exchange *exchange, unsigned status, const char *type,
                           const char *message)
{
    char room[2048], id[EMU_ID_SIZE];
    struct buffer out;
    buffer_over(&out, room, sizeof room);
    json_begin_object(&out, NULL);
    json_put_text(&out, "Type", TEXT("User"));
    json_put_text(&out, "Message", text_of(message));
    json_end_object(&out);
    buffer_puts(&out, "\n");
    struct MHD_Response *response = emu_reply_make(buffer_text(&out), EMU_JSON);
    emu_make_id(id);
    emu_reply_header(response, "X-Amzn-RequestId", id);
    emu_reply_header(response, "X-Amzn-ErrorType", type);
    emu_exchange_reply(exchange, status, response);
}

void emu_add_headers(struct MHD_Response *response, const struct emu_call *call, const char *error)
{
    emu_reply_header(response, "X-Amzn-RequestId", call->id);
    emu_reply_header(response, "X-Amzn-Trace-Id", call->trace);
    emu_reply_header(response, "X-Amz-Executed-Version", "$LATEST");
    emu_reply_header(response, "X-Amz-Function-Error", error);
}

void emu_refuse_runtime(struct emu_exchange *exchange, unsigned status, const char *type,
                        const char *message)
{
    char room[512];
    struct buffer out;
    buffer_over(&out, room, sizeof room);
    json_begin_object(&out, NULL);
    json_put_text(&out, "errorMessage", text_of(message));
    json_put_text(&out, "errorType", text_of(type));
    json_end_object(&out);
    buffer_puts(&out, "\n");
    emu_exchange_reply(exchange, status, emu_reply_make(buffer_text(&out), EMU_JSON));
}
